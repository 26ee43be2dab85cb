import { ActionError, formatDuration } from "@eks-actions/action";
import { type AwsErrorInfo, awsErrorInfo } from "./classify.ts";
import type { IdClaims } from "./jwt.ts";
import { shellWord } from "./shell-word.ts";
import type { AssumeProof, AssumeRequest } from "./sts.ts";
import { isExpired, isMissingKeys, isMissingProvider } from "./sts-refusal.ts";

export interface AssumeContext {
  readonly request: AssumeRequest;
  readonly proof: AssumeProof;
  readonly claims: IdClaims | undefined;
  readonly region: string;
  readonly endpoint: string;
  readonly calls: number;
  readonly elapsedMs: number;
  readonly skewMs: number;
}

/** The one sentence for the last error of an assume call, and what to change. */
export function assumeError(cause: unknown, context: AssumeContext): ActionError {
  const info = awsErrorInfo(cause);
  const make = (code: ConstructorParameters<typeof ActionError>[0], message: string, hint: string) =>
    new ActionError(code, { message, hint, cause });
  const { request, proof, claims, region } = context;
  const arn = request.role.arn;
  const said = `${info.message}${info.requestId === undefined ? "" : ` (request id ${info.requestId})`}`;
  const issuer = claims?.iss.replace(/^https:\/\//, "") ?? "the issuer";

  if (proof.kind === "chain") {
    const unusable = chainSourceFault(info, proof.source);
    if (unusable !== undefined) return make("CHAIN_SOURCE_MISSING", unusable, CHAIN_SOURCE_HINT);
  }
  if (isMissingKeys(info)) {
    return make(
      "IDP_KEYS_FAILED",
      `AWS could not fetch the signing keys of ${issuer}: ${said}`,
      "the issuer must be reachable from the internet; for a GitHub Enterprise Server without public address use `web-identity-token-file` or another way to log in",
    );
  }
  if (isForeignAnswer(info)) {
    return make(
      "STS_UNAVAILABLE",
      `${context.endpoint} did not answer as STS does: ${info.status === undefined ? `${info.code}: ${info.message}` : `HTTP ${info.status}`}`,
      "check `sts-endpoint` and the proxy; a proxy with a certificate of its own needs NODE_EXTRA_CA_CERTS",
    );
  }
  if (info.kind === "throttle" || info.kind === "transient") return spent(info, context, cause);
  if (isMissingProvider(info)) {
    const provider = `arn:${request.role.partition}:iam::${request.role.accountId}:oidc-provider/${issuer}`;
    return make(
      "OIDC_PROVIDER_MISSING",
      `account ${request.role.accountId} has no IAM OIDC provider ${provider}`,
      `aws iam create-open-id-connect-provider --url ${claims?.iss ?? "https://…"} --client-id-list ${shellWord(claims?.aud ?? "sts.amazonaws.com")}`,
    );
  }
  if (isExpired(info)) {
    return make(
      "ID_TOKEN_EXPIRED",
      `AWS calls the OIDC token expired, also a new one; this runner's clock is ${skew(context.skewMs)}`,
      "set the runner's clock (NTP)",
    );
  }
  if (info.kind === "denied") return denied(info, context, cause);
  if (info.kind === "clock") {
    return make(
      "CLOCK_SKEW",
      `AWS refuses the request's date (${info.code}) even after correction; this runner's clock is ${skew(context.skewMs)}`,
      "set the runner's clock (NTP); a wrong secret key gives the same answer",
    );
  }
  if (info.code === "InvalidIdentityToken" && /audience/i.test(info.message)) {
    return make(
      "AUDIENCE_REFUSED",
      `the IAM OIDC provider ${issuer} does not list the audience ${claims?.aud ?? ""}: ${said}`,
      `add \`${claims?.aud ?? ""}\` to the provider's client ids, or set \`audience\` to one that it lists`,
    );
  }
  if (info.code === "InvalidIdentityToken" || info.code === "IDPRejectedClaim") {
    return make(
      "ID_TOKEN_REJECTED",
      `AWS rejected the OIDC token for ${arn}: ${said}`,
      "run `mode: plan` to see the token's claims",
    );
  }
  if (/DurationSeconds/.test(info.message) && /exceeds|MaxSessionDuration/.test(info.message)) {
    return make(
      "DURATION_TOO_LONG",
      `${arn} does not allow a session of ${request.durationSeconds} s: ${said}`,
      "lower `role-duration-seconds`, raise the role's MaxSessionDuration, or use `refresh: true`",
    );
  }
  if (info.code === "MalformedPolicyDocument" || info.code === "PackedPolicyTooLarge") {
    return make(
      "SESSION_POLICY_REFUSED",
      `AWS refused the session policies for ${arn}: ${said}`,
      "use fewer or shorter policies; `managed-session-policies` costs less room than `inline-session-policy`",
    );
  }
  if (info.code === "RegionDisabled") {
    return make(
      "REGION_DISABLED",
      `STS is not active in ${region} for account ${request.role.accountId}`,
      "activate it in the account settings of IAM, or choose another `aws-region`",
    );
  }
  return make(
    "STS_REQUEST_INVALID",
    `STS refused the request for ${arn} with ${info.code}: ${said}`,
    "run `mode: plan` to see what would be sent",
  );
}

const CHAIN_SOURCE_HINT = [
  "log in in an earlier step, or set the keys:",
  "  env:",
  "    AWS_ACCESS_KEY_ID: ${{ secrets.AWS_ACCESS_KEY_ID }}",
  "    AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}",
].join("\n");

/** Why a chain cannot even start: no keys, keys that have expired, or keys that AWS does not know. */
function chainSourceFault(info: AwsErrorInfo, source: string): string | undefined {
  if (info.code === "CredentialsProviderError") {
    return `role-chaining found no credentials to start from; looked at ${source}`;
  }
  if (info.kind === "expired") return `the credentials of ${source}, which role-chaining starts from, have expired`;
  if (info.code !== "InvalidClientTokenId" && info.code !== "UnrecognizedClient") return undefined;
  return `AWS does not know the credentials of ${source}, which role-chaining starts from: ${info.message}`;
}

/** No answer of STS at all: a certificate that is not trusted, a redirect, a page of a proxy. */
function isForeignAnswer(info: AwsErrorInfo): boolean {
  return info.kind === "other" && (info.status === undefined || info.status < 400);
}

function spent(info: AwsErrorInfo, context: AssumeContext, cause: unknown): ActionError {
  const throttled = info.kind === "throttle";
  const effort = `${context.calls} ${context.calls === 1 ? "attempt" : "attempts"} in ${formatDuration(context.elapsedMs)}`;
  const wanted = info.retryAfterMs === undefined ? "" : `, and asked to wait ${formatDuration(info.retryAfterMs)}`;
  return new ActionError(throttled ? "STS_THROTTLED" : "STS_UNAVAILABLE", {
    message: `STS at ${context.endpoint} answered last with ${info.code}${wanted}: ${effort}`,
    hint: "raise `max-wait-seconds`; behind a proxy, set `http-proxy` or HTTPS_PROXY",
    cause,
  });
}

function denied(info: AwsErrorInfo, context: AssumeContext, cause: unknown): ActionError {
  const { request, proof, claims } = context;
  if (proof.kind === "chain") {
    return new ActionError("CHAIN_DENIED", {
      message: `${proof.source} may not assume ${request.role.arn}: ${info.message}`,
      hint: `the trust policy of ${request.role.name} must name that principal, the principal needs sts:AssumeRole on the role, and a condition on sts:ExternalId needs \`role-external-id\``,
      cause,
    });
  }
  return new ActionError("TRUST_DENIED", {
    message: `AWS refused ${request.role.arn}: its trust policy does not admit sub=${claims?.sub ?? "?"} aud=${claims?.aud ?? "?"}`,
    hint: "the step summary holds the policy that admits this job",
    cause,
  });
}

function skew(ms: number): string {
  if (Math.abs(ms) < 2000) return "right to 2 s";
  return `${formatDuration(Math.abs(ms))} ${ms > 0 ? "slow" : "fast"}`;
}
