import { readFileSync } from "node:fs";
import { expect } from "vitest";
import type { Aws } from "../fakes/aws/index.ts";
import { isOutcome, logFaults, markdownFaults } from "../repo/voice-rules.ts";
import {
  badReleaseIsReverted,
  clusterIsBuilt,
  pullRequestGetsItsCost,
  releaseIsDeployed,
  type Stage,
  stepsOf,
  type Told,
} from "../story/story.ts";

/** What a platform team would check after each run, whichever Kubernetes the story plays on. */
export interface Claims {
  /** Image of the Deployment's first container, read from the cluster itself. */
  imageOf(namespace: string, deployment: string): Promise<string | undefined>;
}

export async function tellAndCheck(stage: Stage, claims: Claims): Promise<void> {
  const priced = await pullRequestGetsItsCost(stage);
  checkCost(priced);
  checkVoice(priced);
  const built = await clusterIsBuilt(stage);
  checkCluster(built, stage.aws);
  checkVoice(built);
  const released = await releaseIsDeployed(stage);
  checkRelease(released);
  checkVoice(released);
  expect(await claims.imageOf("shop", "web")).toBe("registry.example/shop/web:v1.1.0");
  const reverted = await badReleaseIsReverted(stage);
  checkRevert(reverted);
  checkVoice(reverted);
  if (stage.missingImages === "by name") checkQuotes(reverted);
  expect(await claims.imageOf("shop", "web")).toBe("registry.example/shop/web:v1.1.0");
}

/** What the pages show of a bad release is what it says, but for times. */
function checkQuotes(told: Told): void {
  const plain = (text: string) => text.replaceAll(/\d+m?( \d+)? m?s\b/g, "…").split("\n");
  const log = new Set(plain(told.workflow.log.replaceAll("##[error]", "Error: ")));
  for (const page of ["README.md", "README.ko.md"]) {
    const [, quoted = ""] = /\n\n```\n([\s\S]*?)```/.exec(readFileSync(page, "utf8")) ?? [];
    const lines = plain(quoted.trim()).filter((line) => !line.startsWith("web 0/2 ready"));
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.filter((line) => !log.has(line))).toEqual([]);
  }
}

/** Four actions, one voice: in every log, summary and comment of the run. */
function checkVoice(told: Told): void {
  const ours = stepsOf(told.workflow).filter((step) => step.log.startsWith("##[group]Run $/actions/"));
  expect(ours.length).toBeGreaterThan(0);
  for (const step of ours) {
    const lines = step.log.slice(step.log.indexOf("##[endgroup]")).split("\n");
    expect(lines.filter((line) => !line.startsWith("##[")).flatMap(logFaults), step.name).toEqual([]);
    expect(lines.at(-1), `${step.name} ends with its outcome, outside any group`).not.toMatch(/^(##\[|\s|$)/);
    const title = step.summary.split("\n").find((line) => line.startsWith("## ")) ?? `## ${step.summary}`;
    expect(isOutcome(title.slice(3)), `${step.name}: ${title}`).toBe(true);
  }
  const texts = [...ours.map((step) => step.summary), ...told.comments.map((comment) => comment.body)];
  expect(texts.flatMap(markdownFaults)).toEqual([]);
}

function checkCost(told: Told): void {
  expect(told.workflow.outcome, told.workflow.log).toBe("success");
  expect(told.comments).toHaveLength(1);
  const [comment] = told.comments;
  expect(comment?.author).toBe("github-actions[bot]");
  expect(comment?.body).toMatch(/^<!-- eks-actions\/cost-diff /);
  expect(comment?.body).toMatch(/\+\$\d/);
  expect(comment?.body).toContain("m5.large");
}

function checkCluster(told: Told, aws: Aws): void {
  expect(told.workflow.outcome, told.workflow.log).toBe("success");
  const { clusters, roles } = aws.account;
  expect([...clusters.keys()]).toEqual(["shop"]);
  const untagged = [...roles.values()].filter(
    (role) => role.path.startsWith("/eks-actions/") && !role.tags.has("eks-actions/owner"),
  );
  expect(untagged).toEqual([]);
}

function checkRelease(told: Told): void {
  expect(told.workflow.outcome, told.workflow.log).toBe("success");
  expect(told.deploymentStates.at(-1)).toBe("success");
  expect(told.workflow.jobs["deploy"]?.outputs["result"]).toBe("applied");
}

function checkRevert(told: Told): void {
  expect(told.workflow.outcome, told.workflow.log).toBe("failure");
  expect(told.deploymentStates.at(-1)).toBe("failure");
  const errors = stepsOf(told.workflow).flatMap((step) => step.annotations.filter((entry) => entry.level === "error"));
  expect(errors.map((entry) => entry.title)).toEqual(["IMAGE_NOT_FOUND"]);
  expect(errors[0]?.file).toBe("k8s/web.yaml");
  const summary = stepsOf(told.workflow)
    .map((step) => step.summary)
    .join("\n");
  expect(summary).toMatch(/reverted and healthy/);
}
