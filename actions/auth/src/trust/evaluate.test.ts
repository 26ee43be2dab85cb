import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Claims } from "../token/claims.ts";
import { parseTrustDocument } from "./document.ts";
import { evaluateTrust } from "./evaluate.ts";
import { sentenceOf } from "./failing-key.ts";
import { trustPolicyFor } from "./policy.ts";

const ISS = "https://token.actions.githubusercontent.com";
const P = "token.actions.githubusercontent.com";
const sub = "repo:octo-org/octo-repo:environment:prod";

function claims(more: Readonly<Record<string, string>> = {}): Claims {
  const values = { iss: ISS, aud: "sts.amazonaws.com", sub, repository_id: "74", environment: "prod", ...more };
  return { iss: values.iss, aud: values.aud, sub: values.sub, values };
}

type Conditions = Readonly<Record<string, unknown>>;

function statement(condition: Conditions, more: Readonly<Record<string, unknown>> = {}) {
  return {
    Effect: "Allow",
    Principal: { Federated: `arn:aws:iam::111122223333:oidc-provider/${P}` },
    Action: "sts:AssumeRoleWithWebIdentity",
    Condition: condition,
    ...more,
  };
}

function verdict(statements: unknown, job: Claims = claims(), accountId?: string) {
  return evaluateTrust(
    parseTrustDocument(JSON.stringify({ Version: "2012-10-17", Statement: statements }), "t.json"),
    job,
    accountId,
  );
}

const exact = { StringEquals: { [`${P}:aud`]: "sts.amazonaws.com", [`${P}:sub`]: sub } };

describe("a policy file", () => {
  const policy = { Version: "2012-10-17", Statement: statement(exact) };
  const role = { RoleName: "deploy", Arn: "arn:aws:iam::111122223333:role/deploy", AssumeRolePolicyDocument: policy };

  it.each([
    ["with a byte order mark", `\uFEFF${JSON.stringify(policy)}`],
    ["with Windows line ends", JSON.stringify(policy, undefined, 2).replaceAll("\n", "\r\n")],
    ["as `aws iam get-role` prints it", JSON.stringify({ Role: role })],
    ["as `aws iam get-role --query Role` prints it", JSON.stringify(role)],
    [
      "URL-encoded as the API has it",
      JSON.stringify({ Role: { ...role, AssumeRolePolicyDocument: encodeURIComponent(JSON.stringify(policy)) } }),
    ],
  ])("is read %s", (_, text) => {
    expect(evaluateTrust(parseTrustDocument(text, "t.json"), claims()).verdict).toBe("allow");
  });

  it("says of a Deny that it wins, not which key would", () => {
    const deny = statement(exact, { Effect: "Deny", Sid: "NoForks" });
    const [failing] = verdict([statement(exact), deny]).failing;
    expect(failing === undefined ? "" : sentenceOf(failing)).toBe(
      "NoForks denies this job, and a Deny wins over every Allow",
    );
  });

  it("cannot keep the evaluator busy with many stars", () => {
    const Action = `${"*".repeat(60_000)}X`;
    expect(verdict([statement(exact, { Action })]).verdict).toBe("deny");
  });

  it.each([
    "sts:AssumeRoleWithWebIdentity",
    "STS:assumerolewithwebidentity",
    "sts:Assume*",
    "*",
    "sts:AssumeRoleWithWeb????????",
  ])("takes action %s for ours", (Action) => {
    expect(verdict([statement(exact, { Action })]).verdict).toBe("allow");
    expect(verdict([statement(exact, { Action: ["sts:TagSession", Action] })]).verdict).toBe("allow");
  });
});

