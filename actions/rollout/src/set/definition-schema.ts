import { type FieldPath, isRecord } from "@eks-actions/manifest";

/** What the API server would say of a field, once the CRD is there. */
export interface SchemaFault {
  readonly path: FieldPath;
  readonly message: string;
}

type Schema = Readonly<Record<string, unknown>>;

/**
 * A custom resource against the structural schema of its CRD. Rules in CEL and formats are left to the API server.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation
 */
export function schemaFaults(object: unknown, schema: unknown, strict: boolean): readonly SchemaFault[] {
  if (!isRecord(schema) || !isRecord(object)) return [];
  // The server knows these fields of every object; a schema seldom repeats them.
  const { apiVersion: _a, kind: _k, metadata: _m, ...body } = object;
  return check(body, withoutMetadata(schema), [], strict);
}

function withoutMetadata(schema: Schema): Schema {
  const { required } = schema;
  const own = new Set<unknown>(["apiVersion", "kind", "metadata"]);
  return Array.isArray(required) ? { ...schema, required: required.filter((name) => !own.has(name)) } : schema;
}

function check(value: unknown, schema: Schema, path: FieldPath, strict: boolean): readonly SchemaFault[] {
  const fault = (message: string): SchemaFault => ({ path, message });
  if (value === null) {
    return schema["nullable"] === true || schema["default"] !== undefined ? [] : [fault("must not be null")];
  }
  const wanted = schema["x-kubernetes-int-or-string"] === true ? "integer or string" : schema["type"];
  if (typeof wanted === "string" && !isOfType(value, wanted))
    return [fault(`must be ${article(wanted)}, is ${article(typeName(value))}`)];
  return [
    ...ownFaults(value, schema).map(fault),
    ...combined(value, schema, path).map(fault),
    ...(isRecord(value) ? fieldFaults(value, schema, path, strict) : []),
    ...(Array.isArray(value) ? itemFaults(value, schema, path, strict) : []),
  ];
}

function fieldFaults(
  value: Readonly<Record<string, unknown>>,
  schema: Schema,
  path: FieldPath,
  strict: boolean,
): readonly SchemaFault[] {
  const properties = isRecord(schema["properties"]) ? schema["properties"] : {};
  const rest = schema["additionalProperties"];
  const keepsUnknown = schema["x-kubernetes-preserve-unknown-fields"] === true || rest === true;
  const isResource = schema["x-kubernetes-embedded-resource"] === true;
  const missing = names(schema["required"])
    .filter((name) => value[name] === undefined)
    .map((name): SchemaFault => ({ path, message: `lacks the required field "${name}"` }));
  const inner = Object.entries(value).flatMap(([name, part]): readonly SchemaFault[] => {
    const known = Object.hasOwn(properties, name) ? properties[name] : isRecord(rest) ? rest : undefined;
    if (isRecord(known)) return check(part, known, [...path, name], strict);
    const isFine = !strict || keepsUnknown || (isResource && /^(apiVersion|kind|metadata)$/.test(name));
    return isFine ? [] : [{ path: [...path, name], message: `unknown field "${[...path, name].join(".")}"` }];
  });
  return [...missing, ...inner];
}

function itemFaults(
  items: readonly unknown[],
  schema: Schema,
  path: FieldPath,
  strict: boolean,
): readonly SchemaFault[] {
  const item = schema["items"];
  return isRecord(item) ? items.flatMap((one, index) => check(one, item, [...path, index], strict)) : [];
}

/** Limits that a value's own size or text may break. */
function ownFaults(value: unknown, schema: Schema): readonly string[] {
  const found: string[] = [];
  const limit = (name: string) => (typeof schema[name] === "number" ? schema[name] : undefined);
  const between = (size: number, least: string, most: string, unit: string) => {
    const [low, high] = [limit(least), limit(most)];
    if (low !== undefined && size < low) found.push(`must have at least ${low} ${unit}, has ${size}`);
    if (high !== undefined && size > high) found.push(`must have at most ${high} ${unit}, has ${size}`);
  };
  const { enum: words, pattern } = schema;
  if (Array.isArray(words) && !words.some((word) => JSON.stringify(word) === JSON.stringify(value)))
    found.push(`must be one of ${words.map((word) => JSON.stringify(word)).join(", ")}, is ${JSON.stringify(value)}`);
  if (typeof value === "string") {
    between([...value].length, "minLength", "maxLength", "characters");
    if (typeof pattern === "string" && matches(pattern, value) === false) found.push(`must match \`${pattern}\``);
  }
  if (typeof value === "number") {
    const [low, high] = [limit("minimum"), limit("maximum")];
    const isLow = low !== undefined && (schema["exclusiveMinimum"] === true ? value <= low : value < low);
    const isHigh = high !== undefined && (schema["exclusiveMaximum"] === true ? value >= high : value > high);
    if (isLow)
      found.push(`must be ${schema["exclusiveMinimum"] === true ? "more than" : "at least"} ${low}, is ${value}`);
    if (isHigh)
      found.push(`must be ${schema["exclusiveMaximum"] === true ? "less than" : "at most"} ${high}, is ${value}`);
  }
  if (Array.isArray(value)) between(value.length, "minItems", "maxItems", "items");
  if (isRecord(value)) between(Object.keys(value).length, "minProperties", "maxProperties", "fields");
  return found;
}

// Inside these, unknown fields do not count: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
function combined(value: unknown, schema: Schema, path: FieldPath): readonly string[] {
  const fits = (one: Schema) => check(value, one, path, false).length === 0;
  const of = (name: string) => (Array.isArray(schema[name]) ? schema[name].filter(isRecord) : undefined);
  const [all, any, one] = [of("allOf"), of("anyOf"), of("oneOf")];
  const { not } = schema;
  return [
    ...(all?.every(fits) === false ? ["does not fit all of `allOf`"] : []),
    ...(any?.some(fits) === false ? ["fits none of `anyOf`"] : []),
    ...(one !== undefined && one.filter(fits).length !== 1 ? ["does not fit exactly one of `oneOf`"] : []),
    ...(isRecord(not) && fits(not) ? ["fits what `not` excludes"] : []),
  ];
}

/** `undefined` for a pattern that only Go's regular expressions know: the API server will tell. */
function matches(pattern: string, value: string): boolean | undefined {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return undefined;
  }
}

function isOfType(value: unknown, wanted: string): boolean {
  switch (wanted) {
    case "integer":
      return Number.isInteger(value);
    case "number":
      return typeof value === "number";
    case "integer or string":
      return Number.isInteger(value) || typeof value === "string";
    case "object":
      return isRecord(value);
    case "array":
      return Array.isArray(value);
    default:
      return typeof value === wanted;
  }
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (Number.isInteger(value)) return "integer";
  return typeof value;
}

function article(type: string): string {
  return `${/^[aeio]/.test(type) ? "an" : "a"} ${type}`;
}

function names(list: unknown): readonly string[] {
  return Array.isArray(list) ? list.filter((name): name is string => typeof name === "string") : [];
}
