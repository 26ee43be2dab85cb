import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, inject, it } from "vitest";
import { openCluster } from "../../cluster/access.ts";
import { createWorld, type World } from "./world.ts";

const cluster = openCluster(inject("cluster"));
const own = join(cluster.binaries, "kubectl");
const kubectl = existsSync(own) ? own : "kubectl";
const run = promisify(execFile);

/** An EKS cluster of the AWS stand-in whose API server is the real one; its tokens are checked by the stand-in. */
async function connect(world: World, namespaces: readonly string[]) {
  world.aws.addCluster({ name: "payments" });
  world.aws.connect("payments", { endpoint: cluster.endpoint, caData: cluster.caData });
  world.aws.addAccessEntry("payments", {
    principalArn: world.role,
    policies: [{ name: "AmazonEKSViewPolicy", namespaces }],
  });
  return cluster.tokenRouter.register("payments", async (token) => {
    const review = await world.aws.tokenReview(token, { cluster: "payments" });
    if (review === undefined) return undefined;
    const { username, groups, uid } = review.user;
    return { user: username, groups, uid };
  });
}

// Each world has its own seed: equal keys make equal tokens within a second, and the API server remembers tokens for 10 s.
describe("kubectl with auth's kubeconfig", () => {
  it.each([
    ["the keys of the environment", 11, {}],
    ["no credentials in the job at all", 12, { credentials: "none" }],
    ["a profile that renews itself", 13, { refresh: "true" }],
  ])("talks to a real API server with %s, as far as the access entry goes", async (_, seed, inputs) => {
    await using world = await createWorld({ aws: { seed } });
    await using namespace = await cluster.namespace("auth");
    await using _router = await connect(world, [namespace.name]);
    const result = await world.login({ "eks-cluster": "payments", namespace: namespace.name, ...inputs });
    expect(result.outcome).toBe("success");
    const env = { PATH: process.env["PATH"], HOME: world.machine.home, ...result.env };
    const ask = (...args: string[]) => run(kubectl, args, { env });
    expect((await ask("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}")).stdout).toContain(
      "assumed-role/deploy",
    );
    expect((await ask("get", "pods", "-o", "name")).stdout).toBe("");
    await expect(ask("get", "secrets", "-n", "kube-system")).rejects.toMatchObject({
      stderr: expect.stringContaining("Forbidden"),
    });
    await world.post(result);
  });

  it("is turned away once the access entry is gone", async () => {
    await using world = await createWorld({ aws: { seed: 14 } });
    await using _router = await connect(world, ["default"]);
    const result = await world.login({ "eks-cluster": "payments" });
    world.aws.account.clusters.get("payments")?.accessEntries.clear();
    const env = { PATH: process.env["PATH"], HOME: world.machine.home, ...result.env };
    const failed = await run(kubectl, ["get", "pods"], { env }).catch((error: unknown) => error);
    expect(failed).toMatchObject({ stderr: expect.stringMatching(/logged in|Unauthorized/) });
    await world.post(result);
  });
});
