import type { NormalizedSchema } from "@smithy/core/schema";
import { isRecord } from "../contract.ts";

/** Members of a struct as XML elements, by the schema's element names. */
export function encodeXml(schema: NormalizedSchema, value: unknown): string {
  if (!schema.isStructSchema() || !isRecord(value)) return "";
  let text = "";
  for (const [name, member] of schema.structIterator()) {
    const item = value[name];
    if (item === undefined || item === null) continue;
    text += encodeMember(String(member.getMergedTraits().xmlName ?? name), member, item);
  }
  return text;
}

function encodeMember(tag: string, schema: NormalizedSchema, value: unknown): string {
  if (schema.isListSchema() && Array.isArray(value)) return encodeList(tag, schema, value);
  if (schema.isMapSchema() && isRecord(value)) {
    const entries = Object.entries(value).map(
      ([key, item]) =>
        `<entry><key>${escapeXml(key)}</key>${encodeMember("value", schema.getValueSchema(), item)}</entry>`,
    );
    return `<${tag}>${entries.join("")}</${tag}>`;
  }
  if (schema.isStructSchema()) return `<${tag}>${encodeXml(schema, value)}</${tag}>`;
  return `<${tag}>${encodeScalar(value)}</${tag}>`;
}

function encodeList(tag: string, schema: NormalizedSchema, items: readonly unknown[]): string {
  const member = schema.getValueSchema();
  const itemTag = String(member.getMergedTraits().xmlName ?? "member");
  if (schema.getMergedTraits().xmlFlattened) return items.map((item) => encodeMember(tag, member, item)).join("");
  return `<${tag}>${items.map((item) => encodeMember(itemTag, member, item)).join("")}</${tag}>`;
}

function encodeScalar(value: unknown): string {
  if (value instanceof Date) return value.toISOString().replace(".000Z", "Z");
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return escapeXml(String(value));
}

/** Text as XML character data; control characters that XML forbids become their picture. */
export function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("\r", "&#xD;");
}
