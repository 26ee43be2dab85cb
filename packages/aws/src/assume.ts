import { ActionError, type Classification, retry } from "@eks-actions/action";
import { assumeError } from "./assume-error.ts";
import { withTimeout } from "./attempt.ts";
import { type AwsErrorInfo, awsErrorInfo } from "./classify.ts";
import { type Aws, attemptLimit, endpointOf, noteRetry, noteSent } from "./client.ts";
import type { IdToken } from "./jwt.ts";
import { stsHost } from "./partition.ts";
import { readSession, type Session } from "./session.ts";
import type { AssumeProof, AssumeRequest, Sts } from "./sts.ts";
import { isExpired, isMissingKeys, isMissingProvider } from "./sts-refusal.ts";

export interface AssumeOptions {
  readonly allowedAccountIds: readonly string[];
  /** How long a role or provider that does not exist yet is waited for. */
  readonly propagationWaitMs: number;
}

/** What came of one role. A refusal is an outcome: the caller explains it, and nothing has been written. */
export type AssumeResult =
  | { readonly kind: "assumed"; readonly session: Session; readonly calls: number }
  | {
      readonly kind: "refused";
      readonly request: AssumeRequest;
      readonly error: ActionError;
      readonly calls: number;
      readonly elapsedMs: number;
      readonly requestId: string | undefined;
    };

/** Facts of one role's calls so far, from which the next step is decided. */
interface Progress {
  denied: number;
  absent: number;
  keys: number;
  clock: number;
  renewed: boolean;
  expired: IdToken | undefined;
}

const DENIED_AGAIN_MS = 2_000;
const KEYS_RETRIES = 4;
const PROPAGATION_MS = [2_000, 3_000, 4_000] as const;

/**
 * Takes one role. The only retry layer: what heals by itself is tried again within the run's budget, an expired token
 * is replaced once, and an AccessDenied is asked once more after 2 s, because IAM's replicas may lag behind.
 * Throws only when the run is cancelled.
 */
export async function assume(
  aws: Aws,
  sts: Sts,
  request: AssumeRequest,
  proof: AssumeProof,
  options: AssumeOptions,
  signal: AbortSignal,
): Promise<AssumeResult> {
  const api = proof.kind === "chain" ? "sts:AssumeRole" : "sts:AssumeRoleWithWebIdentity";
  const startedAt = aws.clock.now();
  const progress: Progress = { denied: 0, absent: 0, keys: 0, clock: 0, renewed: false, expired: undefined };
  let calls = 0;
  let used: IdToken | undefined;

  async function attempt() {
    if (proof.kind === "chain") return call((abort) => sts.assumeRole(request, abort));
    const stale = progress.expired;
    used = stale === undefined ? await proof.tokens.current() : await proof.tokens.renew(stale);
    const { token } = used;
    return call((abort) => sts.assumeRoleWithWebIdentity(request, token, abort));
  }
  function call<T>(send: (abort: AbortSignal) => Promise<T>): Promise<T> {
    calls++;
    noteSent(aws, api);
    return withTimeout(aws.clock, attemptLimit(aws), signal, send);
  }

  try {
    const answer = await retry(attempt, {
      clock: aws.clock,
      budget: aws.budget,
      signal,
      classify(error) {
        if (error instanceof ActionError || aws.budget.leftMs() < 1) return { retry: false };
        progress.expired = undefined;
        return assumeVerdict(awsErrorInfo(error, aws.skew.now()), progress, options.propagationWaitMs, used);
      },
      onRetry: (event) => noteRetry(aws, `${api} ${request.role.name}`, event),
    });
    const checks = { ...options, role: request.role, sessionName: request.sessionName, nowMs: aws.skew.now() };
    return { kind: "assumed", session: readSession(answer, checks), calls };
  } catch (thrown) {
    if (signal.aborted) throw signal.reason;
    const elapsedMs = aws.clock.now() - startedAt;
    const info = awsErrorInfo(thrown);
    const error =
      thrown instanceof ActionError
        ? thrown
        : assumeError(thrown, {
            request,
            proof,
            claims: used?.claims,
            region: aws.region,
            endpoint: endpointOf(aws, "STS")?.url ?? stsHost(aws.region),
            calls,
            elapsedMs,
            skewMs: aws.skew.offsetMs,
          });
    return { kind: "refused", request, error, calls, elapsedMs, requestId: info.requestId };
  }
}

/** The table of auth.md §2.3 for STS. Counts in `progress` go up as a side effect. */
function assumeVerdict(info: AwsErrorInfo, progress: Progress, propagationMs: number, used?: IdToken): Classification {
  const again = (afterMs: number, reason = info.code): Classification => ({ retry: true, reason, afterMs });
  if (isMissingKeys(info)) {
    return ++progress.keys > KEYS_RETRIES
      ? { retry: false }
      : again(Math.max(info.retryAfterMs ?? 0, 1000 * 2 ** (progress.keys - 1)), "IDPCommunicationError");
  }
  if (info.kind === "throttle" || info.kind === "transient") return again(info.retryAfterMs ?? 0);
  if (isExpired(info)) {
    if (progress.renewed || used === undefined) return { retry: false };
    progress.renewed = true;
    progress.expired = used;
    return again(0, `${info.code}: asking for a new token`);
  }
  if (info.kind === "denied") {
    const wait = propagationStep(progress.denied++, propagationMs);
    if (wait !== undefined) return again(wait);
    return progress.denied === 1 ? again(DENIED_AGAIN_MS) : { retry: false };
  }
  if (isMissingProvider(info)) {
    const wait = propagationStep(progress.absent++, propagationMs);
    return wait === undefined ? { retry: false } : again(wait, "provider not visible yet");
  }
  // The answer's `Date` has corrected the clock by now.
  if (info.kind === "clock") return ++progress.clock > 1 ? { retry: false } : again(0, `${info.code}: clock corrected`);
  return { retry: false };
}

/** The wait before the next look at a role that is not visible yet: 2, 3, 4, 5, 5 … s, until the time is used up. */
function propagationStep(step: number, totalMs: number): number | undefined {
  const at = (n: number) => PROPAGATION_MS[n] ?? 5_000;
  let spent = 0;
  for (let n = 0; n <= step; n++) spent += at(n);
  return spent <= totalMs ? at(step) : undefined;
}
