import type { NormalizedSchema } from "@smithy/core/schema";
import { isRecord } from "./contract.ts";
import { modelOf, services } from "./operations.ts";
import { handlers } from "./services/handlers.ts";

/** Service → shape or operation → its members with their types: the part of the SDK's schemas that the stand-in serves. */
export type SchemaTable = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** Reads the installed SDK. Only operations with a handler and the shapes that they reach are listed. */
export async function readSchemas(): Promise<SchemaTable> {
  const table: Record<string, Record<string, readonly string[]>> = {};
  for (const service of services) {
    const model = await modelOf(service);
    const shapes = new Map<string, readonly string[]>();
    for (const name of Object.keys(handlers[service.id])) {
      const operation = model.operations.get(name);
      if (operation === undefined) continue;
      const route = operation.http === undefined ? [] : [`${operation.http.method} ${operation.http.uri}`];
      shapes.set(`operation ${name}`, [...route, nameOf(operation.input), nameOf(operation.output)]);
      collect(operation.input, shapes);
      collect(operation.output, shapes);
    }
    table[service.id] = Object.fromEntries([...shapes].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
  return table;
}

function collect(schema: NormalizedSchema, shapes: Map<string, readonly string[]>): void {
  if (schema.isListSchema() || schema.isMapSchema()) {
    collect(schema.getValueSchema(), shapes);
    return;
  }
  if (!schema.isStructSchema() || shapes.has(nameOf(schema))) return;
  const members = [...schema.structIterator()];
  const raw: unknown = schema.getSchema();
  const required = Array.isArray(raw) ? Number(raw[6] ?? 0) : 0;
  shapes.set(
    nameOf(schema),
    members.map(([name, member], index) => `${name}${index < required ? "!" : ""}: ${nameOf(member)}`),
  );
  for (const [, member] of members) collect(member, shapes);
}

function nameOf(schema: NormalizedSchema): string {
  if (schema.isUnitSchema()) return "unit";
  if (schema.isDocumentSchema()) return "document";
  if (schema.isListSchema()) return `[${nameOf(schema.getValueSchema())}]`;
  if (schema.isMapSchema()) return `{${nameOf(schema.getValueSchema())}}`;
  if (schema.isStructSchema()) return schema.getName() ?? "struct";
  if (schema.isTimestampSchema()) return "time";
  if (schema.isBooleanSchema()) return "boolean";
  if (schema.isNumericSchema()) return "number";
  return schema.isBlobSchema() ? "blob" : "string";
}

/** Names what differs: `eks Cluster gained deletionProtection: boolean`. */
export function compareSchemas(kept: SchemaTable, installed: SchemaTable): string[] {
  const differences: string[] = [];
  for (const service of new Set([...Object.keys(kept), ...Object.keys(installed)])) {
    const before = kept[service] ?? {};
    const after = installed[service] ?? {};
    for (const shape of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const [old, fresh] = [before[shape], after[shape]];
      if (old === undefined) differences.push(`${service} gained ${shape}`);
      else if (fresh === undefined) differences.push(`${service} lost ${shape}`);
      else differences.push(...compareMembers(`${service} ${shape}`, old, fresh));
    }
  }
  return differences;
}

function compareMembers(shape: string, old: readonly string[], fresh: readonly string[]): string[] {
  return [
    ...fresh.filter((member) => !old.includes(member)).map((member) => `${shape} gained ${member}`),
    ...old.filter((member) => !fresh.includes(member)).map((member) => `${shape} lost ${member}`),
  ];
}

/** The table as a file: one shape a line, so that a diff reads well. */
export function writeSchemas(table: SchemaTable): string {
  const parts = Object.entries(table).map(([service, shapes]) => {
    const lines = Object.entries(shapes).map(
      ([name, members]) => `    ${JSON.stringify(name)}: ${JSON.stringify(members)}`,
    );
    return `  ${JSON.stringify(service)}: {\n${lines.join(",\n")}\n  }`;
  });
  return `{\n${parts.join(",\n")}\n}\n`;
}

/** Checks a parsed table file. */
export function parseSchemas(value: unknown): SchemaTable {
  if (!isRecord(value)) throw new Error("the schema table is no object");
  const table: Record<string, Record<string, readonly string[]>> = {};
  for (const [service, shapes] of Object.entries(value)) {
    if (!isRecord(shapes)) throw new Error(`the schema table of ${service} is no object`);
    table[service] = Object.fromEntries(
      Object.entries(shapes).map(([name, members]) => [name, Array.isArray(members) ? members.map(String) : []]),
    );
  }
  return table;
}
