import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loginHere } from "./in-process.ts";
import { calls, createWorld, errorCodes, ISSUER, reportOf, trustFor } from "./world.ts";

describe("a role that does not trust the job", () => {
  it("is explained within 8 s and two STS calls, and the printed policy admits the next login", async () => {
    await using world = await createWorld({
      github: { subject: "immutable" },
      trusts: "repo:acme/payments-api:ref:refs/heads/main",
    });
    const result = await world.login();
    expect(errorCodes(result)).toEqual(["TRUST_DENIED"]);
    expect(calls(world, "sts")).toHaveLength(2);
    expect(result.durationMs).toBeLessThan(8_000);
    expect(result.env).toEqual({});
    expect(result.state).toEqual({});
    expect(result.filesLeft).toEqual([]);
    expect(result.summary).toContain("1. **Immutable subject.**");
    const printed = /```json\n([\s\S]*?)\n```/.exec(result.summary)?.[1] ?? "";
    world.aws.addRole({ name: "deploy2", trust: JSON.parse(printed) });
    const again = await world.login({ "role-to-assume": "arn:aws:iam::111122223333:role/deploy2" });
    expect(again.outcome).toBe("success");
  });

  it("names the environment form first when the job has an environment", async () => {
    await using world = await createWorld({
      github: { environment: "prod" },
      trusts: "repo:acme/payments-api:ref:refs/heads/main",
    });
    const result = await loginHere(world);
    expect(result.summary).toContain("1. **Environment form.**");
  });

  it("names the failing key of a given trust policy", async () => {
    await using world = await createWorld({ trusts: "repo:acme/other:ref:refs/heads/main" });
    const policy = trustFor(world.sub, undefined, { [`${ISSUER}:aud`]: "vault" });
    writeFileSync(join(world.machine.workspace, "trust.json"), JSON.stringify(policy));
    const result = await loginHere(world, { "trust-policy-file": "trust.json" });
    expect(result.summary).toContain(
      `1. **The given policy.** \`statement 1\`: \`${ISSUER}:aud\` \`StringEquals\` expects \`vault\`, presented was \`sts.amazonaws.com\``,
    );
  });

  it("shows a hostile branch name inert, and escapes it for IAM", async () => {
    const branch = "a|b`<img>${aws:username}%0A%0D";
    await using world = await createWorld({
      github: {
        event: { name: "push", branch },
        prepare: (repository) => void repository.commit({ branch, message: "x", files: { a: "b" } }),
      },
      trusts: "repo:acme/other:ref:refs/heads/main",
    });
    const result = await world.login();
    expect(errorCodes(result)).toEqual(["TRUST_DENIED"]);
    const table = result.summary.split("\n").find((line) => line.startsWith("| `sub`")) ?? "";
    expect(table).toContain("<code>");
    expect(table).not.toContain("<img>");
    expect(table.split("|")).toHaveLength(4);
    expect(result.summary).toContain("refs/heads/a|b`<img>${$}{aws:username}%0A%0D");
    const [error] = result.annotations.filter((note) => note.level === "error");
    // Annotations are plain text: the name stands there once as it is, and ends neither the line nor the command.
    expect(error?.message).toContain("sub=repo:acme/payments-api:ref:refs/heads/a|b`<img>${aws:username}%0A%0D aud=");
    expect(error?.message).not.toMatch(/&#|<code>|\n/);
  });

  it("passes when the denial heals within two seconds", async () => {
    const error = {
      code: "AccessDenied",
      message: "Not authorized to perform sts:AssumeRoleWithWebIdentity",
      status: 403,
    };
    await using world = await createWorld({
      aws: { faults: [{ op: "sts:AssumeRoleWithWebIdentity", nth: 1, error }] },
    });
    const result = await loginHere(world);
    expect(result.exitCode).toBe(0);
    expect(result.clock.waited).toEqual([2_000]);
    expect(calls(world, "sts")).toHaveLength(2);
    expect(reportOf(result).retries.map((retry) => retry.code)).toEqual(["AccessDenied"]);
  });

  it("waits for a role that was made moments ago when it is told to, and no longer", async () => {
    const op = "sts:AssumeRoleWithWebIdentity";
    const error = {
      code: "AccessDenied",
      message: "Not authorized to perform sts:AssumeRoleWithWebIdentity",
      status: 403,
    };
    const hidden = { aws: { faults: [1, 2, 3, 4].map((nth) => ({ op, nth, error })) } };
    await using world = await createWorld(hidden);
    const result = await loginHere(world, { "propagation-wait-seconds": "30" });
    expect(result.exitCode).toBe(0);
    expect(result.clock.waited).toEqual([2_000, 3_000, 4_000, 5_000]);
    await using never = await createWorld({ trusts: "repo:acme/other:ref:refs/heads/main" });
    const refused = await loginHere(never, { "propagation-wait-seconds": "30" });
    expect(errorCodes(refused)).toEqual(["TRUST_DENIED"]);
    expect(refused.tookMs).toBeLessThanOrEqual(32_000);
  });
});

describe("an account without the OIDC provider", () => {
  it("is told which provider to make, after one call", async () => {
    await using world = await createWorld({ github: { issuerUrl: `https://${ISSUER}/acme` }, provider: false });
    const result = await world.login();
    expect(errorCodes(result)).toEqual(["OIDC_PROVIDER_MISSING"]);
    expect(calls(world, "sts")).toHaveLength(1);
    const message = result.annotations.map((note) => note.message).join();
    expect(message).toContain(`arn:aws:iam::111122223333:oidc-provider/${ISSUER}/acme`);
    expect(message).toContain("aws iam create-open-id-connect-provider");
  });
});
