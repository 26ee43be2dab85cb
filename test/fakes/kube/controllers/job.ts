import { ensure, isObject, type JsonObject, listAt, numberAt, objectAt, objectsAt, textAt } from "../json.ts";
import { ApiFailure } from "../status.ts";
import { keyOf } from "../store.ts";
import { type Control, conditionOf, controllerOf, isDeleting } from "./control.ts";
import type { Controller } from "./loop.ts";
import { claim, isActive, isReady, podFrom } from "./pods.ts";

const resource = "jobs.batch";
const tracking = "batch.kubernetes.io/job-tracking";

export function jobController(control: Control): Controller {
  return {
    name: "job",
    *keysFor(event) {
      if (event.resource === resource && event.type !== "DELETED") yield keyOf(event.object);
      if (event.resource !== "pods") return;
      const owner = controllerOf(event.object);
      const namespace = textAt(event.object, "metadata", "namespace") ?? "";
      if (textAt(owner, "kind") === "Job") yield `${namespace}/${textAt(owner, "name") ?? ""}`;
    },
    reconcile(key) {
      const job = control.get(resource, key);
      return job === undefined || isDeleting(job) ? undefined : sync(control, job);
    },
  };
}

const isTrue = (job: JsonObject, type: string) => conditionOf(job, type)?.["status"] === "True";
const isOver = (job: JsonObject) => isTrue(job, "Complete") || isTrue(job, "Failed");

interface Tally {
  readonly active: readonly JsonObject[];
  readonly succeeded: number;
  readonly failed: number;
}

function tally(pods: readonly JsonObject[]): Tally {
  const phase = (pod: JsonObject) => textAt(pod, "status", "phase");
  return {
    active: pods.filter(isActive),
    succeeded: pods.filter((pod) => phase(pod) === "Succeeded").length,
    failed: pods.filter((pod) => phase(pod) === "Failed").length,
  };
}

function sync(control: Control, job: JsonObject): number | undefined {
  const pods = claim(control, job, "pods");
  for (const pod of pods) if (!isActive(pod)) untrack(control, pod);
  if (isOver(job)) return expire(control, job);
  const spec = objectAt(job, "spec");
  const counts = tally(pods);
  if (spec["suspend"] === true) return suspend(control, job, counts);
  const end = verdict(control, job, counts);
  if (end !== undefined) return finish(control, job, counts, end);
  const wait = createPods(control, job, pods, counts);
  report(control, job, tally(claim(control, job, "pods")), []);
  return wait ?? deadline(control, job);
}

function untrack(control: Control, pod: JsonObject) {
  if (!listAt(pod, "metadata", "finalizers").includes(tracking)) return;
  control.change("pods", pod, (draft) => {
    const metadata = ensure(draft, "metadata");
    metadata["finalizers"] = listAt(metadata, "finalizers").filter((one) => one !== tracking);
  });
}

interface End {
  readonly type: "Complete" | "Failed";
  readonly reason: string;
  readonly message: string;
}

function verdict(control: Control, job: JsonObject, counts: Tally): End | undefined {
  const spec = objectAt(job, "spec");
  const restarts = counts.active.reduce(
    (sum, pod) =>
      sum +
      objectsAt(pod, "status", "containerStatuses").reduce((all, one) => all + (numberAt(one, "restartCount") ?? 0), 0),
    0,
  );
  const limit = numberAt(spec, "backoffLimit") ?? 6;
  const isOnFailure = textAt(spec, "template", "spec", "restartPolicy") === "OnFailure";
  if (counts.failed > limit || (isOnFailure && restarts > 0 && restarts >= limit)) {
    return { type: "Failed", reason: "BackoffLimitExceeded", message: "Job has reached the specified backoff limit" };
  }
  if (deadline(control, job) === 0) {
    return { type: "Failed", reason: "DeadlineExceeded", message: "Job was active longer than specified deadline" };
  }
  const wanted = numberAt(spec, "completions") ?? 1;
  if (counts.succeeded < wanted) return undefined;
  return { type: "Complete", reason: "CompletionsReached", message: "Reached expected number of succeeded pods" };
}

/** Milliseconds to activeDeadlineSeconds; undefined without one. */
function deadline(control: Control, job: JsonObject): number | undefined {
  const seconds = numberAt(job, "spec", "activeDeadlineSeconds");
  const start = textAt(job, "status", "startTime");
  if (seconds === undefined || start === undefined) return undefined;
  return Math.max(0, Date.parse(start) + seconds * 1000 - control.now());
}

