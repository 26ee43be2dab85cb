import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readContext } from "@eks-actions/action";
import type { Ports } from "@eks-actions/auth-action/src/ports.ts";
import { takeBack } from "@eks-actions/auth-action/src/post/take-back.ts";
import { describe, expect, it } from "vitest";
import { silentLog } from "../../fakes/log.ts";
import { runStep } from "../../runner/index.ts";
import { loginHere } from "./in-process.ts";
import { ACTION, addCluster, createWorld, errorCodes, REGION, reportOf, trustFor } from "./world.ts";

const show = (mark: string) => `echo "${mark} [$AWS_ACCESS_KEY_ID] [$AWS_REGION] [$AWS_PROFILE]" | tr -d '*'`;

/** An empty variable is as good as none: the runner cannot unset one. */
function withoutEmpty(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
}

describe("post", () => {
  it("empties what main exported and leaves no file", async () => {
    await using world = await createWorld();
    const job = await world.job([{ refresh: "true" }, show("main")]);
    expect(job.outcome).toBe("success");
    expect(job.env).toMatchObject({ AWS_PROFILE: "", AWS_CONFIG_FILE: "", AWS_REGION: "" });
    expect(job.filesLeft).toEqual([]);
  });

  it("unwinds two auth steps like a stack", async () => {
    await using world = await createWorld();
    const other = world.aws.addRole({ name: "other", trust: trustFor(world.sub) });
    const job = await world.job([{}, { "role-to-assume": other }]);
    const [first, second] = job.steps;
    const [afterSecond, afterFirst] = job.posts;
    expect(second?.env["AWS_ACCESS_KEY_ID"]).not.toBe(first?.env["AWS_ACCESS_KEY_ID"]);
    expect(afterSecond?.env["AWS_ACCESS_KEY_ID"]).toBe(first?.env["AWS_ACCESS_KEY_ID"]);
    expect(afterSecond?.env["AWS_SECRET_ACCESS_KEY"]).toBe(first?.env["AWS_SECRET_ACCESS_KEY"]);
    expect(afterFirst?.env["AWS_ACCESS_KEY_ID"]).toBe("");
    expect(job.log).not.toContain(first?.env["AWS_SECRET_ACCESS_KEY"]);
  });

  it("unwinds any number of steps of every kind, each to what it found", async () => {
    await using world = await createWorld();
    addCluster(world, "payments");
    world.aws.addRole({ name: "other", trust: trustFor(world.sub) });
    const kubeconfig = join(world.machine.workspace, "kube.yaml");
    const steps = [
      {},
      { "role-to-assume": "arn:aws:iam::111122223333:role/other", "role-session-name": "second" },
      { "aws-profile": "third", "eks-cluster": "payments", kubeconfig: "kube.yaml" },
      {
        "aws-profile": "fourth",
        refresh: "true",
        "eks-cluster": "payments",
        kubeconfig: "kube.yaml",
        namespace: "shop",
      },
      { credentials: "none", "eks-cluster": "payments" },
    ];
    let env: Record<string, string> = { AWS_REGION: "ap-northeast-2", AWS_SECRET_ACCESS_KEY: "of an earlier action" };
    const found: (readonly [Record<string, string>, string])[] = [];
    const states: Readonly<Record<string, string>>[] = [];
    const seen = () => [withoutEmpty(env), existsSync(kubeconfig) ? readFileSync(kubeconfig, "utf8") : ""] as const;
    for (const inputs of steps) {
      found.push(seen());
      const result = await loginHere(world, inputs, { env });
      expect(result.exitCode, JSON.stringify(inputs)).toBe(0);
      env = { ...env, ...result.env };
      states.push(result.state);
    }
    expect(new Set(found.map((one) => JSON.stringify(one))).size).toBe(steps.length);
    for (const state of states.toReversed()) {
      const run = readContext({ ...env, RUNNER_TEMP: world.machine.temp });
      env = { ...env, ...takeBack(state, { log: silentLog(), run })?.env };
      expect(seen()).toEqual(found.pop());
    }
    expect(readdirSync(world.machine.temp).filter((name) => name.startsWith("eks-actions-auth-"))).toEqual([]);
  });

  it("leaves a variable alone that somebody changed in between", async () => {
    await using world = await createWorld();
    const job = await world.job([{}, 'echo "AWS_REGION=us-west-2" >> "$GITHUB_ENV"']);
    expect(job.env["AWS_REGION"]).toBe("us-west-2");
    expect(job.env["AWS_DEFAULT_REGION"]).toBe("");
  });

  it("brings back what was there before", async () => {
    await using world = await createWorld();
    const job = await world.job([{}], { AWS_REGION: "ap-northeast-2" });
    expect(job.env["AWS_REGION"]).toBe("ap-northeast-2");
  });

  it("keeps everything when it is told to", async () => {
    await using world = await createWorld();
    const job = await world.job([{ "on-post": "keep" }]);
    expect(job.env["AWS_ACCESS_KEY_ID"]).toMatch(/^ASIA/);
  });

  it("has nothing to do after a refused login", async () => {
    await using world = await createWorld({ trusts: "repo:acme/other:ref:refs/heads/main" });
    const job = await world.job([{}]);
    expect(job.outcome).toBe("failure");
    expect(job.posts[0]?.outcome).toBe("success");
    expect(job.posts[0]?.env).toEqual({});
  });
});

describe("a login that is cut short", () => {
  it("by a cancel ends within 7 s with nothing written", async () => {
    await using world = await createWorld({ trusts: "repo:acme/other:ref:refs/heads/main" });
    const result = await runStep({
      action: ACTION,
      machine: world.machine,
      with: { "aws-region": REGION, "role-to-assume": world.role, "propagation-wait-seconds": "60" },
      env: { ...world.aws.env, ...world.github.env },
      github: world.github.context,
      cancelAt: /attempt 2 in/,
    });
    expect(result.outcome).toBe("cancelled");
    expect(errorCodes(result)[0]).toBe("CANCELLED");
    expect(result.durationMs).toBeLessThan(7_000);
    expect([result.env, result.state, result.filesLeft]).toEqual([{}, {}, []]);
  });

  it("by a cancel while GitHub has not answered tells that it was asked", async () => {
    await using world = await createWorld();
    const cancel = new AbortController();
    const ports = (real: Ports): Ports => ({
      ...real,
      requestIdToken(request, signal) {
        const asked = real.requestIdToken(request, signal);
        cancel.abort(new Error("SIGINT"));
        return asked;
      },
    });
    const result = await loginHere(world, {}, { signal: cancel.signal, ports });
    expect(errorCodes(result)).toEqual(["CANCELLED"]);
    expect(reportOf(result).requests).toEqual({ oidc: 1, sts: 0, eks: 0 });
    expect([result.env, result.state, result.filesLeft]).toEqual([{}, {}, []]);
  });

  it("by a path where nobody can make a file exports nothing and takes its folder away", async () => {
    await using world = await createWorld();
    addCluster(world, "payments");
    const result = await world.login({
      refresh: "true",
      "eks-cluster": "payments",
      kubeconfig: "/proc/kube.yaml",
    });
    expect(errorCodes(result)).toEqual(["WRITE_FAILED"]);
    expect([result.env, result.state, result.filesLeft]).toEqual([{}, {}, []]);
  });
});
