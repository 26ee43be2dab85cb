import type { Clock } from "@eks-actions/action";
import type { EventSpec } from "./events.ts";
import { addComment, addCommit, addIssue, addPull, type CommitSpec, type PullSpec } from "./repository.ts";
import type { Sequence } from "./seed.ts";
import type { Artifact, Comment, Commit, Issue, Pull, RepoState, WorkflowRun } from "./state.ts";

/** Ways to add to the repository that keep ids and SHAs in order. */
export interface Repository {
  readonly state: RepoState;
  commit(spec: Omit<CommitSpec, "now">): Commit;
  tag(name: string, sha: string): void;
  pull(spec: Omit<PullSpec, "now">): Pull;
  issue(spec: { title: string; body?: string; author?: string; labels?: readonly string[] }): Issue;
  comment(spec: { issue: number; author: string; body: string }): Comment;
  run(spec: Partial<WorkflowRun> & { headSha: string }): WorkflowRun;
  artifact(spec: { name: string; run: number; files: Artifact["files"] }): Artifact;
}

export function createBuilder(state: RepoState, ids: Sequence, clock: Clock): Repository {
  const now = () => clock.now();
  return {
    state,
    commit: (spec) => addCommit(state, ids, { ...spec, now: now() }),
    tag: (name, sha) => void state.refs.set(`refs/tags/${name}`, sha),
    pull: (spec) => addPull(state, ids, { ...spec, now: now() }),
    issue: (spec) => addIssue(state, { ...spec, now: now() }),
    comment: (spec) => addComment(state, ids, { ...spec, now: now() }),
    run(spec) {
      const run: WorkflowRun = {
        id: ids.id(),
        name: "ci",
        event: "pull_request",
        status: "completed",
        conclusion: "success",
        headBranch: state.defaultBranch,
        headRepository: `${state.owner}/${state.name}`,
        path: ".github/workflows/ci.yml",
        runNumber: state.runs.length + 1,
        runAttempt: 1,
        pulls: [],
        createdAt: now(),
        ...spec,
      };
      state.runs.push(run);
      return run;
    },
    artifact(spec) {
      const artifact: Artifact = { id: ids.id(), expired: false, createdAt: now(), ...spec };
      state.artifacts.push(artifact);
      return artifact;
    },
  };
}

/** An event by its name alone gets what it needs: a pull request, a run, a tag. */
export function completeEvent(
  event: EventSpec | EventSpec["name"],
  isFork: boolean,
  repository: Repository,
): EventSpec {
  if (typeof event !== "string") return event;
  if (event === "pull_request" || event === "pull_request_target") {
    const pull = repository.state.pulls[0] ?? openPull(repository, isFork);
    return { name: event, number: pull.number };
  }
  if (event === "workflow_run") {
    const pull = repository.state.pulls[0] ?? openPull(repository, isFork);
    const { head } = pull;
    const pulls = head.repository === `${repository.state.owner}/${repository.state.name}` ? [pull.number] : [];
    const run = repository.run({ headSha: head.sha, headBranch: head.ref, headRepository: head.repository, pulls });
    return { name: event, run: run.id };
  }
  if (event === "release") {
    repository.tag("v1.0.0", repository.state.refs.get(`refs/heads/${repository.state.defaultBranch}`) ?? "");
    return { name: event, tag: "v1.0.0" };
  }
  return { name: event };
}

function openPull(repository: Repository, isFork: boolean): Pull {
  repository.commit({ branch: "change", message: "Change", files: { "change.txt": "one line\n" } });
  const fork = `stranger/${repository.state.name}`;
  return repository.pull({ branch: "change", ...(isFork ? { fork, author: "stranger" } : {}) });
}
