import { ActionError, type Clock, formatDuration, type Log } from "@eks-actions/action";
import { type Blame, type Budgets, blameFor, causes, type FailureCause, type Verdict } from "@eks-actions/health";
import { identityOf, nameOf, type ObjectRef } from "@eks-actions/manifest";
import { hints } from "../report/hints.ts";
import { createLimits, type Limit } from "./limits.ts";
import { createProgress } from "./progress.ts";
import { createRollCall, isDone } from "./roll-call.ts";
import type { View } from "./view.ts";

export interface GateOptions {
  readonly budgets: Budgets;
  readonly timeoutMs: number;
  readonly noProgressMs: number;
  readonly stableForMs: number;
  readonly typicalMs?: number | undefined;
  /** Name of the whole, for progress lines. */
  readonly app: string;
}

export interface GatePorts {
  readonly clock: Clock;
  readonly log: Log;
  /** Server time, milliseconds since the epoch. */
  serverTime(): number;
}

export interface GateResult {
  readonly verdicts: readonly Verdict[];
  /** When each object became healthy, by identity; milliseconds since the gate began. */
  readonly healthyAfter: ReadonlyMap<string, number>;
  /** What ended the wait; absent when all is healthy. */
  readonly failure: GateFailure | undefined;
}

export interface GateFailure {
  readonly why: FailureCause;
  readonly message: string;
  /** Objects that share the cause; empty for a limit of the whole run. */
  readonly blames: readonly Blame[];
}

/**
 * Waits until all objects are healthy, or one has failed, or time is up. Driven by watches and by the verdicts' own
 * `recheckAt`; nothing is polled.
 */
export async function gate(
  members: readonly ObjectRef[],
  view: View,
  options: GateOptions,
  ports: GatePorts,
  signal: AbortSignal,
): Promise<GateResult> {
  const { clock, serverTime } = ports;
  const began = serverTime();
  const rollCall = createRollCall(members, view, options.budgets);
  const healthyAfter = new Map<string, number>();
  const detailed = new Set<string>();
  const limits = createLimits(began, options);
  let healthySince: number | undefined;
  using progress = createProgress(options, ports.log);

  for (;;) {
    signal.throwIfAborted();
    const now = serverTime();
    const fresh = rollCall.look(now);
    for (const verdict of fresh)
      if (isDone(verdict))
        healthyAfter.set(identityOf(verdict.ref), healthyAfter.get(identityOf(verdict.ref)) ?? now - began);
    const unread = namespacesOf(fresh.filter((one) => one.wantsDetails)).filter((name) => !detailed.has(name));
    if (unread.length > 0) {
      await readDetails(unread);
      continue;
    }
    if (fresh.some((verdict) => fails(verdict, options.budgets))) {
      const verdicts = rollCall.settle(now);
      const failure = failureOf(verdicts.filter((verdict) => fails(verdict, options.budgets)));
      if (failure !== undefined) return { verdicts, healthyAfter, failure };
    }

    const open = rollCall.open();
    progress.update(open, members.length, now - began);
    limits.note(fresh, now);
    if (open.length === 0) {
      healthySince ??= now;
      if (now >= healthySince + options.stableForMs) {
        const verdicts = rollCall.settle(now);
        const doubts = options.budgets.strict ? verdicts.filter((verdict) => verdict.warnings.length > 0) : [];
        return { verdicts, healthyAfter, failure: failureOf(doubts) };
      }
    } else healthySince = undefined;

    const limit = open.length === 0 ? undefined : limits.over(now);
    if (limit !== undefined) {
      // The last look: events may name what the counts do not.
      const unseen = namespacesOf(open).filter((name) => !detailed.has(name));
      if (unseen.length === 0) {
        const ms = limit === "TIMEOUT" ? options.timeoutMs : options.noProgressMs;
        return { verdicts: rollCall.settle(now), healthyAfter, failure: overdue(open, limit, ms) };
      }
      await readDetails(unseen);
      continue;
    }

    const next = Math.min(
      rollCall.recheckAt(now),
      healthySince === undefined ? Number.POSITIVE_INFINITY : healthySince + options.stableForMs,
      open.length > 0 ? limits.next(now) : Number.POSITIVE_INFINITY,
    );
    await changeOrTime(view, clock, Math.max(1, next - now), signal);
  }

  async function readDetails(namespaces: readonly string[]): Promise<void> {
    for (const namespace of namespaces) detailed.add(namespace);
    await abortable(Promise.all(namespaces.map((namespace) => view.needDetails(namespace))), signal);
  }
}

