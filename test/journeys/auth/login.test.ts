import { afterAll, describe, expect, it } from "vitest";
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
  trustFor,
} from "./world.ts";

const KEYS = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

describe("login", () => {
  it("takes one request to GitHub and one to STS, and exports five variables", async () => {
    await using world = await createWorld();
    const result = await world.login();
    expect(result.outcome).toBe("success");
    expect(tokenRequests(world)).toBe(1);
    expect(calls(world, "sts")).toEqual(["AssumeRoleWithWebIdentity"]);
    expect(Object.keys(result.env).sort()).toEqual([...KEYS, "AWS_DEFAULT_REGION", "AWS_REGION"].sort());
    expect(result.env["AWS_REGION"]).toBe(REGION);
    expect(result.outputs).toMatchObject({
      "aws-account-id": ACCOUNT,
      "role-arn": `arn:aws:iam::${ACCOUNT}:role/deploy`,
      "authenticated-arn": expect.stringMatching(
        /^arn:aws:sts::111122223333:assumed-role\/deploy\/payments-api-\d+-1$/,
      ),
      "oidc-subject": "repo:acme/payments-api:ref:refs/heads/main",
    });
    const ends = Date.parse(result.outputs["aws-expiration"] ?? "");
    expect(Math.abs(ends - Date.now() - 3_600_000)).toBeLessThan(60_000);
    expect(reportOf(result).requests).toEqual({ oidc: 1, sts: 1, eks: 0 });
    expect(result.filesLeft).toEqual([]);
  });

  it("shows no secret in log, summary or outputs", async () => {
    await using world = await createWorld();
    const result = await world.login();
    const shown = [
      result.log,
      result.summary,
      JSON.stringify(result.outputs),
      JSON.stringify(result.annotations),
    ].join();
    for (const name of KEYS) expect(shown).not.toContain(result.env[name]);
    expect(result.masks).toEqual(expect.arrayContaining(KEYS.map((name) => result.env[name])));
  });

  it("sets masked outputs when they are asked for", async () => {
    await using world = await createWorld();
    const result = await world.login({ "output-credentials": "true" });
    expect(result.outputs["aws-secret-access-key"]).toBe(result.env["AWS_SECRET_ACCESS_KEY"]);
    expect(result.masks).toContain(result.outputs["aws-session-token"]);
  });

  it("masks the account id before it is printed when it is told to", async () => {
    await using world = await createWorld();
    const result = await world.login({ "mask-aws-account-id": "true" });
    // The runner prints the inputs itself, before the action can mask anything.
    const own = result.log.slice(result.log.indexOf("##[endgroup]"));
    expect(own).not.toContain(ACCOUNT);
    expect(result.outputs["aws-account-id"]).toBe(ACCOUNT);
  });

  it("cuts the session name of a long repository to 64 characters and keeps run and attempt", async () => {
    const names = [`${"x".repeat(99)}a`, `${"x".repeat(99)}b`];
    const sessions: string[] = [];
    for (const name of names) {
      await using world = await createWorld({ github: { repo: `acme/${name}` } });
      const result = await world.login();
      const session = result.outputs["authenticated-arn"]?.split("/").at(-1) ?? "";
      expect(session).toHaveLength(64);
      expect(session).toMatch(new RegExp(`-[0-9a-f]{6}-${world.github.env["GITHUB_RUN_ID"]}-1$`));
      sessions.push(session);
    }
    expect(sessions[0]).not.toBe(sessions[1]);
  });

  it("reads a duration", async () => {
    await using world = await createWorld();
    await world.login({ "role-duration-seconds": "90m" });
    expect(world.aws.requests[0]?.input).toMatchObject({ DurationSeconds: 5400 });
  });

  it("takes nothing from variables that other actions read", async () => {
    await using world = await createWorld();
    const result = await world.login(
      {},
      { ROLE_TO_ASSUME: "arn:aws:iam::111122223333:role/admin", AUDIENCE: "x", AWS_ROLE_ARN: "x" },
    );
    expect(result.outputs["role-arn"]).toBe(world.role);
    expect(world.aws.requests[0]?.input).toMatchObject({ RoleArn: world.role });
  });

  it("takes a role by name and account", async () => {
    await using world = await createWorld();
    const result = await world.login({ "role-name": "deploy", "account-id": ACCOUNT, "expected-role": "deploy" });
    expect(result.outputs["role-arn"]).toBe(world.role);
  });

  it("answers an input of configure-aws-credentials without effect by a notice", async () => {
    await using world = await createWorld();
    const result = await world.login({ "retry-max-attempts": "3" });
    expect(result.outcome).toBe("success");
    expect(
      result.annotations.some((note) => note.level === "notice" && note.message.includes("retry-max-attempts")),
    ).toBe(true);
  });
});

