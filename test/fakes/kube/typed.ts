import { emptySet, type FieldSet, insert } from "./fieldset.ts";
import { canonical, equal, isObject, type Json, type JsonObject } from "./json.ts";
import { childShape, deduce, itemKey, type ListShape, type Shape } from "./schema.ts";

/*
 * The parts of structured-merge-diff that server-side apply needs: field sets of a value, comparison, merge and
 * removal, all driven by the list and map types of the schema.
 */

/** The path element of a list item; undefined for atomic lists and items without their key fields. */
function elementOf(shape: ListShape, item: Json): string | undefined {
  if (shape.list === "set") return `v:${canonical(item)}`;
  if (shape.list !== "map") return undefined;
  const key = itemKey(shape, item);
  return key === undefined ? undefined : `k:${JSON.stringify(key)}`;
}

const isAtomic = (shape: Shape) =>
  ((shape.is === "map" || shape.is === "struct") && shape.atomic) || (shape.is === "list" && shape.list === "atomic");
const isBlank = (value: Json | undefined) =>
  value === undefined ||
  value === null ||
  (Array.isArray(value) && value.length === 0) ||
  (isObject(value) && Object.keys(value).length === 0);

/** The fields that a configuration names: what an applier comes to own. */
export function fieldsOf(shape: Shape, value: Json): FieldSet {
  const set = emptySet();
  collect(deduce(shape, value), value, [], set);
  return set;
}

function collect(shape: Shape, value: Json, path: readonly string[], set: FieldSet): void {
  if (shape.is === "scalar" || isAtomic(shape)) {
    insert(set, path);
    return;
  }
  if (shape.is === "list") {
    for (const item of Array.isArray(value) ? value : []) {
      const element = elementOf(shape, item);
      if (element === undefined) continue;
      const at = [...path, element];
      collect(deduce(shape.items, item), item, at, set);
      insert(set, at);
    }
    return;
  }
  if (!isObject(value)) return;
  for (const [key, child] of Object.entries(value)) {
    const below = childShape(shape, key);
    if (below === undefined) continue;
    const at = [...path, `f:${key}`];
    collect(deduce(below, child), child, at, set);
    const isField = shape.is === "struct" && shape.fields.has(key);
    if (!isField || child === null || (isObject(child) && Object.keys(child).length === 0)) insert(set, at);
  }
}

export interface Comparison {
  readonly added: FieldSet;
  readonly removed: FieldSet;
  readonly modified: FieldSet;
}

export function compare(shape: Shape, left: Json | undefined, right: Json | undefined): Comparison {
  const out: Comparison = { added: emptySet(), removed: emptySet(), modified: emptySet() };
  walk(shape, left, right, [], out);
  return out;
}

function walk(shape: Shape, left: Json | undefined, right: Json | undefined, path: readonly string[], out: Comparison) {
  if (left === undefined && right === undefined) return;
  const own = deduce(shape, right ?? left);
  const other = deduce(shape, left ?? right);
  if (
    own.is === "scalar" ||
    other.is === "scalar" ||
    own.is !== other.is ||
    isAtomic(own) ||
    (isBlank(left) && isBlank(right))
  ) {
    if (left === undefined) insert(out.added, path);
    else if (right === undefined) insert(out.removed, path);
    else if (!equal(left, right)) insert(out.modified, path);
    return;
  }
  if (own.is === "list") walkItems(own, left, right, path, out);
  else walkFields(own, left, right, path, out);
  if (path.length === 0) return;
  if (left === undefined) insert(out.added, path);
  else if (right === undefined) insert(out.removed, path);
}

function walkFields(
  shape: Shape,
  left: Json | undefined,
  right: Json | undefined,
  path: readonly string[],
  out: Comparison,
) {
  const before = isObject(left) ? left : {};
  const after = isObject(right) ? right : {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    walk(childShape(shape, key) ?? { is: "any" }, before[key], after[key], [...path, `f:${key}`], out);
  }
}

function walkItems(
  shape: ListShape,
  left: Json | undefined,
  right: Json | undefined,
  path: readonly string[],
  out: Comparison,
) {
  const before = indexed(shape, left);
  const after = indexed(shape, right);
  for (const element of new Set([...before.keys(), ...after.keys()])) {
    walk(shape.items, before.get(element), after.get(element), [...path, element], out);
  }
}

