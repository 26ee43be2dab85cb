import { isObject, type Json, type JsonObject, listAt, numberAt, objectAt, textAt } from "../json.ts";
import { type Cause, invalidValue, required, unsupported } from "../status.ts";

/** Checks a custom resource against its CRD's `openAPIV3Schema`. */
export function customFaults(schema: JsonObject, object: JsonObject): Cause[] {
  return faults(schema, object, "").filter((cause) => !/^(apiVersion|kind|metadata)\b/.test(cause.field));
}

function faults(schema: JsonObject, value: Json, path: string): Cause[] {
  const wrong = typeFault(schema, value, path);
  if (wrong !== undefined) return [wrong];
  if (Array.isArray(value)) {
    const items = objectAt(schema, "items");
    return value.flatMap((item, index) => faults(items, item, `${path}[${index}]`));
  }
  if (isObject(value)) return objectFaults(schema, value, path);
  return scalarFaults(schema, value, path);
}

function objectFaults(schema: JsonObject, value: JsonObject, path: string): Cause[] {
  const at = (key: string) => (path === "" ? key : `${path}.${key}`);
  const missing = listAt(schema, "required")
    .map(String)
    .filter((key) => value[key] === undefined)
    .map((key) => required(at(key)));
  const properties = objectAt(schema, "properties");
  const below = Object.entries(value).flatMap(([key, child]) => {
    const property = properties[key] ?? schema["additionalProperties"];
    return isObject(property) ? faults(property, child, at(key)) : [];
  });
  return [...missing, ...below];
}

function typeFault(schema: JsonObject, value: Json, path: string): Cause | undefined {
  const type = textAt(schema, "type");
  if (type === undefined || schema["x-kubernetes-int-or-string"] === true) return undefined;
  if (value === null && schema["nullable"] === true) return undefined;
  const found = Array.isArray(value) ? "array" : value === null ? "null" : isObject(value) ? "object" : typeof value;
  const isWhole = typeof value === "number" && Number.isInteger(value);
  if (found === type || (type === "integer" && isWhole)) return undefined;
  const shown = found === "number" && isWhole ? "integer" : found;
  return {
    reason: "FieldValueTypeInvalid",
    message: `Invalid value: ${JSON.stringify(shown)}: ${path} in body must be of type ${type}: ${JSON.stringify(shown)}`,
    field: path,
  };
}

function scalarFaults(schema: JsonObject, value: Json, path: string): Cause[] {
  const causes: Cause[] = [];
  const allowed = listAt(schema, "enum");
  if (allowed.length > 0 && !allowed.includes(value)) causes.push(unsupported(path, value, allowed.map(String)));
  const pattern = textAt(schema, "pattern");
  if (typeof value === "string" && pattern !== undefined && !new RegExp(pattern).test(value)) {
    causes.push(invalidValue(path, value, `${path} in body should match '${pattern}'`));
  }
  const minimum = numberAt(schema, "minimum");
  if (typeof value === "number" && minimum !== undefined && value < minimum) {
    causes.push(invalidValue(path, value, `${path} in body should be greater than or equal to ${minimum}`));
  }
  const maximum = numberAt(schema, "maximum");
  if (typeof value === "number" && maximum !== undefined && value > maximum) {
    causes.push(invalidValue(path, value, `${path} in body should be less than or equal to ${maximum}`));
  }
  return causes;
}

/** Fills in the defaults of a CRD's schema. Changes the object given. */
export function applyCustomDefaults(schema: JsonObject, object: JsonObject): void {
  for (const [key, property] of Object.entries(objectAt(schema, "properties"))) {
    if (!isObject(property)) continue;
    if (object[key] === undefined && property["default"] !== undefined)
      object[key] = structuredClone(property["default"]);
    const child = object[key];
    if (isObject(child)) applyCustomDefaults(property, child);
    if (Array.isArray(child)) {
      for (const item of child) if (isObject(item)) applyCustomDefaults(objectAt(property, "items"), item);
    }
  }
}
