import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { fromIni } from "@aws-sdk/credential-provider-ini";
import { describe, expect, it } from "vitest";
import type { StepResult } from "../../runner/index.ts";
import { calls, createWorld, errorCodes, tokenRequests, type World } from "./world.ts";

const run = promisify(execFile);

interface ProcessCredentials {
  readonly AccessKeyId: string;
  readonly Expiration: string;
}

function sessionFile(result: StepResult, kind: "json" | "cache"): string {
  return join(dirname(result.env["AWS_CONFIG_FILE"] ?? ""), `session-eks-actions.${kind}`);
}

/** What an AWS tool of a later step does: runs the profile's credential_process. */
async function credentialProcess(world: World, result: StepResult, env: Readonly<Record<string, string>> = {}) {
  const config = readFileSync(result.env["AWS_CONFIG_FILE"] ?? "", "utf8");
  const command = /^credential_process = (.+)$/m.exec(config)?.[1] ?? "";
  const all = { PATH: process.env["PATH"], ...world.aws.env, ...world.github.env, ...result.env, ...env };
  return run("sh", ["-c", command], { env: all });
}

/** Moves the end of the cached session. */
function age(result: StepResult, leftSeconds: number): void {
  const path = sessionFile(result, "cache");
  const cache = JSON.parse(readFileSync(path, "utf8")) as Record<string, string>;
  const at = (ms: number) => new Date(Date.now() + ms).toISOString();
  writeFileSync(
    path,
    JSON.stringify({ ...cache, obtainedAt: at((leftSeconds - 3600) * 1000), expiration: at(leftSeconds * 1000) }),
  );
}

describe("refresh", () => {
  it("answers from the cache while the session is fresh", async () => {
    await using world = await createWorld();
    const result = await world.login({ refresh: "true" });
    const { stdout } = await credentialProcess(world, result);
    const answer = JSON.parse(stdout) as ProcessCredentials;
    expect(answer.AccessKeyId).toMatch(/^ASIA/);
    expect(calls(world, "sts")).toHaveLength(1);
    await world.post(result);
  });

  it("renews an aged session once, whoever asks and how many at once", async () => {
    await using world = await createWorld();
    const result = await world.login({ refresh: "true" });
    const before = JSON.parse((await credentialProcess(world, result)).stdout) as ProcessCredentials;
    age(result, 200);
    const answers = await Promise.all(Array.from({ length: 10 }, () => credentialProcess(world, result)));
    const keys = new Set(answers.map(({ stdout }) => (JSON.parse(stdout) as ProcessCredentials).AccessKeyId));
    expect(keys.size).toBe(1);
    expect([...keys][0]).not.toBe(before.AccessKeyId);
    expect(calls(world, "sts")).toHaveLength(2);
    expect(tokenRequests(world)).toBe(2);
    await world.post(result);
  });

  it("leaves no token of the job on disk, and files for their owner alone", async () => {
    await using world = await createWorld();
    const result = await world.login({ refresh: "true" });
    const folder = dirname(result.env["AWS_CONFIG_FILE"] ?? "");
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(folder)) {
      const text = readFileSync(join(folder, name), "utf8");
      expect(text).not.toContain(world.github.env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]);
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    }
    await world.post(result);
  });

  it("uses a stale session with a note when it cannot be renewed", async () => {
    await using world = await createWorld();
    const result = await world.login({ refresh: "true" });
    age(result, 180);
    const { stdout, stderr } = await credentialProcess(world, result, { ACTIONS_ID_TOKEN_REQUEST_URL: "" });
    expect((JSON.parse(stdout) as ProcessCredentials).AccessKeyId).toMatch(/^ASIA/);
    expect(stderr).toContain("could not renew the session");
    await world.post(result);
  });

  it("fails with one line and an empty answer when the session is over", async () => {
    await using world = await createWorld();
    const result = await world.login({ refresh: "true" });
    age(result, 10);
    const failed = await credentialProcess(world, result, { ACTIONS_ID_TOKEN_REQUEST_URL: "" }).catch(
      (error: unknown) => error,
    );
    expect(failed).toMatchObject({ code: 1, stdout: "" });
    expect(
      String((failed as { stderr: string }).stderr)
        .trim()
        .split("\n"),
    ).toHaveLength(1);
    expect(failed).toMatchObject({ stderr: expect.stringContaining("SESSION_RENEW_FAILED: ") });
    expect(failed).toMatchObject({ stderr: expect.stringContaining("ID_TOKEN_PERMISSION_MISSING") });
    await world.post(result);
  });

  it("is what a profile that ends with its session is told to ask for", async () => {
    await using world = await createWorld();
    const result = await world.login({ credentials: "profile" });
    age(result, 61);
    expect((await credentialProcess(world, result)).stdout).toContain("ASIA");
    age(result, 59);
    const failed = await credentialProcess(world, result).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("SESSION_EXPIRED: ") });
    expect(failed).toMatchObject({ stderr: expect.stringContaining("`refresh: true`") });
    expect(calls(world, "sts")).toHaveLength(1);
    await world.post(result);
  });

  it("says after post that the session is gone", async () => {
    await using world = await createWorld();
    const result = await world.login({ refresh: "true" });
    const config = readFileSync(result.env["AWS_CONFIG_FILE"] ?? "", "utf8");
    await world.post(result);
    const command = /^credential_process = (.+)$/m.exec(config)?.[1] ?? "";
    const failed = await run("sh", ["-c", command]).catch((error: unknown) => error);
    expect(failed).toMatchObject({ stdout: "", stderr: expect.stringContaining("SESSION_FILE_INVALID") });
  });
});