function indexed(shape: ListShape, list: Json | undefined): Map<string, Json> {
  const items = new Map<string, Json>();
  for (const item of Array.isArray(list) ? list : []) {
    const element = elementOf(shape, item);
    if (element !== undefined && !items.has(element)) items.set(element, item);
  }
  return items;
}

/** The live value with a configuration laid over it; lists of maps and sets are united by key. */
export function merge(shape: Shape, left: Json | undefined, right: Json | undefined): Json | undefined {
  if (right === undefined) return left;
  if (left === undefined) return right;
  const own = deduce(shape, right);
  if (own.is === "scalar" || isAtomic(own) || (isBlank(left) && isBlank(right))) return right;
  if (own.is === "list") return mergeLists(own, left, right);
  if (!isObject(right)) return right === null ? left : right;
  const before = isObject(left) ? left : {};
  const out: JsonObject = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(right)])) {
    const value = merge(childShape(own, key) ?? { is: "any" }, before[key], right[key]);
    if (value !== undefined) out[key] = value;
  }
  return out;
}

/** Keeps the order of the configuration, with live-only items where they stood. */
function mergeLists(shape: ListShape, left: Json, right: Json): Json {
  const live = Array.isArray(left) ? left : [];
  const applied = indexed(shape, right);
  const before = indexed(shape, left);
  const appliedOrder = [...applied.keys()];
  const shared = appliedOrder.filter((element) => before.has(element));
  const out: Json[] = [];
  const done = new Set<string>();
  let next = 0;
  const takeApplied = (element: string) => {
    done.add(element);
    const merged = merge(shape.items, before.get(element), applied.get(element));
    if (merged !== undefined) out.push(merged);
    if (shared[0] === element) shared.shift();
  };
  for (const item of live) {
    const element = elementOf(shape, item) ?? "";
    if (!applied.has(element)) {
      out.push(item);
      continue;
    }
    if (done.has(element) || (shared[0] !== undefined && shared[0] !== element)) continue;
    while (next < appliedOrder.length) {
      const candidate = appliedOrder[next] ?? "";
      next += 1;
      if (!done.has(candidate)) takeApplied(candidate);
      if (candidate === element) break;
    }
  }
  for (const element of appliedOrder.slice(next)) if (!done.has(element)) takeApplied(element);
  return out;
}

/** The value without the paths in `remove`. Objects and lists that become empty vanish. */
export function without(shape: Shape, value: Json, remove: FieldSet): Json | undefined {
  const own = deduce(shape, value);
  if (own.is === "scalar") return value;
  if (isBlank(value) || isAtomic(own)) return undefined;
  if (own.is === "list") {
    const kept = (Array.isArray(value) ? value : []).flatMap((item) => {
      const element = elementOf(own, item) ?? "";
      if (remove.members.has(element)) return [];
      const below = remove.children.get(element);
      const rest = below === undefined ? item : without(own.items, item, below);
      return rest === undefined ? [] : [rest];
    });
    return kept.length === 0 ? undefined : kept;
  }
  if (!isObject(value)) return value;
  const out: JsonObject = {};
  for (const [key, child] of Object.entries(value)) {
    const element = `f:${key}`;
    if (remove.members.has(element)) continue;
    const below = remove.children.get(element);
    const rest = below === undefined ? child : without(childShape(own, key) ?? { is: "any" }, child, below);
    if (rest !== undefined) out[key] = rest;
  }
  return Object.keys(out).length === 0 ? undefined : out;
}

/** Adds the struct fields that only have children: pruning must see them as paths of their own. */
export function withNamedParents(shape: Shape, set: FieldSet): FieldSet {
  const out: FieldSet = { members: new Set(set.members), children: new Map() };
  for (const [element, child] of set.children) {
    const key = element.slice(2);
    const below =
      shape.is === "list"
        ? shape.items
        : element.startsWith("f:")
          ? (childShape(shape, key) ?? { is: "any" as const })
          : shape;
    if (shape.is === "struct" && shape.fields.has(key)) out.members.add(element);
    out.children.set(element, withNamedParents(below, child));
  }
  return out;
}
