import type { NormalizedSchema } from "@smithy/core/schema";
import { isRecord } from "../contract.ts";

/** JSON as received → values as handlers see them. What does not fit its schema is left as it is, for the contract check. */
export function decodeJson(schema: NormalizedSchema, wire: unknown): unknown {
  if (schema.isTimestampSchema()) return readTime(wire);
  if (schema.isBlobSchema()) return typeof wire === "string" ? Buffer.from(wire, "base64") : wire;
  if (schema.isListSchema() && Array.isArray(wire))
    return wire.map((item) => decodeJson(schema.getValueSchema(), item));
  if (schema.isMapSchema() && isRecord(wire)) {
    return mapEntries(wire, (_, item) => decodeJson(schema.getValueSchema(), item));
  }
  if (schema.isStructSchema() && isRecord(wire)) {
    const members = new Map(schema.structIterator());
    return mapEntries(wire, (name, item) => {
      const member = members.get(name);
      return member === undefined ? item : decodeJson(member, item);
    });
  }
  return wire;
}

/** Values → JSON as AWS sends it: times as seconds, absent members left out. */
export function encodeJson(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(encodeJson);
  if (isRecord(value)) return mapEntries(value, (_, item) => encodeJson(item));
  return value;
}

function mapEntries(
  record: Record<string, unknown>,
  change: (name: string, value: unknown) => unknown,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(record)) {
    if (item !== undefined && item !== null) result[name] = change(name, item);
  }
  return result;
}

function readTime(wire: unknown): unknown {
  if (typeof wire === "number") return new Date(wire * 1000);
  if (typeof wire === "string" && !Number.isNaN(Date.parse(wire))) return new Date(wire);
  return wire;
}