describe("the log", () => {
  const groups = (lines: readonly string[]) =>
    lines.filter((line) => line.startsWith("::group::")).map((line) => line.slice(9));
  const shown = (lines: readonly string[]) => lines.filter((line) => !line.startsWith("::"));

  it("of a login with nothing to tell is the plan and the outcome", async () => {
    await using world = await createWorld();
    const { lines } = await loginHere(world);
    expect(groups(lines)).toEqual(["Plan"]);
    expect(shown(lines)).toHaveLength(4);
    // Outside any group.
    expect(lines.lastIndexOf("::endgroup::")).toBeGreaterThan(lines.indexOf("::group::Plan"));
    expect(lines.at(-1)).toMatch(/^✅ deploy in 111122223333 until \d\d:\d\d:\d\d UTC · 2 requests in /);
  });

  it("folds retries, clusters and several roles into the part they belong to", async () => {
    const hiccup = { operation: "oidc/token", kind: { type: "status", status: 500 } } as const;
    await using world = await createWorld({ github: { faults: [hiccup] } });
    addCluster(world, "payments");
    world.aws.addRole({ name: "audit", trust: trustFor(world.sub) });
    const roles = `deploy=${world.role}\naudit=arn:aws:iam::111122223333:role/audit`;
    const { lines } = await loginHere(world, { roles, "eks-cluster": "payments" });
    expect(groups(lines)).toEqual(["Observe", "Plan", "Apply"]);
    const apply = lines.slice(lines.indexOf("::group::Apply") + 1, -2);
    expect(shown(apply)).toEqual([
      expect.stringMatching(/^✅ role deploy in 111122223333 until /),
      expect.stringMatching(/^✅ role audit in 111122223333 until /),
      "cluster payments in eu-west-1 is ACTIVE at https://127.0.0.1:1",
    ]);
  });
});

describe("bad input", async () => {
  const world = await createWorld();
  afterAll(() => world[Symbol.asyncDispose]());

  it.each([
    [{ "role-duration-seconds": "0" }, "INPUT_INVALID"],
    [{ "role-duration-seconds": "-5" }, "INPUT_INVALID"],
    [{ "role-duration-seconds": "15s" }, "INPUT_INVALID"],
    [{ "role-duration-seconds": "2h", "role-chaining": "true" }, "INPUT_INVALID"],
    [{ "role-to-assume": "deploy" }, "INPUT_INVALID"],
    [{ "role-to-assume": "arn:awsevil:iam::111122223333:role/deploy" }, "INPUT_INVALID"],
    [{ "role-to-assume": "arn:aws-cn:iam::111122223333:role/deploy" }, "INPUT_INVALID"],
    [{ "aws-region": "us-east-1.evil.com/" }, "INPUT_INVALID"],
    [{ "allowed-account-ids": "," }, "INPUT_INVALID"],
    [{ "allowed-account-ids": ",123412341234" }, "INPUT_INVALID"],
    [{ "allowed-account-ids": "999999999999" }, "ACCOUNT_NOT_ALLOWED"],
    [{ "custom-tags": '{"a":"b"}' }, "INPUT_UNSUPPORTED"],
    [{ "inline-session-policy": `{"a":"${"x".repeat(2041)}"}` }, "SESSION_POLICY_INVALID"],
    [{ "inline-session-policy": '{"a":"€"}' }, "SESSION_POLICY_INVALID"],
    [{ "sts-endpoint": "http://10.0.0.1" }, "ENDPOINT_REFUSED"],
    [{ "sts-endpoint": "https://user:pass@127.0.0.1" }, "ENDPOINT_REFUSED"],
  ])("%j ends with %s and without any request", async (inputs, code) => {
    const result = await world.login(inputs);
    expect(result.outcome).toBe("failure");
    expect(errorCodes(result)).toContain(code);
    expect(tokenRequests(world) + world.aws.requests.length).toBe(0);
    expect(result.env).toEqual({});
    expect(result.filesLeft).toEqual([]);
  });

  it("sends no byte to an endpoint in clear text that a variable names", async () => {
    await using world = await createWorld();
    const result = await world.login({}, { AWS_ENDPOINT_URL_STS: "http://example.test" });
    expect(errorCodes(result)).toEqual(["ENDPOINT_REFUSED"]);
    expect(tokenRequests(world)).toBe(0);
  });

  it("accepts an endpoint in clear text on this machine", async () => {
    await using world = await createWorld();
    const result = await world.login(
      { "sts-endpoint": world.aws.url },
      { AWS_ENDPOINT_URL: "", AWS_ENDPOINT_URL_STS: "" },
    );
    expect(result.outcome).toBe("success");
    expect(result.log).toContain("(input `sts-endpoint`)".replaceAll("`", ""));
  });
});
