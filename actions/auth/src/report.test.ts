import { ActionError, readContext, type Story } from "@eks-actions/action";
import { parseAssumedRoleArn, parseRoleArn } from "@eks-actions/aws";
import { describe, expect, it } from "vitest";
import type { Outcome } from "./apply.ts";
import { type Inputs, readInputs } from "./inputs.ts";
import type { Facts } from "./observe.ts";
import { describe as describePlan, type Plan, plan } from "./plan.ts";
import { report } from "./report.ts";
import type { Claims } from "./token/claims.ts";
import { parseTrustDocument } from "./trust/document.ts";

const run = readContext({
  GITHUB_WORKSPACE: "/ws",
  GITHUB_REPOSITORY: "octo-org/octo-repo",
  GITHUB_RUN_ID: "1",
  GITHUB_RUN_ATTEMPT: "1",
});
const arn = "arn:aws:iam::111122223333:role/team/deploy";
const values: Readonly<Record<string, string>> = {
  iss: "https://token.actions.githubusercontent.com",
  aud: "sts.amazonaws.com",
  sub: "repo:octo-org/octo-repo:environment:prod",
  environment: "prod",
  ref: "refs/heads/main",
  repository_id: "74",
  repository_owner_id: "65",
};
const claims: Claims = { iss: values["iss"] ?? "", aud: values["aud"] ?? "", sub: values["sub"] ?? "", values };

function facts(more: Partial<Facts> = {}): Facts {
  return {
    run,
    idToken: undefined,
    tokenFault: undefined,
    claims,
    trust: undefined,
    awsConfig: { path: "/c", text: "" },
    formerKubeconfig: undefined,
    stsEndpoint: undefined,
    env: {},
    node: "/node",
    program: "/p.js",
    effort: { requests: { oidc: 1, sts: 1, eks: 0 }, retries: [], skewMs: 0 },
    warnings: [],
    ...more,
  };
}

function story(
  raw: Readonly<Record<string, string>>,
  seen: Facts,
  outcome?: Outcome,
): Story<Inputs, Facts, Plan, Outcome> {
  const inputs = readInputs(raw, run);
  const startedAt = Date.UTC(2026, 10, 23, 10);
  const made = plan(inputs, seen);
  return {
    run,
    startedAt,
    endedAt: startedAt + 410,
    inputs,
    facts: seen,
    plan: made,
    cancelled: false,
    ...(outcome === undefined ? {} : { outcome }),
  };
}

function trustFile(text: string): Facts["trust"] {
  return { path: "trust.json", document: parseTrustDocument(text, "trust.json") };
}

const login = { "aws-region": "eu-west-1", "role-to-assume": arn };

function granted(): Outcome {
  const role = parseRoleArn(arn);
  const principal = parseAssumedRoleArn("arn:aws:sts::111122223333:assumed-role/deploy/octo-repo-1-1");
  if (role === undefined || principal === undefined) throw new Error("not a role");
  const expiresAt = Date.UTC(2026, 10, 23, 11);
  const session = {
    role,
    principal,
    accessKeyId: "ASIAEXAMPLE",
    secretAccessKey: "very-secret",
    sessionToken: "very-long-token",
    expiresAt,
  };
  const request = { role, sessionName: "octo-repo-1-1", durationSeconds: 3600 };
  return {
    kind: "granted",
    granted: [{ plan: { profile: "eks-actions", region: "eu-west-1", request }, session }],
    clusters: [],
    files: {
      folder: undefined,
      configPath: undefined,
      kubeconfig: undefined,
      kubeconfigPath: undefined,
      formerKubeconfig: undefined,
    },
    variables: { AWS_REGION: "eu-west-1" },
    restore: { schemaVersion: 1, onPost: "restore", variables: {}, folder: undefined, kubeconfig: undefined },
  };
}

