import { ActionError, type Classification, retryAfterMs, stripControl } from "@eks-actions/action";

/** What can be known of a call that failed, whatever threw it. */
export interface Failure {
  /** `undefined` when no answer came. */
  readonly status: number | undefined;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** An answer that is not what the API describes: cut off, or a proxy's page. */
export class UnreadableAnswer extends Error {
  override readonly name = "UnreadableAnswer";
}

export function readFailure(error: unknown): Failure {
  const response = member(error, "response");
  const status = member(response, "status");
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(record(member(response, "headers")))) {
    headers[name.toLowerCase()] = String(value);
  }
  const said = member(member(response, "data"), "message");
  const message = typeof said === "string" ? said : error instanceof Error ? error.message : String(error);
  return { status: typeof status === "number" ? status : undefined, message: short(message), headers };
}

// Without `retry-after` GitHub asks for at least a minute after a secondary limit.
const SECONDARY_LIMIT_MS = 60_000;

/** Whether another attempt can help: no answer, garbled answer, 5xx, 429, and the limits that come as 403. */
export function classify(error: unknown, now: number): Classification {
  if (error instanceof UnreadableAnswer) return { retry: true, reason: error.message };
  const { status, message, headers } = readFailure(error);
  if (status === undefined) return { retry: isNetwork(error), reason: message };
  if (status >= 500)
    return { retry: true, reason: `HTTP ${status}`, afterMs: retryAfterMs(headers["retry-after"], now) };
  if (status !== 429 && status !== 403) return { retry: false };
  const asked = retryAfterMs(headers["retry-after"], now);
  if (asked !== undefined) return { retry: true, reason: `HTTP ${status}, retry-after`, afterMs: asked };
  if (headers["x-ratelimit-remaining"] === "0") {
    const resetMs = Number(headers["x-ratelimit-reset"]) * 1_000 - now;
    const afterMs = Number.isFinite(resetMs) ? Math.max(0, resetMs) : SECONDARY_LIMIT_MS;
    return { retry: true, reason: "rate limit used up", afterMs };
  }
  if (/secondary rate limit|abuse detection/i.test(message)) {
    return { retry: true, reason: "secondary rate limit", afterMs: SECONDARY_LIMIT_MS };
  }
  return status === 429 ? { retry: true, reason: "HTTP 429" } : { retry: false };
}

// The client wraps what fetch throws; a bug of ours (a TypeError of our own) has no such wrapping.
function isNetwork(error: unknown): boolean {
  return error instanceof Error && error.name === "HttpError";
}

/** The error a user sees: the call, what came back, and what to change. */
export function apiError(call: string, error: unknown, attempts: number): ActionError {
  const failure = error instanceof UnreadableAnswer ? undefined : readFailure(error);
  const id = failure?.headers["x-github-request-id"];
  const facts = [...(id === undefined ? [] : [`request id ${id}`]), `attempt ${attempts}`].join(", ");
  const answer =
    failure === undefined
      ? `gave an answer that cannot be read`
      : failure.status === undefined
        ? `got no answer: ${failure.message}`
        : `answered ${failure.status} "${failure.message}"`;
  return new ActionError("GITHUB_API", {
    message: `GitHub: ${call} ${answer} (${facts})`,
    hint: hintFor(failure),
    cause: error,
  });
}

/** True for a call that the token may not make: 403 or 404, but no rate limit. */
export function isForbidden(error: unknown): error is ActionError {
  if (!(error instanceof ActionError) || error.code !== "GITHUB_API") return false;
  const { status, message, headers } = readFailure(error.cause);
  if (status === 404) return true;
  const isLimit = headers["x-ratelimit-remaining"] === "0" || /rate limit/i.test(message) || "retry-after" in headers;
  return status === 403 && !isLimit;
}

/** True for a text that GitHub refuses for its length. */
export function isTooLong(error: unknown): error is ActionError {
  if (!(error instanceof ActionError) || error.code !== "GITHUB_API") return false;
  const data = member(member(error.cause, "response"), "data");
  return readFailure(error.cause).status === 422 && /too long/i.test(JSON.stringify(data ?? ""));
}

function hintFor(failure: Failure | undefined): string {
  const status = failure?.status;
  if (failure === undefined || status === undefined || status >= 500) {
    return "GitHub or the way to it is disturbed; run the job again, see https://www.githubstatus.com";
  }
  if (status === 401) return `the token is not accepted; leave \`github-token\` out, or pass \`\${{ github.token }}\``;
  if (failure.headers["x-ratelimit-remaining"] === "0" || status === 429) {
    return "the token's requests are used up; run the job again later, or with fewer jobs at once";
  }
  const wanted = failure.headers["x-accepted-github-permissions"];
  if (status === 403 || status === 404) return permissionHint(wanted);
  return "the request was refused as it is; the message above is GitHub's own";
}

function permissionHint(accepted: string | undefined): string {
  // `issues=write; pull_requests=write` are alternatives; the last is the narrower one for us.
  const [name, level] = (accepted ?? "").split(/[;,]/).at(-1)?.trim().split("=") ?? [];
  if (name === undefined || name === "" || level === undefined) {
    return "the token may not do this here, or the object is gone; check `permissions:` of the job and the repository";
  }
  return `the job's token may not do this; add to the job\n  permissions:\n    ${name.replaceAll("_", "-")}: ${level}`;
}

function short(message: string): string {
  const line = stripControl(message).replaceAll(/\s+/g, " ").trim();
  return line.length > 200 ? `${line.slice(0, 199)}…` : line;
}

function member(value: unknown, name: string): unknown {
  return record(value)[name];
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
