import { describe, expect, it } from "vitest";
import { missingToken, type TokenlessJob } from "./missing.ts";

const own = "acme/app/.github/workflows/ci.yml@refs/heads/main";
const called = "acme/flows/.github/workflows/deploy.yml@refs/tags/v1";
const fork = { head: "stranger/app", base: "acme/app" };

function job(more: Partial<TokenlessJob>): TokenlessJob {
  return { fork: undefined, workflowRef: own, jobWorkflowRef: own, actor: "octocat", ...more };
}

describe("missingToken", () => {
  it.each<[string, Partial<TokenlessJob>, string]>([
    ["a job of the workflow itself", {}, "ID_TOKEN_PERMISSION_MISSING"],
    ["a called workflow", { jobWorkflowRef: called }, "ID_TOKEN_CALLER_PERMISSION_MISSING"],
    [
      "a called workflow of the same repository",
      { jobWorkflowRef: "acme/app/.github/workflows/deploy.yml@refs/heads/main" },
      "ID_TOKEN_CALLER_PERMISSION_MISSING",
    ],
    ["a fork", { fork }, "ID_TOKEN_FORK"],
    ["a fork whose workflow calls another", { fork, jobWorkflowRef: called }, "ID_TOKEN_FORK"],
    [
      "a service that does not tell the defining workflow",
      { jobWorkflowRef: undefined },
      "ID_TOKEN_PERMISSION_MISSING",
    ],
    ["a runner that does not tell the workflow", { workflowRef: "" }, "ID_TOKEN_PERMISSION_MISSING"],
  ])("of %s", (_, more, code) => {
    expect(missingToken(job(more)).code).toBe(code);
  });

  it("prints the calling job as it must read", () => {
    const { message, hint } = missingToken(job({ jobWorkflowRef: called }));
    expect(message).toBe(`the job that calls ${called} in ${own} does not grant \`id-token: write\``);
    expect(hint?.split("\n").slice(0, 5)).toEqual([
      "add to the calling job in .github/workflows/ci.yml:",
      `  uses: ${called}`,
      "  permissions:",
      "    id-token: write",
      "    contents: read",
    ]);
  });

  it("speaks of callers in the job's own case only where it cannot know", () => {
    expect(missingToken(job({})).hint).not.toContain("calling job");
    expect(missingToken(job({ jobWorkflowRef: undefined })).hint).toContain("calling job");
  });

  it("names Dependabot in the message when it is the actor, else as a reminder", () => {
    expect(missingToken(job({ actor: "dependabot[bot]" })).message).toContain("Dependabot's runs are read-only");
    expect(missingToken(job({})).hint).toContain("Dependabot's runs are read-only");
  });
});
