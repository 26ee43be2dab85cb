import { ActionError } from "@eks-actions/action";
import type { GitHubPort } from "@eks-actions/github";
import type { Git } from "./git.ts";
import type { PullEvent } from "./pull-event.ts";

export interface BaseChoice {
  /** Commit of each side; empty where a ready folder stands in or there is no repository. */
  readonly base: string;
  readonly head: string;
}

/**
 * The commit to compare with. GitHub's merge commit is checked out by default, and its first parent is exactly what the
 * pull request changes; against the tip of the base branch others' merges would show as savings.
 * @throws ActionError `BASE_MISSING`
 */
export async function chooseBase(
  git: Git,
  github: GitHubPort,
  pull: PullEvent | undefined,
  baseRef: string | undefined,
  signal: AbortSignal,
): Promise<BaseChoice> {
  const head = await git.head();
  if (head === undefined) {
    throw new ActionError("BASE_MISSING", {
      message: "the workspace is no git repository with a commit",
      hint: "put `uses: actions/checkout@v5` with `fetch-depth: 2` before this step, or give `base-path`",
    });
  }
  const base = await baseOf(git, github, head, pull, baseRef, signal);
  if (!(await git.has(base)) && !(await git.fetch(base))) throw missing(base);
  return { base, head: pull?.headSha ?? head };
}

async function baseOf(
  git: Git,
  github: GitHubPort,
  head: string,
  pull: PullEvent | undefined,
  baseRef: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  if (baseRef !== undefined) {
    const found = (await git.resolve(`origin/${baseRef}`)) ?? (await git.resolve(baseRef));
    if (found !== undefined) return found;
    if (/^[0-9a-f]{40}$/.test(baseRef)) return baseRef;
    throw missing(baseRef);
  }
  const parents = await git.parents(head);
  if (pull !== undefined && head === pull.headSha) return github.mergeBase(pull.baseSha, pull.headSha, signal);
  const [first] = parents;
  if (first === undefined) throw missing(`the parent of ${head.slice(0, 7)}`);
  return first;
}

function missing(commit: string): ActionError {
  return new ActionError("BASE_MISSING", {
    message: `base commit ${commit} is not in the clone and could not be fetched`,
    hint: "give the checkout two commits:\n  - uses: actions/checkout@v5\n    with:\n      fetch-depth: 2\nor compare with a folder: `base-path: …`",
  });
}
