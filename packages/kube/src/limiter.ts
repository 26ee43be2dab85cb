/** How many requests may be under way at once; learns from the server's refusals. */
export interface Limiter {
  /** Waits for a place. @throws the signal's reason */
  enter(signal: AbortSignal): Promise<Place>;
  readonly width: number;
}

export interface Place extends Disposable {
  /** The server said 429: the width halves, once for all requests that were under way together. */
  refused(): void;
  /** Every fifty of these widen by one. */
  succeeded(): void;
}

const FLOOR = 2;
const SUCCESSES_PER_STEP = 50;

export function createLimiter(widest: number): Limiter {
  let width = widest;
  let active = 0;
  let successes = 0;
  /** Counts the halvings: a request that began before the last one says nothing about the present width. */
  let era = 0;
  const waiting: (() => void)[] = [];

  function admit() {
    while (active < width) {
      const next = waiting.shift();
      if (next === undefined) return;
      active++;
      next();
    }
  }

  function place(): Place {
    const began = era;
    let isHeld = true;
    return {
      refused() {
        if (began !== era) return;
        era++;
        successes = 0;
        width = Math.max(FLOOR, Math.floor(width / 2));
      },
      succeeded() {
        successes++;
        if (successes < SUCCESSES_PER_STEP) return;
        successes = 0;
        width = Math.min(widest, width + 1);
        admit();
      },
      [Symbol.dispose]() {
        if (!isHeld) return;
        isHeld = false;
        active--;
        admit();
      },
    };
  }

  return {
    get width() {
      return width;
    },
    async enter(signal) {
      signal.throwIfAborted();
      if (active < width && waiting.length === 0) {
        active++;
        return place();
      }
      await new Promise<void>((resolve, reject) => {
        const abort = () => {
          const index = waiting.indexOf(start);
          if (index >= 0) waiting.splice(index, 1);
          reject(signal.reason);
        };
        const start = () => {
          signal.removeEventListener("abort", abort);
          resolve();
        };
        signal.addEventListener("abort", abort, { once: true });
        waiting.push(start);
      });
      return place();
    },
  };
}
