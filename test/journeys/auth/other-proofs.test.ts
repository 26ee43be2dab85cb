import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loginHere } from "./in-process.ts";
import { addCluster, calls, createWorld, errorCodes, tokenRequests, type World } from "./world.ts";

const target = "arn:aws:iam::111122223333:role/target";

function keysOf(world: World, roleArn: string) {
  const { accessKeyId, secretAccessKey, sessionToken } = world.aws.issueSession(roleArn);
  return { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken };
}

function addTarget(world: World, externalId?: string): void {
  const condition = externalId === undefined ? {} : { Condition: { StringEquals: { "sts:ExternalId": externalId } } };
  world.aws.addRole({
    name: "target",
    trust: {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { AWS: world.role }, Action: "sts:AssumeRole", ...condition }],
    },
  });
}

describe("role-chaining", () => {
  it("takes a role with the keys that the job holds, without OIDC, and post brings them back", async () => {
    await using world = await createWorld({ permissions: {} });
    addTarget(world, "partner-7");
    const env = keysOf(world, world.role);
    const inputs = { "role-to-assume": target, "role-chaining": "true", "role-external-id": "partner-7" };
    const job = await world.job([inputs], env);
    expect(job.outcome).toBe("success");
    expect(calls(world, "sts")).toEqual(["AssumeRole"]);
    expect(tokenRequests(world)).toBe(0);
    expect(job.steps[0]?.outputs["role-arn"]).toBe(target);
    expect(job.env["AWS_ACCESS_KEY_ID"]).toBe(env.AWS_ACCESS_KEY_ID);
    expect(job.masks).toEqual(expect.arrayContaining([env.AWS_SECRET_ACCESS_KEY, env.AWS_SESSION_TOKEN]));
  });

  it("follows a login of the same job", async () => {
    await using world = await createWorld();
    addTarget(world);
    const job = await world.job([{}, { "role-to-assume": target, "role-chaining": "true" }]);
    expect(job.outcome).toBe("success");
    expect(calls(world, "sts")).toEqual(["AssumeRoleWithWebIdentity", "AssumeRole"]);
  });

  it("is refused after two calls when the role does not trust the source, naming both", async () => {
    await using world = await createWorld();
    addTarget(world, "partner-7");
    const result = await world.login({ "role-to-assume": target, "role-chaining": "true" }, keysOf(world, world.role));
    expect(errorCodes(result)).toEqual(["CHAIN_DENIED"]);
    expect(result.annotations[0]?.message).toContain("role-external-id");
    expect(calls(world, "sts")).toEqual(["AssumeRole", "AssumeRole"]);
    expect(result.env).toEqual({});
  });

  it("says where it looked when there are no credentials", async () => {
    await using world = await createWorld({ permissions: {} });
    const result = await world.login({ "role-to-assume": target, "role-chaining": "true" });
    expect(errorCodes(result)).toEqual(["CHAIN_SOURCE_MISSING"]);
    expect(world.aws.requests).toEqual([]);
  });
});

describe("web-identity-token-file", () => {
  it("takes the place of GitHub's token", async () => {
    await using world = await createWorld({ permissions: {} });
    const token = world.github.issuer.sign(world.github.issuer.claims("sts.amazonaws.com"));
    writeFileSync(join(world.machine.workspace, "jwt"), `${token}\n`);
    const result = await world.login({ "web-identity-token-file": "jwt" });
    expect(result.outcome).toBe("success");
    expect(tokenRequests(world)).toBe(0);
    expect(result.log).not.toContain(token);
  });

  it("is no symbolic link, but for the one that kubelet makes", async () => {
    await using world = await createWorld({ permissions: {} });
    const { workspace } = world.machine;
    const token = world.github.issuer.sign(world.github.issuer.claims("sts.amazonaws.com"));
    writeFileSync(join(world.machine.home, "jwt"), token);
    symlinkSync(join(world.machine.home, "jwt"), join(workspace, "link"));
    expect(errorCodes(await world.login({ "web-identity-token-file": "link" }))).toEqual(["WEB_IDENTITY_FILE_INVALID"]);
    mkdirSync(join(workspace, "projected", "..2026_11_23"), { recursive: true });
    writeFileSync(join(workspace, "projected", "..2026_11_23", "token"), token);
    symlinkSync("..2026_11_23", join(workspace, "projected", "..data"));
    symlinkSync("..data/token", join(workspace, "projected", "token"));
    expect((await world.login({ "web-identity-token-file": "projected/token" })).outcome).toBe("success");
  });

  it.each([
    ["absent", undefined],
    ["no JWT", "hello"],
    ["too large", "x".repeat(20_001)],
  ])("is refused when it is %s", async (_, text) => {
    await using world = await createWorld({ permissions: {} });
    if (text !== undefined) writeFileSync(join(world.machine.workspace, "jwt"), text);
    expect(errorCodes(await loginHere(world, { "web-identity-token-file": "jwt" }))).toEqual([
      "WEB_IDENTITY_FILE_INVALID",
    ]);
    expect(world.aws.requests).toEqual([]);
  });
});

describe("a cluster that is still being made", () => {
  it("is not written into a kubeconfig", async () => {
    await using world = await createWorld();
    addCluster(world, "payments");
    const record = world.aws.account.clusters.get("payments");
    if (record === undefined) throw new Error("no cluster");
    record.cluster.status = "CREATING";
    const result = await loginHere(world, { "eks-cluster": "payments" });
    expect(errorCodes(result)).toEqual(["CLUSTER_NOT_READY"]);
    expect([result.env, result.state, result.filesLeft]).toEqual([{}, {}, []]);
  });
});
