import type { Clock } from "@eks-actions/action";

export interface HurriedClock extends Clock {
  /** Milliseconds of every wait that was passed over. */
  readonly waited: number[];
}

/**
 * Waits between attempts pass at once, and are counted; a longer sleep is the limit of an attempt that really talks to
 * a socket, so it lasts until it is aborted.
 */
export function hurriedClock(patienceMs = 9_000, startMs: number = Date.UTC(2026, 10, 23, 10)): HurriedClock {
  let now = startMs;
  const waited: number[] = [];
  return {
    waited,
    now: () => now,
    sleep(ms, signal) {
      if (signal?.aborted === true) return Promise.reject(signal.reason);
      if (ms <= patienceMs) {
        now += ms;
        waited.push(ms);
        return Promise.resolve();
      }
      return new Promise((_, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    },
  };
}
