import { type KubeObject, refOf } from "@eks-actions/manifest";
import { conditionOf, eventsOf, isSince, line } from "./read.ts";
import type { Trouble } from "./trouble.ts";
import type { Around, Budgets } from "./verdict.ts";

const WEBHOOK_DOWN =
  /failed calling webhook|webhook.*(timeout|timed out|deadline exceeded|connection refused|no endpoints)|context deadline exceeded|connection refused/i;
const WEBHOOK_GRACE_MS = 120_000;

/** Pods that cannot be created at all: quota, admission, an invalid template. A webhook that is down gets more time. */
export function createTrouble(
  workload: KubeObject,
  replicaSet: KubeObject | undefined,
  around: Around,
  budgets: Budgets,
  now: number,
): Trouble | undefined {
  const condition = [replicaSet, workload]
    .filter((object) => object !== undefined)
    .map((object) => conditionOf(object, "ReplicaFailure"))
    .find(
      (found) =>
        found?.status === "True" && isSince(found.lastUpdateTime ?? found.lastTransitionTime, around.startedAt),
    );
  const owners = [replicaSet?.metadata.uid, workload.metadata.uid];
  const events = owners
    .flatMap((uid) => eventsOf(around.events, uid, around.startedAt))
    .filter((one) => one.reason === "FailedCreate");
  const event = events.at(-1);
  const message = condition?.message || event?.message;
  if (message === undefined) return undefined;
  const since = condition?.lastTransitionTime ?? events[0]?.firstAt ?? now;
  const isWebhook = WEBHOOK_DOWN.test(message);
  return {
    why: "FAILED_CREATE",
    message: line(message, 240),
    same: "",
    doomedAt:
      Math.max(since, around.startedAt) +
      (isWebhook ? Math.max(WEBHOOK_GRACE_MS, budgets.failedCreateMs) : budgets.failedCreateMs),
    fatal: true,
    sure: condition === undefined ? "likely" : "certain",
    evidence: [
      {
        ref: refOf(replicaSet ?? workload),
        field: condition === undefined ? "event FailedCreate" : "status.conditions[ReplicaFailure]",
        value: line(message),
        at: since,
      },
    ],
    watching: [],
  };
}
