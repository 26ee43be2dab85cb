import type { Clock } from "@eks-actions/action";
import type { Exchange } from "./exchange.ts";
import { statusBody } from "./status.ts";

export interface Fault {
  /** Which requests: a path prefix or pattern, or a predicate over the request. */
  readonly match:
    | string
    | RegExp
    | ((request: { readonly method: string; readonly path: string; readonly query: URLSearchParams }) => boolean);
  /** Only with this method. */
  readonly method?: string | undefined;
  /** Only the nth matching request, from 1. Absent: every one. */
  readonly nth?: number | undefined;
  /** How many matching requests from `nth` on. Default 1 with `nth`, else all. */
  readonly times?: number | undefined;
  /** Answers with this status in place of the real answer. */
  readonly status?: number | undefined;
  readonly retryAfter?: number | undefined;
  /** Cuts the connection without an answer. */
  readonly drop?: boolean | undefined;
  /** Waits before going on, in milliseconds of the server's clock. */
  readonly delay?: number | undefined;
}

export interface Faults {
  add(fault: Fault): void;
  /** Applies the faults that match. True: the request is answered or cut. */
  meet(exchange: Exchange, clock: Clock): Promise<boolean>;
  /** Faults that no request has met. */
  unused(): readonly Fault[];
}

interface Armed {
  readonly fault: Fault;
  seen: number;
  met: number;
}

export function createFaults(initial: readonly Fault[] = []): Faults {
  const armed: Armed[] = initial.map((fault) => ({ fault, seen: 0, met: 0 }));
  return {
    add: (fault) => {
      armed.push({ fault, seen: 0, met: 0 });
    },
    async meet(exchange, clock) {
      for (const entry of armed.filter((one) => isDue(one, exchange))) {
        entry.met += 1;
        const { fault } = entry;
        if (fault.delay !== undefined) await clock.sleep(fault.delay);
        if (fault.drop === true) {
          exchange.drop();
          return true;
        }
        if (fault.status === undefined) continue;
        answer(exchange, fault.status, fault.retryAfter);
        return true;
      }
      return false;
    },
    unused: () => armed.filter((entry) => entry.met === 0).map((entry) => entry.fault),
  };
}

function isDue(entry: Armed, exchange: Exchange): boolean {
  const { fault } = entry;
  if (fault.method !== undefined && fault.method !== exchange.method) return false;
  if (!matches(fault.match, exchange)) return false;
  entry.seen += 1;
  const first = fault.nth ?? 1;
  const count = fault.times ?? (fault.nth === undefined ? Number.POSITIVE_INFINITY : 1);
  return entry.seen >= first && entry.seen < first + count;
}

function matches(match: Fault["match"], exchange: Exchange): boolean {
  if (typeof match === "string") return exchange.path.startsWith(match);
  return match instanceof RegExp ? match.test(exchange.path) : match(exchange);
}

const reasons: Readonly<Record<number, string>> = { 500: "InternalError", 503: "ServiceUnavailable", 504: "Timeout" };

function answer(exchange: Exchange, status: number, retryAfter: number | undefined) {
  const headers: Record<string, string> = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
  if (status === 429) {
    // Priority and fairness answers in plain text, before any handler that knows of `Status`.
    exchange.text(429, "Too many requests, please try again later.\n", { "retry-after": String(retryAfter ?? 1) });
    return;
  }
  const failure = {
    code: status,
    reason: reasons[status],
    message: `injected fault: ${status}`,
    retryAfterSeconds: retryAfter,
  };
  exchange.json(status, statusBody(failure), headers);
}
