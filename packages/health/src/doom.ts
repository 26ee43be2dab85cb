import { type KubeObject, refOf } from "@eks-actions/manifest";
import { createTrouble } from "./create.ts";
import { isReady, looksSuspicious, podTroubles, probeNote, waitReason } from "./pod.ts";
import { line, numberAt, textAt } from "./read.ts";
import { failed, waiting } from "./result.ts";
import { newestReplicaSet, newPods } from "./revision.ts";
import type { Trouble } from "./trouble.ts";
import {
  type Around,
  type Budgets,
  causes,
  type Evidence,
  type Progress,
  type Suspect,
  type Verdict,
} from "./verdict.ts";

const RETRIED_BY_JOBS: ReadonlySet<string> = new Set(["CRASH_LOOP", "OOM_KILLED", "INIT_FAILED"]);
// A controller needs a moment to create pods, and a namespace full of events is not read for nothing.
const SHORT_AFTER_MS = 5_000;

interface Doomed {
  readonly pod: KubeObject;
  readonly trouble: Trouble;
}

/**
 * The verdict of a workload that is not there yet: failed as soon as enough pods of the new revision are doomed, else
 * waiting, with what will be to blame. One stuck pod blocks the roll of a StatefulSet or DaemonSet; rollout.md §2.5.
 */
export function judgeRoll(
  workload: KubeObject,
  counted: Progress,
  around: Around,
  budgets: Budgets,
  now: number,
): Verdict {
  const pods = newPods(workload, around);
  // Old pods that still serve would make a rollout look further than it is.
  const isRolling = workload.kind !== "Job" && pods !== undefined;
  const progress = isRolling ? { ...counted, ready: pods.filter(isReady).length, ofNew: true } : counted;
  const doomed = (pods ?? []).flatMap((pod): Doomed[] => {
    if (isReady(pod)) return [];
    // A Job counts its own failures against backoffLimit; only what no retry can mend ends it early.
    const isJob = workload.kind === "Job";
    const trouble = podTroubles(pod, around, budgets, now).find(({ why }) => !isJob || !RETRIED_BY_JOBS.has(why));
    return trouble === undefined ? [] : [{ pod, trouble }];
  });
  const set = workload.kind === "Deployment" ? newestReplicaSet(workload, around) : undefined;
  const creation = createTrouble(workload, set, around, budgets, now);
  const shared = { progress, watching: doomed.flatMap(({ trouble }) => trouble.watching) };
  const over = doomed.filter(({ trouble }) => trouble.doomedAt !== undefined && trouble.doomedAt <= now);
  const isFatal = over.some(({ trouble }) => trouble.fatal);
  if (creation !== undefined && (creation.doomedAt ?? Number.POSITIVE_INFINITY) <= now) {
    return failed(workload, creation.why, creation.message, {
      ...shared,
      sure: creation.sure,
      evidence: creation.evidence,
    });
  }
  if (isFatal || isEnough(workload, progress.wanted, pods?.length ?? 0, over.length)) {
    return failed(workload, ...blame(over, pods?.length ?? 0), {
      ...shared,
      evidence: evidenceOf(over),
      sure: sureness(over),
    });
  }
  return hopeful(
    workload,
    { pods: pods ?? [], doomed, creation, isScoped: pods !== undefined },
    { ...shared, progress },
    around,
    now,
  );
}

function isEnough(workload: KubeObject, wanted: number, existing: number, doomed: number): boolean {
  if (existing === 0 || doomed === 0) return false;
  if (workload.kind === "StatefulSet" || workload.kind === "DaemonSet") return true;
  return wanted <= 2 ? doomed === existing : doomed >= Math.ceil(existing / 2);
}

interface Outlook {
  readonly pods: readonly KubeObject[];
  readonly doomed: readonly Doomed[];
  readonly creation: Trouble | undefined;
  readonly isScoped: boolean;
}

function hopeful(
  workload: KubeObject,
  outlook: Outlook,
  shared: { progress: Progress; watching: readonly string[] },
  around: Around,
  now: number,
): Verdict {
  const { pods, doomed, creation } = outlook;
  const late = (outlook.isScoped ? pods : around.pods).filter((pod) => !isReady(pod));
  const any = around.pods.filter((pod) => !isReady(pod)).map((pod) => looksSuspicious(pod, now));
  const shortAt = around.startedAt + SHORT_AFTER_MS;
  const isShort = shared.progress.updated < shared.progress.wanted;
  const times = [
    ...doomed.map(({ trouble }) => trouble.doomedAt),
    creation?.doomedAt,
    ...any.map((one) => one.at),
    isShort ? shortAt : undefined,
  ]
    .filter((time) => time !== undefined)
    .filter((time) => time > now && Number.isFinite(time));
  const first = late[0];
  const hint = doomed[0]?.trouble.message ?? creation?.message;
  const rest = isShort ? "pods to be created" : oldPods(workload, shared.progress);
  const reason = first === undefined ? rest : `${first.metadata.name} ${waitReason(first)}`;
  const graces = [...doomed.map(({ trouble }) => trouble.doomedAt), creation?.doomedAt]
    .filter((time) => time !== undefined)
    .filter((time) => time > now);
  const suspect = suspectOf(doomed, creation, late, around);
  return waiting(
    workload,
    line([reason, hint].filter(Boolean).join(": ") || `${shared.progress.ready}/${shared.progress.wanted} ready`),
    {
      ...shared,
      evidence: evidenceOf(doomed),
      wantsDetails: any.some((one) => one.now) || creation !== undefined || (isShort && now >= shortAt),
      ...(times.length === 0 ? {} : { recheckAt: Math.min(...times) }),
      ...(graces.length === 0 ? {} : { graceUntil: Math.max(...graces) }),
      ...(suspect === undefined ? {} : { suspect }),
    },
  );
}

