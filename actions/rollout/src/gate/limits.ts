import type { Verdict } from "@eks-actions/health";
import { identityOf } from "@eks-actions/manifest";
import { isDone } from "./roll-call.ts";

export type Limit = "TIMEOUT" | "NO_PROGRESS";

/** The two limits of a wait: for the whole of it, and for the time without progress. Times by the server's clock. */
export interface Limits {
  /** Takes note of new verdicts: progress starts the second limit anew, known trouble that is borne holds it up. */
  note(fresh: readonly Verdict[], now: number): void;
  /** The limit that is over. */
  over(now: number): Limit | undefined;
  /** When the next one will be over, if nothing happens. */
  next(now: number): number;
}

export function createLimits(
  began: number,
  { timeoutMs, noProgressMs }: { readonly timeoutMs: number; readonly noProgressMs: number },
): Limits {
  const best = new Map<string, number>();
  const hardEnd = began + timeoutMs;
  let progressAt = began;
  let graceUntil = 0;
  const idleEnd = (now: number) => Math.max(progressAt, Math.min(graceUntil, now)) + noProgressMs;
  return {
    note(fresh, now) {
      if (hasProgressed(best, fresh)) progressAt = now;
      graceUntil = Math.max(graceUntil, ...fresh.map((verdict) => verdict.graceUntil ?? 0));
    },
    over(now) {
      if (now >= hardEnd) return "TIMEOUT";
      return now >= idleEnd(now) && now >= graceUntil ? "NO_PROGRESS" : undefined;
    },
    next: (now) => Math.min(hardEnd, Math.max(idleEnd(now), graceUntil)),
  };
}

/** True when an object is done, or has more ready pods, than ever before in this wait. */
function hasProgressed(best: Map<string, number>, verdicts: readonly Verdict[]): boolean {
  let progressed = false;
  for (const verdict of verdicts) {
    // Counts of all pods and of new ones only are two scales.
    const key = `${identityOf(verdict.ref)} ${verdict.progress?.ofNew === true}`;
    const score = isDone(verdict) ? Number.MAX_SAFE_INTEGER : (verdict.progress?.ready ?? 0);
    if (score <= (best.get(key) ?? -1)) continue;
    best.set(key, score);
    progressed = true;
  }
  return progressed;
}
