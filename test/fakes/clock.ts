import type { Clock } from "@eks-actions/action";

interface Timer {
  readonly at: number;
  readonly wake: () => void;
}

export interface VirtualClock extends Clock {
  /** Moves time forward, waking sleepers in order; each gets to run before the next is woken. */
  advance(ms: number): Promise<void>;
  /** While on, time jumps to the next timer as soon as the event loop is idle and `isBusy` says no. */
  autoAdvance(isBusy?: () => boolean): Disposable;
  readonly pending: number;
}

/** A clock that stands still until it is moved. Starts at 2026-11-23T10:00:00Z unless told otherwise. */
export function virtualClock(startMs: number = Date.UTC(2026, 10, 23, 10)): VirtualClock {
  let now = startMs;
  let timers: Timer[] = [];

  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

  function nextTimer(until: number): Timer | undefined {
    const due = timers.filter((timer) => timer.at <= until);
    return due.reduce<Timer | undefined>(
      (first, timer) => (first === undefined || timer.at < first.at ? timer : first),
      undefined,
    );
  }

  function fire(timer: Timer) {
    timers = timers.filter((other) => other !== timer);
    now = Math.max(now, timer.at);
    timer.wake();
  }

  return {
    now: () => now,
    get pending() {
      return timers.length;
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) {
          reject(signal.reason);
          return;
        }
        const abort = () => {
          timers = timers.filter((other) => other !== timer);
          reject(signal?.reason);
        };
        const timer: Timer = {
          at: now + Math.max(0, ms),
          wake: () => {
            signal?.removeEventListener("abort", abort);
            resolve();
          },
        };
        signal?.addEventListener("abort", abort, { once: true });
        timers.push(timer);
      }),
    async advance(ms) {
      const target = now + ms;
      await settle();
      for (let timer = nextTimer(target); timer !== undefined; timer = nextTimer(target)) {
        fire(timer);
        await settle();
      }
      now = target;
    },
    autoAdvance(isBusy = () => false) {
      let stopped = false;
      const tick = async () => {
        while (!stopped) {
          await settle();
          await settle();
          if (stopped || isBusy()) continue;
          const timer = nextTimer(Number.POSITIVE_INFINITY);
          if (timer !== undefined) fire(timer);
        }
      };
      void tick();
      return {
        [Symbol.dispose]() {
          stopped = true;
        },
      };
    },
  };
}
