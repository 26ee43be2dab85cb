import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codesByArea } from "@eks-actions/action";
import { describe, expect, it } from "vitest";
import type { Fault } from "../../fakes/aws/aws.ts";
import { type InProcess, type InProcessOptions, loginHere } from "./in-process.ts";
import {
  type AuthReport,
  addCluster,
  calls,
  createWorld,
  reportOf,
  tokenRequests,
  trustFor,
  type World,
  type WorldOptions,
} from "./world.ts";

type Values = Readonly<Record<string, string>>;

/** What makes the whole action, run in this process on the stand-ins, end with a code. */
interface Case {
  readonly given: string;
  readonly world?: WorldOptions;
  readonly inputs?: Values | ((world: World) => Values);
  readonly options?: (world: World) => InProcessOptions;
}

/** The test file that provokes the code on the built bundle, because a process of its own is part of it. */
type Elsewhere = `${string}.test.ts`;

const sts = (code: string, message = "", nth?: number): Fault => ({
  op: "sts:AssumeRoleWithWebIdentity",
  error: { code, message, status: code === "ServiceUnavailable" ? 503 : 400 },
  ...(nth === undefined ? {} : { nth }),
});
const eks = (code: string, status: number): Fault => ({ op: "eks:DescribeCluster", error: { code, status } });
const faulty = (...faults: readonly Fault[]): WorldOptions => ({ aws: { faults } });
const forbidden: WorldOptions = { permissions: { contents: "read" } };
const elsewhere = "repo:acme/other:ref:refs/heads/main";

function file(world: World, name: string, text: string): string {
  writeFileSync(join(world.machine.workspace, name), text);
  return name;
}

function policy(world: World, condition: unknown): Values {
  const { Statement } = trustFor(world.sub);
  const text = JSON.stringify({ Version: "2012-10-17", Statement: { ...Statement[0], Condition: condition } });
  return { mode: "verify-trust", "trust-policy-file": file(world, "trust.json", text) };
}

function awsConfig(world: World, text: string): void {
  mkdirSync(join(world.machine.home, ".aws"), { recursive: true });
  writeFileSync(join(world.machine.home, ".aws", "config"), text);
}

function cluster(world: World, prepare: (world: World) => void = (one) => void addCluster(one, "payments")): Values {
  prepare(world);
  return { "eks-cluster": "payments" };
}

/** Codes of the whole suite that auth has a condition of its own for. */
type Shared =
  | "INPUT_REQUIRED"
  | "INPUT_INVALID"
  | "INPUT_CONFLICT"
  | "INPUT_UNSUPPORTED"
  | "RUNNER_ENV_MISSING"
  | "WRITE_FAILED"
  | "CANCELLED"
  | "INTERNAL";

