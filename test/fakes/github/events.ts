import { presentRepository, presentUser, type View } from "./present.ts";
import { presentRun } from "./present-delivery.ts";
import { presentPull } from "./present-discussion.ts";
import type { Pull } from "./state.ts";

/** What started the workflow. Numbers and branches refer to the state. */
export type EventSpec =
  | { readonly name: "push"; readonly branch?: string; readonly tag?: string }
  | { readonly name: "workflow_dispatch"; readonly branch?: string; readonly inputs?: Readonly<Record<string, string>> }
  | { readonly name: "schedule" }
  | { readonly name: "pull_request" | "pull_request_target"; readonly number: number; readonly action?: string }
  | { readonly name: "workflow_run"; readonly run: number }
  | { readonly name: "release"; readonly tag: string };

/** The parts of the `github` context that the event decides. */
export interface EventFacts {
  readonly event_name: string;
  readonly ref: string;
  readonly sha: string;
  readonly head_ref: string;
  readonly base_ref: string;
  /** The payload. */
  readonly event: Readonly<Record<string, unknown>>;
  readonly isForkPull: boolean;
}

export function eventFacts(view: View, spec: EventSpec, actor: string): EventFacts {
  const { repo } = view;
  const common = {
    repository: presentRepository(view, `${repo.owner}/${repo.name}`),
    sender: presentUser(view, actor),
  };
  const at = (ref: string) => repo.refs.get(ref) ?? "";
  const plain = (ref: string, event: Record<string, unknown>): EventFacts => ({
    event_name: spec.name,
    ref,
    sha: at(ref),
    head_ref: "",
    base_ref: "",
    event: { ...common, ...event },
    isForkPull: false,
  });
  const main = `refs/heads/${repo.defaultBranch}`;
  switch (spec.name) {
    case "push": {
      const ref = spec.tag === undefined ? `refs/heads/${spec.branch ?? repo.defaultBranch}` : `refs/tags/${spec.tag}`;
      const commit = repo.commits.get(at(ref));
      return plain(ref, {
        ref,
        after: at(ref),
        before: commit?.parents[0] ?? "0".repeat(40),
        created: false,
        deleted: false,
        forced: false,
      });
    }
    case "workflow_dispatch": {
      const ref = `refs/heads/${spec.branch ?? repo.defaultBranch}`;
      return plain(ref, { ref, inputs: spec.inputs ?? {}, workflow: ".github/workflows/ci.yml" });
    }
    case "schedule":
      return plain(main, { schedule: "0 5 * * *" });
    case "release":
      return plain(`refs/tags/${spec.tag}`, {
        action: "published",
        release: { tag_name: spec.tag, draft: false, prerelease: false },
      });
    case "workflow_run": {
      const run = repo.runs.find((candidate) => candidate.id === spec.run);
      if (run === undefined) throw new Error(`no workflow run ${spec.run} in the state`);
      return plain(main, { action: "completed", workflow_run: presentRun(view, run) });
    }
    case "pull_request":
    case "pull_request_target":
      return pullFacts(view, spec.name, pullOf(view, spec.number), spec.action ?? "synchronize", common);
  }
}

function pullOf(view: View, number: number): Pull {
  const pull = view.repo.pulls.find((candidate) => candidate.number === number);
  if (pull === undefined) throw new Error(`no pull request ${number} in the state`);
  return pull;
}

function pullFacts(
  view: View,
  name: "pull_request" | "pull_request_target",
  pull: Pull,
  action: string,
  common: Record<string, unknown>,
): EventFacts {
  const isTarget = name === "pull_request_target";
  const own = `${view.repo.owner}/${view.repo.name}`;
  return {
    event_name: name,
    // The privileged event runs on the base branch, the other on the merge of both.
    ref: isTarget ? `refs/heads/${pull.base.ref}` : `refs/pull/${pull.number}/merge`,
    sha: isTarget ? pull.base.sha : pull.mergeSha,
    head_ref: pull.head.ref,
    base_ref: pull.base.ref,
    event: {
      ...common,
      action,
      number: pull.number,
      pull_request: presentPull(view, pull, { commits: 1, files: 1, add: 1, del: 0 }),
    },
    isForkPull: !isTarget && pull.head.repository !== own,
  };
}