function namespacesOf(verdicts: readonly Verdict[]): readonly string[] {
  return [...new Set(verdicts.flatMap(({ ref }) => ref.namespace ?? []))];
}

/** True for what ends the wait at once; with `strict` that is also what is paused. */
function fails({ status }: Verdict, { strict }: Budgets): boolean {
  return status === "failed" || (strict && status === "suspended");
}

/** One cause out of the bad ones; what is done, but in doubt, fails by its first warning. */
function failureOf(bad: readonly Verdict[]): GateFailure | undefined {
  const failed = bad.map(
    (verdict): Verdict =>
      isDone(verdict)
        ? { ...verdict, status: "failed", why: "RESOURCE_FAILED", message: verdict.warnings[0] ?? verdict.message }
        : verdict,
  );
  const blames = blameFor(failed);
  const [worst] = blames;
  return worst === undefined ? undefined : { why: worst.why, message: worst.message, blames };
}

/** Time is up: the strongest suspicion is the cause, else the limit itself. */
function overdue(open: readonly Verdict[], limit: Limit, ms: number): GateFailure {
  const suspected = open
    .flatMap((verdict) => (verdict.suspect === undefined ? [] : [{ verdict, suspect: verdict.suspect }]))
    .sort((a, b) => causes.indexOf(a.suspect.why) - causes.indexOf(b.suspect.why));
  const [first] = suspected;
  const spent =
    limit === "TIMEOUT"
      ? `not healthy within timeout ${formatDuration(ms)}`
      : `no pod became ready for ${formatDuration(ms)}`;
  const blamed =
    first === undefined
      ? open
      : suspected.filter((one) => one.suspect.why === first.suspect.why).map((one) => one.verdict);
  const why = first?.suspect.why ?? limit;
  const names = open.slice(0, 3).map((verdict) => `${nameOf(verdict.ref)} (${verdict.message})`);
  const message = first === undefined ? `${spent}: ${names.join(", ")}` : `${first.suspect.message} (${spent})`;
  return { why, message, blames: [{ why, message, verdicts: blamed }] };
}

async function changeOrTime(view: View, clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const either = AbortSignal.any([over.signal, signal]);
  try {
    const change = view.changed();
    change.catch(() => undefined); // when time wins the race, the next call meets the same fault
    const waits = [change];
    if (Number.isFinite(ms))
      waits.push(
        clock.sleep(ms, either).catch((error: unknown) => (over.signal.aborted ? undefined : Promise.reject(error))),
      );
    await abortable(Promise.race(waits), signal);
  } finally {
    over.abort();
  }
}

async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
    aborted.promise.catch(() => undefined); // already delivered by the race, or nobody waits any more
  }
}

/** The failure as an error, on the line of the object to blame. */
export function gateError(
  failure: GateFailure,
  place: { readonly file?: string | undefined; readonly line?: number | undefined },
): ActionError {
  const [blame] = failure.blames;
  const [first, ...others] = blame?.verdicts ?? [];
  const where =
    first === undefined ? "" : `${nameOf(first.ref)}${others.length === 0 ? "" : ` and ${others.length} more`}: `;
  const isLimit = failure.why === "TIMEOUT" || failure.why === "NO_PROGRESS";
  return new ActionError(failure.why, {
    message: `${isLimit ? "" : where}${failure.message}`,
    hint: hints[failure.why],
    file: place.file,
    line: place.line,
  });
}
