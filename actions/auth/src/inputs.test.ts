import { readContext } from "@eks-actions/action";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readInputs } from "./inputs.ts";

const run = readContext({ GITHUB_WORKSPACE: "/ws" });
const role = "arn:aws:iam::111122223333:role/team/deploy";
const base = { "aws-region": "eu-west-1", "role-to-assume": role };
const read = (raw: Readonly<Record<string, string>>) => readInputs({ ...base, ...raw }, run);
const bare = (raw: Readonly<Record<string, string>>) => readInputs(raw, run);

function codeOf(work: () => unknown): string {
  try {
    work();
    return "accepted";
  } catch (error) {
    return typeof error === "object" && error !== null && "code" in error ? String(error.code) : String(error);
  }
}

// Any UTF-16 unit, lone surrogates and control characters too; half of them ASCII.
const unit = fc.oneof(fc.integer({ min: 0, max: 127 }), fc.integer({ min: 0, max: 0xffff }));
const anyText = fc.string({ unit: unit.map((code) => String.fromCharCode(code)) });

describe("readInputs", () => {
  it("fills in the defaults of the contract", () => {
    expect(read({})).toMatchObject({
      mode: "login",
      region: "eu-west-1",
      audience: "sts.amazonaws.com",
      durationSeconds: 3600,
      proof: { kind: "oidc" },
      credentials: "env",
      refresh: false,
      clusters: [],
      kubeconfigPath: undefined,
      maxWaitMs: 60_000,
      requestTimeoutMs: 10_000,
      propagationWaitMs: 0,
      onPost: "restore",
      roles: [{ profile: "eks-actions", region: "eu-west-1", role: { arn: role, path: "/team/", name: "deploy" } }],
    });
  });

  it.each<[string, Record<string, string>, object]>([
    ["seconds", { "role-duration-seconds": "900" }, { durationSeconds: 900 }],
    ["a duration", { "role-duration-seconds": "1h30m" }, { durationSeconds: 5400 }],
    ["a profile", { "aws-profile": "x" }, { credentials: "profile" }],
    ["refresh", { refresh: "true" }, { credentials: "profile", refresh: true }],
    [
      "accounts by comma, space and line",
      { "allowed-account-ids": "111122223333, 222233334444\n333344445555 444455556666" },
      { allowedAccountIds: ["111122223333", "222233334444", "333344445555", "444455556666"] },
    ],
    ["a minified policy", { "inline-session-policy": '{ "a": [ 1 ] }' }, { sessionPolicy: '{"a":[1]}' }],
    [
      "policies",
      { "managed-session-policies": "arn:aws:iam::aws:policy/A,\narn:aws:iam::111122223333:policy/p/B" },
      {},
    ],
    [
      "a cluster elsewhere",
      { "eks-cluster": "a\nb@us-east-1" },
      {
        clusters: [
          { name: "a", region: "eu-west-1" },
          { name: "b", region: "us-east-1" },
        ],
      },
    ],
    ["context names", { "eks-cluster": "a", "context-name": "prod" }, { clusters: [{ contextName: "prod" }] }],
    ["a kubeconfig in the workspace", { "eks-cluster": "a", kubeconfig: "k/c" }, { kubeconfigPath: "/ws/k/c" }],
    ["a token file", { "web-identity-token-file": "/var/t" }, { proof: { kind: "file", path: "/var/t" } }],
    ["chaining", { "role-chaining": "TRUE", "role-external-id": "x1" }, { proof: { kind: "chain", externalId: "x1" } }],
    ["Windows line ends", { "eks-cluster": "a\r\nb\r\n" }, { clusters: [{ name: "a" }, { name: "b" }] }],
    ["hosts without proxy by line", { "no-proxy": "a,\n.b\nc" }, { noProxy: "a,.b,c" }],
    ["the expected role by name", { "expected-role": "deploy" }, {}],
    ["the expected role by ARN", { "expected-role": role }, {}],
    ["a proxy", { "http-proxy": "http://u:p@proxy:3128", "no-proxy": "a,b" }, { httpProxy: "http://u:p@proxy:3128" }],
  ])("accepts %s", (_, raw, expected) => {
    expect(read(raw)).toMatchObject(expected);
  });

  it.each([
    ["eu-west-1", "arn:aws:iam::111122223333:role/deploy"],
    ["cn-north-1", "arn:aws-cn:iam::111122223333:role/deploy"],
    ["us-gov-east-1", "arn:aws-us-gov:iam::111122223333:role/deploy"],
  ])("makes the ARN of name and account in the partition of %s", (region, arn) => {
    const { roles } = bare({ "aws-region": region, "role-name": "deploy", "account-id": "111122223333" });
    expect(roles[0]?.role.arn).toBe(arn);
  });

  it("splits lines of `roles` at the first `=` and at the last `@` before a region only", () => {
    const lines = ["a=arn:aws:iam::111122223333:role/x@y=z", "b=arn:aws:iam::111122223333:role/x@us-east-1"].join("\n");
    const { roles, credentials } = bare({ "aws-region": "eu-west-1", roles: lines });
    expect(roles.map(({ profile, role: { name }, region }) => [profile, name, region])).toEqual([
      ["a", "x@y=z", "eu-west-1"],
      ["b", "x", "us-east-1"],
    ]);
    expect(credentials).toBe("profile");
  });

  it.each<[string, Record<string, string>]>([
    ["INPUT_INVALID", { "role-chaining": "true", "role-duration-seconds": "3601" }],
    ["INPUT_CONFLICT", { "role-name": "x", "account-id": "111122223333" }],
    ["INPUT_CONFLICT", { "account-id": "111122223333" }],
    ["INPUT_CONFLICT", { "role-external-id": "xx" }],
    ["INPUT_CONFLICT", { refresh: "true", "role-chaining": "true" }],
    ["INPUT_CONFLICT", { refresh: "true", "web-identity-token-file": "t" }],
    ["INPUT_CONFLICT", { "role-chaining": "true", "web-identity-token-file": "t" }],
    ["INPUT_CONFLICT", { credentials: "env", "aws-profile": "x" }],
    ["INPUT_CONFLICT", { credentials: "env", refresh: "true" }],
    ["INPUT_CONFLICT", { roles: `a=${role}` }],
    ["INPUT_CONFLICT", { "context-name": "one" }],
    ["INPUT_CONFLICT", { "session-policy-preset": "eks-kubectl" }],
    ["INPUT_CONFLICT", { "session-policy-preset": "eks-kubectl", "eks-cluster": "a", "inline-session-policy": "{}" }],
    ["INPUT_CONFLICT", { "eks-cluster": "x=a" }],
    ["INPUT_CONFLICT", { "eks-cluster": "a\na@eu-west-1" }],
    ["INPUT_CONFLICT", { "eks-cluster": "a\nb", "context-name": "one" }],
    ["INPUT_CONFLICT", { claims: "sub=x" }],
    ["INPUT_CONFLICT", { mode: "plan", "role-chaining": "true" }],
    ["ACCOUNT_NOT_ALLOWED", { "allowed-account-ids": "222233334444" }],
    ["ROLE_MISMATCH", { "expected-role": "admin" }],
    ["INPUT_UNSUPPORTED", { "use-existing-credentials": "true" }],
    ["INPUT_UNSUPPORTED", { "output-env-credentials": "false" }],
    ["INPUT_UNSUPPORTED", { "transitive-tag-keys": "a" }],
    ["INPUT_UNSUPPORTED", { "overwrite-aws-profile": "true" }],
    ["INPUT_UNSUPPORTED", { "aws-secret-access-key": "x" }],
    ["INPUT_UNSUPPORTED", { "aws-session-token": "x" }],
    ["INPUT_UNSUPPORTED", { "custom-tags": "{}" }],
    ["INPUT_UNSUPPORTED", { "force-skip-oidc": "TRUE" }],
  ])("ends with %s for %j", (code, raw) => {
    expect(codeOf(() => read(raw))).toBe(code);
  });

  it.each<[string, Record<string, string>]>([
    ["INPUT_REQUIRED", {}],
    ["INPUT_REQUIRED", { "role-to-assume": role }],
    ["INPUT_REQUIRED", { mode: "verify-trust" }],
    ["INPUT_CONFLICT", { mode: "plan", roles: `a=${role}\nb=${role}` }],
    ["INPUT_CONFLICT", { "aws-region": "eu-west-1", roles: `a=${role}`, "aws-profile": "b" }],
    ["INPUT_CONFLICT", { "aws-region": "eu-west-1", roles: `a=${role}`, credentials: "env" }],
    ["INPUT_CONFLICT", { "aws-region": "eu-west-1", roles: `a=${role}`, "eks-cluster": "b=payments" }],
    ["INPUT_INVALID", { "aws-region": "eu-west-1", roles: `a=${role}\na=${role}` }],
    ["INPUT_INVALID", { "aws-region": "eu-west-1", roles: role }],
    ["INPUT_INVALID", { "aws-region": "eu-west-1", "role-name": "/deploy//", "account-id": "111122223333" }],
  ])("ends with %s for %j alone", (code, raw) => {
    expect(codeOf(() => bare(raw))).toBe(code);
  });

  it("needs neither role nor region to plan or verify", () => {
    expect(bare({ mode: "plan" }).roles).toEqual([]);
    expect(bare({ mode: "verify-trust", "trust-policy-file": "t.json" }).trustPolicyFile).toBe("/ws/t.json");
  });

  it("looks at no role to verify a policy, so that none can be wrong", () => {
    const verify = { mode: "verify-trust", "trust-policy-file": "t.json", "role-to-assume": role };
    const { roles, notices } = bare({ ...verify, "expected-role": "admin", "allowed-account-ids": "222233334444" });
    expect(roles).toEqual([]);
    expect(notices).toHaveLength(1);
  });

  it.each([
    ["repository_id", "no `claim=`"],
    ["=x", "no `claim=`"],
    ["sub=", "no value"],
    ["sub=a\nsub=b", "occurs twice"],
    ["iss=token.actions.githubusercontent.com", "https URL"],
  ])("refuses the claims %j", (claims, why) => {
    expect(() => bare({ mode: "verify-trust", "trust-policy-file": "t.json", claims })).toThrow(why);
  });

  it("takes a claim's value as it is behind the first `=`", () => {
    const { claims } = bare({
      mode: "verify-trust",
      "trust-policy-file": "t.json",
      claims: "ref=refs/heads/a=b\r\nx=1",
    });
    expect(claims).toEqual({ ref: "refs/heads/a=b", x: "1" });
  });

  it("tells a bare role name what to write", () => {
    expect(() => read({ "role-to-assume": "deploy" })).toThrow("write the ARN, or `role-name` and `account-id`");
  });

  it("reports every fault of a pass at once", () => {
    try {
      read({ "expected-role": "admin", "allowed-account-ids": "222233334444", "custom-tags": "x" });
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({
        code: "INPUT_UNSUPPORTED",
        also: [{ code: "ACCOUNT_NOT_ALLOWED" }, { code: "ROLE_MISMATCH" }],
      });
    }
  });

  it("gives a notice for harmless inputs of configure-aws-credentials", () => {
    const { notices } = read({
      "retry-max-attempts": "3",
      "unset-current-credentials": "true",
      "use-existing-credentials": "false",
    });
    expect(notices).toHaveLength(3);
  });

  it("never throws anything but its own error, whatever the text", () => {
    const name = fc.constantFrom(
      "aws-region",
      "role-to-assume",
      "roles",
      "eks-cluster",
      "claims",
      "sts-endpoint",
      "http-proxy",
      "inline-session-policy",
      "role-session-name",
      "allowed-account-ids",
      "managed-session-policies",
    );
    fc.assert(
      fc.property(name, anyText, (input, text) => {
        return /^(accepted|[A-Z][A-Z_]+)$/.test(codeOf(() => read({ [input]: text })));
      }),
    );
  });
});