describe("report", () => {
  it("says in one line who was logged in, until when, and what it took", () => {
    const { lastLine, summary, exitCode, outputs } = report(story(login, facts(), granted()));
    expect(exitCode).toBe(0);
    expect(lastLine).toBe("✅ deploy in 111122223333 until 11:00:00 UTC · 2 requests in 410 ms");
    expect(summary).toBe("✅ `deploy` in `111122223333` as `octo-repo-1-1` until 11:00:00 UTC · 2 requests in 410 ms");
    expect(outputs).toMatchObject({ "role-arn": arn, "aws-expiration": "2026-11-23T11:00:00Z" });
  });

  it("hands out credentials only when they are asked for, and never in the report", () => {
    const plain = report(story(login, facts(), granted()));
    expect(JSON.stringify(plain.outputs)).not.toContain("very-");
    const asked = report(story({ ...login, "output-credentials": "true" }, facts(), granted()));
    expect(asked.outputs?.["aws-session-token"]).toBe("very-long-token");
    expect(asked.outputs?.["report"]).not.toContain("very-");
  });

  it("lists every role of a refused login", async () => {
    const role = parseRoleArn(arn);
    if (role === undefined) throw new Error("not a role");
    const request = { role, sessionName: "x-1-1", durationSeconds: 3600 };
    const error = new ActionError("OIDC_PROVIDER_MISSING", {
      message: "account 111122223333 has no provider",
      hint: "aws iam create-open-id-connect-provider",
    });
    const sessionPlan = { profile: "a", region: "eu-west-1", request };
    const refused = {
      kind: "refused" as const,
      request,
      error,
      calls: 1,
      elapsedMs: 300,
      requestId: undefined,
      plan: sessionPlan,
    };
    const outcome: Outcome = {
      kind: "refused",
      refused: [refused],
      granted: [],
    };
    const result = report(story(login, facts(), outcome));
    expect(result.exitCode).toBe(1);
    expect(result.env).toBeUndefined();
    expect(result.annotations).toEqual([expect.objectContaining({ title: "OIDC_PROVIDER_MISSING" })]);
    await expect(`${result.summary}\n`).toMatchFileSnapshot("golden/refused-provider.md");
  });

  it("prints what AWS needs for `mode: plan`", async () => {
    const result = report(
      story({ mode: "plan", "role-to-assume": arn, "aws-region": "eu-west-1", "eks-cluster": "payments" }, facts()),
    );
    await expect(`${result.summary}\n`).toMatchFileSnapshot("golden/plan.md");
    expect(result.outputs?.["trust-policy"]).toMatch(
      /^\{"Version":"2012-10-17","Statement":\[\{"Effect":"Allow","Principal"/,
    );
  });

  it("puts a placeholder where no role is known", async () => {
    const result = report(story({ mode: "plan" }, facts()));
    await expect(`${result.summary}\n`).toMatchFileSnapshot("golden/plan-without-role.md");
  });

  it.each([
    [
      "deny",
      { "token.actions.githubusercontent.com:sub": "repo:octo-org/octo-repo:environment:Prod" },
      "TRUST_WOULD_DENY",
    ],
    ["unknown", { "token.actions.githubusercontent.com:sub": "${aws:PrincipalTag/x}" }, "TRUST_UNDECIDED"],
  ])("fails `mode: verify-trust` on %s and names the key", async (verdict, condition, code) => {
    const policy = {
      Version: "2012-10-17",
      Statement: {
        Effect: "Allow",
        Principal: { Federated: "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: { StringEquals: condition },
      },
    };
    const seen = facts({ trust: trustFile(JSON.stringify(policy)) });
    const result = report(story({ mode: "verify-trust", "trust-policy-file": "trust.json" }, seen));
    expect(result.exitCode).toBe(1);
    expect(result.outputs?.["trust-verdict"]).toBe(verdict);
    expect(result.annotations.map((note) => note.title)).toEqual(["TRUST_POLICY", code]);
    await expect(`${result.summary}\n`).toMatchFileSnapshot(`golden/verify-${verdict}.md`);
  });

  it("tells a Deny to be narrowed, because no Allow could help", () => {
    const deny = { Effect: "Deny", Principal: "*", Action: "*", Sid: "Frozen" };
    const policy = JSON.stringify({ Version: "2012-10-17", Statement: [deny] });
    const seen = facts({ trust: trustFile(policy) });
    const result = report(story({ mode: "verify-trust", "trust-policy-file": "trust.json" }, seen));
    expect(result.annotations.at(-1)?.message).toMatch(/Frozen denies this job.* → remove the Deny, or narrow/);
  });

  it("ends a failure's log with the outcome alone: the annotation above holds reason and fix", () => {
    const error = new ActionError("PROFILE_EXISTS", { message: "a long reason", hint: "a long hint" });
    const { lastLine } = report({ run, startedAt: 0, endedAt: 500, cancelled: false, error });
    expect(lastLine).toBe("❌ PROFILE_EXISTS · nothing was exported · after 500 ms");
  });

  it("turns any other error into one annotation a fault", () => {
    const message = "`x/<b>` is a fork of `o/r`, *not* [ours](x)";
    const error = new ActionError("ID_TOKEN_FORK", { message, hint: "use `push`" });
    const result = report({ run, startedAt: 0, endedAt: 1, cancelled: false, error });
    expect(result.annotations).toHaveLength(1);
    expect(result.summary).toContain("**`ID_TOKEN_FORK`** `x/<b>` is a fork of `o/r`, \\*not\\* \\[ours\\](x)");
    expect(JSON.parse(result.outputs?.["report"] ?? "")).toMatchObject({
      schemaVersion: 1,
      verdict: "failed",
      code: "ID_TOKEN_FORK",
    });
  });
});

describe("the plan in the log", () => {
  it("says where, what role, how long and as whom", () => {
    const lines = describePlan(plan(readInputs({ ...login, "eks-cluster": "payments" }, run), facts()));
    expect(lines).toEqual([
      "STS sts.eu-west-1.amazonaws.com",
      `role ${arn} in eu-west-1 as octo-repo-1-1 for 3600 s`,
      "sub repo:octo-org/octo-repo:environment:prod",
      "kubeconfig for cluster payments in eu-west-1",
    ]);
  });

  it("narrows each role to its own clusters with the preset, and a role without a cluster to none", () => {
    const roles = `a=${arn}\nb=${arn}2`;
    const made = plan(
      readInputs(
        { "aws-region": "eu-west-1", roles, "eks-cluster": "a=payments", "session-policy-preset": "eks-kubectl" },
        run,
      ),
      facts(),
    );
    if (made.kind !== "login") throw new Error("not a login");
    const resources = made.sessions.map((session) => JSON.parse(session.request.policy ?? "{}").Statement[0].Resource);
    expect(resources).toEqual([
      ["arn:aws:eks:eu-west-1:111122223333:cluster/payments"],
      ["arn:aws:eks:*:111122223333:cluster/"],
    ]);
  });
});