describe("evaluateTrust", () => {
  it("admits what fits and names the key that does not", () => {
    expect(verdict(statement(exact)).verdict).toBe("allow");
    const denied = verdict(statement(exact), claims({ sub: "repo:octo-org/octo-repo:ref:refs/heads/main" }));
    expect(denied).toMatchObject({
      verdict: "deny",
      failing: [
        {
          statement: "statement 1",
          key: `${P}:sub`,
          operator: "StringEquals",
          expected: [sub],
          presented: "repo:octo-org/octo-repo:ref:refs/heads/main",
        },
      ],
    });
  });

  it("takes the Allow that is closest for its explanation", () => {
    const far = statement({ StringEquals: { [`${P}:aud`]: "x", [`${P}:sub`]: "y" } }, { Sid: "Far" });
    const near = statement({ StringEquals: { [`${P}:aud`]: "x", [`${P}:sub`]: sub } }, { Sid: "Near" });
    expect(verdict([far, near]).failing).toEqual([expect.objectContaining({ statement: "Near", key: `${P}:aud` })]);
  });

  it("lets a Deny win over an Allow", () => {
    expect(verdict([statement(exact), statement(exact, { Effect: "Deny" })]).verdict).toBe("deny");
  });

  it.each([
    ["an unknown operator in the only Allow", [statement({ ...exact, ArnLike: { "aws:SourceArn": "x" } })], "unknown"],
    [
      "an unknown operator beside an Allow that fits",
      [statement(exact), statement({ Bool: { "aws:x": "true" } })],
      "allow",
    ],
    [
      "an unknown Deny beside an Allow that fits",
      [statement(exact), statement({ Bool: { "aws:x": "true" } }, { Effect: "Deny" })],
      "unknown",
    ],
    ["an unknown Deny without an Allow", [statement({ Bool: { "aws:x": "true" } }, { Effect: "Deny" })], "deny"],
    ["NotAction", [statement(exact, { Action: undefined, NotAction: "s3:*" })], "unknown"],
    ["NotPrincipal", [statement(exact, { Principal: undefined, NotPrincipal: { AWS: "*" } })], "unknown"],
    ["a key that AWS alone knows", [statement({ ...exact, StringLike: { "sts:RoleSessionName": "x*" } })], "unknown"],
  ])("decides %s: %s", (_, statements, expected) => {
    expect(verdict(statements).verdict).toBe(expected);
  });

  it.each([
    ["sts:*", "allow"],
    ["STS:assumerolewithwebidentity", "allow"],
    [["sts:TagSession", "sts:AssumeRoleWithWebIdentity"], "allow"],
    ["sts:AssumeRole", "deny"],
  ])("reads action %j: %s", (Action, expected) => {
    expect(verdict(statement(exact, { Action })).verdict).toBe(expected);
  });

  it.each([
    [{ Federated: `arn:aws:iam::999999999999:oidc-provider/${P}` }, "deny"],
    [{ Federated: "cognito-identity.amazonaws.com" }, "deny"],
    [{ AWS: "*" }, "deny"],
    ["*", "allow"],
    [{ Federated: "*" }, "allow"],
    [{ Federated: ["x", `arn:aws:iam::111122223333:oidc-provider/${P}`] }, "allow"],
  ])("reads principal %j: %s", (Principal, expected) => {
    expect(verdict(statement(exact, { Principal }), claims(), "111122223333").verdict).toBe(expected);
  });

  it("counts a claim that AWS does not offer as absent, and says so", () => {
    const condition = { StringEquals: { ...exact.StringEquals, [`${P}:head_ref`]: "main" } };
    const { failing } = verdict(statement(condition), claims({ head_ref: "main" }));
    expect(failing).toEqual([
      expect.objectContaining({
        presented: undefined,
        note: expect.stringContaining("no condition key for the claim head_ref"),
      }),
    ]);
  });

  it("offers only aud and sub for other issuers", () => {
    const iss = "https://ghes.example.test/_services/token";
    const prefix = "ghes.example.test/_services/token";
    const policy = statement(
      { StringEquals: { [`${prefix}:sub`]: sub, [`${prefix}:environment`]: "prod" } },
      { Principal: { Federated: `arn:aws:iam::111122223333:oidc-provider/${prefix}` } },
    );
    expect(verdict(policy, claims({ iss })).failing[0]).toMatchObject({
      key: `${prefix}:environment`,
      presented: undefined,
    });
  });

  it("finds keys whatever their case", () => {
    const condition = { StringEquals: { [`${P.toUpperCase()}:SUB`]: sub, [`${P}:aud`]: "sts.amazonaws.com" } };
    expect(verdict(statement(condition)).verdict).toBe("allow");
  });

  it.each([
    [
      "an owner that is cut short",
      { StringLike: { [`${P}:sub`]: "repo:octo-org*", [`${P}:aud`]: "sts.amazonaws.com" } },
      "wildcard before the first",
    ],
    ["no subject", { StringEquals: { [`${P}:aud`]: "sts.amazonaws.com" } }, "no condition on `sub`"],
    ["no audience", { StringEquals: { [`${P}:sub`]: sub } }, "no condition on `aud`"],
    ["ForAllValues", { "ForAllValues:StringLike": { [`${P}:sub`]: sub, [`${P}:aud`]: "x" } }, "ForAllValues"],
  ])("warns of %s", (_, condition, text) => {
    expect(verdict(statement(condition)).warnings.join()).toContain(text);
  });

  it("warns of everybody as principal, and of nothing in an exact policy", () => {
    expect(verdict(statement(exact, { Principal: "*" })).warnings.join()).toContain("Principal: *");
    expect(verdict(statement(exact)).warnings).toEqual([]);
    expect(
      verdict(
        statement({
          StringLike: { [`${P}:sub`]: "repo:octo-org/*:ref:refs/heads/main", [`${P}:aud`]: "sts.amazonaws.com" },
        }),
      ).warnings,
    ).toEqual([]);
  });

  it("admits the policy that it writes, for any claims, and no other subject", () => {
    const text = fc.string({ minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const job = claims({ sub: a });
        const policy = trustPolicyFor(job, { partition: "aws", accountId: "111122223333" });
        const document = parseTrustDocument(JSON.stringify(policy), "t.json");
        expect(evaluateTrust(document, job, "111122223333").verdict).toBe("allow");
        expect(evaluateTrust(document, claims({ sub: b }), "111122223333").verdict).toBe(a === b ? "allow" : "deny");
      }),
    );
  });
});

