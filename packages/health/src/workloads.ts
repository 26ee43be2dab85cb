import { at, type KubeObject, refOf } from "@eks-actions/manifest";
import { judgeRoll } from "./doom.ts";
import { nodeStates } from "./nodes.ts";
import { isReady } from "./pod.ts";
import { boolAt, conditionOf, isOwnedBy, isSince, listAt, numberAt, textAt } from "./read.ts";
import { failed, healthy, suspended } from "./result.ts";
import type { Around, Budgets, Evidence, RequiredRollout, Verdict } from "./verdict.ts";

/** Counts go against the live `spec.replicas`, so that an autoscaler may move it. */
export function judgeDeployment(object: KubeObject, around: Around, budgets: Budgets, now: number): Verdict {
  const wanted = numberAt(object, "spec", "replicas") ?? 1;
  const count = (field: string) => numberAt(object, "status", field) ?? 0;
  const progress = { ready: Math.min(count("readyReplicas"), wanted), updated: count("updatedReplicas"), wanted };
  if (boolAt(object, "spec", "paused") === true) {
    return suspended(object, "paused: spec.paused is true", {
      progress,
      warnings: ["the Deployment is paused, so its change is not rolled out"],
    });
  }
  const needed = neededOf(object, wanted, budgets.requiredRollout);
  const isRolled =
    progress.updated >= wanted && (budgets.requiredRollout !== "full" || count("replicas") === progress.updated);
  if (isRolled && count("readyReplicas") >= needed && count("availableReplicas") >= needed) {
    return healthy(object, `${progress.ready}/${wanted} ready`, { progress });
  }
  const verdict = judgeRoll(object, progress, around, budgets, now);
  const deadline = conditionOf(object, "Progressing");
  const isOver =
    deadline?.reason === "ProgressDeadlineExceeded" &&
    deadline.status === "False" &&
    isSince(deadline.lastUpdateTime, around.startedAt);
  if (verdict.status === "failed" || !isOver) return verdict;
  const { why, message } = verdict.suspect ?? { why: "PROGRESS_DEADLINE" as const, message: deadline.message };
  return failed(object, why, message, { progress, evidence: verdict.evidence });
}

function neededOf(object: KubeObject, wanted: number, required: RequiredRollout): number {
  if (required === "full") return wanted;
  if (required !== "maxUnavailable") return Math.ceil((wanted * required.percent) / 100);
  const raw = at(object, ["spec", "strategy", "rollingUpdate", "maxUnavailable"]);
  const text = String(raw ?? "25%");
  const unavailable = text.endsWith("%") ? Math.floor((wanted * Number.parseInt(text, 10)) / 100) : Number(text);
  return Math.max(0, wanted - (Number.isFinite(unavailable) ? unavailable : 0));
}

export function judgeStatefulSet(object: KubeObject, around: Around, budgets: Budgets, now: number): Verdict {
  const wanted = numberAt(object, "spec", "replicas") ?? 1;
  const count = (field: string) => numberAt(object, "status", field) ?? 0;
  const ready = count("readyReplicas");
  const progress = { ready: Math.min(ready, wanted), updated: count("updatedReplicas"), wanted };
  const revision = textAt(object, "status", "updateRevision");
  if (textAt(object, "spec", "updateStrategy", "type") === "OnDelete") {
    if (ready >= wanted)
      return healthy(object, `${ready}/${wanted} ready`, { progress, warnings: stale(object, around, revision) });
    return judgeRoll(object, progress, around, budgets, now);
  }
  const partition = numberAt(object, "spec", "updateStrategy", "rollingUpdate", "partition") ?? 0;
  const isRolled =
    partition === 0
      ? textAt(object, "status", "currentRevision") === revision && progress.updated >= wanted
      : progress.updated >= wanted - partition;
  if (isRolled && ready >= wanted && count("availableReplicas") >= wanted && count("replicas") === wanted) {
    return healthy(object, `${ready}/${wanted} ready`, { progress });
  }
  return judgeRoll(object, progress, around, budgets, now);
}

function stale(object: KubeObject, around: Around, revision: string): readonly string[] {
  const old = around.pods
    .filter(
      (pod) => isOwnedBy(pod, object.metadata.uid) && pod.metadata.labels?.["controller-revision-hash"] !== revision,
    )
    .map((pod) => pod.metadata.name)
    .sort();
  return old.length === 0
    ? []
    : [`updateStrategy is OnDelete: ${old.slice(0, 5).join(", ")} still run the old revision`];
}

export function judgeDaemonSet(object: KubeObject, around: Around, budgets: Budgets, now: number): Verdict {
  const count = (field: string) => numberAt(object, "status", field) ?? 0;
  const wanted = count("desiredNumberScheduled");
  const ready = count("numberReady");
  const progress = { ready, updated: count("updatedNumberScheduled"), wanted };
  if (textAt(object, "spec", "updateStrategy", "type") === "OnDelete") {
    const warnings =
      progress.updated < wanted
        ? [`updateStrategy is OnDelete: ${wanted - progress.updated} pods still run the old template`]
        : [];
    if (ready >= wanted) return healthy(object, `${ready}/${wanted} ready`, { progress, warnings });
    return judgeRoll(object, progress, around, budgets, now);
  }
  if (progress.updated >= wanted && count("numberAvailable") >= wanted)
    return healthy(object, `${ready}/${wanted} ready`, { progress });
  const lost = lostNodes(object, around);
  if (lost !== undefined) {
    return healthy(object, `ready on every node that can run it`, {
      progress,
      sure: "likely",
      warnings: [`not counted, because cordoned or not ready: node ${lost.join(", ")}`],
    });
  }
  return judgeRoll(object, progress, around, budgets, now);
}

