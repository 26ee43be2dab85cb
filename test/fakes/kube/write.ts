import { conform, type DecodeFaults, typedFaults } from "./conform.ts";
import { applyDefaults } from "./defaults/index.ts";
import { emptySet, type FieldSet, insert } from "./fieldset.ts";
import { clone, ensure, equal, get, isObject, type Json, type JsonObject, listAt, objectAt, textAt } from "./json.ts";
import { managedApply, managedUpdate, type Writer } from "./managed.ts";
import type { User } from "./rbac.ts";
import type { ResourceType } from "./registry.ts";
import {
  ApiFailure,
  alreadyExists,
  badRequest,
  conflict,
  internal,
  invalid,
  invalidValue,
  modified,
  notFound,
} from "./status.ts";
import { keyOf, type Store } from "./store.ts";
import {
  changesGeneration,
  countsGeneration,
  mayCreateByUpdate,
  nameSuffix,
  needsVersion,
  newUid,
  prepareCreate,
  prepareUpdate,
} from "./strategy.ts";
import { rfc3339 } from "./time.ts";
import { applyCustomDefaults } from "./validate/custom.ts";
import { validate } from "./validate/index.ts";

export interface WriteOptions {
  /** Field manager of the request. */
  readonly manager: string;
  /** Absent: the server's own controllers, which may do anything. */
  readonly user?: User | undefined;
  readonly subresource?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly force?: boolean | undefined;
  /** `Strict` refuses unknown and duplicate fields, `Warn` names them in `warnings`. */
  readonly validation?: "Ignore" | "Warn" | "Strict" | undefined;
  readonly duplicates?: readonly string[] | undefined;
  readonly warnings?: string[] | undefined;
}

export interface WriteWorld {
  readonly store: Store;
  readonly now: () => number;
  /** Mutating and validating admission: quota, service accounts, namespaces. May throw an `ApiFailure`. */
  admit(type: ResourceType, object: JsonObject, live: JsonObject | undefined, user: User | undefined): void;
}

const statusOnly = pathSet("f:status");
const notStatus = pathSet("f:spec");

function pathSet(element: string): FieldSet {
  const set = emptySet();
  insert(set, [element]);
  return set;
}

const hasStatus = (type: ResourceType) => type.subresources.has("status");

function writerFor(world: WriteWorld, type: ResourceType, options: WriteOptions): Writer {
  const ignored =
    options.subresource === "status"
      ? notStatus
      : hasStatus(type) && options.subresource === undefined
        ? statusOnly
        : emptySet();
  return {
    manager: options.manager,
    apiVersion: type.groupVersion,
    subresource: options.subresource,
    ignored,
    time: rfc3339(world.now()),
  };
}

/** Decodes as the kind's Go type, with defaults. Reports what field validation finds as the options ask. */
export function decode(type: ResourceType, body: JsonObject, options: WriteOptions): JsonObject {
  const faults: DecodeFaults = { unknown: [] };
  const given: JsonObject = { ...body, apiVersion: type.groupVersion, kind: type.kind };
  const first = conform(type.shape, given, faults);
  const where = `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}`;
  const mismatch = faults.mismatch ?? base64Fault(type, first);
  if (mismatch !== undefined) throw badRequest(`${where}: ${mismatch}`);
  const found = [
    ...faults.unknown.map((path) => `unknown field "${path}"`),
    ...(options.duplicates ?? []).map((path) => `duplicate field "${path}"`),
  ];
  if (found.length > 0 && options.validation === "Strict")
    throw badRequest(`${where}: strict decoding error: ${found.join(", ")}`);
  if (found.length > 0 && options.validation !== "Ignore") options.warnings?.push(...found);
  return complete(type, first);
}

// The only two fields of bytes that people write by hand.
function base64Fault({ key }: ResourceType, object: JsonObject): string | undefined {
  const field = key === "secrets" ? "data" : key === "configmaps" ? "binaryData" : "";
  for (const value of Object.values(objectAt(object, field))) {
    const at = String(value).search(/[^A-Za-z0-9+/=\r\n]/);
    if (at >= 0) return `illegal base64 data at input byte ${at}`;
  }
  return undefined;
}

/** Defaults an object that already fits its type. */
export function complete(type: ResourceType, object: JsonObject): JsonObject {
  const next = clone(object);
  if (type.custom !== undefined) applyCustomDefaults(type.custom.schema, next);
  else applyDefaults(type.groupVersion, type.kind, next);
  return conform(type.shape, next);
}

export function create(world: WriteWorld, type: ResourceType, body: JsonObject, options: WriteOptions): JsonObject {
  const object = decode(type, body, options);
  return store(world, type, managedUpdate(type.shape, undefined, object, writerFor(world, type, options)), options);
}

