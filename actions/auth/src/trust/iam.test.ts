import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { kubectlPolicy } from "../inputs/session-policy.ts";
import { type Claims, overrideClaims } from "../token/claims.ts";
import { parseTrustDocument } from "./document.ts";
import { evaluateTrust } from "./evaluate.ts";

const folder = new URL("../../iam/", import.meta.url);
const text = (file: string) => readFileSync(new URL(file, folder), "utf8");

function job(sub: string, more: Readonly<Record<string, string>> = {}): Claims {
  const iss = "https://token.actions.githubusercontent.com";
  return overrideClaims(undefined, { iss, aud: "sts.amazonaws.com", sub, repository_id: "74", ...more });
}

const verdict = (file: string, claims: Claims) =>
  evaluateTrust(parseTrustDocument(text(file), file), claims, "111122223333");
const called = "octo-org/ci/.github/workflows/deploy.yml@refs/tags/v1";

describe("the policy files", () => {
  it.each([
    ["trust-environment.json", job("repo:octo-org/octo-repo:environment:prod")],
    ["trust-environment.json", job("repo:octo-org@65/octo-repo@74:environment:prod")],
    ["trust-pull-request.json", job("repo:octo-org/octo-repo:pull_request")],
    ["trust-pull-request.json", job("repo:octo-org@65/octo-repo@74:pull_request")],
    ["trust-reusable-workflow.json", job("repo:octo-org/octo-repo:environment:prod", { job_workflow_ref: called })],
    [
      "trust-reusable-workflow.json",
      job("repo:octo-org@65/octo-repo@74:environment:prod", { job_workflow_ref: called }),
    ],
  ])("%s admits its job, without a warning", (file, claims) => {
    expect(verdict(file, claims)).toMatchObject({ verdict: "allow", warnings: [] });
  });

  it.each([
    ["trust-environment.json", "another environment", job("repo:octo-org/octo-repo:environment:dev")],
    [
      "trust-environment.json",
      "a repository of the same name made anew",
      job("repo:octo-org/octo-repo:environment:prod", { repository_id: "99" }),
    ],
    ["trust-environment.json", "a neighbour's repository", job("repo:octo-org2/octo-repo:environment:prod")],
    ["trust-pull-request.json", "a branch", job("repo:octo-org/octo-repo:ref:refs/heads/main")],
    [
      "trust-reusable-workflow.json",
      "a workflow of the repository itself",
      job("repo:octo-org/octo-repo:environment:prod", {
        job_workflow_ref: "octo-org/octo-repo/.github/workflows/x.yml@refs/heads/main",
      }),
    ],
  ])("%s keeps out %s", (file, _, claims) => {
    expect(verdict(file, claims).verdict).toBe("deny");
  });

  it("role-kubeconfig.json is what the preset asks for, and no more", () => {
    const preset = JSON.parse(kubectlPolicy(["arn:aws:eks:eu-west-1:111122223333:cluster/payments"])) as {
      Statement: { Resource: unknown }[];
    };
    const file = JSON.parse(text("role-kubeconfig.json")) as typeof preset;
    expect(file.Statement[0]).toMatchObject({ Effect: "Allow", Action: "eks:DescribeCluster" });
    expect([file.Statement[0]?.Resource].flat()).toEqual([preset.Statement[0]?.Resource].flat());
  });

  it("are all looked at here", () => {
    expect(readdirSync(folder).sort()).toEqual([
      "role-kubeconfig.json",
      "trust-environment.json",
      "trust-pull-request.json",
      "trust-reusable-workflow.json",
    ]);
  });
});
