import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog, readContext } from "@eks-actions/action";
import { createAws, createEksToken, type StsAnswer } from "@eks-actions/aws";
import { virtualClock } from "@eks-actions/test/fakes/clock.ts";
import { recordingConsole } from "@eks-actions/test/fakes/log.ts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { apply, undo } from "./apply.ts";
import { effortOf } from "./effort.ts";
import { readInputs } from "./inputs.ts";
import type { Facts } from "./observe.ts";
import { plan } from "./plan.ts";
import type { Ports } from "./ports.ts";
import { claimsOf } from "./token/claims.ts";

const arn = "arn:aws:iam::111122223333:role/deploy";
const idClaims = {
  iss: "https://token.actions.githubusercontent.com",
  aud: "sts.amazonaws.com",
  sub: "repo:o/r:ref:refs/heads/main",
  exp: 0,
  all: {},
};

let temp = "";
beforeEach(() => {
  temp = mkdtempSync(join(tmpdir(), "apply-"));
});
afterEach(() => rmSync(temp, { recursive: true, force: true }));

interface Scene {
  readonly tokenLength?: number;
  readonly raw?: Readonly<Record<string, string>>;
  readonly formerKubeconfig?: string;
}

function scene({ tokenLength = 600, raw = {}, formerKubeconfig }: Scene) {
  const clock = virtualClock();
  const run = readContext({ RUNNER_TEMP: temp, GITHUB_WORKSPACE: temp, GITHUB_REPOSITORY: "o/r", GITHUB_RUN_ID: "1" });
  const { console, masks, lines } = recordingConsole();
  const log = createLog(console, clock);
  const answer = async (request: { sessionName: string }): Promise<StsAnswer> => ({
    Credentials: {
      AccessKeyId: "ASIAEXAMPLE",
      SecretAccessKey: "secret",
      SessionToken: "t".repeat(tokenLength),
      Expiration: new Date(clock.now() + 3_600_000),
    },
    AssumedRoleUser: { Arn: `arn:aws:sts::111122223333:assumed-role/deploy/${request.sessionName}` },
  });
  const token = { token: "a.b.c", claims: { ...idClaims, exp: clock.now() / 1000 + 300 } };
  const aws = createAws({ region: "eu-west-1", clock, run, action: "auth", log });
  const ports: Ports = {
    clock,
    log,
    run,
    saveState: () => undefined,
    aws,
    node: "/node",
    program: "/p.js",
    requestIdToken: async () => token,
    sts: async () => ({ assumeRole: answer, assumeRoleWithWebIdentity: answer }),
    describeCluster: async (_, { name }) => ({
      name,
      tokenName: name,
      arn: `arn:aws:eks:eu-west-1:111122223333:cluster/${name}`,
      region: "eu-west-1",
      endpoint: "https://x",
      certificateAuthority: "LS0t",
      status: "ACTIVE",
      authenticationMode: "API",
    }),
    eksToken: createEksToken,
  };
  const facts: Facts = {
    run,
    idToken: token,
    tokenFault: undefined,
    claims: claimsOf(token.claims),
    trust: undefined,
    awsConfig: { path: "/c", text: "" },
    formerKubeconfig,
    stsEndpoint: undefined,
    env: { AWS_SECRET_ACCESS_KEY: "a-former-secret" },
    node: "/node",
    program: "/p.js",
    effort: effortOf(aws),
    warnings: [],
  };
  const inputs = readInputs({ "aws-region": "eu-west-1", "role-to-assume": arn, ...raw }, run);
  return {
    ports,
    masks,
    lines,
    work: (signal = new AbortController().signal) => apply(plan(inputs, facts), ports, signal),
  };
}

describe("apply", () => {
  it("masks keys, tokens and former secrets before anything is handed on", async () => {
    const { masks, work } = scene({ raw: { "eks-cluster": "payments" } });
    await work();
    expect(masks).toEqual(expect.arrayContaining(["ASIAEXAMPLE", "secret", "t".repeat(600), "a-former-secret"]));
    expect(masks.some((value) => value.startsWith("k8s-aws-v1."))).toBe(true);
  });

  it("writes no file for a plain login", async () => {
    await scene({}).work();
    expect(readdirSync(temp)).toEqual([]);
  });

  it("refuses an EKS token that the API server would not read, and writes nothing", async () => {
    const { work } = scene({ tokenLength: 3000, raw: { "eks-cluster": "payments", refresh: "true" } });
    const outcome = await work();
    expect(outcome).toMatchObject({
      kind: "failed",
      error: { code: "EKS_TOKEN_TOO_LONG", message: expect.stringContaining("3000") },
    });
    expect(readdirSync(temp)).toEqual([]);
  });

  it("writes nothing once the run is cancelled", async () => {
    const controller = new AbortController();
    controller.abort(new Error("cancelled"));
    await expect(scene({ raw: { refresh: "true" } }).work(controller.signal)).rejects.toThrow("cancelled");
    expect(readdirSync(temp)).toEqual([]);
  });

  it("takes back what it wrote when the runner's files could not be written", async () => {
    const { work } = scene({ raw: { refresh: "true", "eks-cluster": "payments", kubeconfig: "k.yaml" } });
    const outcome = await work();
    expect(readdirSync(temp)).toHaveLength(2);
    undo(outcome);
    expect(existsSync(join(temp, "k.yaml"))).toBe(false);
    expect(readdirSync(temp)).toEqual([]);
  });

  it("takes back only its own kubeconfig: an earlier step's comes back", async () => {
    const earlier = "# an earlier step's\n";
    writeFileSync(join(temp, "k.yaml"), earlier);
    const { work } = scene({ raw: { "eks-cluster": "payments", kubeconfig: "k.yaml" }, formerKubeconfig: earlier });
    const outcome = await work();
    expect(readFileSync(join(temp, "k.yaml"), "utf8")).toContain("kind");
    undo(outcome);
    expect(readFileSync(join(temp, "k.yaml"), "utf8")).toBe(earlier);
  });

  it.each([
    [{}, ["AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]],
    [
      { refresh: "true" },
      ["AWS_CONFIG_FILE", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_REGION", "AWS_SECRET_ACCESS_KEY"],
    ],
    [{ credentials: "none" }, []],
    [{ credentials: "none", "eks-cluster": "payments" }, ["KUBECONFIG"]],
  ])("exports for %j: %j", async (raw, names) => {
    const outcome = await scene({ raw }).work();
    expect(outcome.kind === "granted" ? Object.keys(outcome.variables).sort() : []).toEqual(names);
  });
});
