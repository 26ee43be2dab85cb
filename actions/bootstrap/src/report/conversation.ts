import { ActionError, type BasePorts } from "@eks-actions/action";
import { createGitHub, type GitHubPort } from "@eks-actions/github";
import type { Inputs } from "../inputs.ts";
import type { Ports } from "../ports.ts";

const AUTHOR = "github-actions[bot]";

/** A plan without a comment is still a plan: what GitHub refuses is said in the log, and nothing fails. */
export async function comment(
  base: BasePorts,
  inputs: Inputs,
  marker: string,
  plan: Parameters<Ports["comment"]>[1],
): Promise<string> {
  const issue = pullRequestNumber(base.run.event);
  const github = connect(base, inputs);
  if (issue === undefined || github === undefined) return "no pull request to comment on";
  return said("comment", async () => {
    const result = await github.stickyComment({
      issue,
      marker,
      author: AUTHOR,
      body: () => plan.body,
      createWhenMissing: plan.hasActions,
    });
    switch (result.kind) {
      case "created":
      case "updated":
      case "unchanged":
        return `comment ${result.kind}: ${result.url}`;
      case "skipped":
        return "no comment: there is nothing to do";
      case "read-only":
      case "too-long":
        return `no comment: ${result.error.message}`;
      default:
        return result satisfies never;
    }
  });
}

function pullRequestNumber(event: unknown): number | undefined {
  if (typeof event !== "object" || event === null || !("pull_request" in event)) return undefined;
  const { pull_request: request } = event;
  if (typeof request !== "object" || request === null || !("number" in request)) return undefined;
  return typeof request.number === "number" ? request.number : undefined;
}

/** One issue while there is drift; what GitHub refuses is said in the log. */
export async function driftIssue(
  base: BasePorts,
  inputs: Inputs,
  marker: string,
  issue: Parameters<Ports["driftIssue"]>[1],
): Promise<string> {
  const github = connect(base, inputs);
  if (github === undefined) return "no repository to open an issue in";
  const { title, body } = issue;
  return said("issue", async () => {
    const result =
      body === undefined
        ? await github.closeIssue({ marker, author: AUTHOR })
        : await github.upsertIssue({ marker, author: AUTHOR, title, body, labels: ["drift"] });
    switch (result.kind) {
      case "absent":
        return "no issue about drift is open";
      case "read-only":
        return `no issue: ${result.error.message}`;
      default:
        return `issue #${result.number} ${result.kind}: ${result.url}`;
    }
  });
}

function connect({ run, clock, log }: BasePorts, inputs: Inputs): GitHubPort | undefined {
  const token = inputs.githubToken;
  if (token === undefined || run.repository === "") return undefined;
  return createGitHub({ token, apiUrl: run.apiUrl, repository: run.repository, clock, log });
}

async function said(what: string, work: () => Promise<string>): Promise<string> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ActionError) return `no ${what}: ${error.message}`;
    throw error;
  }
}
