import { describe, expect, it } from "vitest";
import type { FaultKind } from "../../fakes/github/faults.ts";
import { startGitHub } from "../../fakes/github/index.ts";
import type { StepResult } from "../../runner/index.ts";
import { createScene as createCluster, REGION } from "../bootstrap/scene.ts";
import { createScene as createPull, webGrows, withCluster } from "../cost-diff/scene.ts";
import { createScene as createApp, deployment } from "../rollout/scene.ts";

const passing: readonly (readonly [string, FaultKind])[] = [
  ["429", { type: "status", status: 429, headers: { "retry-after": "1" } }],
  ["a secondary limit", { type: "secondary-limit", retryAfterSeconds: 1 }],
  ["502", { type: "status", status: 502 }],
];
/** A wait that no run is worth: the call is given up at once. */
const lasting: FaultKind = { type: "secondary-limit", retryAfterSeconds: 900, status: 429 };

const titles = (result: StepResult, level: "error" | "warning") =>
  result.annotations.filter((one) => one.level === level).map((one) => one.title);

describe("GitHub in trouble while rollout records its deployment", () => {
  async function rollout(kind: FaultKind, operation: string) {
    await using github = await startGitHub({
      repo: "acme/shop",
      permissions: { contents: "read", deployments: "write" },
      faults: [{ operation, kind }],
    });
    await using scene = await createApp();
    scene.write("k8s/web.yaml", deployment());
    const result = await scene.rollout({ environment: "prod" }, { env: github.env, github: github.context });
    return { result, states: github.repo.deploymentStatuses.map(({ state }) => state) };
  }

  it.each(passing)("is waited out after %s", async (_, kind) => {
    const { result, states } = await rollout(kind, "repos/create-deployment-status");
    expect(result.outputs, result.log).toMatchObject({ result: "applied", cause: "" });
    expect(states).toEqual(["in_progress", "success"]);
    expect(result.annotations).toEqual([]);
  });

  it("is one warning when it lasts, and the release goes out all the same", async () => {
    const { result, states } = await rollout(lasting, "repos/create-deployment");
    expect(result.outcome, result.log).toBe("success");
    expect(result.outputs).toMatchObject({ result: "applied", cause: "", "deployment-id": "" });
    expect(titles(result, "warning")).toEqual(["GITHUB_API"]);
    expect(states).toEqual([]);
  });
});

describe("GitHub in trouble while bootstrap comments its plan", () => {
  async function plan(kind: FaultKind) {
    await using github = await startGitHub({
      repo: "acme/infra",
      event: "pull_request",
      permissions: { contents: "read", "pull-requests": "write" },
      faults: [{ operation: "issues/create-comment", kind }],
    });
    await using scene = await createCluster();
    scene.write(
      "cluster.yaml",
      `apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: shop, region: ${REGION}}\n`,
    );
    const context = { ...github.context, token: github.token };
    const result = await scene.bootstrap({ mode: "plan" }, { env: github.env, github: context });
    return { result, comments: github.repo.comments.length, writes: scene.writes() };
  }

  it.each(passing)("is waited out after %s, and the comment stands once", async (_, kind) => {
    const { result, comments, writes } = await plan(kind);
    expect(result.outcome, result.log).toBe("success");
    expect({ comments, writes }).toEqual({ comments: 1, writes: [] });
    expect(titles(result, "error")).toEqual([]);
  });

  it("leaves a good plan, and says once that there is no comment", async () => {
    const { result, comments, writes } = await plan(lasting);
    expect(result.outcome, result.log).toBe("success");
    expect(result.outputs).toMatchObject({ result: "planned", cause: "" });
    expect({ comments, writes }).toEqual({ comments: 0, writes: [] });
    expect(result.log.match(/no comment|not written|GITHUB_API/gi)?.length, result.log).toBe(1);
  });
});

describe("GitHub in trouble while cost-diff comments", () => {
  async function cost(kind: FaultKind) {
    await using scene = await createPull(webGrows);
    scene.github.fault({ operation: "issues/create-comment", kind });
    const result = await scene.cost(withCluster);
    return { result, comments: scene.github.repo.comments.length };
  }

  it.each(passing)("is waited out after %s, and the comment stands once", async (_, kind) => {
    const { result, comments } = await cost(kind);
    expect(result.outputs, result.log).toMatchObject({ result: "created", cause: "" });
    expect(comments).toBe(1);
  });

  it("fails with one error that keeps the figures, when it lasts", async () => {
    const { result, comments } = await cost(lasting);
    expect(result.outputs, result.log).toMatchObject({ result: "failed", cause: "GITHUB_API" });
    expect(result.outputs["diff"]).not.toBe("");
    expect(result.summary).toContain("|");
    expect(titles(result, "error")).toEqual(["GITHUB_API"]);
    expect(comments).toBe(0);
    expect(result.env).toEqual({});
  });
});
