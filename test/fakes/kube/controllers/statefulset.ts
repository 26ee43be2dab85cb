import { clone, ensure, type JsonObject, numberAt, objectAt, objectsAt, textAt } from "../json.ts";
import { ApiFailure } from "../status.ts";
import { keyOf } from "../store.ts";
import { type Control, controllerOf, isDeleting } from "./control.ts";
import type { Controller } from "./loop.ts";
import { availableIn, claim, isActive, isReady, minReady, podFrom, soonest } from "./pods.ts";
import { currentRevision, pruneRevisions, revisionLabel, revisionOf, stamp } from "./revisions.ts";

const resource = "statefulsets.apps";

export function statefulSetController(control: Control): Controller {
  return {
    name: "statefulset",
    *keysFor(event) {
      if (event.resource === resource && event.type !== "DELETED") yield keyOf(event.object);
      if (event.resource !== "pods") return;
      const owner = controllerOf(event.object);
      const namespace = textAt(event.object, "metadata", "namespace") ?? "";
      if (textAt(owner, "kind") === "StatefulSet") yield `${namespace}/${textAt(owner, "name") ?? ""}`;
    },
    reconcile(key) {
      const set = control.get(resource, key);
      if (set === undefined || isDeleting(set)) return undefined;
      return sync(control, set);
    },
  };
}

const ordinalOf = (pod: JsonObject): number =>
  Number(/-(\d+)$/.exec(textAt(pod, "metadata", "name") ?? "")?.[1] ?? "-1");

interface View {
  readonly set: JsonObject;
  readonly pods: readonly JsonObject[];
  readonly wanted: number;
  readonly update: string;
  readonly current: string;
  readonly isAvailable: (pod: JsonObject) => boolean;
}

function sync(control: Control, set: JsonObject): number | undefined {
  const update = currentRevision(control, set, (name) => name).name;
  const current = textAt(set, "status", "currentRevision") || update;
  const wanted = numberAt(set, "spec", "replicas") ?? 1;
  const look = (): View => ({
    set,
    pods: claim(control, set, "pods").sort((left, right) => ordinalOf(left) - ordinalOf(right)),
    wanted,
    update,
    current,
    isAvailable: (pod) => isActive(pod) && availableIn(pod, minReady(set), control.now()) === 0,
  });
  const isSettled = grow(control, look()) && shrink(control, look());
  if (isSettled) replaceOld(control, look());
  const view = look();
  report(control, view);
  pruneRevisions(control, set, new Set([update, current, ...view.pods.map(revisionOf)]));
  return soonest(view.pods.map((pod) => availableIn(pod, minReady(set), control.now())));
}

const isParallel = (set: JsonObject) => textAt(set, "spec", "podManagementPolicy") === "Parallel";
const partitionOf = (set: JsonObject) => numberAt(set, "spec", "updateStrategy", "rollingUpdate", "partition") ?? 0;

/** Creates missing pods in order, each after the ones before it are available. True: all there and available. */
function grow(control: Control, view: View): boolean {
  const { set, wanted } = view;
  for (let ordinal = 0; ordinal < wanted; ordinal += 1) {
    const pod = view.pods.find((one) => ordinalOf(one) === ordinal);
    if (pod === undefined) {
      if (!createPod(control, view, ordinal)) return false;
      if (!isParallel(set)) return false;
      continue;
    }
    const phase = textAt(pod, "status", "phase");
    if ((phase === "Failed" || phase === "Succeeded") && !isDeleting(pod)) {
      control.event(
        set,
        "Warning",
        "RecreatingTerminatedPod",
        `StatefulSet ${keyOf(set)} is recreating terminated Pod ${textAt(pod, "metadata", "name")}`,
      );
      control.remove("pods", keyOf(pod));
      if (!isParallel(set)) return false;
      continue;
    }
    if (!view.isAvailable(pod) && !isParallel(set)) return false;
  }
  return true;
}

