import type { Clock } from "@eks-actions/action";

/** A token bucket on the clock port. */
export interface Rate {
  /** Resolves when one more request may go out. */
  take(signal: AbortSignal): Promise<void>;
  /** The server throttled: half the speed for the next minute. */
  slowDown(): void;
}

const SLOW_MS = 60_000;

/** `burst` requests at once, then `perSecond`. AWS publishes no limits for EKS; these keep well below what throttled. */
export function createRate(clock: Clock, perSecond: number, burst: number): Rate {
  let tokens = burst;
  let at = clock.now();
  let slowUntil = 0;
  let queue: Promise<void> = Promise.resolve();

  function refill(): number {
    const now = clock.now();
    const speed = now < slowUntil ? perSecond / 2 : perSecond;
    tokens = Math.min(burst, tokens + ((now - at) / 1000) * speed);
    at = now;
    return speed;
  }

  async function one(signal: AbortSignal): Promise<void> {
    for (let speed = refill(); tokens < 1; speed = refill()) {
      await clock.sleep(Math.ceil(((1 - tokens) / speed) * 1000), signal);
    }
    tokens -= 1;
  }

  return {
    take(signal) {
      const mine = queue.then(() => one(signal));
      queue = mine.catch(() => undefined); // a cancelled caller must not stop those behind it
      return mine;
    },
    slowDown() {
      slowUntil = clock.now() + SLOW_MS;
      tokens = Math.min(tokens, 0);
    },
  };
}