describe("parseTrustDocument", () => {
  it("reads the output of `aws iam get-role`, encoded or not", () => {
    const policy = { Version: "2012-10-17", Statement: statement(exact) };
    const role = (document: unknown) =>
      JSON.stringify({ Role: { Arn: "arn:aws:iam::111122223333:role/x", AssumeRolePolicyDocument: document } });
    for (const document of [policy, encodeURIComponent(JSON.stringify(policy))]) {
      expect(parseTrustDocument(role(document), "t.json")).toMatchObject({
        accountId: "111122223333",
        statements: [{ effect: "Allow" }],
      });
    }
  });

  it.each([
    ["{}", "has no `Statement`", undefined],
    ['{"Statement":[{"Effect":"Maybe"}]}', "statement 1", undefined],
    ['{\n"a": [\noops', "is not JSON", 3],
    ['{\n"a": 1,\n}', "is not JSON", 3],
    ['{"a"', "is not JSON", 1],
  ])("refuses %j", (text, message, line) => {
    expect(() => parseTrustDocument(text, "t.json")).toThrow(
      expect.objectContaining({ code: "TRUST_POLICY_FILE_INVALID", message: expect.stringContaining(message), line }),
    );
  });

  it("fails only with its own error on any JSON", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.jsonValue().map((value) => JSON.stringify({ Statement: value })),
        ),
        (text) => {
          try {
            evaluateTrust(parseTrustDocument(text, "t.json"), claims());
          } catch (error) {
            expect(error).toMatchObject({ code: "TRUST_POLICY_FILE_INVALID" });
          }
        },
      ),
    );
  });
});
