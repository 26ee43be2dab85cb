import { conform } from "./conform.ts";
import {
  difference,
  emptySet,
  type FieldSet,
  fromFieldsV1,
  intersection,
  isEmpty,
  paths,
  printPath,
  recursiveDifference,
  sameSet,
  toFieldsV1,
  union,
} from "./fieldset.ts";
import { equal, isObject, type Json, type JsonObject, listAt, objectAt, textAt } from "./json.ts";
import type { Struct } from "./schema.ts";
import { ApiFailure } from "./status.ts";
import { compare, fieldsOf, merge, withNamedParents, without } from "./typed.ts";

/** Who writes, for `metadata.managedFields`. */
export interface Writer {
  readonly manager: string;
  readonly apiVersion: string;
  readonly subresource?: string | undefined;
  /** Fields that this endpoint does not write (`status` on the main resource): never owned by it. */
  readonly ignored: FieldSet;
  /** RFC 3339, whole seconds. */
  readonly time: string;
}

interface Entry {
  readonly manager: string;
  readonly operation: string;
  readonly apiVersion: string;
  readonly subresource: string | undefined;
  time: string | undefined;
  set: FieldSet;
}

const metaFields = [
  "name",
  "namespace",
  "creationTimestamp",
  "selfLink",
  "uid",
  "clusterName",
  "generation",
  "managedFields",
  "resourceVersion",
];
const stripped: FieldSet = {
  members: new Set(["f:apiVersion", "f:kind", "f:metadata"]),
  children: new Map([["f:metadata", { members: new Set(metaFields.map((name) => `f:${name}`)), children: new Map() }]]),
};

const identity = (entry: Omit<Entry, "time" | "set">): string =>
  [entry.operation, entry.operation === "Apply" ? "" : entry.apiVersion, entry.manager, entry.subresource ?? ""].join(
    "\n",
  );

function decode(object: JsonObject): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const item of listAt(object, "metadata", "managedFields")) {
    if (!isObject(item) || textAt(item, "operation") === undefined) continue;
    const entry: Entry = {
      manager: textAt(item, "manager") ?? "",
      operation: textAt(item, "operation") ?? "",
      apiVersion: textAt(item, "apiVersion") ?? "",
      subresource: textAt(item, "subresource"),
      time: textAt(item, "time"),
      set: fromFieldsV1(item["fieldsV1"]),
    };
    entries.set(identity(entry), entry);
  }
  return entries;
}

function encode(entries: Iterable<Entry>): JsonObject[] {
  const kept = [...entries]
    .map((entry) => ({ ...entry, set: difference(entry.set, stripped) }))
    .filter((entry) => !isEmpty(entry.set));
  const key = (entry: Entry) => [
    entry.operation,
    entry.time ?? "",
    entry.manager,
    entry.apiVersion,
    entry.subresource ?? "",
  ];
  const order = (left: Entry, right: Entry): number => {
    const other = key(right);
    for (const [index, part] of key(left).entries()) {
      if (part !== other[index]) return part < (other[index] ?? "") ? -1 : 1;
    }
    return 0;
  };
  return kept.sort(order).map((entry) => ({
    manager: entry.manager,
    operation: entry.operation,
    apiVersion: entry.apiVersion,
    ...(entry.time === undefined ? {} : { time: entry.time }),
    fieldsType: "FieldsV1",
    fieldsV1: toFieldsV1(entry.set),
    ...(entry.subresource === undefined || entry.subresource === "" ? {} : { subresource: entry.subresource }),
  }));
}

function bare(object: JsonObject): JsonObject {
  const { managedFields: _, ...metadata } = objectAt(object, "metadata");
  return { ...object, metadata };
}

function withManagers(object: JsonObject, entries: Iterable<Entry>): JsonObject {
  const managedFields = encode(entries);
  const { managedFields: _, ...metadata } = objectAt(object, "metadata");
  return { ...object, metadata: managedFields.length === 0 ? metadata : { ...metadata, managedFields } };
}

/** Takes changed and removed fields away from the other managers; without `force`, refuses what they own. */
function takeFrom(
  entries: Map<string, Entry>,
  self: string,
  shape: Struct,
  live: JsonObject,
  next: JsonObject,
  options: { readonly force: boolean; readonly ignored: FieldSet },
) {
  const change = compare(shape, bare(live), bare(next));
  const touched = recursiveDifference(union(change.modified, change.added), options.ignored);
  const removed = recursiveDifference(change.removed, options.ignored);
  const conflicts: { readonly entry: Entry; readonly set: FieldSet }[] = [];
  for (const [id, entry] of entries) {
    if (id === self) continue;
    const set = intersection(entry.set, touched);
    if (!isEmpty(set)) conflicts.push({ entry, set });
  }
  if (!options.force && conflicts.length > 0) throw conflictFailure(conflicts);
  for (const [id, entry] of entries) {
    if (id === self) continue;
    entry.set = difference(difference(entry.set, intersection(entry.set, touched)), removed);
    if (isEmpty(entry.set)) entries.delete(id);
  }
  return change;
}