/** Creates what parallelism and completions ask for; after a failure only when its back-off is over. */
function createPods(control: Control, job: JsonObject, pods: readonly JsonObject[], counts: Tally): number | undefined {
  const spec = objectAt(job, "spec");
  const open = (numberAt(spec, "completions") ?? 1) - counts.succeeded;
  const wanted = Math.min(numberAt(spec, "parallelism") ?? 1, open);
  const missing = wanted - counts.active.length;
  if (missing <= 0) return undefined;
  if (pods.some((pod) => isDeleting(pod)) && textAt(spec, "podReplacementPolicy") === "Failed") return undefined;
  const wait = backoff(control, pods, counts.failed);
  if (wait > 0) return wait;
  for (let count = 0; count < missing; count += 1) {
    const pod = podFrom(job, objectAt(spec, "template"), { prefix: `${textAt(job, "metadata", "name") ?? ""}-` });
    const metadata = ensure(pod, "metadata");
    metadata["finalizers"] = [...listAt(metadata, "finalizers"), tracking];
    try {
      const created = control.create("pods", pod);
      control.event(job, "Normal", "SuccessfulCreate", `Created pod: ${textAt(created, "metadata", "name")}`);
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      control.event(job, "Warning", "FailedCreate", `Error creating: ${error.message}`);
      return 1000;
    }
  }
  return undefined;
}

/** 10 s after the first failed pod, then doubled, at most 10 minutes. */
function backoff(control: Control, pods: readonly JsonObject[], failed: number): number {
  if (failed === 0) return 0;
  const ends = pods.flatMap((pod) => {
    if (textAt(pod, "status", "phase") !== "Failed") return [];
    return objectsAt(pod, "status", "containerStatuses").map((one) =>
      Date.parse(textAt(one, "state", "terminated", "finishedAt") ?? ""),
    );
  });
  const last = Math.max(...ends.filter((end) => !Number.isNaN(end)), 0);
  return Math.max(0, last + Math.min(600_000, 10_000 * 2 ** (failed - 1)) - control.now());
}

function condition(
  control: Control,
  end: { readonly type: string; readonly reason: string; readonly message: string; readonly status?: string },
): JsonObject {
  const time = control.time();
  const { type, reason, message, status = "True" } = end;
  return { type, status, lastProbeTime: time, lastTransitionTime: time, reason, message };
}

function report(control: Control, job: JsonObject, counts: Tally, added: readonly JsonObject[]) {
  control.changeStatus(resource, job, (status) => {
    status["startTime"] ??= control.time();
    status["active"] = counts.active.length;
    status["ready"] = counts.active.filter(isReady).length;
    status["succeeded"] = counts.succeeded;
    status["failed"] = counts.failed;
    status["terminating"] = claim(control, job, "pods").filter(isDeleting).length;
    status["uncountedTerminatedPods"] = {};
    if (added.length === 0) return;
    const types = added.map((one) => one["type"]);
    status["conditions"] = [
      ...objectsAt(status, "conditions").filter((one) => !types.includes(one["type"] ?? "")),
      ...added,
    ];
    if (types.includes("Complete")) status["completionTime"] = control.time();
  });
}

/** The conditions come in pairs: the decision first, the end once no pod is left. */
function finish(control: Control, job: JsonObject, counts: Tally, end: End): number | undefined {
  for (const pod of counts.active) control.remove("pods", keyOf(pod), { gracePeriodSeconds: 0 });
  const announced = { ...end, type: end.type === "Complete" ? "SuccessCriteriaMet" : "FailureTarget" };
  report(control, job, { ...counts, active: [] }, [condition(control, announced), condition(control, end)]);
  if (end.type === "Complete") control.event(job, "Normal", "Completed", "Job completed");
  else control.event(job, "Warning", end.reason, end.message);
  return undefined;
}

function suspend(control: Control, job: JsonObject, counts: Tally): undefined {
  for (const pod of counts.active) control.remove("pods", keyOf(pod));
  if (isTrue(job, "Suspended")) return undefined;
  const end = { type: "Suspended", reason: "JobSuspended", message: "Job suspended" };
  control.changeStatus(resource, job, (status) => {
    delete status["startTime"];
    for (const name of ["active", "ready", "terminating"]) status[name] = 0;
    status["uncountedTerminatedPods"] = {};
    status["conditions"] = [
      ...objectsAt(status, "conditions").filter((one) => one["type"] !== "Suspended"),
      condition(control, end),
    ];
  });
  return undefined;
}

/** Deletes a finished Job after ttlSecondsAfterFinished. */
function expire(control: Control, job: JsonObject): number | undefined {
  const ttl = numberAt(job, "spec", "ttlSecondsAfterFinished");
  if (ttl === undefined) return undefined;
  const over = ["Complete", "Failed"].map((type) => conditionOf(job, type)).find(isObject);
  const wait = Date.parse(textAt(over, "lastTransitionTime") ?? "") + ttl * 1000 - control.now();
  if (wait > 0) return wait;
  control.remove(resource, keyOf(job), { propagation: "Foreground" });
  return undefined;
}
