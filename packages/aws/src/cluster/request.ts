import { awsErrorInfo } from "../classify.ts";
import { type Aws, send } from "../client.ts";
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

export function createRead(aws: Aws, service: string, rate: Rate | undefined, traffic: Traffic): Read {
  return async (operation, signal, request) => {
    await rate?.take(signal);
    traffic.reads += 1;
    return send(aws, `${service}:${operation}`, signal, async (abort) => {
      traffic.open += 1;
      try {
        return await request(abort);
      } catch (error) {
        if (awsErrorInfo(error).kind === "throttle") rate?.slowDown();
        throw error;
      } finally {
        traffic.open -= 1;
      }
    });
  };
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