/** A roll is over only when the pods of before have gone. */
function oldPods(workload: KubeObject, { updated }: Progress): string {
  const left = (numberAt(workload, "status", "replicas") ?? 0) - updated;
  return left > 0 && workload.kind === "Deployment" ? `${left} old ${left === 1 ? "pod" : "pods"} to go` : "";
}

function suspectOf(
  doomed: readonly Doomed[],
  creation: Trouble | undefined,
  late: readonly KubeObject[],
  around: Around,
): Suspect | undefined {
  if (creation !== undefined) return { why: creation.why, message: creation.message };
  if (doomed.length > 0) {
    const [why, message] = blame(doomed, late.length);
    return { why, message };
  }
  for (const pod of late) {
    const probe = probeNote(pod, around);
    if (probe !== undefined)
      return {
        why: "PROBE_FAILING",
        message: `${late.length} ${late.length === 1 ? "pod" : "pods"} not ready: ${probe}`,
      };
  }
  return undefined;
}

/** The strongest cause, with the number of pods that share it. */
function blame(doomed: readonly Doomed[], existing: number): readonly [Trouble["why"], string] {
  const [first] = [...doomed].sort(byStrength);
  if (first === undefined) return ["NO_PROGRESS", "pods do not become ready"];
  const same = doomed.filter(({ trouble }) => trouble.why === first.trouble.why && trouble.same === first.trouble.same);
  const worst = same.reduce((a, b) => (b.trouble.message > a.trouble.message ? b : a), first);
  return [first.trouble.why, line(`${same.length}/${existing} pods: ${worst.trouble.message}`)];
}

function byStrength(a: Doomed, b: Doomed): number {
  return (
    causes.indexOf(a.trouble.why) - causes.indexOf(b.trouble.why) ||
    a.trouble.same.localeCompare(b.trouble.same) ||
    a.pod.metadata.name.localeCompare(b.pod.metadata.name)
  );
}

function evidenceOf(doomed: readonly Doomed[]): readonly Evidence[] {
  return [...doomed]
    .sort(byStrength)
    .flatMap(({ trouble }) => trouble.evidence)
    .slice(0, 10);
}

function sureness(doomed: readonly Doomed[]): Trouble["sure"] {
  return [...doomed].sort(byStrength)[0]?.trouble.sure ?? "likely";
}

/** The verdict of a pod that nobody manages. */
export function judgePod(pod: KubeObject, around: Around, budgets: Budgets, now: number): Verdict {
  const phase = textAt(pod, "status", "phase");
  if (phase === "Succeeded") return { ...waiting(pod, "succeeded"), status: "healthy", why: "OK" };
  if (phase === "Failed") {
    const reason = [textAt(pod, "status", "reason"), textAt(pod, "status", "message")].filter(Boolean).join(": ");
    const [trouble] = podTroubles(pod, around, budgets, now);
    return failed(pod, trouble?.why ?? "RESOURCE_FAILED", trouble?.message ?? (reason || "the pod failed"), {
      evidence: trouble?.evidence ?? [],
    });
  }
  const isServer = (textAt(pod, "spec", "restartPolicy") || "Always") === "Always";
  const progress = { ready: isReady(pod) ? 1 : 0, updated: 1, wanted: 1 };
  if (phase === "Running" && isReady(pod) && isServer)
    return { ...waiting(pod, "running and ready", { progress }), status: "healthy", why: "OK" };
  const [trouble] = isReady(pod) ? [] : podTroubles(pod, around, budgets, now);
  const shared = { progress, watching: trouble?.watching ?? [], evidence: trouble?.evidence ?? [] };
  if (trouble?.doomedAt !== undefined && trouble.doomedAt <= now)
    return failed(pod, trouble.why, trouble.message, { ...shared, sure: trouble.sure });
  const probe = probeNote(pod, around);
  const suspicion = looksSuspicious(pod, now);
  const at = [trouble?.doomedAt, suspicion.at]
    .filter((time) => time !== undefined)
    .filter((time) => time > now && Number.isFinite(time));
  return waiting(pod, trouble?.message ?? waitReason(pod), {
    ...shared,
    wantsDetails: suspicion.now,
    ...(at.length === 0 ? {} : { recheckAt: Math.min(...at) }),
    ...(trouble?.doomedAt === undefined || trouble.doomedAt <= now ? {} : { graceUntil: trouble.doomedAt }),
    ...(trouble !== undefined
      ? { suspect: { why: trouble.why, message: trouble.message } }
      : probe === undefined
        ? {}
        : { suspect: { why: "PROBE_FAILING" as const, message: probe } }),
    evidence:
      trouble?.evidence ?? (probe === undefined ? [] : [{ ref: refOf(pod), field: "event Unhealthy", value: probe }]),
  });
}
