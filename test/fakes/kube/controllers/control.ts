import { createHash } from "node:crypto";
import { conform } from "../conform.ts";
import { clone, ensure, equal, get, type JsonObject, objectsAt, textAt } from "../json.ts";
import type { ResourceType } from "../registry.ts";
import { type DeleteOptions, remove } from "../remove.ts";
import { keyOf } from "../store.ts";
import { rfc3339 } from "../time.ts";
import type { World } from "../world.ts";
import { create, replace } from "../write.ts";

/** How controllers read and write. All calls are synchronous: a reconcile sees and leaves a consistent store. */
export interface Control {
  readonly world: World;
  now(): number;
  time(): string;
  /** Objects of a resource, in one namespace if given. */
  list(resource: string, namespace?: string | undefined): JsonObject[];
  get(resource: string, key: string): JsonObject | undefined;
  create(resource: string, object: JsonObject): JsonObject;
  /** Changes everything but the status; `change` gets a copy. */
  change(resource: string, object: JsonObject, change: (draft: JsonObject) => void): JsonObject;
  changeStatus(resource: string, object: JsonObject, change: (status: JsonObject) => void): JsonObject;
  /** Changes annotations through the status endpoint, as the Deployment controller does with its revision. */
  annotate(resource: string, object: JsonObject, annotations: Readonly<Record<string, string>>): JsonObject;
  /** Deletes; an object that is gone already is what was wanted. */
  remove(resource: string, key: string, options?: DeleteOptions): void;
  /** Records an event; the same one again raises its count. */
  event(about: JsonObject, type: "Normal" | "Warning", reason: string, message: string): void;
}

/** `component` is named by events; `manager` owns the fields that are written. */
export function createControl(world: World, component: string, manager: string): Control {
  const typeOf = (resource: string): ResourceType => {
    const type = world.registry.ofKey(resource);
    if (type === undefined) throw new Error(`no resource ${resource}`);
    return type;
  };
  const current = (resource: string, object: JsonObject) => world.store.get(resource, keyOf(object)) ?? object;
  const write = (resource: string, object: JsonObject, next: JsonObject, subresource?: string) => {
    // Most reconciles find everything as it should be.
    if (equal(object, next)) return object;
    const type = typeOf(resource);
    return replace(world, type, object, conform(type.shape, next), { manager, subresource }, false);
  };
  const control: Control = {
    world,
    now: world.now,
    time: () => rfc3339(world.now()),
    list(resource, namespace) {
      const all = world.store.list(resource);
      return namespace === undefined ? all : all.filter((one) => textAt(one, "metadata", "namespace") === namespace);
    },
    get: (resource, key) => world.store.get(resource, key),
    create: (resource, object) => create(world, typeOf(resource), object, { manager }),
    change(resource, object, change) {
      const live = current(resource, object);
      const draft = clone(live);
      change(draft);
      return write(resource, live, draft);
    },
    changeStatus(resource, object, change) {
      const live = current(resource, object);
      const draft = clone(live);
      change(ensure(draft, "status"));
      return write(resource, live, draft, "status");
    },
    annotate(resource, object, annotations) {
      const live = current(resource, object);
      const draft = clone(live);
      Object.assign(ensure(draft, "metadata", "annotations"), annotations);
      return write(resource, live, draft, "status");
    },
    remove(resource, key, options = {}) {
      if (world.store.get(resource, key) !== undefined) remove(world, typeOf(resource), key, options);
    },
    event: (about, type, reason, message) => recordEvent(control, component, about, type, reason, message),
  };
  return control;
}

function recordEvent(
  control: Control,
  component: string,
  about: JsonObject,
  type: string,
  reason: string,
  message: string,
) {
  const namespace = textAt(about, "metadata", "namespace") ?? "default";
  const name = textAt(about, "metadata", "name") ?? "";
  const uid = textAt(about, "metadata", "uid") ?? "";
  const id = createHash("sha256").update(`${uid}${component}${reason}${message}`).digest("hex").slice(0, 16);
  const eventName = `${name}.${id}`;
  const live = control.get("events", `${namespace}/${eventName}`);
  if (live !== undefined) {
    control.change("events", live, (draft) => {
      draft["count"] = Number(get(draft, "count") ?? 1) + 1;
      draft["lastTimestamp"] = control.time();
    });
    return;
  }
  if (control.get("namespaces", `/${namespace}`)?.["status"] === undefined) return;
  if (textAt(control.get("namespaces", `/${namespace}`), "metadata", "deletionTimestamp") !== undefined) return;
  const involvedObject: JsonObject = { kind: about["kind"] ?? "", name, uid, apiVersion: about["apiVersion"] ?? "" };
  const own = textAt(about, "metadata", "namespace");
  if (own !== undefined) involvedObject["namespace"] = own;
  const version = textAt(about, "metadata", "resourceVersion");
  if (version !== undefined) involvedObject["resourceVersion"] = version;
  control.create("events", {
    metadata: { name: eventName, namespace },
    involvedObject,
    reason,
    message,
    type,
    count: 1,
    firstTimestamp: control.time(),
    lastTimestamp: control.time(),
    source: { component },
    reportingComponent: component,
    reportingInstance: "",
  });
}

/** The owner reference whose `controller` is true. */
export const controllerOf = (object: JsonObject): JsonObject | undefined =>
  objectsAt(object, "metadata", "ownerReferences").find((owner) => owner["controller"] === true);

export const isOwnedBy = (object: JsonObject, owner: JsonObject): boolean =>
  textAt(controllerOf(object), "uid") === textAt(owner, "metadata", "uid");

export const ownerReference = (owner: JsonObject): JsonObject => ({
  apiVersion: owner["apiVersion"] ?? "",
  kind: owner["kind"] ?? "",
  name: textAt(owner, "metadata", "name") ?? "",
  uid: textAt(owner, "metadata", "uid") ?? "",
  controller: true,
  blockOwnerDeletion: true,
});

export const isDeleting = (object: JsonObject): boolean =>
  textAt(object, "metadata", "deletionTimestamp") !== undefined;

/** Sets a list-of-conditions entry; the transition time moves only when the status does. Returns whether it changed. */
export function setCondition(status: JsonObject, condition: JsonObject, time: string): boolean {
  const conditions = objectsAt(status, "conditions");
  const before = conditions.find((one) => one["type"] === condition["type"]);
  if (before !== undefined && ["status", "reason", "message"].every((key) => before[key] === condition[key]))
    return false;
  const lastTransitionTime =
    before?.["status"] === condition["status"] ? (before?.["lastTransitionTime"] ?? time) : time;
  const next = { ...condition, lastTransitionTime };
  status["conditions"] =
    before === undefined ? [...conditions, next] : conditions.map((one) => (one === before ? next : one));
  return true;
}

export const conditionOf = (object: JsonObject, type: string): JsonObject | undefined =>
  objectsAt(object, "status", "conditions").find((one) => one["type"] === type);

const alphabet = "bcdfghjklmnpqrstvwxz2456789";

/** A hash of a template as names carry it. Not Go's value: that one hashes a memory dump. */
export function templateHash(value: string): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(value)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return [...String(hash)].map((digit) => alphabet[digit.charCodeAt(0) % alphabet.length]).join("");
}
