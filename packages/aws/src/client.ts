import {
  type Budget,
  type Clock,
  createBudget,
  formatDuration,
  type Log,
  type RunContext,
  retry,
} from "@eks-actions/action";
import { withTimeout } from "./attempt.ts";
import { awsErrorInfo, retryTransient } from "./classify.ts";
import { type Endpoint, endpointFromEnv } from "./endpoint.ts";
import { type Agents, createAgents, type ProxySettings, readProxy } from "./proxy.ts";
import { createSkewMeter, type SkewMeter } from "./skew.ts";

/** Services by the name that `AWS_ENDPOINT_URL_<NAME>` uses. */
export type AwsService = "STS" | "EKS" | "EC2" | "IAM" | "SSM" | "PRICING" | "CLOUDWATCH_LOGS" | "SERVICE_QUOTAS";

/** Key id, secret and session token, for the SDK. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** The SDK asks its provider again when this is near. */
  readonly expiration?: Date;
}

export type KeySource = AwsKeys | (() => Promise<AwsKeys>);

/** What every AWS call of a run shares. Build it once with {@link createAws}. */
export interface Aws {
  readonly region: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Log | undefined;
  readonly budget: Budget;
  /** Per attempt, connect included. */
  readonly requestTimeoutMs: number;
  readonly userAgent: readonly (readonly [string, string])[];
  readonly proxy: ProxySettings | undefined;
  readonly agents: Agents;
  /** Foreign endpoints that were given by input, by service. */
  readonly endpoints: Readonly<Partial<Record<AwsService, Endpoint>>>;
  /** `undefined`: the SDK's default chain (environment, profile, …). */
  readonly credentials: KeySource | undefined;
  readonly skew: SkewMeter;
  /** Requests sent so far by API, each attempt counted: `oidc:GetIdToken`, `sts:AssumeRole`, `eks:DescribeCluster`. */
  readonly sent: Map<string, number>;
  /** Every retry of the run, for the report. */
  readonly retries: AwsRetry[];
}

export interface AwsRetry {
  /** `sts:AssumeRole` */
  readonly api: string;
  readonly code: string;
  readonly waitedMs: number;
}

export interface AwsOptions {
  readonly region: string;
  readonly clock: Clock;
  readonly run: Pick<RunContext, "env" | "runId" | "runAttempt">;
  /** `auth`, `bootstrap`… and its version, for the user agent that CloudTrail records. */
  readonly action: string;
  readonly version?: string;
  readonly log?: Log | undefined;
  /** Total time for retries of all calls. Default: no end, for callers with deadlines of their own. */
  readonly maxWaitMs?: number | undefined;
  readonly requestTimeoutMs?: number | undefined;
  readonly proxy?: ProxySettings | undefined;
  readonly endpoints?: Readonly<Partial<Record<AwsService, Endpoint>>> | undefined;
  readonly credentials?: KeySource | undefined;
  readonly skew?: SkewMeter | undefined;
}

const VERSION = "0.1.0";

export function createAws(options: AwsOptions): Aws {
  const proxy = options.proxy ?? readProxy(options.run.env);
  return {
    region: options.region,
    env: options.run.env,
    clock: options.clock,
    log: options.log,
    budget: createBudget(options.clock, options.maxWaitMs ?? Number.POSITIVE_INFINITY),
    requestTimeoutMs: options.requestTimeoutMs ?? 10_000,
    userAgent: userAgent(options.action, options.version ?? VERSION, options.run),
    proxy,
    agents: createAgents(proxy),
    endpoints: options.endpoints ?? {},
    credentials: options.credentials,
    skew: options.skew ?? createSkewMeter(options.clock),
    sent: new Map(),
    retries: [],
  };
}

/** The same connection with other keys, or another region. Budget, clock skew and what was counted stay shared. */
export function withCredentials(aws: Aws, credentials: KeySource, region: string = aws.region): Aws {
  return { ...aws, credentials, region };
}

function userAgent(action: string, version: string, run: AwsOptions["run"]): Aws["userAgent"] {
  const safe = (text: string) => text.replace(/[^A-Za-z0-9._-]/g, "-").slice(0, 64);
  const pairs: [string, string][] = [[`eks-actions-${action}`, safe(version)]];
  if (run.runId !== "") pairs.push(["md/run_id", safe(run.runId)], ["md/attempt", safe(run.runAttempt)]);
  return pairs;
}

/** The endpoint of a service when it is not the region's own. @throws ActionError `ENDPOINT_REFUSED` */
export function endpointOf(aws: Pick<Aws, "endpoints" | "env">, service: AwsService): Endpoint | undefined {
  return aws.endpoints[service] ?? endpointFromEnv(service, aws.env);
}

/** Configuration of any SDK client of this package. Retries, limits and the clock are ours, so the SDK has none. */
export interface ClientConfig {
  region: string;
  maxAttempts: 1;
  endpoint?: string;
  credentials?: AwsKeys | (() => Promise<AwsKeys>);
  customUserAgent: [string, string][];
  systemClockOffset: number;
  requestHandler: { httpAgent: Agents["http"]; httpsAgent: Agents["https"] };
  defaultsMode: "standard";
  retryMode: "standard";
  ignoreConfiguredEndpointUrls: true;
}

