import type { Clock } from "./clock.ts";
import { formatDuration } from "./duration.ts";
import type { Log } from "./log.ts";

/** How much longer a run may go on trying. */
export interface Budget {
  leftMs(): number;
}

export function createBudget(clock: Clock, totalMs: number): Budget {
  const end = clock.now() + totalMs;
  return { leftMs: () => Math.max(0, end - clock.now()) };
}

export type Classification =
  | { readonly retry: false }
  /** `reason` is for the log; `afterMs` is the server's own lower bound (Retry-After). */
  | { readonly retry: true; readonly reason: string; readonly afterMs?: number | undefined };

export interface RetryOptions {
  readonly clock: Clock;
  readonly budget: Budget;
  readonly signal: AbortSignal;
  /** Decides on each error whether another attempt can help. */
  classify(error: unknown, attempt: number): Classification;
  /** Attempts in all. Default: as many as the budget allows. */
  readonly maxAttempts?: number;
  /** The wait before attempt n + 1 is `random(0, min(capMs, baseMs · 2^n))`. Defaults 200 and 4000. */
  readonly baseMs?: number;
  readonly capMs?: number;
  readonly random?: () => number;
  /** Shows each wait in the live log: a line when it begins, and one every 10 s while it lasts. */
  readonly progress?: { readonly log: Pick<Log, "wait">; readonly what: string } | undefined;
  onRetry?(retry: { attempt: number; reason: string; waitMs: number; leftMs: number }): void;
}

/**
 * Runs `attempt` until it succeeds, cannot be helped, or the budget cannot hold the next wait: then the last error is
 * thrown at once, not after the wait. `attempt` gets its number from 1.
 */
export async function retry<T>(attempt: (number: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, budget, signal, baseMs = 200, capMs = 4000, random = Math.random } = options;
  for (let number = 1; ; number++) {
    signal.throwIfAborted();
    try {
      return await attempt(number);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const verdict = options.classify(error, number);
      if (!verdict.retry || number >= (options.maxAttempts ?? Number.POSITIVE_INFINITY)) throw error;
      const jitter = random() * Math.min(capMs, baseMs * 2 ** number);
      const waitMs = Math.ceil(Math.max(jitter, verdict.afterMs ?? 0));
      if (waitMs > budget.leftMs()) throw error;
      options.onRetry?.({ attempt: number, reason: verdict.reason, waitMs, leftMs: budget.leftMs() });
      using wait = options.progress?.log.wait();
      wait?.update({
        what: options.progress?.what ?? "",
        progress: `failed (${verdict.reason})`,
        waiting: `attempt ${number + 1} after ${formatDuration(waitMs)}`,
      });
      await clock.sleep(waitMs, signal);
    }
  }
}

/** A Retry-After header, in seconds or as a date → milliseconds from now; `undefined` when it is neither. */
export function retryAfterMs(header: string | null | undefined, now: number): number | undefined {
  if (header === null || header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header.trim()) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