function conflictFailure(conflicts: readonly { readonly entry: Entry; readonly set: FieldSet }[]): ApiFailure {
  const named = conflicts
    .map(({ entry, set }) => ({ who: printManager(entry), fields: [...paths(set)].map(printPath) }))
    .sort((left, right) => (left.who < right.who ? -1 : 1));
  const count = named.reduce((sum, { fields }) => sum + fields.length, 0);
  const [only] = named;
  const shown =
    only !== undefined && count === 1
      ? `conflict with ${only.who}: ${only.fields[0]}`
      : named
          .map(({ who, fields }) => `conflicts with ${who}:${fields.map((field) => `\n- ${field}`).join("")}`)
          .join("\n");
  return new ApiFailure({
    code: 409,
    reason: "Conflict",
    message: `Apply failed with ${count} conflict${count === 1 ? "" : "s"}: ${shown}`,
    details: {
      causes: named.flatMap(({ who, fields }) =>
        fields.map((field) => ({ reason: "FieldManagerConflict", message: `conflict with ${who}`, field })),
      ),
    },
  });
}

/** A manager as conflict messages name it: `"helm"` for an applier, `"kubectl" using apps/v1` for an updater. */
function printManager(entry: Entry): string {
  const subresource =
    entry.subresource === undefined || entry.subresource === "" ? "" : ` with subresource "${entry.subresource}"`;
  if (entry.operation === "Apply") return `${JSON.stringify(entry.manager)}${subresource}`;
  return `${JSON.stringify(entry.manager)}${subresource} using ${entry.apiVersion}`;
}

/** `next` as it is stored after an update or a patch, with ownership of what changed moved to the writer. */
export function managedUpdate(
  shape: Struct,
  live: JsonObject | undefined,
  next: JsonObject,
  writer: Writer,
): JsonObject {
  const given = listAt(next, "metadata", "managedFields");
  const isReset = given.length === 1 && isObject(given[0]) && Object.keys(given[0]).length === 0;
  const fromRequest =
    writer.subresource === undefined || writer.subresource === "" ? decode(next) : new Map<string, Entry>();
  const entries = fromRequest.size > 0 || isReset ? fromRequest : decode(live ?? {});
  const self: Entry = {
    ...writer,
    operation: "Update",
    subresource: writer.subresource,
    time: writer.time,
    set: emptySet(),
  };
  const id = identity(self);
  const before = entries.get(id);
  const base = live ?? conform(shape, {});
  const change = takeFrom(entries, id, shape, base, next, { force: true, ignored: writer.ignored });
  const grown = union(union(difference(before?.set ?? emptySet(), change.removed), change.modified), change.added);
  self.set = difference(recursiveDifference(grown, writer.ignored), stripped);
  if (
    before !== undefined &&
    sameSet(before.set, self.set) &&
    isEmpty(union(union(change.modified, change.added), change.removed))
  ) {
    self.time = before.time;
  }
  if (isEmpty(self.set)) entries.delete(id);
  else entries.set(id, self);
  return withManagers(next, entries.values());
}

/** The live object with an applied configuration merged in. Throws the 409 that names every conflicting field. */
export function managedApply(
  shape: Struct,
  live: JsonObject | undefined,
  applied: JsonObject,
  writer: Writer,
  force: boolean,
): JsonObject {
  const base = live ?? conform(shape, { apiVersion: applied["apiVersion"] ?? "", kind: applied["kind"] ?? "" });
  const known = live !== undefined && decode(live).size === 0 ? beforeFirstApply(shape, live, writer) : base;
  const entries = decode(known);
  const self: Entry = {
    ...writer,
    operation: "Apply",
    subresource: writer.subresource,
    time: writer.time,
    set: emptySet(),
  };
  const id = identity(self);
  const last = entries.get(id);
  self.set = difference(recursiveDifference(fieldsOf(shape, applied), writer.ignored), stripped);
  entries.set(id, self);
  const plain = bare(base);
  const merged = objectOf(merge(shape, plain, applied));
  const next = last === undefined ? merged : prune(shape, merged, entries, last.set);
  takeFrom(entries, id, shape, plain, next, { force, ignored: writer.ignored });
  if (equal(plain, next)) self.time = last?.time;
  const result = withManagers(next, entries.values());
  return result;
}

function beforeFirstApply(shape: Struct, live: JsonObject, writer: Writer): JsonObject {
  return managedUpdate(shape, undefined, live, { ...writer, manager: "before-first-apply", subresource: undefined });
}

/** Removes what this applier owned before, does not name now and nobody else owns. */
function prune(shape: Struct, merged: JsonObject, entries: ReadonlyMap<string, Entry>, last: FieldSet): JsonObject {
  const named = (set: FieldSet) => withNamedParents(shape, set);
  const setOf = (value: JsonObject) => named(fieldsOf(shape, value));
  const pruned = objectOf(without(shape, merged, named(last)));
  const owned = [...entries.values()].reduce<FieldSet>((all, entry) => union(all, entry.set), emptySet());
  const unowned = difference(setOf(merged), union(setOf(pruned), named(owned)));
  const restored = objectOf(without(shape, merged, unowned));
  const dropped = intersection(difference(setOf(merged), setOf(restored)), named(last));
  return objectOf(without(shape, merged, dropped));
}

const objectOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});
