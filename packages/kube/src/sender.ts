import { type Classification, type Clock, retry, retryAfterMs } from "@eks-actions/action";
import { ActionError } from "@eks-actions/action/error";
import type { RawAnswer } from "./client.ts";
import type { Credential, Credentials } from "./credentials.ts";
import { apiError, KubeApiError } from "./error.ts";
import { ConnectionError, connectFailure } from "./failure.ts";
import type { Limiter } from "./limiter.ts";
import type { HttpAnswer, LaneName, Transport } from "./transport.ts";

export interface ApiRequest {
  readonly method: string;
  /** With query. */
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string | undefined;
  readonly accept?: string | undefined;
  /** Sent again even when the server may have acted on it already. Default: for GET only. */
  readonly isRepeatable?: boolean | undefined;
  /** Whether it may store something; for the statistics. */
  readonly isWrite?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Sender {
  /** The whole answer. Statuses ≥ 400 throw `KubeApiError` after the retries that make sense for them. */
  call(request: ApiRequest): Promise<RawAnswer>;
  /** The answer's head, its body to be read as it comes. One attempt, with the login renewed once on 401. */
  open(lane: LaneName, request: ApiRequest): Promise<HttpAnswer>;
  /**
   * Whether the server was away a moment ago. One that has just started refuses what RBAC allows (403) until it has
   * read the roles; load balancers that heed /readyz hide that, a direct connection does not.
   */
  isRecovering(): boolean;
  serverTime(): number;
  stats(): { readonly requests: number; readonly writes: number };
}

export interface SenderOptions {
  /** As shown to people. */
  readonly server: string;
  readonly transport: Transport;
  readonly credentials: Credentials;
  readonly limiter: Limiter;
  readonly clock: Clock;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly patience: Patience;
  readonly random?: (() => number) | undefined;
  onRetry?(what: string): void;
}

export interface Patience {
  /** For a server that has never answered yet, and for one that has: an API server restarts in some ten seconds. */
  readonly firstContactMs: number;
  readonly outageMs: number;
  /** Attempts on 5xx answers that say nothing about coming back. */
  readonly serverErrorAttempts: number;
  /** One request without an answer. The API server ends its own after 60 s. */
  readonly requestMs: number;
}

export const PATIENCE: Patience = {
  firstContactMs: 20_000,
  outageMs: 90_000,
  serverErrorAttempts: 5,
  requestMs: 75_000,
};

const RECOVERY_MS = 10_000;

const NEVER_ABORTED = new AbortController().signal;

export function createSender(options: SenderOptions): Sender {
  const { clock, limiter, patience } = options;
  let requests = 0;
  let writes = 0;
  let hasAnswered = false;
  /** Server clock minus ours. */
  let aheadMs = 0;
  let awayAt = Number.NEGATIVE_INFINITY;
  // Gateways such as Rancher serve a cluster below a path.
  const prefix = new URL(options.server).pathname.replace(/\/$/, "");
  const isRecovering = () => clock.now() - awayAt < RECOVERY_MS;

  async function open(lane: LaneName, request: ApiRequest): Promise<HttpAnswer> {
    const signal = request.signal ?? NEVER_ABORTED;
    const credential = await options.credentials.current(signal);
    const answer = await once(lane, request, credential, signal);
    if (answer.status !== 401) return answer;
    answer.cancel();
    if (!(await options.credentials.renew(credential, signal))) throw unauthenticated(options.server);
    const again = await once(lane, request, await options.credentials.current(signal), signal);
    if (again.status !== 401) return again;
    again.cancel();
    throw unauthenticated(options.server);
  }

  async function once(lane: LaneName, request: ApiRequest, credential: Credential, signal: AbortSignal) {
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    requests++;
    if (request.isWrite === true) writes++;
    const message = {
      method: request.method,
      path: prefix + request.path,
      headers: headersOf(request, body, credential),
      body,
    };
    const answer = await options.transport.send(lane, message, credential, signal).catch((error: unknown) => {
      if (error instanceof ConnectionError) awayAt = clock.now();
      throw error;
    });
    hasAnswered = true;
    noteTime(answer.headers["date"]);
    return answer;
  }

  function headersOf(request: ApiRequest, body: Buffer | undefined, credential: Credential) {
    return {
      ...options.headers,
      accept: request.accept ?? "application/json",
      "user-agent": "eks-actions",
      ...(credential.authorization === undefined ? {} : { authorization: credential.authorization }),
      ...(body === undefined ? {} : { "content-type": request.contentType ?? "application/json" }),
    };
  }

  // The header has whole seconds, cut off: of several answers the one furthest ahead is closest to the truth.
  function noteTime(date: string | undefined) {
    const seen = date === undefined ? Number.NaN : Date.parse(date) - clock.now();
    if (Number.isNaN(seen)) return;
    aheadMs = Math.abs(seen - aheadMs) > 2_000 ? seen : Math.max(aheadMs, seen);
  }

  async function attempt(request: ApiRequest): Promise<RawAnswer> {
    const outer = request.signal ?? NEVER_ABORTED;
    using place = await limiter.enter(outer);
    using deadline = withDeadline(outer, patience.requestMs);
    try {
      const answer = await open("calls", { ...request, signal: deadline.signal });
      const body = await textOf(answer.body);
      if (answer.status === 429) place.refused();
      if (answer.status >= 400) throw refusal(answer, body, request);
      place.succeeded();
      return { status: answer.status, headers: answer.headers, body };
    } catch (error) {
      outer.throwIfAborted();
      throw error;
    }
  }

  function refusal(answer: HttpAnswer, body: string, request: ApiRequest): KubeApiError {
    const retryMs = retryAfterMs(answer.headers["retry-after"], clock.now());
    return apiError({ status: answer.status, headers: answer.headers, body }, request, retryMs);
  }

  function classify(error: unknown, number: number, request: ApiRequest): Classification {
    const isRepeatable = request.isRepeatable ?? request.method === "GET";
    if (error instanceof ConnectionError) {
      const retryIt = error.retry && (isRepeatable || !error.sent);
      return retryIt ? { retry: true, reason: error.message } : { retry: false };
    }
    if (!(error instanceof KubeApiError)) return { retry: false };
    // 429 is given before anything is done, so that even a create may be sent again.
    if (error.status === 429) return { retry: true, reason: "429", afterMs: error.retryAfterMs ?? 1_000 };
    if (error.status === 403 && isRecovering()) return { retry: true, reason: "403 after an outage" };
    const isOutage = error.status >= 500 && error.status !== 501 && error.schemaFaults.length === 0;
    if (!isOutage || !isRepeatable || number >= patience.serverErrorAttempts) return { retry: false };
    return { retry: true, reason: String(error.status), afterMs: error.retryAfterMs };
  }

  return {
    open,
    isRecovering,
    serverTime: () => clock.now() + aheadMs,
    stats: () => ({ requests, writes }),
    async call(request) {
      const startedAt = clock.now();
      const totalMs = () => (hasAnswered ? patience.outageMs : patience.firstContactMs);
      const budget = { leftMs: () => Math.max(0, startedAt + totalMs() - clock.now()) };
      try {
        return await retry(() => attempt(request), {
          clock,
          budget,
          signal: request.signal ?? NEVER_ABORTED,
          classify: (error, number) => classify(error, number, request),
          ...(options.random === undefined ? {} : { random: options.random }),
          onRetry: ({ reason, waitMs, attempt: number }) =>
            options.onRetry?.(`${request.method} ${request.path}: ${reason}, attempt ${number}, again in ${waitMs} ms`),
        });
      } catch (error) {
        throw shownTo(error, options.server);
      }
    },
  };
}

interface Deadline extends Disposable {
  readonly signal: AbortSignal;
}

// AbortSignal.timeout and AbortSignal.any would keep a timer and a link for each of thousands of requests.
function withDeadline(outer: AbortSignal, ms: number): Deadline {
  const controller = new AbortController();
  const abort = () => controller.abort(outer.reason);
  outer.addEventListener("abort", abort, { once: true });
  const timer = setTimeout(
    () => controller.abort(new ConnectionError(`no answer within ${ms / 1000} s`, { sent: true })),
    ms,
  );
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      clearTimeout(timer);
      outer.removeEventListener("abort", abort);
    },
  };
}

/** What callers see of a failure that outlived its retries. */
export function shownTo(error: unknown, server: string): unknown {
  if (error instanceof ConnectionError) return connectFailure(server, error);
  if (error instanceof KubeApiError && error.status === 429) return overloaded(server, error);
  return error;
}

function overloaded(server: string, error: KubeApiError): ActionError {
  return new ActionError("API_OVERLOADED", {
    message: `the API server ${server} kept answering 429 to ${error.request.method} ${error.request.path}`,
    hint: "other clients of the cluster use up its capacity; look at apiserver_flowcontrol_rejected_requests_total",
    cause: error,
  });
}

function unauthenticated(server: string): ActionError {
  return new ActionError("UNAUTHENTICATED", {
    message: `the API server ${server} does not accept the credentials (401)`,
    hint: "give the role an access entry in the cluster (actions/bootstrap: `accessConfig.accessEntries`), or run actions/auth before this step again",
  });
}

export async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
