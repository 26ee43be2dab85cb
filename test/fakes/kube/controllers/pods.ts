import { clone, ensure, type Json, type JsonObject, numberAt, objectAt, textAt, textsAt } from "../json.ts";
import { matchesSelector } from "../selectors.ts";
import { type Control, conditionOf, controllerOf, isDeleting, isOwnedBy, ownerReference } from "./control.ts";

export const isReady = (pod: JsonObject): boolean => conditionOf(pod, "Ready")?.["status"] === "True";
const phaseOf = (pod: JsonObject) => textAt(pod, "status", "phase") ?? "Pending";
export const isActive = (pod: JsonObject): boolean =>
  !isDeleting(pod) && !["Succeeded", "Failed"].includes(phaseOf(pod));

/** Milliseconds until a pod that stays ready becomes available; 0: it is. Infinity: not ready. */
export function availableIn(pod: JsonObject, minReadySeconds: number, now: number): number {
  const ready = conditionOf(pod, "Ready");
  if (ready?.["status"] !== "True") return Number.POSITIVE_INFINITY;
  const since = Date.parse(textAt(ready, "lastTransitionTime") ?? "");
  return minReadySeconds === 0 ? 0 : Math.max(0, since + minReadySeconds * 1000 - now);
}

/** The objects a controller owns; orphans that match the selector are adopted, those that stop matching released. */
export function claim(control: Control, owner: JsonObject, resource: string): JsonObject[] {
  const namespace = textAt(owner, "metadata", "namespace");
  const selector = objectAt(owner, "spec", "selector");
  const claimed: JsonObject[] = [];
  for (const object of control.list(resource, namespace)) {
    const matches = matchesSelector(selector, textsAt(object, "metadata", "labels"));
    if (isOwnedBy(object, owner)) {
      if (matches) claimed.push(object);
      else if (!isDeleting(object)) release(control, owner, resource, object);
    } else if (controllerOf(object) === undefined && matches && !isDeleting(object) && !isDeleting(owner)) {
      claimed.push(adopt(control, owner, resource, object));
    }
  }
  return claimed;
}

function adopt(control: Control, owner: JsonObject, resource: string, object: JsonObject): JsonObject {
  return control.change(resource, object, (draft) => {
    const metadata = ensure(draft, "metadata");
    const owners = metadata["ownerReferences"];
    metadata["ownerReferences"] = [...(Array.isArray(owners) ? owners : []), ownerReference(owner)];
  });
}

function release(control: Control, owner: JsonObject, resource: string, object: JsonObject) {
  control.change(resource, object, (draft) => {
    const metadata = ensure(draft, "metadata");
    const owners = metadata["ownerReferences"];
    const uid = textAt(owner, "metadata", "uid");
    metadata["ownerReferences"] = (Array.isArray(owners) ? owners : []).filter((one) => textAt(one, "uid") !== uid);
  });
}

/** A pod of a controller's template. */
export function podFrom(
  owner: JsonObject,
  template: JsonObject,
  name: { readonly name?: string; readonly prefix?: string },
): JsonObject {
  const metadata: JsonObject = {};
  for (const key of ["labels", "annotations", "finalizers"]) {
    const value: Json | undefined = objectAt(template, "metadata")[key];
    if (value !== undefined) metadata[key] = clone(value);
  }
  if (name.name !== undefined) metadata["name"] = name.name;
  if (name.prefix !== undefined) metadata["generateName"] = name.prefix;
  metadata["namespace"] = textAt(owner, "metadata", "namespace") ?? "";
  metadata["ownerReferences"] = [ownerReference(owner)];
  return { apiVersion: "v1", kind: "Pod", metadata, spec: clone(objectAt(template, "spec")) };
}

/** Which pods go first when a set shrinks: unscheduled, not ready, youngest. */
export function deletionOrder(pods: readonly JsonObject[]): JsonObject[] {
  const rank = (pod: JsonObject) => [
    textAt(pod, "spec", "nodeName") ? 1 : 0,
    phaseOf(pod) === "Running" ? 1 : 0,
    isReady(pod) ? 1 : 0,
    -Date.parse(textAt(pod, "metadata", "creationTimestamp") ?? ""),
  ];
  return [...pods].sort((left, right) => {
    const other = rank(right);
    for (const [index, value] of rank(left).entries()) {
      const against = other[index] ?? 0;
      if (value !== against) return value - against;
    }
    return 0;
  });
}

export const minReady = (owner: JsonObject): number => numberAt(owner, "spec", "minReadySeconds") ?? 0;

/** The smallest wait after which an availability may change; undefined: none. */
export function soonest(waits: readonly number[]): number | undefined {
  const finite = waits.filter((wait) => wait > 0 && Number.isFinite(wait));
  return finite.length === 0 ? undefined : Math.min(...finite);
}
