import type { Clock } from "@eks-actions/action";

/** A token bucket on the clock port. */
export interface Rate {
  /** Resolves when one more request may go out. */
  take(signal: AbortSignal): Promise<void>;
  /** The server throttled: half the speed at once, and back to all of it over the next seconds. */
  slowDown(): void;
}

/** From a standstill to full speed; a throttled bucket of AWS refills in seconds, not in minutes. */
const RECOVERY_MS = 15_000;
/** Refusals of requests that were under way together are one. */
const ONE_EVENT_MS = 1_000;
const SLOWEST = 1 / 8;

/** `burst` requests at once, then `perSecond`. AWS publishes no limits for EKS; these keep well below what throttled. */
export function createRate(clock: Clock, perSecond: number, burst: number): Rate {
  let tokens = burst;
  let at = clock.now();
  let slowed = { at: Number.NEGATIVE_INFINITY, share: 1 };
  let queue: Promise<void> = Promise.resolve();

  /** Share of the full speed at a time. */
  const shareAt = (time: number) => Math.min(1, slowed.share + (time - slowed.at) / RECOVERY_MS);

  function refill(): number {
    const now = clock.now();
    const mean = (shareAt(at) + shareAt(now)) / 2;
    tokens = Math.min(burst, tokens + ((now - at) / 1000) * perSecond * mean);
    at = now;
    return perSecond * shareAt(now);
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
      refill();
      const now = clock.now();
      tokens = Math.min(tokens, 0);
      if (now - slowed.at >= ONE_EVENT_MS) slowed = { at: now, share: Math.max(SLOWEST, shareAt(now) / 2) };
    },
  };
}
