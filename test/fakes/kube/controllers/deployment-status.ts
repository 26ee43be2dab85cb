import { type JsonObject, numberAt, objectsAt, textAt } from "../json.ts";
import { type Control, conditionOf } from "./control.ts";
import { deployments, replicasOf, rollingBounds, statusOf } from "./deployment.ts";

/** Sets Progressing. A changed reason renews lastUpdateTime, from which the progress deadline counts. */
export function setProgress(
  control: Control,
  deployment: JsonObject,
  status: string,
  reason: string,
  message: string,
): void {
  control.changeStatus(deployments, deployment, (target) => {
    put(target, { type: "Progressing", status, reason, message }, control.time());
  });
}

function put(status: JsonObject, condition: JsonObject, time: string, isRefreshed = false) {
  const conditions = objectsAt(status, "conditions");
  const before = conditions.find((one) => one["type"] === condition["type"]);
  if (!isRefreshed && before?.["status"] === condition["status"] && before?.["reason"] === condition["reason"]) return;
  const lastTransitionTime =
    before?.["status"] === condition["status"] ? (before?.["lastTransitionTime"] ?? time) : time;
  const rest = conditions.filter((one) => one["type"] !== condition["type"]);
  status["conditions"] = [...rest, { ...condition, lastUpdateTime: time, lastTransitionTime }];
}

function drop(status: JsonObject, type: string) {
  const rest = objectsAt(status, "conditions").filter((one) => one["type"] !== type);
  if (rest.length > 0) status["conditions"] = rest;
  else delete status["conditions"];
}

/** Computes the status; answers when the progress deadline strikes, if it may. A held rollout makes no progress. */
export function reportDeployment(
  control: Control,
  deployment: JsonObject,
  sets: readonly JsonObject[],
  rollout: { readonly latest: JsonObject | undefined; readonly isHeld: boolean },
): number | undefined {
  const { latest, isHeld } = rollout;
  const sum = (name: string) => sets.reduce((total, set) => total + statusOf(set, name), 0);
  const before = (name: string) => statusOf(deployment, name);
  const counts = {
    replicas: sum("replicas"),
    updatedReplicas: latest === undefined ? 0 : statusOf(latest, "replicas"),
    readyReplicas: sum("readyReplicas"),
    availableReplicas: sum("availableReplicas"),
  };
  const wanted = replicasOf(deployment);
  const desired = sets.reduce((total, set) => total + replicasOf(set), 0);
  const isComplete =
    latest !== undefined &&
    counts.updatedReplicas === wanted &&
    counts.replicas === wanted &&
    counts.availableReplicas === wanted;
  const isProgressing =
    counts.updatedReplicas > before("updatedReplicas") ||
    counts.replicas - counts.updatedReplicas < before("replicas") - before("updatedReplicas") ||
    counts.readyReplicas > before("readyReplicas") ||
    counts.availableReplicas > before("availableReplicas");
  const time = control.time();
  const deadline = numberAt(deployment, "spec", "progressDeadlineSeconds");
  const name = textAt(latest, "metadata", "name") ?? textAt(deployment, "metadata", "name") ?? "";
  const subject = latest === undefined ? `Deployment "${name}"` : `ReplicaSet "${name}"`;
  const current = conditionOf(deployment, "Progressing");
  const isSettled =
    counts.replicas === counts.updatedReplicas && textAt(current, "reason") === "NewReplicaSetAvailable";
  const updated = control.changeStatus(deployments, deployment, (status) => {
    status["observedGeneration"] = numberAt(deployment, "metadata", "generation") ?? 0;
    Object.assign(status, counts);
    status["unavailableReplicas"] = Math.max(0, desired - counts.availableReplicas);
    status["terminatingReplicas"] = sum("terminatingReplicas");
    const isAvailable = counts.availableReplicas >= wanted - rollingBounds(deployment).unavailable;
    put(status, availability(isAvailable), time);
    if (isHeld) return;
    if (deadline === undefined) drop(status, "Progressing");
    else if (!isSettled) {
      if (isComplete)
        put(status, progress("True", "NewReplicaSetAvailable", `${subject} has successfully progressed.`), time);
      else if (isProgressing)
        put(status, progress("True", "ReplicaSetUpdated", `${subject} is progressing.`), time, true);
      else if (remaining(control, current, deadline) <= 0) {
        put(status, progress("False", "ProgressDeadlineExceeded", `${subject} has timed out progressing.`), time);
      }
    }
    const failed = [...(latest === undefined ? [] : [latest]), ...sets]
      .map((set) => conditionOf(set, "ReplicaFailure"))
      .find((condition) => condition !== undefined);
    if (failed === undefined) drop(status, "ReplicaFailure");
    else
      put(
        status,
        { type: "ReplicaFailure", status: "True", reason: failed["reason"] ?? "", message: failed["message"] ?? "" },
        time,
      );
  });
  if (deadline === undefined || isHeld) return undefined;
  const left = remaining(control, conditionOf(updated, "Progressing"), deadline);
  return Number.isFinite(left) && left > 0 && !isComplete ? left + 1 : undefined;
}

const availability = (isAvailable: boolean): JsonObject =>
  isAvailable
    ? {
        type: "Available",
        status: "True",
        reason: "MinimumReplicasAvailable",
        message: "Deployment has minimum availability.",
      }
    : {
        type: "Available",
        status: "False",
        reason: "MinimumReplicasUnavailable",
        message: "Deployment does not have minimum availability.",
      };

const progress = (status: string, reason: string, message: string): JsonObject => ({
  type: "Progressing",
  status,
  reason,
  message,
});

/** Milliseconds to the progress deadline; infinite where it does not run. */
function remaining(control: Control, condition: JsonObject | undefined, deadlineSeconds: number): number {
  const reason = textAt(condition, "reason");
  if (
    condition === undefined ||
    reason === "NewReplicaSetAvailable" ||
    reason === "DeploymentPaused" ||
    reason === "ProgressDeadlineExceeded"
  ) {
    return Number.POSITIVE_INFINITY;
  }
  return Date.parse(textAt(condition, "lastUpdateTime") ?? "") + deadlineSeconds * 1000 - control.now();
}
