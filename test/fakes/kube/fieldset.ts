import { isObject, type JsonObject } from "./json.ts";

/**
 * A set of field paths as `fieldsV1` holds it. Keys are path elements: `f:name`, `k:{"name":"a"}`, `v:"x"`, `i:0`.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/ (ManagedFieldsEntry)
 */
export interface FieldSet {
  readonly members: Set<string>;
  readonly children: Map<string, FieldSet>;
}

export const emptySet = (): FieldSet => ({ members: new Set(), children: new Map() });

export function isEmpty(set: FieldSet): boolean {
  return set.members.size === 0 && [...set.children.values()].every(isEmpty);
}

export function insert(set: FieldSet, path: readonly string[]): void {
  let at = set;
  path.forEach((element, index) => {
    if (index === path.length - 1) {
      at.members.add(element);
      return;
    }
    at = childFor(at, element);
  });
}

function childFor(set: FieldSet, element: string): FieldSet {
  const known = set.children.get(element);
  if (known !== undefined) return known;
  const made = emptySet();
  set.children.set(element, made);
  return made;
}

export function has(set: FieldSet, path: readonly string[]): boolean {
  let at: FieldSet | undefined = set;
  for (const element of path.slice(0, -1)) at = at?.children.get(element);
  const last = path.at(-1);
  return last !== undefined && at?.members.has(last) === true;
}

export function union(left: FieldSet, right: FieldSet): FieldSet {
  const out: FieldSet = { members: new Set([...left.members, ...right.members]), children: new Map(left.children) };
  for (const [element, child] of right.children) {
    const own = left.children.get(element);
    out.children.set(element, own === undefined ? child : union(own, child));
  }
  return out;
}

/** Paths of `left` that `right` does not hold. Children of a removed path stay. */
export function difference(left: FieldSet, right: FieldSet): FieldSet {
  const out = emptySet();
  for (const element of left.members) if (!right.members.has(element)) out.members.add(element);
  for (const [element, child] of left.children)
    keepChild(out, element, difference(child, right.children.get(element) ?? emptySet()));
  return out;
}

/** Like `difference`, but a path in `right` takes everything below it along. */
export function recursiveDifference(left: FieldSet, right: FieldSet): FieldSet {
  const out = emptySet();
  for (const element of left.members) if (!right.members.has(element)) out.members.add(element);
  for (const [element, child] of left.children) {
    if (right.members.has(element)) continue;
    keepChild(out, element, recursiveDifference(child, right.children.get(element) ?? emptySet()));
  }
  return out;
}

export function intersection(left: FieldSet, right: FieldSet): FieldSet {
  const out = emptySet();
  for (const element of left.members) if (right.members.has(element)) out.members.add(element);
  for (const [element, child] of left.children) {
    const other = right.children.get(element);
    if (other !== undefined) keepChild(out, element, intersection(child, other));
  }
  return out;
}

function keepChild(out: FieldSet, element: string, child: FieldSet) {
  if (!isEmpty(child)) out.children.set(element, child);
}

export function sameSet(left: FieldSet, right: FieldSet): boolean {
  return isEmpty(difference(left, right)) && isEmpty(difference(right, left));
}

/** Every path in the set, in the order in which conflicts are reported. */
export function* paths(set: FieldSet, prefix: readonly string[] = []): Generator<readonly string[]> {
  for (const element of [...set.members].sort()) yield [...prefix, element];
  for (const element of [...set.children.keys()].sort()) {
    const child = set.children.get(element);
    if (child !== undefined) yield* paths(child, [...prefix, element]);
  }
}

export function toFieldsV1(set: FieldSet): JsonObject {
  const out: JsonObject = {};
  for (const element of [...new Set([...set.members, ...set.children.keys()])].sort()) {
    const child = set.children.get(element);
    const below = child === undefined ? {} : toFieldsV1(child);
    const isBoth = set.members.has(element) && Object.keys(below).length > 0;
    out[element] = isBoth ? { ".": {}, ...below } : below;
  }
  return out;
}

export function fromFieldsV1(fields: unknown): FieldSet {
  const set = emptySet();
  if (!isObject(fields)) return set;
  for (const [element, below] of Object.entries(fields)) {
    if (element === "." || !isObject(below)) continue;
    const names = Object.keys(below).filter((name) => name !== ".");
    if (names.length === 0 || Object.hasOwn(below, ".")) set.members.add(element);
    if (names.length > 0) set.children.set(element, fromFieldsV1(below));
  }
  return set;
}

/** A path as conflict messages print it: `.spec.containers[name="c"].image`. */
export function printPath(path: readonly string[]): string {
  return path.map(printElement).join("");
}

function printElement(element: string): string {
  const value = element.slice(2);
  if (element.startsWith("f:")) return `.${value}`;
  if (element.startsWith("k:")) {
    const key: unknown = JSON.parse(value);
    const parts = isObject(key) ? Object.entries(key).map(([name, part]) => `${name}=${JSON.stringify(part)}`) : [];
    return `[${parts.join(",")}]`;
  }
  return element.startsWith("v:") ? `[=${value}]` : `[${value}]`;
}
