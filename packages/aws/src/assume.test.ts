import { hurriedClock } from "@eks-actions/test/fakes/hurried-clock.ts";
import { describe, expect, it } from "vitest";
import { parseRoleArn } from "./arn.ts";
import { assume } from "./assume.ts";
import { createAws } from "./client.ts";
import type { IdToken } from "./jwt.ts";
import type { StsAnswer } from "./session.ts";
import { createTokenSource } from "./token-source.ts";

const role = parseRoleArn("arn:aws:iam::111122223333:role/deploy");
if (role === undefined) throw new Error("not a role");
const request = { role, sessionName: "app-1-1", durationSeconds: 3600 };

type Step = Error | "ok";

function failure(name: string, message = "", extra: object = {}): Error {
  return Object.assign(new Error(message), { name, $metadata: { requestId: "r-1", httpStatusCode: 400 }, ...extra });
}

/** STS that follows a script, one step a call; the last step repeats. */
async function run(
  steps: readonly Step[],
  options: { propagation?: number; budget?: number; chain?: boolean; signal?: AbortSignal } = {},
) {
  const signal = options.signal ?? new AbortController().signal;
  const clock = hurriedClock(signal);
  const startedAt = clock.now();
  const run = { env: {}, runId: "1", runAttempt: "1" };
  const aws = createAws({
    region: "eu-west-1",
    clock,
    run,
    action: "auth",
    maxWaitMs: options.budget ?? 60_000,
    requestTimeoutMs: 50_000,
  });
  const seen: string[] = [];
  let minted = 0;
  const fetch = async (): Promise<IdToken> => {
    minted++;
    const exp = clock.now() / 1000 + 300;
    return {
      token: `jwt-${minted}`,
      claims: {
        iss: "https://token.actions.githubusercontent.com",
        aud: "sts.amazonaws.com",
        sub: "repo:o/r:ref:refs/heads/main",
        exp,
        all: {},
      },
    };
  };
  const answer = (): StsAnswer => ({
    Credentials: {
      AccessKeyId: "ASIA",
      SecretAccessKey: "secret",
      SessionToken: "token",
      Expiration: new Date(clock.now() + 3_600_000),
    },
    AssumedRoleUser: { Arn: "arn:aws:sts::111122223333:assumed-role/deploy/app-1-1" },
  });
  const next = async (token: string) => {
    const step = steps[Math.min(seen.length, steps.length - 1)];
    seen.push(token);
    if (step instanceof Error) throw step;
    return answer();
  };
  const sts = {
    assumeRoleWithWebIdentity: (_: unknown, token: string) => next(token),
    assumeRole: () => next("chain"),
  };
  const proof =
    options.chain === true
      ? ({ kind: "chain", source: "profile x" } as const)
      : ({ kind: "web-identity", tokens: createTokenSource(fetch, aws.skew) } as const);
  const choices = { allowedAccountIds: [], propagationWaitMs: options.propagation ?? 0 };
  const result = await assume(aws, sts, request, proof, choices, signal);
  return { result, seen, retries: aws.retries, elapsedMs: clock.now() - startedAt };
}

function codeOf(outcome: Awaited<ReturnType<typeof run>>): string {
  return outcome.result.kind === "refused" ? outcome.result.error.code : "assumed";
}

