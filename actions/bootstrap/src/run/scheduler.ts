import { type ActionError, formatDuration, toActionError, type WaitState } from "@eks-actions/action";
import type { Action, Lock } from "../plan/action.ts";
import { kindWord } from "../plan/kinds.ts";
import { issue, type Work } from "./execute.ts";
import { awaitEnd } from "./waits.ts";

/** How one action went. */
export interface Done {
  readonly action: Action;
  /** `deferred`: AWS was at something else, the next plan decides. `skipped`: it waits for one that failed. */
  readonly state: "done" | "failed" | "deferred" | "skipped" | "running";
  /** Milliseconds since the epoch; absent when it never began. */
  readonly startedAt?: number | undefined;
  readonly endedAt?: number | undefined;
  readonly error?: ActionError | undefined;
  readonly note?: string | undefined;
}

export interface ScheduleOptions {
  readonly concurrency: number;
  /** Milliseconds since the epoch after which nothing new begins and waits are left. */
  readonly deadline: number;
  /** Asked before an action begins: one that may not is left to the next plan. */
  readonly mayBegin: (action: Action) => boolean;
}

type State = "pending" | "issuing" | "waiting" | Done["state"];

interface Slot {
  readonly action: Action;
  state: State;
  progress: string;
  startedAt?: number;
  endedAt?: number;
  error?: ActionError;
  note?: string | undefined;
}

/**
 * Carries out actions in dependency order, as many at a time as locks and `concurrency` allow. A failure ends its own
 * branch; the others go on. Never throws: a cancelled run leaves the rest as it is.
 */
export async function schedule(
  actions: readonly Action[],
  work: Work,
  options: ScheduleOptions,
): Promise<readonly Done[]> {
  const { clock, log } = work.ports;
  const slots = new Map(actions.map((action) => [action.id, { action, state: "pending", progress: "" } as Slot]));
  const running = new Map<string, Promise<void>>();
  const stop = new AbortController();
  const scoped: Work = {
    ...work,
    signal: AbortSignal.any([work.signal, stop.signal]),
    expectsNodes: () => [...slots.values()].some(makesNodes),
  };
  const timer = clock.sleep(Math.max(0, options.deadline - clock.now()), stop.signal).then(
    () => "deadline" as const,
    () => "stopped" as const,
  );
  using wait = log.wait();
  const show = () => {
    const state = waitState([...slots.values()]);
    if (state !== undefined) wait.update(state);
  };

  const start = (slot: Slot) => {
    slot.state = "issuing";
    slot.startedAt = clock.now();
    const run = carryOut(scoped, slot, show).then(() => {
      slot.endedAt = clock.now();
      running.delete(slot.action.id);
      report(work, slot);
      show();
    });
    running.set(slot.action.id, run);
  };

  let ended: "deadline" | "stopped" | "moved" = "moved";
  while (ended === "moved" && !work.signal.aborted) {
    for (const slot of slots.values()) {
      if (slot.state === "pending" && !options.mayBegin(slot.action)) slot.state = "deferred";
    }
    skipBehindFailures(slots);
    for (const slot of runnable(slots, options.concurrency)) start(slot);
    if (running.size === 0) break;
    show();
    // Issued calls open the way for others without having ended, so a short look is needed beside the ends.
    ended = await Promise.race([
      Promise.race(running.values()).then(() => "moved" as const),
      timer,
      issued(slots, clock, stop.signal),
    ]);
  }
  stop.abort();
  return [...slots.values()].map(done);
}

/** True for a node group that is still to come. */
function makesNodes({ action, state }: Slot): boolean {
  if (action.target.kind !== "NodeGroup" || action.op === "delete") return false;
  return state === "pending" || state === "issuing" || state === "waiting";
}

async function carryOut(work: Work, slot: Slot, show: () => void): Promise<void> {
  const { action } = slot;
  try {
    const sent = await issue(work, action);
    if (sent.replan) {
      slot.state = "deferred";
      return;
    }
    if (action.until !== undefined) {
      slot.state = "waiting";
      const ended = await awaitEnd(work, action, action.until, sent.updateId, (progress) => {
        slot.progress = progress;
        show();
      });
      slot.note = ended.note;
      if (ended.replan === true) {
        slot.state = "deferred";
        return;
      }
    }
    slot.state = "done";
  } catch (thrown) {
    if (work.signal.aborted) {
      slot.state = "running";
      return;
    }
    slot.error = toActionError(thrown);
    slot.state = "failed";
  }
}

