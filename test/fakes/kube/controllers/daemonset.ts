import { ensure, type JsonObject, numberAt, objectAt, objectsAt, textAt } from "../json.ts";
import { daemonFits } from "../scheduler.ts";
import { ApiFailure } from "../status.ts";
import { keyOf } from "../store.ts";
import { type Control, controllerOf, isDeleting } from "./control.ts";
import type { Controller } from "./loop.ts";
import { availableIn, claim, isActive, isReady, minReady, podFrom, soonest } from "./pods.ts";
import { currentRevision, pruneRevisions, revisionLabel, revisionOf, stamp } from "./revisions.ts";

const resource = "daemonsets.apps";

export function daemonSetController(control: Control): Controller {
  return {
    name: "daemonset",
    *keysFor(event) {
      if (event.resource === resource && event.type !== "DELETED") yield keyOf(event.object);
      if (event.resource === "nodes") for (const set of control.list(resource)) yield keyOf(set);
      if (event.resource !== "pods") return;
      const owner = controllerOf(event.object);
      const namespace = textAt(event.object, "metadata", "namespace") ?? "";
      if (textAt(owner, "kind") === "DaemonSet") yield `${namespace}/${textAt(owner, "name") ?? ""}`;
    },
    reconcile(key) {
      const set = control.get(resource, key);
      return set === undefined || isDeleting(set) ? undefined : sync(control, set);
    },
  };
}

const tolerated: readonly (readonly [string, string])[] = [
  ["node.kubernetes.io/not-ready", "NoExecute"],
  ["node.kubernetes.io/unreachable", "NoExecute"],
  ["node.kubernetes.io/disk-pressure", "NoSchedule"],
  ["node.kubernetes.io/memory-pressure", "NoSchedule"],
  ["node.kubernetes.io/pid-pressure", "NoSchedule"],
  ["node.kubernetes.io/unschedulable", "NoSchedule"],
];

/** A pod bound by affinity to one node, with the tolerations that daemons get. */
function daemonPod(set: JsonObject, node: string, hash: string): JsonObject {
  const pod = podFrom(set, objectAt(set, "spec", "template"), { prefix: `${textAt(set, "metadata", "name") ?? ""}-` });
  stamp(pod, {
    [revisionLabel]: hash,
    "pod-template-generation": String(numberAt(set, "metadata", "generation") ?? 1),
  });
  const spec = ensure(pod, "spec");
  const own = objectsAt(spec, "tolerations");
  spec["tolerations"] = [...own, ...tolerated.map(([key, effect]) => ({ key, operator: "Exists", effect }))];
  const required = ensure(spec, "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution");
  const terms = objectsAt(required, "nodeSelectorTerms");
  const matchFields = [{ key: "metadata.name", operator: "In", values: [node] }];
  required["nodeSelectorTerms"] =
    terms.length === 0 ? [{ matchFields }] : terms.map((term) => ({ ...term, matchFields }));
  return pod;
}

/** The node that a daemon's pod is on or meant for. */
function nodeOf(pod: JsonObject): string {
  const terms = objectsAt(
    pod,
    "spec",
    "affinity",
    "nodeAffinity",
    "requiredDuringSchedulingIgnoredDuringExecution",
    "nodeSelectorTerms",
  );
  const meant = textAt(terms, 0, "matchFields", 0, "values", 0);
  return textAt(pod, "spec", "nodeName") || meant || "";
}

function sync(control: Control, set: JsonObject): number | undefined {
  const { hash } = currentRevision(control, set, (_, label) => label);
  const nodes = control.list("nodes");
  const fitting = nodes
    .map((node) => textAt(node, "metadata", "name") ?? "")
    .filter((name) =>
      nodes.some((node) => textAt(node, "metadata", "name") === name && daemonFits(daemonPod(set, name, hash), node)),
    );
  const pods = claim(control, set, "pods");
  place(control, set, hash, fitting, pods);
  roll(control, set, hash, fitting);
  return report(control, set, hash, fitting);
}

function place(
  control: Control,
  set: JsonObject,
  hash: string,
  fitting: readonly string[],
  pods: readonly JsonObject[],
) {
  for (const pod of pods) {
    const phase = textAt(pod, "status", "phase");
    const isMisplaced = !fitting.includes(nodeOf(pod));
    if (!isDeleting(pod) && (isMisplaced || phase === "Failed" || phase === "Succeeded"))
      control.remove("pods", keyOf(pod));
  }
  for (const node of fitting) {
    if (pods.some((pod) => nodeOf(pod) === node)) continue;
    try {
      const pod = control.create("pods", daemonPod(set, node, hash));
      control.event(set, "Normal", "SuccessfulCreate", `Created pod: ${textAt(pod, "metadata", "name")}`);
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      control.event(set, "Warning", "FailedCreate", `Error creating: ${error.message}`);
      return;
    }
  }
}

/** Deletes pods of an old revision, never more at a time than may be unavailable. */
function roll(control: Control, set: JsonObject, hash: string, fitting: readonly string[]) {
  if (textAt(set, "spec", "updateStrategy", "type") === "OnDelete") return;
  const limit = objectAt(set, "spec", "updateStrategy", "rollingUpdate")["maxUnavailable"] ?? 1;
  const most =
    typeof limit === "number" ? limit : Math.ceil((Number.parseInt(String(limit), 10) * fitting.length) / 100);
  const pods = claim(control, set, "pods").filter((pod) => fitting.includes(nodeOf(pod)));
  const isAvailable = (pod: JsonObject) => isActive(pod) && availableIn(pod, minReady(set), control.now()) === 0;
  const old = pods.filter((pod) => revisionOf(pod) !== hash && !isDeleting(pod));
  // Broken old pods serve nobody: replacing them costs no availability.
  for (const pod of old.filter((one) => !isAvailable(one))) control.remove("pods", keyOf(pod));
  let room = most - (fitting.length - pods.filter(isAvailable).length);
  for (const pod of old.filter(isAvailable)) {
    if (room <= 0) return;
    room -= 1;
    control.remove("pods", keyOf(pod));
  }
}

function report(control: Control, set: JsonObject, hash: string, fitting: readonly string[]): number | undefined {
  const pods = claim(control, set, "pods").filter((pod) => !isDeleting(pod));
  const on = (node: string) => pods.filter((pod) => nodeOf(pod) === node);
  const waits = pods.map((pod) => availableIn(pod, minReady(set), control.now()));
  const count = (test: (pod: JsonObject) => boolean) => fitting.filter((node) => on(node).some(test)).length;
  const available = count((pod) => availableIn(pod, minReady(set), control.now()) === 0);
  control.changeStatus(resource, set, (status) => {
    status["observedGeneration"] = numberAt(set, "metadata", "generation") ?? 0;
    status["desiredNumberScheduled"] = fitting.length;
    status["currentNumberScheduled"] = count(() => true);
    status["numberMisscheduled"] = pods.filter((pod) => !fitting.includes(nodeOf(pod))).length;
    status["numberReady"] = count(isReady);
    status["numberAvailable"] = available;
    status["numberUnavailable"] = fitting.length - available;
    status["updatedNumberScheduled"] = count((pod) => revisionOf(pod) === hash);
  });
  pruneRevisions(control, set, new Set([hash, ...pods.map(revisionOf)]));
  return soonest(waits);
}
