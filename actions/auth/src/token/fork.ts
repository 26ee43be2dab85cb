import { isRecord } from "../json.ts";

/** A pull request whose head is another repository. */
export interface Fork {
  /** `owner/repo`, or `a deleted fork`. */
  readonly head: string;
  readonly base: string;
}

/** The fork behind the event, for `pull_request*` and `workflow_run`. A deleted fork has no head repository. */
export function forkOf(event: unknown): Fork | undefined {
  if (!isRecord(event)) return undefined;
  const request = event["pull_request"];
  if (isRecord(request)) {
    const base = repositoryName(isRecord(request["base"]) ? request["base"]["repo"] : undefined);
    const head = isRecord(request["head"]) ? request["head"]["repo"] : undefined;
    return compare(head, base);
  }
  const run = event["workflow_run"];
  if (isRecord(run)) return compare(run["head_repository"], repositoryName(run["repository"] ?? event["repository"]));
  return undefined;
}

function compare(head: unknown, base: string | undefined): Fork | undefined {
  const name = repositoryName(head);
  if (base === undefined || name === base) return undefined;
  return { head: name ?? "a deleted fork", base };
}

function repositoryName(repository: unknown): string | undefined {
  return isRecord(repository) && typeof repository["full_name"] === "string" ? repository["full_name"] : undefined;
}
