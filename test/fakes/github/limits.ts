import type { Clock } from "@eks-actions/action";

/** GitHub's rate limits as settable data. */
export interface Limits {
  /** Requests an hour; 1,000 for the token of a workflow. */
  limit: number;
  used: number;
  /** Epoch milliseconds at which `used` falls back to 0. */
  resetAt: number;
  /** The status of a refusal: GitHub uses both. */
  refusalStatus: 403 | 429;
  /** Writes in one minute before the secondary limit answers. */
  writesPerMinute: number;
}

export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Counts requests and says when one is too much. */
export class RateLimiter {
  readonly limits: Limits;
  readonly #clock: Clock;
  #writes: number[] = [];
  #blockedUntil = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    const resetAt = clock.now() + 3_600_000;
    this.limits = { limit: 1_000, used: 0, resetAt, refusalStatus: 403, writesPerMinute: 80 };
  }

  /** Milliseconds by which a request undercuts the last `retry-after`; 0 when it is fine. */
  earlyBy(): number {
    return Math.max(0, this.#blockedUntil - this.#clock.now());
  }

  block(seconds: number): void {
    this.#blockedUntil = this.#clock.now() + seconds * 1_000;
  }

  check(isWrite: boolean): Refusal | undefined {
    const { limits } = this;
    const now = this.#clock.now();
    if (now >= limits.resetAt) {
      limits.used = 0;
      limits.resetAt = now + 3_600_000;
    }
    if (this.earlyBy() > 0) return secondary(limits.refusalStatus, Math.ceil(this.earlyBy() / 1_000));
    if (limits.used >= limits.limit) {
      const message =
        "API rate limit exceeded for installation. If you reach out to GitHub Support for help, please include the request ID.";
      return { status: limits.refusalStatus, message, headers: this.headers() };
    }
    if (isWrite) {
      this.#writes = this.#writes.filter((at) => at > now - 60_000);
      if (this.#writes.length >= limits.writesPerMinute) {
        this.block(60);
        return secondary(limits.refusalStatus, 60);
      }
      this.#writes.push(now);
    }
    return undefined;
  }

  /** Conditional requests that end in 304 are free. */
  count(): void {
    this.limits.used = Math.min(this.limits.limit, this.limits.used + 1);
  }

  headers(): Record<string, string> {
    const { limit, used, resetAt } = this.limits;
    return {
      "x-ratelimit-limit": String(limit),
      "x-ratelimit-remaining": String(Math.max(0, limit - used)),
      "x-ratelimit-used": String(used),
      "x-ratelimit-reset": String(Math.ceil(resetAt / 1_000)),
      "x-ratelimit-resource": "core",
    };
  }
}

export function secondary(status: number, retryAfterSeconds: number): Refusal {
  return {
    status,
    message: "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
    headers: { "retry-after": String(retryAfterSeconds) },
  };
}