const cases: Readonly<Record<keyof typeof codesByArea.auth | Shared, Case | Elsewhere>> = {
  INPUT_REQUIRED: { given: "no region", inputs: { "aws-region": "" } },
  INPUT_INVALID: { given: "a bare role name", inputs: { "role-to-assume": "deploy" } },
  INPUT_CONFLICT: { given: "two kinds of credentials", inputs: { credentials: "env", refresh: "true" } },
  INPUT_UNSUPPORTED: { given: "session tags", inputs: { "custom-tags": "{}" } },
  RUNNER_ENV_MISSING: { given: "no GITHUB_STATE", options: () => ({ env: { GITHUB_STATE: "" } }) },
  WRITE_FAILED: "half-done.test.ts",
  CANCELLED: "post.test.ts",
  INTERNAL: {
    given: "a bug in a port",
    options: () => ({ ports: (real) => ({ ...real, sts: () => Promise.reject(new TypeError("not a function")) }) }),
  },
  SESSION_POLICY_INVALID: { given: "a list as policy", inputs: { "inline-session-policy": "[]" } },
  TRUST_POLICY_FILE_INVALID: {
    given: "a policy file that is not there",
    inputs: { mode: "verify-trust", "trust-policy-file": "absent.json" },
  },
  ENDPOINT_REFUSED: { given: "an STS in clear text", inputs: { "sts-endpoint": "http://10.0.0.1" } },
  PATH_UNSUPPORTED: {
    given: "a RUNNER_TEMP with a dollar sign",
    inputs: { refresh: "true" },
    options(world) {
      const temp = join(world.machine.temp, "a$b");
      mkdirSync(temp);
      return { env: { RUNNER_TEMP: temp } };
    },
  },
  CREDENTIALS_CONFLICT: {
    given: "keys beside a profile of an earlier step",
    options(world) {
      awsConfig(world, "# eks-actions/auth begin earlier\n[profile earlier]\n# eks-actions/auth end earlier\n");
      return { env: { AWS_PROFILE: "earlier" } };
    },
  },
  PROFILE_EXISTS: {
    given: "a profile of the user's",
    inputs(world) {
      awsConfig(world, "[profile work]\n");
      return { "aws-profile": "work" };
    },
  },
  KUBECONFIG_EXISTS: {
    given: "a file of the user's at the kubeconfig's path",
    inputs: (world) => ({ ...cluster(world), kubeconfig: file(world, "kube.yaml", "apiVersion: v1\n") }),
  },
  ACCOUNT_NOT_ALLOWED: { given: "another account's role", inputs: { "allowed-account-ids": "999999999999" } },
  ROLE_MISMATCH: { given: "another role than expected", inputs: { "expected-role": "admin" } },
  ID_TOKEN_PERMISSION_MISSING: { given: "no permission", world: forbidden },
  ID_TOKEN_CALLER_PERMISSION_MISSING: {
    given: "no permission in a called workflow",
    world: forbidden,
    inputs: { "job-workflow-ref": "acme/flows/.github/workflows/deploy.yml@v1" },
  },
  ID_TOKEN_FORK: { given: "a fork's pull request", world: { github: { event: "pull_request", fork: true } } },
  ID_TOKEN_REFUSED: {
    given: "403 three times",
    world: { github: { faults: [{ operation: "oidc/token", times: 3, kind: { type: "status", status: 403 } }] } },
  },
  ID_TOKEN_UNAVAILABLE: {
    given: "HTML in place of JSON, six times",
    world: { github: { faults: [{ operation: "oidc/token", times: 6, kind: { type: "html", status: 200 } }] } },
  },
  ID_TOKEN_INVALID: { given: "a token that is over", world: { github: { issuerSkewMs: -3_600_000 } } },
  WEB_IDENTITY_FILE_INVALID: {
    given: "a token file without a token",
    inputs: (world) => ({ "web-identity-token-file": file(world, "jwt", "hello") }),
  },
  CHAIN_SOURCE_MISSING: "other-proofs.test.ts",
  CHAIN_DENIED: "other-proofs.test.ts",
  TRUST_DENIED: { given: "a policy for another repository", world: { trusts: elsewhere } },
  OIDC_PROVIDER_MISSING: { given: "an account without the provider", world: { provider: false } },
  AUDIENCE_REFUSED: { given: "an audience that the provider does not list", inputs: { audience: "vault" } },
  ID_TOKEN_REJECTED: {
    given: "a token that AWS rejects",
    world: faulty(sts("IDPRejectedClaim", "Signature verification failed")),
  },
  ID_TOKEN_EXPIRED: {
    given: "two tokens that AWS calls expired",
    world: faulty(sts("ExpiredTokenException", "Token expired")),
  },
  IDP_KEYS_FAILED: { given: "an issuer that AWS cannot reach", world: faulty(sts("IDPCommunicationError")) },
  DURATION_TOO_LONG: { given: "three hours of a role that allows two", inputs: { "role-duration-seconds": "3h" } },
  SESSION_POLICY_REFUSED: {
    given: "a policy that AWS cannot read",
    world: faulty(sts("MalformedPolicyDocument", "Syntax errors in policy.")),
  },
  REGION_DISABLED: { given: "a region that is switched off", world: faulty(sts("RegionDisabledException")) },
  STS_REQUEST_INVALID: {
    given: "a request that AWS does not like",
    world: faulty(sts("ValidationError", "1 validation error")),
  },
  STS_THROTTLED: { given: "nothing but throttling", world: faulty(sts("Throttling", "Rate exceeded")) },
  STS_UNAVAILABLE: { given: "nothing but 503", world: faulty(sts("ServiceUnavailable")) },
  EKS_THROTTLED: {
    given: "nothing but throttling by EKS",
    world: faulty(eks("ThrottlingException", 429)),
    inputs: (world) => cluster(world),
  },
  EKS_UNAVAILABLE: {
    given: "nothing but 500 of EKS",
    world: faulty(eks("ServerException", 500)),
    inputs: (world) => cluster(world),
  },
  STS_RESPONSE_INVALID: "faults.test.ts",
  CLOCK_SKEW: {
    given: "an EKS that refuses every date",
    world: faulty(eks("InvalidSignatureException", 403)),
    inputs: (world) => cluster(world),
  },
  CLUSTER_NOT_FOUND: { given: "no such cluster", inputs: { "eks-cluster": "payments" } },
  CLUSTER_ACCESS_DENIED: {
    given: "a role that may not look clusters up",
    inputs(world) {
      world.aws.addRole({ name: "poor", trust: trustFor(world.sub) });
      return { ...cluster(world), "role-to-assume": "arn:aws:iam::111122223333:role/poor" };
    },
  },
  CLUSTER_NOT_READY: "other-proofs.test.ts",
  CLUSTER_RESPONSE_INVALID: {
    given: "an API server in clear text",
    inputs: (world) => cluster(world, (one) => void addCluster(one, "payments", "http://127.0.0.1:1")),
  },
  EKS_TOKEN_TOO_LONG: "faults.test.ts",
  TRUST_WOULD_DENY: {
    given: "a policy for another repository",
    inputs: (world) => policy(world, { StringEquals: { "token.actions.githubusercontent.com:sub": elsewhere } }),
  },
  TRUST_UNDECIDED: {
    given: "a condition that only AWS can decide",
    inputs: (world) => policy(world, { Bool: { "aws:SecureTransport": "true" } }),
  },
  SESSION_EXPIRED: "refresh.test.ts",
  SESSION_FILE_INVALID: "refresh.test.ts",
  SESSION_RENEW_FAILED: "refresh.test.ts",
};