function store(world: WriteWorld, type: ResourceType, owned: JsonObject, options: WriteOptions): JsonObject {
  const object = clone(owned);
  const metadata = ensure(object, "metadata");
  const prefix = textAt(metadata, "generateName");
  if (!metadata["name"] && prefix !== undefined) metadata["name"] = `${prefix.slice(0, 58)}${nameSuffix()}`;
  if (textAt(metadata, "resourceVersion"))
    throw badRequest("resourceVersion should not be set on objects to be created");
  if (hasStatus(type)) {
    if (type.custom === undefined) object["status"] = {};
    else delete object["status"];
  }
  metadata["uid"] = newUid();
  metadata["creationTimestamp"] = rfc3339(world.now());
  for (const name of ["deletionTimestamp", "deletionGracePeriodSeconds", "generation"]) delete metadata[name];
  if (countsGeneration(type)) metadata["generation"] = 1;
  world.admit(type, object, undefined, options.user);
  prepareCreate(type, object, world.store);
  const stored = conform(type.shape, object);
  const causes = validate(type, stored, undefined);
  if (causes.length > 0) throw invalid(type, textAt(stored, "metadata", "name") ?? "", causes);
  const existing = world.store.get(type.key, keyOf(stored));
  if (existing !== undefined) {
    const failure = alreadyExists(type, textAt(stored, "metadata", "name") ?? "");
    throw textAt(existing, "metadata", "deletionTimestamp") === undefined
      ? failure
      : prefixed("object is being deleted: ", failure);
  }
  return options.dryRun === true ? stored : world.store.put(type.key, keyOf(stored), stored);
}

const prefixed = (text: string, { failure }: ApiFailure) =>
  new ApiFailure({ ...failure, message: `${text}${failure.message}` });

function live(world: WriteWorld, type: ResourceType, key: string): JsonObject | undefined {
  return world.store.get(type.key, key);
}

export function update(
  world: WriteWorld,
  type: ResourceType,
  key: string,
  body: JsonObject,
  options: WriteOptions,
): JsonObject {
  const before = live(world, type, key);
  const name = key.slice(key.indexOf("/") + 1);
  const object = decode(type, body, options);
  if (before === undefined) {
    if (!mayCreateByUpdate(type) || options.subresource !== undefined) throw notFound(type, name);
    return create(world, type, body, options);
  }
  return replace(world, type, before, object, options, false);
}

/** Stores a changed object over the live one. `isOwned`: managedFields are already computed (apply). */
export function replace(
  world: WriteWorld,
  type: ResourceType,
  before: JsonObject,
  object: JsonObject,
  options: WriteOptions,
  isOwned: boolean,
): JsonObject {
  const name = textAt(before, "metadata", "name") ?? "";
  checkPreconditions(type, before, object);
  const version = textAt(object, "metadata", "resourceVersion") ?? "";
  if (version === "" && needsVersion(type)) {
    const cause = invalidValue("metadata.resourceVersion", 0, "must be specified for an update");
    throw invalid({ group: type.group, kind: type.resource }, name, [cause]);
  }
  const writer = writerFor(world, type, options);
  const shaped =
    options.subresource === "status" ? { ...object, spec: before["spec"] ?? object["spec"] ?? {} } : object;
  const owned = isOwned ? shaped : managedUpdate(type.shape, before, shaped, writer);
  const next = keepServerFields(type, owned, before, options);
  world.admit(type, next, before, options.user);
  prepareUpdate(type, next, before, world.store);
  const stored = conform(type.shape, next);
  if (changesGeneration(type, stored, before)) {
    ensure(stored, "metadata")["generation"] = Number(get(before, "metadata", "generation") ?? 0) + 1;
  }
  const causes = validate(type, stored, before);
  if (causes.length > 0) throw invalid(type, name, causes);
  if (equal(withoutTimes(stored), withoutTimes(before))) return before;
  if (options.dryRun === true) return stored;
  const isReleased = textAt(stored, "metadata", "deletionTimestamp") !== undefined && isFree(type, stored);
  if (!isReleased) return world.store.put(type.key, keyOf(before), stored);
  world.store.delete(type.key, keyOf(before));
  return stored;
}

/** Nothing holds a deleted object any more: no finalizers, no grace period. */
export function isFree(type: ResourceType, object: JsonObject): boolean {
  if (listAt(object, "metadata", "finalizers").length > 0) return false;
  if (type.kind === "Namespace" && listAt(object, "spec", "finalizers").length > 0) return false;
  return Number(get(object, "metadata", "deletionGracePeriodSeconds") ?? 0) === 0;
}

