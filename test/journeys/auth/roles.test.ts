import { describe, expect, it } from "vitest";
import { calls, createWorld, errorCodes, reportOf, tokenRequests, trustFor } from "./world.ts";

const arn = (name: string) => `arn:aws:iam::111122223333:role/${name}`;
const roles = ["build", "deploy", "audit"].map((name) => `${name}=${arn(name)}`).join("\n");

describe("several roles", () => {
  it("come from one OIDC token and become profiles that work", async () => {
    await using world = await createWorld();
    for (const name of ["build", "audit"]) world.aws.addRole({ name, trust: trustFor(world.sub) });
    const job = await world.job([
      { roles },
      [
        "for p in build deploy audit; do",
        '  sh -c "$(sed -n "/^\\[profile $p\\]/,/^# eks-actions.auth end/s/^credential_process = //p" "$AWS_CONFIG_FILE")" > "$p.json"',
        "done",
        'echo "profile $AWS_PROFILE, key ${AWS_ACCESS_KEY_ID:-none}"',
        "wc -c build.json deploy.json audit.json",
      ].join("\n"),
    ]);
    expect(job.outcome).toBe("success");
    expect(tokenRequests(world)).toBe(1);
    expect(calls(world, "sts")).toHaveLength(3);
    expect(job.steps[1]?.log).toContain("profile build, key none");
    expect(reportOf(job.steps[0] ?? { outputs: {} }).sessions.map((session) => session.profile)).toEqual([
      "build",
      "deploy",
      "audit",
    ]);
    expect(job.filesLeft).toEqual([]);
  });

  it("are all or nothing: one refusal leaves nothing behind and is named", async () => {
    await using world = await createWorld();
    world.aws.addRole({ name: "build", trust: trustFor("repo:acme/other:ref:refs/heads/main") });
    world.aws.addRole({ name: "audit", trust: trustFor(world.sub) });
    const result = await world.login({ roles });
    expect(errorCodes(result)).toEqual(["TRUST_DENIED"]);
    expect(result.summary).toContain(`answered AccessDenied for \`${arn("build")}\``);
    expect(result.summary).toContain("Not exported");
    expect([result.env, result.state, result.filesLeft]).toEqual([{}, {}, []]);
    expect(calls(world, "sts")).toHaveLength(4);
  });
});
