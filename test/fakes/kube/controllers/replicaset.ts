import { type JsonObject, numberAt, objectAt, textAt, textsAt } from "../json.ts";
import { ApiFailure } from "../status.ts";
import { keyOf } from "../store.ts";
import { type Control, conditionOf, controllerOf, isDeleting, setCondition } from "./control.ts";
import type { Controller } from "./loop.ts";
import { availableIn, claim, deletionOrder, isActive, isReady, minReady, podFrom, soonest } from "./pods.ts";

const resource = "replicasets.apps";

export function replicaSetController(control: Control): Controller {
  const retries = new Map<string, Retry>();
  return {
    name: "replicaset",
    *keysFor(event) {
      if (event.resource === resource && event.type !== "DELETED") yield keyOf(event.object);
      if (event.resource !== "pods") return;
      const owner = controllerOf(event.object) ?? controllerOf(event.previous ?? {});
      const namespace = textAt(event.object, "metadata", "namespace") ?? "";
      if (textAt(owner, "kind") === "ReplicaSet") yield `${namespace}/${textAt(owner, "name") ?? ""}`;
      else if (owner === undefined) for (const set of control.list(resource, namespace)) yield keyOf(set);
    },
    reconcile(key) {
      const set = control.get(resource, key);
      if (set === undefined) return undefined;
      const pods = claim(control, set, "pods");
      const retry = retries.get(key);
      if (retry !== undefined && retry.at > control.now()) {
        const wait = report(control, set, retry.failure);
        return Math.min(wait ?? Number.POSITIVE_INFINITY, retry.at - control.now());
      }
      const failure = isDeleting(set) ? undefined : scale(control, set, pods.filter(isActive));
      if (failure === undefined) retries.delete(key);
      else retries.set(key, later(control, retry, failure));
      const wait = report(control, set, failure);
      return failure === undefined ? wait : Math.max(1, (retries.get(key)?.at ?? 0) - control.now());
    },
  };
}

interface Retry {
  readonly failure: CreateFailure;
  readonly at: number;
  readonly tries: number;
}

/** Each refusal doubles the pause before the next attempt. */
function later(control: Control, before: Retry | undefined, failure: CreateFailure): Retry {
  const tries = (before?.tries ?? 0) + 1;
  return { failure, tries, at: control.now() + Math.min(60_000, 500 * 2 ** tries) };
}

interface CreateFailure {
  readonly reason: "FailedCreate";
  readonly message: string;
}

/** Creates or deletes pods until the count is right. A refusal of admission ends the attempt and is reported. */
function scale(control: Control, set: JsonObject, active: readonly JsonObject[]): CreateFailure | undefined {
  const wanted = numberAt(set, "spec", "replicas") ?? 1;
  for (const pod of deletionOrder(active).slice(0, Math.max(0, active.length - wanted))) {
    control.remove("pods", keyOf(pod));
    control.event(set, "Normal", "SuccessfulDelete", `Deleted pod: ${textAt(pod, "metadata", "name")}`);
  }
  for (let missing = wanted - active.length; missing > 0; missing -= 1) {
    try {
      const prefix = `${textAt(set, "metadata", "name") ?? ""}-`;
      const pod = control.create("pods", podFrom(set, objectAt(set, "spec", "template"), { prefix }));
      control.event(set, "Normal", "SuccessfulCreate", `Created pod: ${textAt(pod, "metadata", "name")}`);
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      control.event(set, "Warning", "FailedCreate", `Error creating: ${error.message}`);
      return { reason: "FailedCreate", message: error.message };
    }
  }
  return undefined;
}

function report(control: Control, set: JsonObject, failure: CreateFailure | undefined): number | undefined {
  const pods = claim(control, set, "pods");
  const active = pods.filter(isActive);
  const waits = active.map((pod) => availableIn(pod, minReady(set), control.now()));
  const labels = Object.entries(textsAt(set, "spec", "template", "metadata", "labels"));
  const hasAll = (pod: JsonObject) => {
    const own = textsAt(pod, "metadata", "labels");
    return labels.every(([key, value]) => own[key] === value);
  };
  control.changeStatus(resource, set, (status) => {
    status["replicas"] = active.length;
    status["fullyLabeledReplicas"] = active.filter(hasAll).length;
    status["readyReplicas"] = active.filter(isReady).length;
    status["availableReplicas"] = waits.filter((wait) => wait === 0).length;
    status["terminatingReplicas"] = pods.filter(isDeleting).length;
    status["observedGeneration"] = numberAt(set, "metadata", "generation") ?? 0;
    if (failure !== undefined) {
      const { reason, message } = failure;
      // A name is new with each try: the first message stands until the condition goes.
      const isSet = conditionOf({ status }, "ReplicaFailure") !== undefined;
      if (!isSet) setCondition(status, { type: "ReplicaFailure", status: "True", reason, message }, control.time());
    } else delete status["conditions"];
  });
  return soonest(waits);
}
