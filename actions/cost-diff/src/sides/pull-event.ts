import type { RunContext } from "@eks-actions/action";
import { dig, digList, digText } from "./place.ts";

/** What the event says about the pull request; everything from it is data of strangers. */
export interface PullEvent {
  readonly number: number;
  readonly headSha: string;
  readonly headRef: string;
  readonly baseRef: string;
  readonly baseSha: string;
  readonly labels: readonly string[];
  /** The head lies in another repository, or in one that is gone. */
  readonly isFork: boolean;
}

/** The pull request of a `pull_request` event; `undefined` on other events. */
export function pullEvent(run: RunContext): PullEvent | undefined {
  const pull = dig(run.event, "pull_request");
  const number = dig(pull, "number");
  const headSha = digText(pull, "head", "sha");
  if (typeof number !== "number" || !Number.isSafeInteger(number) || headSha === undefined) return undefined;
  const headRepository = dig(pull, "head", "repo", "id");
  return {
    number,
    headSha,
    headRef: digText(pull, "head", "ref") ?? "",
    baseRef: digText(pull, "base", "ref") ?? "",
    baseSha: digText(pull, "base", "sha") ?? "",
    labels: digList(pull, "labels").flatMap((label) => digText(label, "name") ?? []),
    isFork: headRepository === undefined || headRepository !== dig(pull, "base", "repo", "id"),
  };
}

export interface WorkflowRunEvent {
  readonly headSha: string;
  readonly headRepositoryId: number | undefined;
  readonly repositoryId: number | undefined;
}

export function workflowRunEvent(run: RunContext): WorkflowRunEvent | undefined {
  const headSha = digText(run.event, "workflow_run", "head_sha");
  if (headSha === undefined) return undefined;
  const id = (value: unknown) => (typeof value === "number" ? value : undefined);
  return {
    headSha,
    headRepositoryId: id(dig(run.event, "workflow_run", "head_repository", "id")),
    repositoryId: id(dig(run.event, "repository", "id")),
  };
}