describe("assume", () => {
  it("asks once more after 2 s when AWS denies, and then gives up within 8 s", async () => {
    const outcome = await run([failure("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")]);
    expect(codeOf(outcome)).toBe("TRUST_DENIED");
    expect(outcome.seen).toHaveLength(2);
    expect(outcome.elapsedMs).toBeLessThan(8_000);
  });

  it("passes when the denial heals", async () => {
    expect(codeOf(await run([failure("AccessDeniedException"), "ok"]))).toBe("assumed");
  });

  it("keeps asking for a new role for as long as it was told to", async () => {
    const denied = failure("AccessDenied");
    const healed = await run([denied, denied, denied, denied, "ok"], { propagation: 30_000, budget: 90_000 });
    expect(codeOf(healed)).toBe("assumed");
    expect(healed.elapsedMs).toBeGreaterThanOrEqual(12_000);
    const never = await run([denied], { propagation: 30_000, budget: 90_000 });
    expect(codeOf(never)).toBe("TRUST_DENIED");
    expect(never.elapsedMs).toBeLessThanOrEqual(32_000);
  });

  it("retries throttling and outages within the budget and lists the retries", async () => {
    const outcome = await run([
      failure("Throttling"),
      failure("ServiceUnavailable", "", { $metadata: { httpStatusCode: 503 } }),
      "ok",
    ]);
    expect(codeOf(outcome)).toBe("assumed");
    expect(outcome.retries.map((retry) => retry.code)).toEqual(["Throttling", "ServiceUnavailable"]);
  });

  it("does not begin a wait that the budget cannot hold", async () => {
    const slow = failure("Throttling", "Rate exceeded", { $response: { headers: { "retry-after": "300" } } });
    const outcome = await run([slow]);
    expect(codeOf(outcome)).toBe("STS_THROTTLED");
    expect(outcome.seen).toHaveLength(1);
    expect(outcome.elapsedMs).toBe(0);
  });

  it.each([
    ["ExpiredTokenException", "CHAIN_SOURCE_MISSING"],
    ["InvalidClientTokenId", "CHAIN_SOURCE_MISSING"],
    ["CredentialsProviderError", "CHAIN_SOURCE_MISSING"],
    ["AccessDenied", "CHAIN_DENIED"],
  ])("says of a chain whose source answers %s: %s", async (name, code) => {
    const outcome = await run([failure(name)], { chain: true });
    expect(codeOf(outcome)).toBe(code);
    expect(outcome.result.kind === "refused" ? outcome.result.error.message : "").toContain("profile x");
  });

  it.each([
    ["a certificate of a proxy", Object.assign(new Error("self-signed"), { code: "SELF_SIGNED_CERT_IN_CHAIN" })],
    ["a redirect", failure("Unknown", "", { $metadata: { httpStatusCode: 302 } })],
  ])("calls %s no answer of STS, at once", async (_, error) => {
    const outcome = await run([error]);
    expect(codeOf(outcome)).toBe("STS_UNAVAILABLE");
    expect(outcome.seen).toHaveLength(1);
  });

  it("replaces an expired token once, with a new one", async () => {
    const expired = failure("ExpiredTokenException", "Token expired");
    const outcome = await run([expired, "ok"]);
    expect(outcome.seen).toEqual(["jwt-1", "jwt-2"]);
    expect(codeOf(await run([expired]))).toBe("ID_TOKEN_EXPIRED");
    expect((await run([expired])).seen).toHaveLength(2);
  });

  it("waits longer for an issuer whose keys AWS could not fetch, five calls in all", async () => {
    const outcome = await run([failure("IDPCommunicationErrorException")]);
    expect(codeOf(outcome)).toBe("IDP_KEYS_FAILED");
    expect(outcome.seen).toHaveLength(5);
    const keys = await run([
      failure("InvalidIdentityTokenException", "Couldn't retrieve verification key from your identity provider"),
      "ok",
    ]);
    expect(codeOf(keys)).toBe("assumed");
  });

  it.each([
    [
      "InvalidIdentityTokenException",
      "No OpenIDConnect provider found in your account for https://x",
      "OIDC_PROVIDER_MISSING",
    ],
    ["InvalidIdentityTokenException", "Incorrect token audience", "AUDIENCE_REFUSED"],
    ["InvalidIdentityTokenException", "The ID Token provided is not a valid JWT", "ID_TOKEN_REJECTED"],
    ["IDPRejectedClaimException", "denied", "ID_TOKEN_REJECTED"],
    [
      "ValidationError",
      "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
      "DURATION_TOO_LONG",
    ],
    ["ValidationError", "1 validation error detected", "STS_REQUEST_INVALID"],
    ["MalformedPolicyDocumentException", "syntax", "SESSION_POLICY_REFUSED"],
    ["PackedPolicyTooLargeException", "130%", "SESSION_POLICY_REFUSED"],
    ["RegionDisabledException", "", "REGION_DISABLED"],
    ["InvalidAction", "", "STS_REQUEST_INVALID"],
  ])("does not repeat %s (%s): %s", async (name, message, code) => {
    const outcome = await run([failure(name, message)]);
    expect(codeOf(outcome)).toBe(code);
    expect(outcome.seen).toHaveLength(1);
  });

  it("names the provider that the account lacks, in the role's partition", async () => {
    const { result } = await run([failure("InvalidIdentityToken", "No OpenIDConnect provider found in your account")]);
    expect(result).toMatchObject({
      error: {
        message: expect.stringContaining("arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"),
      },
    });
  });

  it("corrects the clock once for signed calls", async () => {
    const skewed = failure("RequestTimeTooSkewed");
    expect(codeOf(await run([skewed, "ok"], { chain: true }))).toBe("assumed");
    expect(codeOf(await run([skewed], { chain: true }))).toBe("CLOCK_SKEW");
  });

  it.each([
    ["CredentialsProviderError", "CHAIN_SOURCE_MISSING"],
    ["AccessDenied", "CHAIN_DENIED"],
  ])("explains %s of a chained role as %s", async (name, code) => {
    expect(codeOf(await run([failure(name)], { chain: true }))).toBe(code);
  });

  it("ends with the run's own reason when it is cancelled", async () => {
    const controller = new AbortController();
    controller.abort(new Error("cancelled"));
    await expect(run(["ok"], { signal: controller.signal })).rejects.toThrow("cancelled");
  });
});
