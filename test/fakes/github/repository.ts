import type { Sequence } from "./seed.ts";
import type { Comment, Commit, Issue, Pull, RepoState } from "./state.ts";

export interface RepositorySeed {
  /** `owner/name`; default `acme/shop`. */
  readonly fullName?: string | undefined;
  readonly visibility?: "private" | "public" | undefined;
  readonly id?: number | undefined;
  readonly ownerId?: number | undefined;
  /** Tree of the first commit on main. */
  readonly files?: Readonly<Record<string, string>> | undefined;
}

/** A repository with one commit on main. */
export function createRepository(seed: RepositorySeed, ids: Sequence, now: number): RepoState {
  const [owner = "acme", name = "shop"] = (seed.fullName ?? "acme/shop").split("/");
  const repo: RepoState = {
    owner,
    name,
    id: seed.id ?? 740_001,
    ownerId: seed.ownerId ?? 9001,
    visibility: seed.visibility ?? "private",
    defaultBranch: "main",
    users: new Map(),
    issues: [],
    pulls: [],
    comments: [],
    deployments: [],
    deploymentStatuses: [],
    commitStatuses: [],
    checkRuns: [],
    runs: [],
    artifacts: [],
    releases: [],
    commits: new Map(),
    refs: new Map(),
    subjectTemplate: { useDefault: true, claimKeys: [], immutable: false },
  };
  repo.users.set(owner, { login: owner, id: repo.ownerId, type: "Organization" });
  repo.users.set("github-actions[bot]", { login: "github-actions[bot]", id: 41_898_282, type: "Bot" });
  addCommit(repo, ids, { branch: "main", message: "Start", files: seed.files ?? { "README.md": "# shop\n" }, now });
  return repo;
}

export interface CommitSpec {
  /** Branch that moves to the new commit. */
  readonly branch: string;
  /** Branch or SHA to start from when the branch is new. Default: the default branch. */
  readonly from?: string | undefined;
  readonly message: string;
  readonly author?: string | undefined;
  /** Path → content on top of the parent's tree; `null` removes. */
  readonly files: Readonly<Record<string, string | null>>;
  /** Given when the commit exists in a real clone; by default derived from the seed. */
  readonly sha?: string | undefined;
  readonly now: number;
}

export function addCommit(repo: RepoState, ids: Sequence, spec: CommitSpec): Commit {
  const ref = `refs/heads/${spec.branch}`;
  const start = repo.refs.get(ref) ?? resolveRef(repo, spec.from ?? repo.defaultBranch);
  const parent = start === undefined ? undefined : repo.commits.get(start);
  const files: Record<string, string> = { ...parent?.files };
  for (const [path, content] of Object.entries(spec.files)) {
    if (content === null) delete files[path];
    else files[path] = content;
  }
  const commit: Commit = {
    sha: spec.sha ?? ids.sha(`${spec.branch}:${spec.message}:${repo.commits.size}`),
    message: spec.message,
    author: spec.author ?? "octocat",
    parents: parent === undefined ? [] : [parent.sha],
    files,
    createdAt: spec.now,
  };
  repo.commits.set(commit.sha, commit);
  repo.refs.set(ref, commit.sha);
  return commit;
}

/** A branch, tag, full ref or SHA (also a prefix of at least 7 digits) → SHA. */
export function resolveRef(repo: RepoState, ref: string): string | undefined {
  for (const candidate of [ref, `refs/heads/${ref}`, `refs/tags/${ref}`]) {
    const sha = repo.refs.get(candidate);
    if (sha !== undefined) return sha;
  }
  if (!/^[0-9a-f]{7,40}$/.test(ref)) return undefined;
  return [...repo.commits.keys()].find((sha) => sha.startsWith(ref));
}

export interface PullSpec {
  readonly title?: string | undefined;
  readonly author?: string | undefined;
  readonly branch: string;
  readonly base?: string | undefined;
  /** `owner/name` of the fork the head is in. */
  readonly fork?: string | undefined;
  readonly number?: number | undefined;
  readonly now: number;
}

export function addPull(repo: RepoState, ids: Sequence, spec: PullSpec): Pull {
  const base = spec.base ?? repo.defaultBranch;
  const baseSha = repo.refs.get(`refs/heads/${base}`);
  const headSha = repo.refs.get(`refs/heads/${spec.branch}`);
  if (baseSha === undefined || headSha === undefined) {
    throw new Error(`a pull request needs its branches: ${base}, ${spec.branch}`);
  }
  const number = spec.number ?? nextNumber(repo);
  const pull: Pull = {
    number,
    title: spec.title ?? `Change ${spec.branch}`,
    body: null,
    state: "open",
    merged: false,
    draft: false,
    author: spec.author ?? "octocat",
    base: { ref: base, sha: baseSha },
    head: { ref: spec.branch, sha: headSha, repository: spec.fork ?? `${repo.owner}/${repo.name}` },
    mergeSha: ids.sha(`merge:${number}`),
    createdAt: spec.now,
    updatedAt: spec.now,
  };
  repo.pulls.push(pull);
  const head = repo.commits.get(headSha);
  repo.commits.set(pull.mergeSha, {
    sha: pull.mergeSha,
    message: `Merge ${headSha} into ${baseSha}`,
    author: pull.author,
    parents: [baseSha, headSha],
    files: head?.files ?? {},
    createdAt: spec.now,
  });
  repo.refs.set(`refs/pull/${number}/merge`, pull.mergeSha);
  repo.refs.set(`refs/pull/${number}/head`, headSha);
  return pull;
}

export function addIssue(
  repo: RepoState,
  spec: { title: string; body?: string | null; author?: string; labels?: readonly string[]; now: number },
): Issue {
  const issue: Issue = {
    number: nextNumber(repo),
    title: spec.title,
    body: spec.body ?? null,
    state: "open",
    stateReason: null,
    author: spec.author ?? "octocat",
    labels: spec.labels ?? [],
    createdAt: spec.now,
    updatedAt: spec.now,
  };
  repo.issues.push(issue);
  return issue;
}

export function addComment(
  repo: RepoState,
  ids: Sequence,
  spec: { issue: number; author: string; body: string; now: number },
): Comment {
  const { now, ...rest } = spec;
  const comment: Comment = { id: ids.id(), ...rest, createdAt: now, updatedAt: now };
  repo.comments.push(comment);
  return comment;
}

function nextNumber(repo: RepoState): number {
  const numbers = [...repo.issues, ...repo.pulls].map((item) => item.number);
  return Math.max(0, ...numbers) + 1;
}