const troubleshooting = /## When AWS says no\n(.*?)<!-- errors:start -->/s.exec(
  readFileSync("actions/auth/README.md", "utf8"),
)?.[1];

const plain = (text: string) => text.replaceAll("`", "");

/** What the README has a reader look for: `one … wording; another`. */
function wordsOf(code: string): RegExp | undefined {
  const row = troubleshooting?.split("\n").find((line) => line.split("|")[1]?.includes(`\`${code}\``));
  const wordings = row?.split("|")[2]?.trim().split("; ");
  const pattern = wordings?.map((words) =>
    plain(words)
      .split("…")
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*"),
  );
  return pattern === undefined ? undefined : new RegExp(pattern.join("|"));
}

interface Provoked {
  readonly result: InProcess;
  /** Requests that GitHub and AWS saw. */
  readonly seen: AuthReport["requests"];
}

async function provoke({ world: options = {}, inputs = {}, options: more }: Case): Promise<Provoked> {
  await using world = await createWorld(options);
  const given = typeof inputs === "function" ? inputs(world) : inputs;
  const result = await loginHere(world, given, more?.(world));
  const seen = { oidc: tokenRequests(world), sts: calls(world, "sts").length, eks: calls(world, "eks").length };
  return { result, seen };
}

const here = Object.entries(cases).filter((entry): entry is [string, Case] => typeof entry[1] !== "string");
const there = Object.entries(cases).filter((entry): entry is [string, Elsewhere] => typeof entry[1] === "string");

describe("every code of auth", () => {
  it.each(here.map(([code, one]) => ({ code, given: one.given, one })))(
    "$code is the end of $given, and leaves nothing behind",
    async ({ code, one }) => {
      const { result, seen } = await provoke(one);
      expect(result.annotations.filter((note) => note.level === "error").map((note) => note.title)).toEqual([code]);
      expect(result.exitCode).toBe(1);
      expect(reportOf(result)).toMatchObject({ code, requests: seen });
      expect(result.lines.at(-1)).toContain(code);
      expect(result.summary).toContain(code);
      expect(plain(result.annotations.at(-1)?.message ?? "")).toMatch(wordsOf(code) ?? "");
      expect([result.env, result.state, result.path, result.filesLeft]).toEqual([{}, {}, [], []]);
      // No denial may keep a person waiting: what no wait can heal ends within 8 s of virtual time.
      if (!/_(THROTTLED|UNAVAILABLE)$|IDP_KEYS/.test(code)) expect(result.tookMs).toBeLessThan(8_000);
    },
  );

  it.each(there)("%s is provoked by %s", (code, name) => {
    expect(readFileSync(new URL(name, import.meta.url), "utf8").includes(code)).toBe(true);
  });

  it("stands in the README's troubleshooting", () => {
    expect(Object.keys(codesByArea.auth).filter((code) => wordsOf(code) === undefined)).toEqual([]);
  });
});
