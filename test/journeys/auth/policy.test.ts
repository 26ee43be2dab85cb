import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createWorld, errorCodes, reportOf, tokenRequests, trustFor } from "./world.ts";

const deployClaims = [
  "iss=https://token.actions.githubusercontent.com",
  "aud=sts.amazonaws.com",
  "sub=repo:acme/payments-api:environment:prod",
].join("\n");

describe("mode plan", () => {
  it("asks GitHub once and AWS never, and prints a policy that the account accepts for this job", async () => {
    await using world = await createWorld({
      github: { jobWorkflowRef: "acme/ci/.github/workflows/deploy.yml@refs/tags/v1" },
    });
    const result = await world.login({ mode: "plan", "role-to-assume": world.role });
    expect(result.outcome).toBe("success");
    expect(tokenRequests(world)).toBe(1);
    expect(world.aws.requests).toEqual([]);
    expect([result.env, result.state, result.filesLeft]).toEqual([{}, {}, []]);
    const policy = JSON.parse(result.outputs["trust-policy"] ?? "");
    expect(JSON.stringify(policy)).toContain("acme/ci/.github/workflows/deploy.yml@refs/tags/v1");
    const role = world.aws.addRole({ name: "planned", trust: policy });
    expect((await world.login({ "role-to-assume": role })).outcome).toBe("success");
  });

  it("needs neither role nor region", async () => {
    await using world = await createWorld();
    const result = await world.login({ mode: "plan", "aws-region": "" });
    expect(result.outcome).toBe("success");
    expect(result.outputs["trust-policy"]).toContain("ACCOUNT_ID");
    expect(result.summary).toContain("aws eks create-access-entry");
  });
});

describe("mode verify-trust", () => {
  it("checks another job's policy from a pull request that may not ask for tokens", async () => {
    await using world = await createWorld({ permissions: { contents: "read" } });
    writeFileSync(
      join(world.machine.workspace, "trust.json"),
      JSON.stringify(trustFor("repo:acme/payments-api:environment:prod")),
    );
    const result = await world.login({ mode: "verify-trust", "trust-policy-file": "trust.json", claims: deployClaims });
    expect(result.outcome).toBe("success");
    expect(result.outputs["trust-verdict"]).toBe("allow");
    expect(tokenRequests(world) + world.aws.requests.length).toBe(0);
  });

  it("fails on a letter's case, and sets its outputs all the same", async () => {
    await using world = await createWorld({ permissions: { contents: "read" } });
    writeFileSync(
      join(world.machine.workspace, "trust.json"),
      JSON.stringify(trustFor("repo:acme/payments-api:environment:Prod")),
    );
    const result = await world.login({ mode: "verify-trust", "trust-policy-file": "trust.json", claims: deployClaims });
    expect(errorCodes(result)).toEqual(["TRUST_WOULD_DENY"]);
    expect(result.annotations[0]).toMatchObject({ file: "trust.json" });
    expect(result.outputs["trust-verdict"]).toBe("deny");
    expect(reportOf(result).trust?.failing.map((key) => key.key)).toEqual(["token.actions.githubusercontent.com:sub"]);
  });

  it("looks at this job's own claims when none are given", async () => {
    await using world = await createWorld();
    writeFileSync(join(world.machine.workspace, "trust.json"), JSON.stringify(trustFor(world.sub)));
    const result = await world.login({ mode: "verify-trust", "trust-policy-file": "trust.json" });
    expect(result.outcome).toBe("success");
    expect(tokenRequests(world)).toBe(1);
  });

  it("names the line of broken JSON", async () => {
    await using world = await createWorld();
    writeFileSync(join(world.machine.workspace, "trust.json"), '{\n  "Statement": [\n    oops\n');
    const result = await world.login({ mode: "verify-trust", "trust-policy-file": "trust.json" });
    expect(errorCodes(result)).toEqual(["TRUST_POLICY_FILE_INVALID"]);
    expect(result.annotations[0]).toMatchObject({ file: "trust.json", line: 3 });
  });
});