/** Nodes to blame when every pod on a good node is current and ready; `undefined` when that is not so. */
function lostNodes(object: KubeObject, around: Around): readonly string[] | undefined {
  if (around.nodes === undefined) return undefined;
  const states = nodeStates(around.nodes);
  const bad = [...states].filter(([, state]) => !state.ready || !state.schedulable).map(([name]) => name);
  if (bad.length === 0) return undefined;
  const own = around.pods.filter(
    (pod) => isOwnedBy(pod, object.metadata.uid) && pod.metadata.deletionTimestamp === undefined,
  );
  const good = own.filter((pod) => {
    const state = states.get(nodeOf(pod));
    return state?.ready === true && state.schedulable;
  });
  const wanted = numberAt(object, "status", "desiredNumberScheduled") ?? 0;
  const elsewhere = own.length - good.length;
  const isFine =
    good.every((pod) => isReady(pod) && isCurrent(pod, object, around)) &&
    good.length + Math.max(elsewhere, bad.length) >= wanted;
  return isFine && good.length > 0 ? bad.sort() : undefined;
}

// A pod that waits for its node carries the node's name in an affinity only.
function nodeOf(pod: KubeObject): string {
  return textAt(pod, "spec", "nodeName");
}

function isCurrent(pod: KubeObject, object: KubeObject, around: Around): boolean {
  const wanted = object.metadata.annotations?.["deprecated.daemonset.template.generation"];
  const own = pod.metadata.labels?.["pod-template-generation"];
  if (wanted !== undefined && own !== undefined) return wanted === own;
  const updated = numberAt(object, "status", "updatedNumberScheduled") ?? 0;
  return updated >= around.pods.filter((one) => isOwnedBy(one, object.metadata.uid) && isReady(one)).length;
}

export function judgeReplicaSet(object: KubeObject, around: Around, budgets: Budgets, now: number): Verdict {
  const wanted = numberAt(object, "spec", "replicas") ?? 1;
  const count = (field: string) => numberAt(object, "status", field) ?? 0;
  const progress = { ready: count("readyReplicas"), updated: count("fullyLabeledReplicas"), wanted };
  if (count("availableReplicas") >= wanted && progress.updated >= wanted)
    return healthy(object, `${progress.ready}/${wanted} ready`, { progress });
  return judgeRoll(object, progress, around, budgets, now);
}

export function judgeJob(object: KubeObject, around: Around, budgets: Budgets, now: number): Verdict {
  const count = (field: string) => numberAt(object, "status", field) ?? 0;
  const wanted = numberAt(object, "spec", "completions") ?? 1;
  const progress = { ready: count("succeeded"), updated: count("active"), wanted };
  if (conditionOf(object, "Complete")?.status === "True")
    return healthy(object, `${progress.ready}/${wanted} completed`, { progress });
  const bad = ["Failed", "FailureTarget"]
    .map((type) => conditionOf(object, type))
    .find((one) => one?.status === "True");
  const roll = judgeRoll(object, progress, around, budgets, now);
  if (bad !== undefined) {
    return failed(object, "JOB_FAILED", [bad.reason, bad.message].filter(Boolean).join(": ") || "the Job failed", {
      progress,
      evidence: jobEvidence(object, around),
      wantsDetails: true,
    });
  }
  if (boolAt(object, "spec", "suspend") === true && conditionOf(object, "Suspended")?.status === "True") {
    return suspended(object, "suspended: spec.suspend is true", { progress });
  }
  if (budgets.jobPolicy === "started" && (count("active") >= 1 || count("ready") >= 1))
    return healthy(object, "started", { progress });
  return roll;
}

function jobEvidence(job: KubeObject, around: Around): readonly Evidence[] {
  return around.pods
    .filter((pod) => isOwnedBy(pod, job.metadata.uid) && textAt(pod, "status", "phase") === "Failed")
    .flatMap((pod) =>
      [...listAt(pod, "status", "initContainerStatuses"), ...listAt(pod, "status", "containerStatuses")].flatMap(
        (status): Evidence[] => {
          const code = numberAt(status, "state", "terminated", "exitCode");
          if (code === undefined || code === 0) return [];
          const reason = textAt(status, "state", "terminated", "reason");
          return [
            {
              ref: refOf(pod),
              container: textAt(status, "name"),
              field: "state.terminated",
              value: `exit code ${code} ${reason}`.trim(),
            },
          ];
        },
      ),
    )
    .sort((a, b) => a.ref.name.localeCompare(b.ref.name))
    .slice(0, 10);
}