/** Resolves as soon as an action changes from issuing to waiting. */
async function issued(
  slots: ReadonlyMap<string, Slot>,
  clock: Work["ports"]["clock"],
  signal: AbortSignal,
): Promise<"moved"> {
  const before = [...slots.values()].filter((slot) => slot.state === "waiting").length;
  for (;;) {
    await clock.sleep(250, signal).catch(() => undefined);
    if (signal.aborted || [...slots.values()].filter((slot) => slot.state === "waiting").length > before)
      return "moved";
    if (![...slots.values()].some((slot) => slot.state === "issuing")) return new Promise(() => undefined);
  }
}

function runnable(slots: ReadonlyMap<string, Slot>, concurrency: number): readonly Slot[] {
  const all = [...slots.values()];
  let issuing = all.filter((slot) => slot.state === "issuing").length;
  const held = all
    .filter((slot) => slot.state === "issuing" || slot.state === "waiting")
    .flatMap((slot) => slot.action.locks);
  const chosen: Slot[] = [];
  for (const slot of all) {
    if (slot.state !== "pending" || issuing >= concurrency) continue;
    const isDone = (id: string) => slots.get(id)?.state === "done";
    const isIssued = (id: string) => isDone(id) || slots.get(id)?.state === "waiting";
    if (!slot.action.after.every(isDone) || !slot.action.afterIssued.every(isIssued)) continue;
    if (slot.action.locks.some((lock) => conflicts(lock, held))) continue;
    held.push(...slot.action.locks);
    issuing += 1;
    chosen.push(slot);
  }
  return chosen;
}

function conflicts(lock: Lock, held: readonly Lock[]): boolean {
  const same = held.filter((other) => other.name === lock.name);
  return (
    same.some((other) => !(other.shared && lock.shared)) || same.length >= (lock.limit ?? Number.POSITIVE_INFINITY)
  );
}

function skipBehindFailures(slots: ReadonlyMap<string, Slot>): void {
  for (let changed = true; changed; ) {
    changed = false;
    for (const slot of slots.values()) {
      if (slot.state !== "pending") continue;
      const before = [...slot.action.after, ...slot.action.afterIssued].map((id) => slots.get(id)?.state);
      if (before.some((state) => state === "failed" || state === "skipped" || state === "deferred")) {
        slot.state = "skipped";
        changed = true;
      }
    }
  }
}

function report(work: Work, slot: Slot): void {
  const { action, startedAt = 0, endedAt = 0 } = slot;
  const took = formatDuration(endedAt - startedAt);
  const name = `${kindWord(action.target.kind)} ${action.target.name}`;
  if (slot.state === "failed")
    work.ports.log.info(`❌ ${action.op} ${name} · ${took} · ${slot.error?.code}: ${slot.error?.message}`);
  else if (slot.state === "done")
    work.ports.log.info(`✅ ${action.op} ${name} · ${took}${slot.note === undefined ? "" : ` · ${slot.note}`}`);
}

/** The wait that usually lasts longest; what is done at once needs no progress. */
function waitState(slots: readonly Slot[]): WaitState | undefined {
  const waiting = slots.filter((slot) => slot.state === "waiting");
  const [longest] = [...waiting].sort((a, b) => b.action.expectedSeconds - a.action.expectedSeconds);
  if (longest === undefined) return undefined;
  const { target, expectedSeconds } = longest.action;
  return {
    what: `${kindWord(target.kind)} ${target.name}`,
    progress: longest.progress === "" ? "asked for" : longest.progress,
    typicalMs: expectedSeconds * 1000,
  };
}

function done(slot: Slot): Done {
  const state =
    slot.state === "pending" || slot.state === "issuing" || slot.state === "waiting" ? "running" : slot.state;
  return {
    action: slot.action,
    state: slot.state === "pending" ? "skipped" : state,
    startedAt: slot.startedAt,
    endedAt: slot.endedAt,
    error: slot.error,
    note: slot.note,
  };
}
