import { createHash } from "node:crypto";
import { ipv6SubnetOf } from "../network/ipv6-range.ts";

/** JSON with sorted keys and without absent members: equal values, equal text. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item ?? null)).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(",")}}`;
  }
  return JSON.stringify(value ?? null);
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** First hex digits of the hash of a value. */
export function shortHash(value: unknown, digits: number = 8): string {
  return sha256(canonical(value)).slice(0, digits);
}

/** A value that only exists once a part does: `vpc` (its id), `role-cluster#arn`. */
export interface Ref {
  readonly ref: string;
}

export function ref(part: string, attribute: string = "id"): Ref {
  return { ref: attribute === "id" ? part : `${part}#${attribute}` };
}

/** A reference inside the text of a document: `⟦cluster#issuerHost⟧`. */
export function inText(part: string, attribute: string): string {
  return `⟦${part}#${attribute}⟧`;
}

/** Values in an order that does not depend on how they were listed. */
export function sortedSet(values: readonly unknown[]): readonly unknown[] {
  return [...values].sort((a, b) => (canonical(a) < canonical(b) ? -1 : 1));
}

/** Values of parts that exist, by `part#attribute`. */
export type Known = ReadonlyMap<string, string>;

/** Turns references that are known into values; the others stay, and are listed in `missing`. */
export function resolve(value: unknown, known: Known, missing: Set<string> = new Set()): unknown {
  const lookup = (name: string): string | undefined => {
    const found = known.get(name.includes("#") ? name : `${name}#id`);
    if (found === undefined) missing.add(name);
    return found;
  };
  const walk = (node: unknown): unknown => {
    if (typeof node === "string") return node.replace(/⟦([^⟧]+)⟧/g, (whole, name: string) => lookup(name) ?? whole);
    if (Array.isArray(node)) return node.map(walk);
    if (typeof node !== "object" || node === null) return node;
    if (node instanceof Uint8Array || node instanceof Date) return node;
    const entries = Object.entries(node);
    const [first] = entries;
    if (entries.length === 1 && first !== undefined) {
      const [key, member] = first;
      if (key === "ref" && typeof member === "string") return lookup(member) ?? node;
      if (key === "hashOf") return shortHash(walk(member));
      if (key === "ipv6Subnet" && typeof member === "number") {
        const block = lookup("vpc#ipv6");
        return block === undefined ? node : ipv6SubnetOf(block, member);
      }
      if (key === "json") return canonical(walk(member));
      if (key === "base64" && typeof member === "string") {
        const before = missing.size;
        const text = walk(member);
        return missing.size > before ? node : Buffer.from(String(text)).toString("base64");
      }
      if (key === "set" && Array.isArray(member)) {
        const before = missing.size;
        const members = member.map(walk);
        // The order is that of the values, so it is not known before all of them are.
        return missing.size > before ? node : sortedSet(members);
      }
    }
    return Object.fromEntries(entries.map(([key, member]) => [walk(key), walk(member)]));
  };
  return walk(value);
}

/** Members of an object; none for anything else. */
export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
