import { retry } from "@eks-actions/action";
import { withTimeout } from "../attempt.ts";
import { awsErrorInfo, retryTransient } from "../classify.ts";
import { type Aws, attemptLimit, noteRetry } from "../client.ts";
import type { Rate } from "./rate.ts";

/** Sends reads of one service: paced, counted, retried while the error heals by itself. */
export type Read = <T>(
  operation: string,
  signal: AbortSignal,
  request: (signal: AbortSignal) => Promise<T>,
) => Promise<T>;

/** Requests that were answered or failed, for the report, and those under way, for virtual clocks. */
export interface Traffic {
  reads: number;
  writes: number;
  open: number;
}

/** A host that does not answer will not start to: throttling alone is waited out for as long as it takes. */
const MAX_UNANSWERED = 8;

export function createRead(aws: Aws, service: string, rate: Rate | undefined, traffic: Traffic): Read {
  return async (operation, signal, request) => {
    await rate?.take(signal);
    traffic.reads += 1;
    let unanswered = 0;
    return retry(() => withTimeout(aws.clock, attemptLimit(aws), signal, (abort) => counted(request, abort)), {
      clock: aws.clock,
      budget: aws.budget,
      signal,
      classify(error) {
        const { kind } = awsErrorInfo(error);
        if (kind === "throttle") rate?.slowDown();
        if (kind === "transient" && ++unanswered >= MAX_UNANSWERED) return { retry: false };
        return retryTransient(error, aws.skew.now());
      },
      onRetry: (event) => noteRetry(aws, `${service}:${operation}`, event),
    });
  };

  async function counted<T>(request: (signal: AbortSignal) => Promise<T>, abort: AbortSignal): Promise<T> {
    traffic.open += 1;
    try {
      return await request(abort);
    } finally {
      traffic.open -= 1;
    }
  }
}

/** `undefined` in place of a not-found error. */
export async function orAbsent<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (awsErrorInfo(error).kind === "not-found") return undefined;
    throw error;
  }
}

/** All pages of a list. `page` gets the token of the page before. */
export async function pages<T>(
  page: (token: string | undefined) => Promise<{ readonly items: readonly T[]; readonly next: string | undefined }>,
): Promise<readonly T[]> {
  const found: T[] = [];
  let token: string | undefined;
  do {
    const { items, next } = await page(token);
    found.push(...items);
    token = next === undefined || next === "" ? undefined : next;
  } while (token !== undefined);
  return found;
}