function createPod(control: Control, view: View, ordinal: number): boolean {
  const { set } = view;
  const name = `${textAt(set, "metadata", "name") ?? ""}-${ordinal}`;
  const isNew = ordinal >= partitionOf(set) || view.current === view.update;
  const revision = isNew ? view.update : view.current;
  const pod = podFrom(set, templateOf(control, set, revision), { name });
  stamp(pod, {
    [revisionLabel]: revision,
    "statefulset.kubernetes.io/pod-name": name,
    "apps.kubernetes.io/pod-index": String(ordinal),
  });
  const spec = ensure(pod, "spec");
  spec["hostname"] = name;
  spec["subdomain"] = textAt(set, "spec", "serviceName") ?? "";
  try {
    claims(control, set, pod, name);
    control.create("pods", pod);
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    const message = `create Pod ${name} in StatefulSet ${textAt(set, "metadata", "name")} failed error: ${error.message}`;
    control.event(set, "Warning", "FailedCreate", message);
    return false;
  }
  control.event(
    set,
    "Normal",
    "SuccessfulCreate",
    `create Pod ${name} in StatefulSet ${textAt(set, "metadata", "name")} successful`,
  );
  return true;
}

function templateOf(control: Control, set: JsonObject, revision: string): JsonObject {
  const stored = control.get("controllerrevisions.apps", `${textAt(set, "metadata", "namespace") ?? ""}/${revision}`);
  const template = objectAt(stored, "data", "spec", "template");
  return Object.keys(template).length > 0 ? template : objectAt(set, "spec", "template");
}

/** One PersistentVolumeClaim per template and pod; it outlives the pod. */
function claims(control: Control, set: JsonObject, pod: JsonObject, name: string) {
  const spec = ensure(pod, "spec");
  const namespace = textAt(set, "metadata", "namespace") ?? "";
  for (const template of objectsAt(set, "spec", "volumeClaimTemplates")) {
    const volume = textAt(template, "metadata", "name") ?? "";
    const claimName = `${volume}-${name}`;
    const volumes = objectsAt(spec, "volumes").filter((one) => one["name"] !== volume);
    spec["volumes"] = [...volumes, { name: volume, persistentVolumeClaim: { claimName } }];
    if (control.get("persistentvolumeclaims", `${namespace}/${claimName}`) !== undefined) continue;
    const labels = clone(objectAt(set, "spec", "selector", "matchLabels"));
    control.create("persistentvolumeclaims", {
      metadata: { name: claimName, namespace, labels },
      spec: clone(objectAt(template, "spec")),
    });
  }
}

/** Deletes surplus pods from the highest ordinal down, one at a time. True: none is left. */
function shrink(control: Control, view: View): boolean {
  const surplus = view.pods.filter((pod) => ordinalOf(pod) >= view.wanted).reverse();
  for (const pod of surplus) {
    if (isDeleting(pod)) {
      if (isParallel(view.set)) continue;
      return false;
    }
    control.remove("pods", keyOf(pod));
    const name = textAt(pod, "metadata", "name");
    control.event(
      view.set,
      "Normal",
      "SuccessfulDelete",
      `delete Pod ${name} in StatefulSet ${textAt(view.set, "metadata", "name")} successful`,
    );
    if (!isParallel(view.set)) return false;
  }
  return surplus.length === 0;
}

/** Replaces pods of an old revision from the highest ordinal down to the partition, each after the last is available. */
function replaceOld(control: Control, view: View) {
  if (textAt(view.set, "spec", "updateStrategy", "type") === "OnDelete") return;
  const targets = view.pods.filter((pod) => ordinalOf(pod) >= partitionOf(view.set)).reverse();
  for (const pod of targets) {
    if (revisionOf(pod) !== view.update && !isDeleting(pod)) {
      control.remove("pods", keyOf(pod));
      const name = textAt(pod, "metadata", "name");
      control.event(
        view.set,
        "Normal",
        "SuccessfulDelete",
        `delete Pod ${name} in StatefulSet ${textAt(view.set, "metadata", "name")} successful`,
      );
      return;
    }
    if (!view.isAvailable(pod)) return;
  }
}

function report(control: Control, view: View) {
  const { set, pods, update, current, wanted } = view;
  const alive = pods.filter((pod) => !isDeleting(pod));
  const updated = alive.filter((pod) => revisionOf(pod) === update).length;
  const ready = alive.filter(isReady).length;
  const isDone = updated === wanted && ready === wanted && partitionOf(set) === 0 && pods.length === wanted;
  control.changeStatus(resource, set, (status) => {
    status["observedGeneration"] = numberAt(set, "metadata", "generation") ?? 0;
    status["replicas"] = pods.length;
    status["readyReplicas"] = ready;
    status["availableReplicas"] = alive.filter(view.isAvailable).length;
    status["updatedReplicas"] = updated;
    status["updateRevision"] = update;
    status["currentRevision"] = isDone ? update : current;
    status["currentReplicas"] = isDone ? updated : alive.filter((pod) => revisionOf(pod) === current).length;
    status["collisionCount"] = 0;
  });
}
