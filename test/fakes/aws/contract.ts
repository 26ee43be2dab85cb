import type { NormalizedSchema } from "@smithy/core/schema";

/** One place where a value breaks its schema. */
export interface ContractFault {
  /** JSON path, `$.tags.owner`. */
  readonly path: string;
  readonly message: string;
}

/** Compares a value (member names as in the SDK, Date for times) with its schema; answers every fault. */
export function checkValue(schema: NormalizedSchema, value: unknown): ContractFault[] {
  const faults: ContractFault[] = [];
  walk(schema, value, "$", faults);
  return faults;
}

function walk(schema: NormalizedSchema, value: unknown, path: string, faults: ContractFault[]): void {
  if (schema.isUnitSchema()) {
    if (isRecord(value))
      for (const key of Object.keys(value)) faults.push({ path: `${path}.${key}`, message: "unknown member" });
    return;
  }
  if (schema.isDocumentSchema()) return;
  if (schema.isStructSchema()) walkStruct(schema, value, path, faults);
  else if (schema.isListSchema()) walkList(schema, value, path, faults);
  else if (schema.isMapSchema()) walkMap(schema, value, path, faults);
  else walkScalar(schema, value, path, faults);
}

function walkScalar(schema: NormalizedSchema, value: unknown, path: string, faults: ContractFault[]): void {
  const wanted = scalarType(schema);
  if (!isScalar(wanted, value)) faults.push({ path, message: `expected ${wanted}, got ${describe(value)}` });
}

function walkStruct(schema: NormalizedSchema, value: unknown, path: string, faults: ContractFault[]): void {
  if (!isRecord(value)) {
    faults.push({ path, message: `expected object, got ${describe(value)}` });
    return;
  }
  const known = new Set<string>();
  const required = requiredMembers(schema);
  let index = 0;
  for (const [name, member] of schema.structIterator()) {
    known.add(name);
    const present = value[name] !== undefined && value[name] !== null;
    if (!present && index < required) faults.push({ path: `${path}.${name}`, message: "required member missing" });
    if (present) walk(member, value[name], `${path}.${name}`, faults);
    index += 1;
  }
  const given = Object.keys(value).filter((name) => value[name] !== undefined);
  for (const name of given) {
    if (!known.has(name)) faults.push({ path: `${path}.${name}`, message: "unknown member" });
  }
  if (schema.isUnionSchema() && given.length !== 1) {
    faults.push({ path, message: `a union holds exactly one member, got ${given.length}` });
  }
}

// The seventh element of a struct schema counts the required members; they come first.
function requiredMembers(schema: NormalizedSchema): number {
  const raw: unknown = schema.getSchema();
  const count: unknown = Array.isArray(raw) ? raw[6] : 0;
  return typeof count === "number" ? count : 0;
}

function walkList(schema: NormalizedSchema, value: unknown, path: string, faults: ContractFault[]): void {
  if (!Array.isArray(value)) {
    faults.push({ path, message: `expected list, got ${describe(value)}` });
    return;
  }
  const member = schema.getValueSchema();
  for (const [index, item] of value.entries()) walk(member, item, `${path}[${index}]`, faults);
}

function walkMap(schema: NormalizedSchema, value: unknown, path: string, faults: ContractFault[]): void {
  if (!isRecord(value)) {
    faults.push({ path, message: `expected map, got ${describe(value)}` });
    return;
  }
  const member = schema.getValueSchema();
  for (const [key, item] of Object.entries(value)) walk(member, item, `${path}.${key}`, faults);
}

type ScalarType = "string" | "number" | "boolean" | "timestamp" | "blob";

function scalarType(schema: NormalizedSchema): ScalarType {
  if (schema.isTimestampSchema()) return "timestamp";
  if (schema.isBooleanSchema()) return "boolean";
  if (schema.isBlobSchema()) return "blob";
  if (schema.isNumericSchema() || schema.isBigIntegerSchema() || schema.isBigDecimalSchema()) return "number";
  return "string";
}

function isScalar(wanted: ScalarType, value: unknown): boolean {
  switch (wanted) {
    case "timestamp":
      return value instanceof Date && !Number.isNaN(value.getTime());
    case "blob":
      return value instanceof Uint8Array;
    case "number":
      return typeof value === "number" && Number.isFinite(value);
    default:
      return typeof value === wanted;
  }
}

function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "list";
  if (value instanceof Date) return "timestamp";
  return typeof value === "object" ? "object" : `${typeof value} ${JSON.stringify(value)}`;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
