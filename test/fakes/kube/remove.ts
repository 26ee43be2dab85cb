import { clone, ensure, get, type JsonObject, listAt, numberAt, textAt } from "./json.ts";
import type { ResourceType } from "./registry.ts";
import { conflict, notFound } from "./status.ts";
import { keyOf } from "./store.ts";
import { countsGeneration } from "./strategy.ts";
import { rfc3339 } from "./time.ts";
import type { WriteWorld } from "./write.ts";

export interface DeleteOptions {
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly propagation?: "Foreground" | "Background" | "Orphan" | undefined;
  readonly gracePeriodSeconds?: number | undefined;
  readonly dryRun?: boolean | undefined;
}

export interface Removal {
  readonly object: JsonObject;
  /** False: the object stays until its finalizers or its grace period are done. */
  readonly isGone: boolean;
}

const foreground = "foregroundDeletion";
const orphan = "orphan";

export function remove(world: WriteWorld, type: ResourceType, key: string, options: DeleteOptions): Removal {
  const live = world.store.get(type.key, key);
  const name = key.slice(key.indexOf("/") + 1);
  if (live === undefined) throw notFound(type, name);
  checkPreconditions(type, live, options);
  const finalizers = finalizersAfter(type, live, options);
  const grace = graceOf(type, live, options);
  const isNamespace = type.kind === "Namespace" && type.group === "";
  const isHeld = finalizers.length > 0 || grace > 0 || (isNamespace && listAt(live, "spec", "finalizers").length > 0);
  if (!isHeld) {
    if (options.dryRun === true) return { object: live, isGone: true };
    return { object: world.store.delete(type.key, key) ?? live, isGone: true };
  }
  return { object: mark(world, type, live, finalizers, grace, options), isGone: false };
}

function mark(
  world: WriteWorld,
  type: ResourceType,
  live: JsonObject,
  finalizers: readonly string[],
  grace: number,
  options: DeleteOptions,
): JsonObject {
  const next = clone(live);
  const metadata = ensure(next, "metadata");
  if (finalizers.length > 0) metadata["finalizers"] = [...finalizers];
  else delete metadata["finalizers"];
  const isMarked = metadata["deletionTimestamp"] !== undefined;
  const isShortened = isMarked && grace < (numberAt(metadata, "deletionGracePeriodSeconds") ?? 0);
  if (!isMarked || isShortened) {
    metadata["deletionTimestamp"] = rfc3339(world.now() + grace * 1000);
    metadata["deletionGracePeriodSeconds"] = grace;
    if (!isMarked && countsGeneration(type))
      metadata["generation"] = Number(get(live, "metadata", "generation") ?? 0) + 1;
  }
  if (type.kind === "Namespace") ensure(next, "status")["phase"] = "Terminating";
  if (options.dryRun === true || JSON.stringify(next) === JSON.stringify(live)) return next;
  return world.store.put(type.key, keyOf(live), next);
}

function checkPreconditions(type: ResourceType, live: JsonObject, options: DeleteOptions) {
  const name = textAt(live, "metadata", "name") ?? "";
  // The real server names the kind, not the resource, in these two.
  const named = { group: type.group, resource: type.kind, kind: type.kind };
  const uid = textAt(live, "metadata", "uid");
  if (options.uid !== undefined && options.uid !== uid) {
    throw conflict(
      named,
      name,
      `the UID in the precondition (${options.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    );
  }
  const version = textAt(live, "metadata", "resourceVersion");
  if (options.resourceVersion !== undefined && options.resourceVersion !== version) {
    throw conflict(
      named,
      name,
      `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${version}). The object might have been modified`,
    );
  }
}

function finalizersAfter(type: ResourceType, live: JsonObject, options: DeleteOptions): string[] {
  const present = listAt(live, "metadata", "finalizers").map(String);
  const others = present.filter((name) => name !== foreground && name !== orphan);
  // batch/v1 Jobs keep their pods unless told otherwise, for compatibility with v1beta1 clients.
  const policy = options.propagation ?? (type.kind === "Job" && type.group === "batch" ? "Orphan" : undefined);
  if (policy === "Foreground") return [...others, foreground];
  if (policy === "Orphan") return [...others, orphan];
  return policy === "Background" ? others : present;
}

/** Only pods have a grace period; those that never ran or have ended have none. */
function graceOf(type: ResourceType, live: JsonObject, options: DeleteOptions): number {
  if (type.kind !== "Pod" || type.group !== "") return 0;
  const phase = textAt(live, "status", "phase");
  if (phase === "Succeeded" || phase === "Failed" || !textAt(live, "spec", "nodeName")) return 0;
  const asked = options.gracePeriodSeconds ?? numberAt(live, "spec", "terminationGracePeriodSeconds") ?? 30;
  const running = numberAt(live, "metadata", "deletionGracePeriodSeconds");
  return running === undefined ? asked : Math.min(asked, running);
}
