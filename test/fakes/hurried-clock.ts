import type { Clock } from "@eks-actions/action";

export interface HurriedClock extends Clock {
  /** Milliseconds of every wait that was passed over. */
  readonly waited: readonly number[];
}

/**
 * Waits of the run itself, which its own signal ends, pass at once and are counted. Every other sleep is the limit of an
 * attempt that talks to a real socket: it lasts until the attempt is over.
 */
export function hurriedClock(run: AbortSignal, startMs: number = Date.now()): HurriedClock {
  let now = startMs;
  const waited: number[] = [];
  return {
    waited,
    now: () => now,
    sleep(ms, signal) {
      if (signal?.aborted === true) return Promise.reject(signal.reason);
      if (signal === run) {
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
