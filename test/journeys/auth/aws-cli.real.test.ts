import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import type { StepResult } from "../../runner/index.ts";
import { awsCli } from "./aws-cli.ts";
import { addCluster, createWorld, REGION, trustFor, type World } from "./world.ts";

const run = promisify(execFile);
const cli = awsCli();
const path = "path" in cli ? cli.path : "";
const why = "missing" in cli ? ` (skipped: ${cli.missing})` : "";

function aws(world: World, result: StepResult, ...args: string[]) {
  const env = {
    PATH: process.env["PATH"],
    HOME: world.machine.home,
    ...world.aws.env,
    ...world.github.env,
    ...result.env,
  };
  return run(path, [...args, "--output", "json"], { env });
}

async function whoAmI(world: World, result: StepResult, ...args: string[]): Promise<string> {
  const { stdout } = await aws(world, result, "sts", "get-caller-identity", ...args);
  return (JSON.parse(stdout) as { Arn: string }).Arn;
}

describe.skipIf(path === "")(`the real AWS CLI${why}`, () => {
  it("takes the keys of the environment", async () => {
    await using world = await createWorld();
    const result = await world.login();
    expect(await whoAmI(world, result)).toBe(result.outputs["authenticated-arn"]);
  });

  it("asks the credential program of a profile, and gets renewed keys when the session has aged", async () => {
    await using world = await createWorld();
    const result = await world.login({ refresh: "true" });
    expect(await whoAmI(world, result)).toBe(result.outputs["authenticated-arn"]);
    const cache = join(dirname(result.env["AWS_CONFIG_FILE"] ?? ""), "session-eks-actions.cache");
    const aged = { ...JSON.parse(readFileSync(cache, "utf8")), expiration: new Date(Date.now() - 1000).toISOString() };
    writeFileSync(cache, JSON.stringify(aged));
    expect(await whoAmI(world, result)).toBe(result.outputs["authenticated-arn"]);
    expect(world.aws.requests.filter((request) => request.operation === "AssumeRoleWithWebIdentity")).toHaveLength(2);
    await world.post(result);
  });

  it("takes each of several profiles by its name", async () => {
    await using world = await createWorld();
    world.aws.addRole({ name: "audit", trust: trustFor(world.sub) });
    const arn = (name: string) => `arn:aws:iam::111122223333:role/${name}`;
    const result = await world.login({ roles: `deploy=${arn("deploy")}\naudit=${arn("audit")}@${REGION}` });
    expect(await whoAmI(world, result, "--profile", "audit")).toContain("assumed-role/audit/");
    expect(await whoAmI(world, result)).toContain("assumed-role/deploy/");
    await world.post(result);
  });

  it("makes tokens that are no better than ours", async () => {
    await using world = await createWorld();
    addCluster(world, "payments");
    world.aws.addAccessEntry("payments", { principalArn: world.role, groups: ["x"] });
    const result = await world.login();
    // A token is for the region's real STS, so nothing may redirect the CLI.
    const env = { PATH: process.env["PATH"], HOME: world.machine.home, ...result.env };
    const { stdout } = await run(path, ["eks", "get-token", "--cluster-name", "payments"], { env });
    const { status } = JSON.parse(stdout) as { status: { token: string } };
    expect(await world.aws.tokenReview(status.token, { cluster: "payments" })).toBeDefined();
  });
});
