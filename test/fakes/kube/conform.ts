import { isObject, type Json, type JsonObject } from "./json.ts";
import { canonicalQuantity, isQuantity } from "./quantity.ts";
import type { Field, Shape, Struct } from "./schema.ts";

/** What decoding found that the schema does not allow. Paths are `spec.template.spec.containers[0].foo`. */
export interface DecodeFaults {
  readonly unknown: string[];
  /** The first value of a wrong type, in the words of Go's decoder. */
  mismatch?: string | undefined;
}

/** Reads a value as the Go types would: unknown fields and zero values go, structs that are always there come. */
export function conform(shape: Struct, value: Json, faults: DecodeFaults = { unknown: [] }): JsonObject {
  const out = struct(shape, value, "", shape.name, faults);
  return isObject(out) ? out : {};
}

function read(shape: Shape, value: Json, path: string, owner: string, faults: DecodeFaults): Json | undefined {
  if (shape.is === "scalar") return scalar(shape.scalar, value, path, owner, faults);
  if (shape.is === "any" || value === null) return value;
  if (shape.is === "struct") return struct(shape, value, path, owner, faults);
  if (shape.is === "list") {
    if (!Array.isArray(value)) return mismatch(value, path, owner, "[]", faults);
    return value.map((item, index) => read(shape.items, item, `${path}[${index}]`, owner, faults) ?? null);
  }
  if (!isObject(value)) return mismatch(value, path, owner, "map[string]string", faults);
  const out: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    const read1 = read(shape.values, item, path === "" ? key : `${path}.${key}`, owner, faults);
    if (read1 !== undefined) out[key] = read1 === null && shape.values.is === "scalar" ? "" : read1;
  }
  return out;
}

function struct(shape: Struct, value: Json, path: string, owner: string, faults: DecodeFaults): Json | undefined {
  if (!isObject(value)) return mismatch(value, path, owner, `v1.${shape.name}`, faults);
  const out: JsonObject = {};
  for (const key of Object.keys(value)) {
    if (shape.fields.has(key)) continue;
    if (shape.open) out[key] = value[key] ?? null;
    else faults.unknown.push(path === "" ? key : `${path}.${key}`);
  }
  for (const [key, field] of shape.fields) {
    const given = value[key];
    if (given === undefined && (shape.custom || staysAway(field))) continue;
    const at = path === "" ? key : `${path}.${key}`;
    const found = given === undefined || given === null ? undefined : read(field.shape, given, at, shape.name, faults);
    const kept = shape.custom ? (found ?? (given === null ? undefined : given)) : zeroed(field, found, faults);
    if (kept !== undefined) out[key] = kept;
  }
  return out;
}

// Most fields of most objects: what is absent and has no zero value to be written.
function staysAway({ shape, omit }: Field): boolean {
  if (omit === "unset" || omit === "zero") return true;
  if (omit !== "empty" || shape.is === "struct") return false;
  return shape.is !== "scalar" || (shape.scalar !== "time" && shape.scalar !== "intstr");
}

/** Applies Go's omitempty and omitzero to a field's value, and writes what is always written. */
function zeroed(field: Field, value: Json | undefined, faults: DecodeFaults): Json | undefined {
  const { shape, omit } = field;
  if (omit === "unset") return value;
  if (omit === "null") return value ?? null;
  if (omit === "zero") return isZero(value) ? undefined : value;
  if (shape.is === "struct") return value ?? struct(shape, {}, "", shape.name, faults);
  if (shape.is === "scalar" && shape.scalar === "time") return value ?? null;
  if (shape.is === "scalar" && shape.scalar === "intstr") return value ?? 0;
  if (omit === "empty") return isZero(value) ? undefined : value;
  if (value !== undefined) return Array.isArray(value) && value.length === 0 ? null : value;
  if (shape.is !== "scalar") return shape.is === "any" ? undefined : null;
  if (shape.scalar === "boolean") return false;
  return shape.scalar === "integer" || shape.scalar === "number" ? 0 : "";
}

function isZero(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) return true;
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}

const quantityRule = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

function scalar(type: string, value: Json, path: string, owner: string, faults: DecodeFaults): Json | undefined {
  if (value === null || type === "any") return value;
  switch (type) {
    case "string":
    case "time":
      return typeof value === "string" ? value : mismatch(value, path, owner, "string", faults);
    case "boolean":
      return typeof value === "boolean" ? value : mismatch(value, path, owner, "bool", faults);
    case "integer":
      return typeof value === "number" && Number.isInteger(value)
        ? value
        : mismatch(value, path, owner, "int32", faults);
    case "number":
      return typeof value === "number" ? value : mismatch(value, path, owner, "float64", faults);
    case "quantity":
      if (typeof value !== "string" && typeof value !== "number")
        return mismatch(value, path, owner, "resource.Quantity", faults);
      if (!isQuantity(String(value))) faults.mismatch ??= quantityRule;
      return canonicalQuantity(String(value));
    default:
      return typeof value === "string" || typeof value === "number"
        ? value
        : mismatch(value, path, owner, "intstr.IntOrString", faults);
  }
}

function mismatch(value: Json, path: string, owner: string, type: string, faults: DecodeFaults): undefined {
  const kind = Array.isArray(value)
    ? "array"
    : isObject(value)
      ? "object"
      : typeof value === "boolean"
        ? "bool"
        : typeof value === "number"
          ? "number"
          : String(typeof value);
  const shown = kind === "number" && type === "int32" ? `number ${JSON.stringify(value)}` : kind;
  const field = path.replaceAll(/\[\d+\]/g, "");
  faults.mismatch ??= `json: cannot unmarshal ${shown} into Go struct field ${owner}.${field} of type ${type}`;
  return undefined;
}

/** What server-side apply says of a configuration that does not fit the schema; the first fault only per object. */
export function typedFaults(shape: Shape, value: Json, path = ""): string[] {
  if (value === null || shape.is === "any") return [];
  if (shape.is === "scalar") return scalarFaults(shape.scalar, value, path);
  if (shape.is === "list") {
    if (!Array.isArray(value)) return [`${path}: expected list, got ${goValue(value)}`];
    return value.flatMap((item, index) => typedFaults(shape.items, item, `${path}[${index}]`));
  }
  if (!isObject(value)) return [`${path}: expected map, got ${goValue(value)}`];
  return Object.entries(value).flatMap(([key, child]) => {
    const at = `${path}.${key}`;
    if (shape.is === "map") return typedFaults(shape.values, child, at);
    const field = shape.fields.get(key);
    if (field !== undefined) return typedFaults(field.shape, child, at);
    return shape.open ? [] : [`${at}: field not declared in schema`];
  });
}

function scalarFaults(type: string, value: Json, path: string): string[] {
  const fault = (expected: string) => [`${path}: expected ${expected}, got ${goValue(value)}`];
  if (type === "string" || type === "time") return typeof value === "string" ? [] : fault("string");
  if (type === "integer" || type === "number") return typeof value === "number" ? [] : fault("numeric (int or float)");
  if (type === "boolean") return typeof value === "boolean" ? [] : fault("boolean");
  return typeof value === "string" || typeof value === "number" ? [] : fault("string");
}

const goValue = (value: Json): string =>
  typeof value === "string"
    ? "string"
    : isObject(value) || Array.isArray(value)
      ? `&value.valueUnstructured{Value:${isObject(value) ? "map[string]interface {}" : "[]interface {}"}{}}`
      : `&value.valueUnstructured{Value:${JSON.stringify(value)}}`;