describe("the user's own AWS files", () => {
  const own =
    "# mine\n[default]\nregion = us-east-1\ns3 =\n  max_concurrent_requests = 20\n\n[profile work]\nregion = eu-central-1\n";

  it("keep every byte: ours come behind theirs, in another file", async () => {
    await using world = await createWorld();
    const path = join(world.machine.home, ".aws", "config");
    mkdirSync(dirname(path), { recursive: true });
    // A comment in Latin-1, which is no UTF-8.
    const bytes = Buffer.concat([Buffer.from("# für \n", "latin1"), Buffer.from(own)]);
    writeFileSync(path, bytes);
    const result = await world.login({ refresh: "true" });
    const written = readFileSync(result.env["AWS_CONFIG_FILE"] ?? "");
    expect(written.subarray(0, bytes.length)).toEqual(bytes);
    expect(written.toString("latin1")).toContain("[profile eks-actions]");
    expect(readFileSync(path)).toEqual(bytes);
    const post = await world.post(result);
    expect(readFileSync(path)).toEqual(bytes);
    expect(post.filesLeft.filter((file) => file !== path)).toEqual([]);
  });

  it("resolve beside ours in the SDK that later steps use", async () => {
    await using world = await createWorld();
    const path = join(world.machine.home, ".aws", "config");
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${own}aws_access_key_id = AKIAWORK\naws_secret_access_key = s\n`);
    const result = await world.login({ refresh: "true" });
    const configFilepath = result.env["AWS_CONFIG_FILE"] ?? "";
    const keys = (profile: string) =>
      fromIni({ profile, configFilepath, filepath: join(world.machine.home, "none") })();
    expect((await keys("work")).accessKeyId).toBe("AKIAWORK");
    const renewed = await keys("eks-actions");
    expect(renewed.accessKeyId).toMatch(/^ASIA/);
    expect(renewed.expiration?.getTime()).toBeGreaterThan(Date.now());
    await world.post(result);
  });

  it("win over a profile of the same name, which is refused with its line", async () => {
    await using world = await createWorld();
    const path = join(world.machine.home, ".aws", "config");
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, own);
    const result = await world.login({ "aws-profile": "work" });
    expect(errorCodes(result)).toEqual(["PROFILE_EXISTS"]);
    expect(result.annotations[0]?.message).toContain("line 7");
    expect(calls(world, "sts")).toEqual([]);
  });

  it("are told apart from a profile of an earlier auth step, which is replaced", async () => {
    await using world = await createWorld();
    const first = await world.login({ "aws-profile": "deploy" });
    const second = await world.login({ "aws-profile": "deploy" }, first.env);
    expect(second.outcome).toBe("success");
    const config = readFileSync(second.env["AWS_CONFIG_FILE"] ?? "", "utf8");
    expect(config.match(/\[profile deploy\]/g)).toHaveLength(1);
    expect(errorCodes(await world.login({}, second.env))).toEqual(["CREDENTIALS_CONFLICT"]);
  });
});