/** @throws ActionError `ENDPOINT_REFUSED` before any client exists */
export function clientConfig(aws: Aws, service: AwsService): ClientConfig {
  const endpoint = endpointOf(aws, service);
  return {
    region: aws.region,
    maxAttempts: 1,
    // Keeps the SDK from asking the instance metadata service, config files or AWS_RETRY_MODE for modes.
    defaultsMode: "standard",
    retryMode: "standard",
    // The variables are read and checked by `endpointOf`; an `endpoint_url` of ~/.aws/config would not be, and a token
    // could travel there in clear text.
    ignoreConfiguredEndpointUrls: true,
    customUserAgent: aws.userAgent.map(([name, version]) => [name, version]),
    systemClockOffset: aws.skew.offsetMs,
    requestHandler: { httpAgent: aws.agents.http, httpsAgent: aws.agents.https },
    ...(endpoint === undefined ? {} : { endpoint: endpoint.url }),
    ...(aws.credentials === undefined ? {} : { credentials: aws.credentials }),
  };
}

/** The part of an SDK client that is needed to watch its answers. */
interface Watchable {
  readonly middlewareStack: { use(plugin: { applyToStack(stack: unknown): void }): void };
}
type Next = (args: unknown) => Promise<{ readonly response: unknown }>;
interface DeserializeStack {
  add(middleware: (next: Next) => Next, options: { step: "deserialize"; name: string; override: true }): void;
}

/** Feeds the `Date` of every answer of this client, errors included, to the skew meter. */
export function watchClock<C extends Watchable>(client: C, skew: SkewMeter): C {
  const watch = (next: Next) => async (args: unknown) => {
    try {
      const result = await next(args);
      skew.record(dateOf(result.response));
      return result;
    } catch (error) {
      if (typeof error === "object" && error !== null && "$response" in error) skew.record(dateOf(error.$response));
      throw error;
    }
  };
  client.middlewareStack.use({
    applyToStack(stack) {
      if (isStack(stack)) stack.add(watch, { step: "deserialize", name: "eksActionsClock", override: true });
    },
  });
  return client;
}

function isStack(stack: unknown): stack is DeserializeStack {
  return typeof stack === "object" && stack !== null && "add" in stack && typeof stack.add === "function";
}

function dateOf(response: unknown): string | undefined {
  if (typeof response !== "object" || response === null || !("headers" in response)) return undefined;
  const { headers } = response;
  if (typeof headers !== "object" || headers === null || !("date" in headers)) return undefined;
  return typeof headers.date === "string" ? headers.date : undefined;
}

/**
 * One AWS call: a limit per attempt, throttling, 5xx and broken connections retried within the budget, each retry one
 * log line. Other errors, and the last one when the budget is spent, are thrown as they came; read them with
 * `awsErrorInfo`.
 *
 * ```ts
 * const { EKSClient, DescribeClusterCommand } = await import("./sdk/eks.ts");
 * const client = new EKSClient(clientConfig(aws, "EKS"));
 * const answer = await send(aws, "eks:DescribeCluster", signal, (abortSignal) =>
 *   client.send(new DescribeClusterCommand({ name }), { abortSignal }));
 * ```
 */
export async function send<T>(
  aws: Aws,
  api: string,
  signal: AbortSignal,
  request: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const attempt = () => {
    noteSent(aws, api);
    return withTimeout(aws.clock, attemptLimit(aws), signal, request);
  };
  return retry(attempt, {
    clock: aws.clock,
    budget: aws.budget,
    signal,
    classify: (error) => (aws.budget.leftMs() < 1 ? { retry: false } : retryTransient(error, aws.skew.now())),
    onRetry: (event) => noteRetry(aws, api, event),
  });
}

/** Milliseconds that the next attempt may take: its own limit, cut by what is left of the budget. */
export function attemptLimit(aws: Pick<Aws, "requestTimeoutMs" | "budget">): number {
  return Math.max(1, Math.min(aws.requestTimeoutMs, aws.budget.leftMs()));
}

/** Counts a request that is about to be sent. */
export function noteSent({ sent }: Pick<Aws, "sent">, api: string): void {
  sent.set(api, (sent.get(api) ?? 0) + 1);
}

/** Logs a retry and keeps it for the report. */
export function noteRetry(
  aws: Pick<Aws, "log" | "retries">,
  api: string,
  event: { readonly attempt: number; readonly reason: string; readonly waitMs: number; readonly leftMs: number },
): void {
  aws.retries.push({ api, code: event.reason, waitedMs: event.waitMs });
  const left = Number.isFinite(event.leftMs) ? ` (${formatDuration(event.leftMs)} left)` : "";
  aws.log?.info(`⏳ ${api} ${event.reason} · attempt ${event.attempt + 1} in ${formatDuration(event.waitMs)}${left}`);
}

/** `Throttling after 4 attempts`, for the end of a message. */
export function describeFailure(error: unknown): string {
  const info = awsErrorInfo(error);
  const request = info.requestId === undefined ? "" : `, request id ${info.requestId}`;
  return `${info.code}: ${info.message}${request}`;
}
