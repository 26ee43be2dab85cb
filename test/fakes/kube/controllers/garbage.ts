import { ensure, type JsonObject, listAt, objectsAt, textAt } from "../json.ts";
import { keyOf } from "../store.ts";
import { type Control, isDeleting } from "./control.ts";
import type { Controller } from "./loop.ts";

const separator = " ";

/** Deletes what has lost its last owner, and finishes foreground and orphan deletions. */
export function garbageCollector(control: Control): Controller {
  const dependents = (uid: string) => {
    const found: { readonly resource: string; readonly object: JsonObject }[] = [];
    for (const resource of control.world.store.resources()) {
      for (const object of control.list(resource)) {
        if (owners(object).some((owner) => owner["uid"] === uid)) found.push({ resource, object });
      }
    }
    return found;
  };
  return {
    name: "garbage",
    *keysFor(event) {
      const uid = textAt(event.object, "metadata", "uid") ?? "";
      if (event.type === "DELETED" || isDeleting(event.object))
        yield ["owner", event.resource, keyOf(event.object), uid].join(separator);
      for (const owner of owners(event.object)) {
        const key = ["dependent", event.resource, keyOf(event.object), String(owner["uid"])].join(separator);
        if (event.type === "ADDED") yield key;
        // The owner may wait for this one in the foreground.
        if (event.type === "DELETED") yield ["uid", "", "", String(owner["uid"])].join(separator);
      }
    },
    reconcile(key) {
      const [kind = "", resource = "", name = "", uid = ""] = key.split(separator);
      if (kind === "dependent") collect(control, resource, name);
      else if (kind === "uid") finish(control, uid, dependents(uid));
      else {
        const owner = control.get(resource, name);
        if (owner !== undefined && textAt(owner, "metadata", "uid") === uid) finish(control, uid, dependents(uid));
        else for (const { resource: type, object } of dependents(uid)) collect(control, type, keyOf(object));
      }
      return undefined;
    },
  };
}

const owners = (object: JsonObject): JsonObject[] => objectsAt(object, "metadata", "ownerReferences");

function findByUid(
  control: Control,
  uid: string,
): { readonly resource: string; readonly object: JsonObject } | undefined {
  for (const resource of control.world.store.resources()) {
    const object = control.list(resource).find((one) => textAt(one, "metadata", "uid") === uid);
    if (object !== undefined) return { resource, object };
  }
  return undefined;
}

/** Deletes an object none of whose owners exists. */
function collect(control: Control, resource: string, key: string) {
  const object = control.get(resource, key);
  if (object === undefined || owners(object).length === 0 || isDeleting(object)) return;
  if (owners(object).some((owner) => findByUid(control, String(owner["uid"])) !== undefined)) return;
  control.remove(resource, key, { propagation: "Background" });
}

function finish(
  control: Control,
  uid: string,
  dependents: readonly { readonly resource: string; readonly object: JsonObject }[],
) {
  const owner = findByUid(control, uid);
  if (owner === undefined || !isDeleting(owner.object)) return;
  const finalizers = listAt(owner.object, "metadata", "finalizers").map(String);
  if (finalizers.includes("orphan")) {
    for (const { resource, object } of dependents) disown(control, resource, object, uid);
    release(control, owner.resource, owner.object, "orphan");
  } else if (finalizers.includes("foregroundDeletion")) {
    for (const { resource, object } of dependents) {
      if (!isDeleting(object)) control.remove(resource, keyOf(object), { propagation: "Foreground" });
    }
    const blocking = dependents.filter(({ resource, object }) => {
      const live = control.get(resource, keyOf(object));
      return live !== undefined && owners(live).some((one) => one["uid"] === uid && one["blockOwnerDeletion"] === true);
    });
    if (blocking.length === 0) release(control, owner.resource, owner.object, "foregroundDeletion");
  }
}

function disown(control: Control, resource: string, object: JsonObject, uid: string) {
  control.change(resource, object, (draft) => {
    const rest = owners(draft).filter((owner) => owner["uid"] !== uid);
    const metadata = ensure(draft, "metadata");
    if (rest.length > 0) metadata["ownerReferences"] = rest;
    else delete metadata["ownerReferences"];
  });
}

function release(control: Control, resource: string, object: JsonObject, finalizer: string) {
  control.change(resource, object, (draft) => {
    const metadata = ensure(draft, "metadata");
    metadata["finalizers"] = listAt(metadata, "finalizers").filter((one) => one !== finalizer);
  });
}
