import { execFile } from "node:child_process";
import { readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { KubeConfig } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { StepResult } from "../../runner/index.ts";
import { loginHere } from "./in-process.ts";
import {
  ACCOUNT,
  addCluster,
  calls,
  createWorld,
  errorCodes,
  REGION,
  reportOf,
  tokenRequests,
  type World,
} from "./world.ts";

const run = promisify(execFile);

interface Kubeconfig {
  readonly "current-context": string;
  readonly contexts: readonly { readonly name: string; readonly context: Readonly<Record<string, string>> }[];
  readonly users: readonly {
    readonly user: { readonly exec: { readonly command: string; readonly args: readonly string[] } };
  }[];
}

function readKubeconfig(result: StepResult): Kubeconfig {
  return parse(readFileSync(result.outputs["kubeconfig-path"] ?? "", "utf8")) as Kubeconfig;
}

/** Asks the kubeconfig's program for a token, as kubectl does in a later step. */
async function askForToken(result: StepResult, env: Readonly<Record<string, string>> = {}, user = 0) {
  const exec = readKubeconfig(result).users[user]?.user.exec;
  const options = { env: { PATH: process.env["PATH"], ...result.env, ...env } };
  const { stdout } = await run(exec?.command ?? "", [...(exec?.args ?? [])], options);
  return JSON.parse(stdout) as { apiVersion: string; status: { token: string; expirationTimestamp: string } };
}

async function withCluster(options: Parameters<typeof createWorld>[0] = {}): Promise<World> {
  const world = await createWorld(options);
  addCluster(world, "payments");
  world.aws.addAccessEntry("payments", { principalArn: world.role, groups: ["deployers"] });
  return world;
}

describe("a kubeconfig", () => {
  it("asks for tokens that the cluster takes, with the keys of the environment", async () => {
    await using world = await withCluster();
    const result = await world.login({ "eks-cluster": "payments", namespace: "shop" });
    expect(result.outcome).toBe("success");
    expect(calls(world, "eks")).toEqual(["DescribeCluster"]);
    const answer = await askForToken(result);
    const review = await world.aws.tokenReview(answer.status.token, { cluster: "payments" });
    expect(review?.user.groups).toContain("deployers");
    expect(Date.parse(answer.status.expirationTimestamp) - Date.now()).toBeGreaterThan(13 * 60_000);
    expect(reportOf(result).requests).toEqual({ oidc: 1, sts: 1, eks: 1 });
    expect((await world.post(result)).filesLeft).toEqual([]);
  });

  it("works without any credential in the environment", async () => {
    await using world = await withCluster();
    const result = await world.login({ "eks-cluster": "payments", credentials: "none" });
    expect(Object.keys(result.env)).toEqual(["KUBECONFIG"]);
    const { token } = (await askForToken(result)).status;
    expect(await world.aws.tokenReview(token, { cluster: "payments" })).toBeDefined();
    await world.post(result);
  });

  it("is one that client-node reads, without a secret in it, for its owner alone", async () => {
    await using world = await withCluster();
    const result = await world.login({ "eks-cluster": "payments", namespace: "shop", "context-name": "prod" });
    const path = result.outputs["kubeconfig-path"] ?? "";
    const config = new KubeConfig();
    config.loadFromFile(path);
    expect(config.getCurrentContext()).toBe("prod");
    expect(config.getContextObject("prod")?.namespace).toBe("shop");
    expect(config.getCurrentUser()?.exec).toMatchObject({ interactiveMode: "Never" });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const text = readFileSync(path, "utf8");
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]) {
      expect(text).not.toContain(result.env[name]);
    }
    await world.post(result);
  });

  it("echoes the version that kubectl asks for", async () => {
    await using world = await withCluster();
    const result = await world.login({ "eks-cluster": "payments" });
    const info = '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","spec":{}}';
    expect((await askForToken(result, { KUBERNETES_EXEC_INFO: info })).apiVersion).toBe(
      "client.authentication.k8s.io/v1beta1",
    );
    expect((await askForToken(result)).apiVersion).toBe("client.authentication.k8s.io/v1");
    await world.post(result);
  });

  it("is written where the user says, over our own file only, and goes with post", async () => {
    await using world = await withCluster();
    const path = join(world.machine.workspace, "kube.yaml");
    const inputs = { "eks-cluster": "payments", kubeconfig: "kube.yaml" };
    const first = await world.login(inputs);
    expect(first.env["KUBECONFIG"]).toBe(path);
    expect((await world.login(inputs)).outcome).toBe("success");
    await world.post(first);
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
    writeFileSync(path, "apiVersion: v1\n");
    expect(errorCodes(await world.login(inputs))).toEqual(["KUBECONFIG_EXISTS"]);
    symlinkSync("/etc/hostname", join(world.machine.workspace, "link.yaml"));
    expect(errorCodes(await world.login({ ...inputs, kubeconfig: "link.yaml" }))).toEqual(["KUBECONFIG_EXISTS"]);
  });

  it("of an earlier step comes back when a later one on the same path is over", async () => {
    await using world = await withCluster();
    const inputs = { "eks-cluster": "payments", kubeconfig: "kube.yaml" };
    const path = join(world.machine.workspace, "kube.yaml");
    const first = await world.login(inputs);
    const earlier = readFileSync(path, "utf8");
    const second = await world.login({ ...inputs, namespace: "shop" });
    expect(readFileSync(path, "utf8")).toContain('"shop"');
    await world.post(second);
    expect(readFileSync(path, "utf8")).toBe(earlier);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await world.post(first);
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
  });

  it.each(["no/such/folder/kube.yaml", "a:b"])("is refused before any request at %s", async (kubeconfig) => {
    await using world = await withCluster();
    const result = await loginHere(world, { "eks-cluster": "payments", kubeconfig });
    expect(errorCodes(result)).toEqual(["INPUT_INVALID"]);
    expect(tokenRequests(world)).toBe(0);
  });

  it("names every cluster that cannot be used, and tells what the run cost", async () => {
    await using world = await withCluster();
    const result = await loginHere(world, { "eks-cluster": "payments\nlost\ngone" });
    expect(errorCodes(result)).toEqual(["CLUSTER_NOT_FOUND", "CLUSTER_NOT_FOUND"]);
    expect(reportOf(result).requests).toEqual({ oidc: 1, sts: 1, eks: 3 });
  });

  it.each([
    ["absent", "CLUSTER_NOT_FOUND", (world: World) => void world],
    [
      "with an endpoint in clear text",
      "CLUSTER_RESPONSE_INVALID",
      (world: World) => void addCluster(world, "other", "http://127.0.0.1:1"),
    ],
    [
      "with a broken certificate",
      "CLUSTER_RESPONSE_INVALID",
      (world: World) => {
        world.aws.addCluster({ name: "other" });
        world.aws.connect("other", { endpoint: "https://127.0.0.1:1", caData: "bm8gcGVt" });
      },
    ],
  ])("is not written for a cluster that is %s: %s", async (_, code, prepare) => {
    await using world = await withCluster();
    prepare(world);
    const result = await loginHere(world, { "eks-cluster": "payments\nother" });
    expect(errorCodes(result)).toEqual([code]);
    expect([result.env, result.state, result.filesLeft]).toEqual([{}, {}, []]);
  });

  it("is refused with the statement to add when the role may not look the cluster up", async () => {
    await using world = await withCluster();
    const policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }],
    });
    const result = await loginHere(world, { "eks-cluster": "payments", "inline-session-policy": policy });
    expect(errorCodes(result)).toEqual(["CLUSTER_ACCESS_DENIED"]);
    expect(result.annotations[0]?.message).toContain(`"Resource":"arn:aws:eks:${REGION}:${ACCOUNT}:cluster/payments"`);
  });

  it("needs no more than the preset's policy", async () => {
    await using world = await withCluster();
    const result = await world.login({ "eks-cluster": "payments", "session-policy-preset": "eks-kubectl" });
    expect(result.outcome).toBe("success");
    await world.post(result);
  });
});

describe("a runner whose clock is wrong", () => {
  const preload = pathToFileURL(resolve("test/journeys/auth/wrong-clock.mjs")).href;

  it.each([600_000, -600_000])(
    "by %d ms logs in with one warning, and dates EKS tokens by the server",
    async (offset) => {
      await using world = await withCluster();
      const clock = { NODE_OPTIONS: `--import ${preload}`, TEST_CLOCK_OFFSET_MS: String(offset) };
      const result = await world.login({ "eks-cluster": "payments" }, clock);
      expect(result.outcome).toBe("success");
      expect(result.annotations.filter((note) => note.level === "warning")).toHaveLength(1);
      expect(Math.abs(reportOf(result).clockSkewSeconds + offset / 1000)).toBeLessThan(5);
      const { token } = (await askForToken(result, clock)).status;
      expect(await world.aws.tokenReview(token, { cluster: "payments" })).toBeDefined();
      await world.post(result);
    },
  );
});
