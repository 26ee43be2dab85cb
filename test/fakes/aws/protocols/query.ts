import type { NormalizedSchema } from "@smithy/core/schema";

/** Nested parameters: `A.member.1.B=x` → { A: { member: { 1: { B: "x" } } } }. */
export interface Tree {
  value: string | undefined;
  readonly children: Map<string, Tree>;
}

function emptyTree(): Tree {
  return { value: undefined, children: new Map() };
}

/** Form fields → tree, without `Action` and `Version`. */
export function readTree(pairs: readonly (readonly [string, string])[]): Tree {
  const root = emptyTree();
  for (const [key, value] of pairs) {
    if (key === "Action" || key === "Version") continue;
    let node = root;
    for (const part of key.split(".")) {
      const next = node.children.get(part) ?? emptyTree();
      node.children.set(part, next);
      node = next;
    }
    node.value = value;
  }
  return root;
}

/** Tree → input of an operation. What no member claims stays under its wire name, for the contract check. */
export function decodeQuery(schema: NormalizedSchema, tree: Tree, ec2: boolean): unknown {
  if (schema.isUnitSchema()) return Object.fromEntries([...tree.children].map(([key, child]) => [key, child.value]));
  if (schema.isStructSchema()) return decodeStruct(schema, tree, ec2);
  if (schema.isListSchema()) return decodeList(schema, tree, ec2);
  if (schema.isMapSchema()) return decodeMap(schema, tree, ec2);
  return tree.value === undefined ? Object.fromEntries(tree.children) : decodeScalar(schema, tree.value);
}

function decodeStruct(schema: NormalizedSchema, tree: Tree, ec2: boolean): unknown {
  const result: Record<string, unknown> = {};
  const claimed = new Set<string>();
  for (const [name, member] of schema.structIterator()) {
    const traits = member.getMergedTraits();
    const key = wireName(name, traits.xmlName, traits.ec2QueryName, ec2);
    const child = tree.children.get(key);
    if (child === undefined) continue;
    claimed.add(key);
    result[name] = decodeQuery(member, child, ec2);
  }
  for (const [key, child] of tree.children) if (!claimed.has(key)) result[key] = child.value ?? {};
  return result;
}

function wireName(name: string, xmlName: unknown, ec2QueryName: unknown, ec2: boolean): string {
  if (ec2 && typeof ec2QueryName === "string") return ec2QueryName;
  const key = typeof xmlName === "string" ? xmlName : name;
  return ec2 ? key.slice(0, 1).toUpperCase() + key.slice(1) : key;
}

function decodeList(schema: NormalizedSchema, tree: Tree, ec2: boolean): unknown {
  const member = schema.getValueSchema();
  const flat = ec2 || Boolean(schema.getMergedTraits().xmlFlattened);
  const suffix = member.getMergedTraits().xmlName ?? "member";
  const items = flat ? tree : tree.children.get(String(suffix));
  if (items === undefined) return tree.value === "" ? [] : Object.fromEntries(tree.children);
  return [...items.children]
    .toSorted(([a], [b]) => Number(a) - Number(b))
    .map(([, child]) => decodeQuery(member, child, ec2));
}

function decodeMap(schema: NormalizedSchema, tree: Tree, ec2: boolean): unknown {
  const result: Record<string, unknown> = {};
  const entries = tree.children.get("entry") ?? tree;
  for (const [, entry] of entries.children) {
    const key = entry.children.get("key")?.value ?? "";
    const value = entry.children.get("value");
    if (value !== undefined) result[key] = decodeQuery(schema.getValueSchema(), value, ec2);
  }
  return result;
}

function decodeScalar(schema: NormalizedSchema, value: string): unknown {
  if (schema.isBooleanSchema()) return value === "true" ? true : value === "false" ? false : value;
  if (schema.isNumericSchema()) return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  if (schema.isTimestampSchema()) return Number.isNaN(Date.parse(value)) ? value : new Date(value);
  if (schema.isBlobSchema()) return Buffer.from(value, "base64");
  return value;
}
