import { isRecord } from "@eks-actions/manifest";

/** The part of JSON Schema that the report's schema uses. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly maxProperties?: number;
  readonly items?: Schema;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface SchemaFault {
  /** JSON pointer. */
  readonly pointer: string;
  readonly rule: string;
}

/** The first place where a value breaks a schema. */
export function schemaFault(value: unknown, schema: unknown): SchemaFault | undefined {
  // The schema is a file of this package; a test holds this reader to a full implementation of the standard.
  return check(value, schema as Schema, "");
}

function check(value: unknown, schema: Schema, pointer: string): SchemaFault | undefined {
  const fault = (rule: string): SchemaFault => ({ pointer: pointer === "" ? "/" : pointer, rule });
  if (schema.const !== undefined && value !== schema.const) return fault(`is not ${JSON.stringify(schema.const)}`);
  if (schema.enum !== undefined && !schema.enum.includes(value)) return fault("is no word of its list");
  if (schema.type !== undefined) {
    const types = typeof schema.type === "string" ? [schema.type] : schema.type;
    if (!types.some((type) => isOfType(value, type))) return fault(`is not of type ${types.join(" or ")}`);
  }
  if (typeof value === "string") return checkText(value, schema, fault);
  if (typeof value === "number") {
    if (schema.minimum !== undefined && value < schema.minimum) return fault(`is below ${schema.minimum}`);
    if (schema.maximum !== undefined && value > schema.maximum) return fault(`is above ${schema.maximum}`);
    return undefined;
  }
  if (Array.isArray(value)) {
    if (schema.maxItems !== undefined && value.length > schema.maxItems)
      return fault(`has more than ${schema.maxItems} entries`);
    for (const [index, item] of value.entries()) {
      const inner = schema.items === undefined ? undefined : check(item, schema.items, `${pointer}/${index}`);
      if (inner !== undefined) return inner;
    }
    return undefined;
  }
  return isRecord(value) ? checkObject(value, schema, pointer, fault) : undefined;
}

function checkText(value: string, schema: Schema, fault: (rule: string) => SchemaFault): SchemaFault | undefined {
  if (schema.maxLength !== undefined && [...value].length > schema.maxLength)
    return fault(`is longer than ${schema.maxLength}`);
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, "u").test(value))
    return fault(`does not match ${schema.pattern}`);
  return undefined;
}

function checkObject(
  value: Readonly<Record<string, unknown>>,
  schema: Schema,
  pointer: string,
  fault: (rule: string) => SchemaFault,
): SchemaFault | undefined {
  const keys = Object.keys(value);
  if (schema.maxProperties !== undefined && keys.length > schema.maxProperties)
    return fault(`has more than ${schema.maxProperties} keys`);
  const absent = schema.required?.find((name) => !Object.hasOwn(value, name));
  if (absent !== undefined) return fault(`lacks ${absent}`);
  for (const key of keys) {
    const known =
      schema.properties !== undefined && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
    const inner = known ?? (typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined);
    const at = `${pointer}/${key.slice(0, 60).replaceAll("~", "~0").replaceAll("/", "~1")}`;
    if (inner === undefined) {
      if (schema.additionalProperties === false) return { pointer: at, rule: "is an unknown key" };
      continue;
    }
    const found = check(value[key], inner, at);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "integer":
      return Number.isInteger(value);
    case "number":
      return typeof value === "number" && Number.isFinite(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return isRecord(value);
    default:
      return typeof value === type;
  }
}