function checkPreconditions(type: ResourceType, before: JsonObject, object: JsonObject) {
  const name = textAt(before, "metadata", "name") ?? "";
  const uid = textAt(object, "metadata", "uid") ?? "";
  const liveUid = textAt(before, "metadata", "uid") ?? "";
  if (uid !== "" && uid !== liveUid) {
    const namespace = textAt(before, "metadata", "namespace");
    const path = [
      type.group === "" ? "" : `/${type.group}`,
      `/${type.resource}`,
      namespace === undefined ? "" : `/${namespace}`,
      `/${name}`,
    ];
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${liveUid}`;
    throw conflict(
      type,
      name,
      `StorageError: invalid object, Code: 4, Key: /registry${path.join("")}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`,
    );
  }
  const version = textAt(object, "metadata", "resourceVersion") ?? "";
  if (version !== "" && version !== textAt(before, "metadata", "resourceVersion")) throw modified(type, name);
}

/** Restores what a request may not change: identity, times and whatever its endpoint does not write. */
function keepServerFields(
  type: ResourceType,
  object: JsonObject,
  before: JsonObject,
  options: WriteOptions,
): JsonObject {
  const next = clone(object);
  const metadata = ensure(next, "metadata");
  const old = objectAt(before, "metadata");
  for (const name of [
    "name",
    "namespace",
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "resourceVersion",
  ]) {
    if (old[name] === undefined) delete metadata[name];
    else metadata[name] = old[name];
  }
  if (options.subresource === "status") {
    for (const key of Object.keys(next)) {
      if (["metadata", "status", "apiVersion", "kind"].includes(key)) continue;
      delete next[key];
    }
    for (const [key, value] of Object.entries(before))
      if (next[key] === undefined && key !== "status") next[key] = clone(value);
  } else if (hasStatus(type)) {
    if (before["status"] === undefined) delete next["status"];
    else next["status"] = clone(before["status"]);
  }
  return next;
}

function withoutTimes(object: JsonObject): JsonObject {
  const metadata = objectAt(object, "metadata");
  const managed = listAt(metadata, "managedFields").map((entry) => (isObject(entry) ? { ...entry, time: "" } : entry));
  return { ...object, metadata: { ...metadata, managedFields: managed, resourceVersion: "" } };
}

/** Server-side apply. Creates what is missing. */
export function apply(
  world: WriteWorld,
  type: ResourceType,
  key: string,
  config: Json,
  options: WriteOptions,
): { readonly object: JsonObject; readonly isNew: boolean } {
  const given = isObject(config) ? config : {};
  const namespace = key.slice(0, key.indexOf("/"));
  const name = key.slice(key.indexOf("/") + 1);
  checkConfig(type, given, namespace);
  const before = live(world, type, key);
  if (before === undefined && options.subresource !== undefined) throw notFound(type, name);
  const faults = typedFaults(type.shape, given);
  if (faults.length > 0) {
    const own = textAt(given, "metadata", "namespace") ?? "";
    throw internal(
      `failed to create typed patch object (${own}/${textAt(given, "metadata", "name") ?? name}; ${type.group === "" ? "/" : `${type.group}/`}${type.version}, Kind=${type.kind}): ${faults.length === 1 ? faults[0] : `errors:\n${faults.map((fault) => `  ${fault}`).join("\n")}`}`,
    );
  }
  const merged = managedApply(type.shape, before, given, writerFor(world, type, options), options.force === true);
  const metadata = { ...objectAt(merged, "metadata"), ...(namespace === "" ? {} : { namespace }) };
  const mergedName = textAt(merged, "metadata", "name") ?? "";
  const object = complete(
    type,
    conform(type.shape, {
      ...merged,
      apiVersion: type.groupVersion,
      kind: type.kind,
      metadata: { ...metadata, name: mergedName === "" ? name : mergedName },
    }),
  );
  if (textAt(object, "metadata", "name") !== name) {
    throw badRequest(
      `the name of the object (${textAt(object, "metadata", "name")}) does not match the name on the URL (${name})`,
    );
  }
  if (before !== undefined) return { object: replace(world, type, before, object, options, true), isNew: false };
  if (textAt(given, "metadata", "uid"))
    throw conflict(
      type,
      name,
      "uid mismatch: the provided object specified uid " +
        `${textAt(given, "metadata", "uid")}, and no existing object was found`,
    );
  return { object: store(world, type, object, options), isNew: true };
}

function checkConfig(type: ResourceType, given: JsonObject, namespace: string) {
  if (given["apiVersion"] === undefined || given["kind"] === undefined) {
    throw badRequest("couldn't get version/kind; json parse error: apiVersion and kind must be set");
  }
  const kind = textAt(given, "kind") ?? "";
  const version = textAt(given, "apiVersion") ?? "";
  if (kind !== type.kind || version !== type.groupVersion) {
    throw badRequest(`invalid object type: ${version.includes("/") ? "" : "/"}${version}, Kind=${kind}`);
  }
  if (listAt(given, "metadata", "managedFields").length > 0) throw badRequest("metadata.managedFields must be nil");
  const own = textAt(given, "metadata", "namespace");
  if (own !== undefined && own !== "" && type.namespaced && own !== namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
}
