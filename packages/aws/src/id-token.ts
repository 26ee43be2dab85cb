import type { IncomingMessage } from "node:http";
import { ActionError, retry, retryAfterMs } from "@eks-actions/action";
import { withTimeout } from "./attempt.ts";
import { awsErrorInfo } from "./classify.ts";
import { type Aws, attemptLimit, noteRetry, noteSent } from "./client.ts";
import { checkEndpoint } from "./endpoint.ts";
import { type IdToken, readIdToken } from "./jwt.ts";

/** What a GitHub job is given when it may ask for OIDC tokens. */
export interface IdTokenRequest {
  /** `ACTIONS_ID_TOKEN_REQUEST_URL`; it carries a query of its own. */
  readonly url: string;
  /** `ACTIONS_ID_TOKEN_REQUEST_TOKEN` */
  readonly bearer: string;
  readonly audience: string;
}

const API = "oidc:GetIdToken";
const BODY_LIMIT_BYTES = 64 * 1024;
const RETRIES_TRANSIENT = 5;
const RETRIES_REFUSED = 2;

/** An answer of the OIDC endpoint that is no token. */
class OidcAnswer extends Error {
  override readonly name = "OidcAnswer";
  readonly kind: "transient" | "refused" | "redirect" | "useless";
  readonly status: number;
  readonly afterMs: number | undefined;

  constructor(kind: OidcAnswer["kind"], status: number, message: string, afterMs?: number) {
    super(message);
    this.kind = kind;
    this.status = status;
    this.afterMs = afterMs;
  }
}

/**
 * Asks GitHub for an OIDC token, masks it and checks it. `node:https` in place of the toolkit's client, because that
 * one retries neither 429 nor 500 nor broken connections, waits three minutes for a silent server, and follows
 * redirects with the bearer token.
 * @throws ActionError `ENDPOINT_REFUSED`, `ID_TOKEN_REFUSED`, `ID_TOKEN_UNAVAILABLE`, `ID_TOKEN_INVALID`
 */
export async function requestIdToken(aws: Aws, request: IdTokenRequest, signal: AbortSignal): Promise<IdToken> {
  const url = new URL(checkEndpoint(request.url, "ACTIONS_ID_TOKEN_REQUEST_URL"));
  // The path holds `//`, which the URL API keeps; joining paths by hand would not.
  url.searchParams.set("audience", request.audience);
  const startedAt = aws.clock.now();
  let attempts = 0;
  let refused = 0;
  let transient = 0;
  try {
    const value = await retry(
      () => {
        attempts++;
        noteSent(aws, API);
        return withTimeout(aws.clock, attemptLimit(aws), signal, (abort) => ask(aws, url, request.bearer, abort));
      },
      {
        clock: aws.clock,
        budget: aws.budget,
        signal,
        classify(error) {
          if (aws.budget.leftMs() < 1) return { retry: false };
          const { kind, reason, afterMs } = oidcVerdict(error);
          if (kind === "refused")
            return ++refused <= RETRIES_REFUSED ? { retry: true, reason, afterMs } : { retry: false };
          if (kind !== "transient") return { retry: false };
          return ++transient <= RETRIES_TRANSIENT ? { retry: true, reason, afterMs } : { retry: false };
        },
        onRetry: (event) => noteRetry(aws, API, event),
      },
    );
    aws.log?.mask(value);
    return readIdToken(value, { audience: request.audience, nowMs: aws.skew.now() });
  } catch (error) {
    if (error instanceof ActionError || signal.aborted) throw error;
    throw explain(error, { host: url.host, attempts, seconds: (aws.clock.now() - startedAt) / 1000 });
  }
}

function oidcVerdict(error: unknown): { kind: OidcAnswer["kind"]; reason: string; afterMs?: number | undefined } {
  if (error instanceof OidcAnswer) return { kind: error.kind, reason: error.message, afterMs: error.afterMs };
  const info = awsErrorInfo(error);
  return { kind: info.kind === "transient" ? "transient" : "useless", reason: info.code };
}

async function ask(aws: Aws, url: URL, bearer: string, signal: AbortSignal): Promise<string> {
  const secure = url.protocol === "https:";
  const { request } = secure ? await import("node:https") : await import("node:http");
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(url, {
      agent: secure ? aws.agents.https : aws.agents.http,
      headers: {
        authorization: `Bearer ${bearer}`,
        accept: "application/json",
        "user-agent": aws.userAgent
          .map(([name, version]) => `${name}/${version}`)
          .slice(0, 1)
          .join(),
      },
      signal,
    });
    sent.once("response", resolve).once("error", reject).end();
  });
  const body = await read(response);
  aws.skew.record(response.headers.date);
  const status = response.statusCode ?? 0;
  const afterMs = retryAfterMs(response.headers["retry-after"], aws.skew.now());
  if (status >= 300 && status < 400) throw new OidcAnswer("redirect", status, `HTTP ${status}, a redirect`);
  if ([401, 403, 404].includes(status)) throw new OidcAnswer("refused", status, `HTTP ${status}`, afterMs);
  if ([408, 425, 429].includes(status) || status >= 500)
    throw new OidcAnswer("transient", status, `HTTP ${status}`, afterMs);
  if (status !== 200) throw new OidcAnswer("useless", status, `HTTP ${status}`);
  return tokenIn(body, status);
}

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += chunk.length;
    if (size > BODY_LIMIT_BYTES) {
      response.destroy();
      throw new ActionError("ID_TOKEN_INVALID", {
        message: `the OIDC endpoint answered with more than ${BODY_LIMIT_BYTES / 1024} KiB`,
        hint: "something between the job and GitHub's OIDC endpoint may rewrite answers; look at the proxy",
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function tokenIn(body: string, status: number): string {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    // A captive portal or an overloaded front end sends HTML with 200; the body itself may hold anything.
    throw new OidcAnswer("transient", status, "HTTP 200 without JSON");
  }
  const value = typeof answer === "object" && answer !== null && "value" in answer ? answer.value : undefined;
  if (typeof value === "string" && value !== "") return value;
  throw new ActionError("ID_TOKEN_INVALID", {
    message: "the OIDC endpoint's answer has no `value`",
    hint: "something between the job and GitHub's OIDC endpoint may rewrite answers; look at the proxy",
  });
}

function explain(cause: unknown, seen: { host: string; attempts: number; seconds: number }): ActionError {
  const { kind, reason } = oidcVerdict(cause);
  const effort = `${seen.attempts} ${seen.attempts === 1 ? "request" : "requests"} in ${seen.seconds.toFixed(1)} s`;
  if (kind === "refused") {
    return new ActionError("ID_TOKEN_REFUSED", {
      message: `${seen.host} refused an OIDC token with ${reason}: ${effort}`,
      hint: "the job needs `permissions: {id-token: write, contents: read}`, and tokens end with the job: a process left over from an earlier job gets none",
      cause,
    });
  }
  const text =
    cause instanceof OidcAnswer ? reason : `${reason}: ${cause instanceof Error ? cause.message : String(cause)}`;
  return new ActionError("ID_TOKEN_UNAVAILABLE", {
    message: `${seen.host} gave no OIDC token: ${text}; ${effort}`,
    hint:
      kind === "redirect"
        ? "redirects are not followed, because the request carries a token; a proxy may have answered"
        : "behind a proxy, set `http-proxy` or HTTPS_PROXY; on a busy day raise `max-wait-seconds`",
    cause,
  });
}
