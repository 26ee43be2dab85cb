import { type KubeObject, refOf } from "@eks-actions/manifest";
import { containerTrouble } from "./container.ts";
import { hasAutoscaler } from "./nodes.ts";
import { conditionOf, type EventNote, eventsOf, line, listAt, textAt, timeAt } from "./read.ts";
import type { Trouble } from "./trouble.ts";
import { type Around, type Budgets, causes, type Evidence, type FailureCause } from "./verdict.ts";

/** All troubles of a pod, the strongest explanation first. */
export function podTroubles(pod: KubeObject, around: Around, budgets: Budgets, now: number): readonly Trouble[] {
  const events = eventsOf(around.events, pod.metadata.uid, around.startedAt);
  const found = [
    ...schedulingTrouble(pod, around, budgets, events, now),
    ...eventTrouble(pod, budgets, events, now),
    ...containerStates(pod).flatMap((state) => containerTrouble(pod, state, { around, budgets, events, now })),
  ];
  return found.sort((a, b) => causes.indexOf(a.why) - causes.indexOf(b.why));
}

export interface ContainerState {
  readonly name: string;
  readonly isInit: boolean;
  readonly status: Readonly<Record<string, unknown>>;
}

/** Init containers with their sidecars, then app containers; ephemeral ones are nobody's release. */
function containerStates(pod: KubeObject): readonly ContainerState[] {
  const sidecars = new Set(
    listAt(pod, "spec", "initContainers")
      .filter((container) => container["restartPolicy"] === "Always")
      .map((container) => textAt(container, "name")),
  );
  const read = (field: string, isInit: boolean) =>
    listAt(pod, "status", field).map((status): ContainerState => {
      const name = textAt(status, "name");
      return { name, isInit: isInit && !sidecars.has(name), status };
    });
  return [...read("initContainerStatuses", true), ...read("containerStatuses", false)];
}

function schedulingTrouble(
  pod: KubeObject,
  around: Around,
  budgets: Budgets,
  events: readonly EventNote[],
  now: number,
): readonly Trouble[] {
  const scheduled = conditionOf(pod, "PodScheduled");
  if (scheduled?.status !== "False" || scheduled.reason !== "Unschedulable") return [];
  const refused = events.findLast((event) => event.reason === "NotTriggerScaleUp");
  const graceMs =
    budgets.unschedulableMs === "auto"
      ? hasAutoscaler(around, pod.metadata.uid)
        ? 300_000
        : 60_000
      : budgets.unschedulableMs;
  const since = scheduled.lastTransitionTime ?? now;
  const message = line(scheduled.message || "no node can take the pod", 240);
  return [
    {
      why: "UNSCHEDULABLE",
      message: refused === undefined ? message : line(`${message} The autoscaler adds no node: ${refused.message}`),
      same: "",
      doomedAt: refused === undefined ? since + graceMs : now,
      fatal: refused !== undefined,
      sure: "certain",
      evidence: [proof(pod, "status.conditions[PodScheduled]", scheduled.message, since)],
      watching: [],
    },
  ];
}

function eventTrouble(
  pod: KubeObject,
  budgets: Budgets,
  events: readonly EventNote[],
  now: number,
): readonly Trouble[] {
  if (textAt(pod, "status", "phase") !== "Pending") return [];
  const rules: readonly (readonly [RegExp, FailureCause, number, boolean])[] = [
    [/^FailedCreatePodSandBox$/, "SANDBOX_FAILED", budgets.sandboxMs, true],
    [/^Failed(Mount|AttachVolume)$/, "VOLUME_PENDING", budgets.volumeMs, false],
  ];
  return rules.flatMap(([reason, why, graceMs, dooms]): Trouble[] => {
    const event = events.findLast((one) => reason.test(one.reason));
    if (event === undefined) return [];
    const since = event.firstAt ?? now;
    return [
      {
        why,
        message: line(event.message, 240),
        same: event.reason,
        doomedAt: dooms ? since + graceMs : undefined,
        fatal: false,
        sure: "likely",
        evidence: [proof(pod, `event ${event.reason}`, event.message, event.lastAt)],
        watching: [],
      },
    ];
  });
}

/** The text of the last failing probe, for pods that run and are not ready. */
export function probeNote(pod: KubeObject, around: Around): string | undefined {
  const note = eventsOf(around.events, pod.metadata.uid, around.startedAt).findLast(
    (event) => event.reason === "Unhealthy",
  );
  return note === undefined ? undefined : line(note.message, 240);
}

export function isReady(pod: KubeObject): boolean {
  return conditionOf(pod, "Ready")?.status === "True";
}

/** Born this long ago and still not ready, or stuck in a state that deserves a closer look. */
export function looksSuspicious(pod: KubeObject, now: number): { readonly now: boolean; readonly at: number } {
  if (isReady(pod)) return { now: false, at: Number.POSITIVE_INFINITY };
  const odd = containerStates(pod).some(({ status }) => {
    const reason = textAt(status, "state", "waiting", "reason");
    const code = status["state"] !== undefined ? textAt(status, "state", "terminated", "reason") : "";
    return (
      (reason !== "" && reason !== "ContainerCreating" && reason !== "PodInitializing") ||
      (code !== "" && code !== "Completed")
    );
  });
  const unschedulable = conditionOf(pod, "PodScheduled")?.status === "False";
  const at = (timeAt(pod, "metadata", "creationTimestamp") ?? now) + 10_000;
  return { now: odd || unschedulable || now >= at, at };
}

/** What a pod that is not ready waits for: `ContainerCreating`, `Pending`, `CrashLoopBackOff`. */
export function waitReason(pod: KubeObject): string {
  for (const { status } of containerStates(pod)) {
    const reason = textAt(status, "state", "waiting", "reason");
    if (reason !== "" && reason !== "PodInitializing") return reason;
  }
  const phase = textAt(pod, "status", "phase");
  if (conditionOf(pod, "PodScheduled")?.status === "False") return "Unschedulable";
  return phase === "Running" ? "not ready" : phase || "Pending";
}

export function proof(pod: KubeObject, field: string, value: string, at?: number): Evidence {
  return { ref: refOf(pod), field, value: line(value), ...(at === undefined ? {} : { at }) };
}
