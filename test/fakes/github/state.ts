/** The repository as plain data: tests read it and write to it; handlers do nothing else. */
export interface RepoState {
  readonly owner: string;
  readonly name: string;
  readonly id: number;
  readonly ownerId: number;
  visibility: "private" | "public";
  defaultBranch: string;
  /** Logins known so far; others are made up when they first appear. */
  readonly users: Map<string, User>;
  readonly issues: Issue[];
  readonly pulls: Pull[];
  readonly comments: Comment[];
  readonly deployments: Deployment[];
  readonly deploymentStatuses: DeploymentStatus[];
  readonly commitStatuses: CommitStatus[];
  readonly checkRuns: CheckRun[];
  readonly runs: WorkflowRun[];
  readonly artifacts: Artifact[];
  readonly releases: Release[];
  /** By SHA. */
  readonly commits: Map<string, Commit>;
  /** Full ref (`refs/heads/main`) → SHA. */
  readonly refs: Map<string, string>;
  /** Answer of the OIDC subject customisation endpoint. */
  subjectTemplate: SubjectTemplate;
}

export interface User {
  readonly login: string;
  readonly id: number;
  readonly type: "User" | "Bot" | "Organization";
}

export interface Issue {
  readonly number: number;
  title: string;
  body: string | null;
  state: "open" | "closed";
  stateReason: "completed" | "not_planned" | "reopened" | null;
  readonly author: string;
  labels: readonly string[];
  readonly createdAt: number;
  updatedAt: number;
}

/** A pull request is an issue too: same numbers, same comments. */
export interface Pull {
  readonly number: number;
  title: string;
  body: string | null;
  state: "open" | "closed";
  merged: boolean;
  draft: boolean;
  readonly author: string;
  readonly base: { readonly ref: string; sha: string };
  /** `repository` differs from the repository's own name for a fork. */
  readonly head: { readonly ref: string; sha: string; readonly repository: string };
  mergeSha: string;
  readonly createdAt: number;
  updatedAt: number;
}

export interface Comment {
  readonly id: number;
  /** Issue or pull request number. */
  readonly issue: number;
  readonly author: string;
  body: string;
  readonly createdAt: number;
  updatedAt: number;
}

export interface Deployment {
  readonly id: number;
  readonly sha: string;
  readonly ref: string;
  readonly task: string;
  readonly environment: string;
  readonly description: string | null;
  readonly payload: unknown;
  readonly creator: string;
  readonly transient: boolean;
  readonly production: boolean;
  readonly createdAt: number;
  updatedAt: number;
}

export interface DeploymentStatus {
  readonly id: number;
  readonly deployment: number;
  readonly state: string;
  readonly description: string;
  readonly logUrl: string;
  readonly environmentUrl: string;
  readonly environment: string;
  readonly creator: string;
  readonly createdAt: number;
}

export interface CommitStatus {
  readonly id: number;
  readonly sha: string;
  readonly state: string;
  readonly context: string;
  readonly description: string | null;
  readonly targetUrl: string | null;
  readonly creator: string;
  readonly createdAt: number;
}

export interface CheckRun {
  readonly id: number;
  name: string;
  readonly headSha: string;
  status: string;
  conclusion: string | null;
  output: { title: string | null; summary: string | null; text: string | null; annotations: readonly unknown[] };
  detailsUrl: string | null;
  externalId: string;
  startedAt: number | null;
  completedAt: number | null;
}

export interface WorkflowRun {
  readonly id: number;
  name: string;
  readonly event: string;
  status: string;
  conclusion: string | null;
  readonly headSha: string;
  readonly headBranch: string;
  readonly headRepository: string;
  readonly path: string;
  readonly runNumber: number;
  readonly runAttempt: number;
  readonly pulls: readonly number[];
  readonly createdAt: number;
}

export interface Artifact {
  readonly id: number;
  readonly name: string;
  readonly run: number;
  /** Path in the archive → content. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  expired: boolean;
  readonly createdAt: number;
}

export interface Release {
  readonly id: number;
  tag: string;
  name: string;
  body: string;
  /** Seen by those who may write only. Once it is none, GitHub changes neither tag nor assets any more. */
  draft: boolean;
  prerelease: boolean;
  makeLatest: string;
  assets: readonly ReleaseAsset[];
  readonly author: string;
  readonly createdAt: number;
  publishedAt: number | null;
}

export interface ReleaseAsset {
  readonly id: number;
  readonly name: string;
  readonly content: Buffer;
  /** `starter` is what an upload leaves that broke off. */
  readonly state: "uploaded" | "starter";
  readonly createdAt: number;
}

export interface Commit {
  readonly sha: string;
  readonly message: string;
  readonly author: string;
  readonly parents: readonly string[];
  /** The whole tree: path → content. */
  readonly files: Readonly<Record<string, string>>;
  readonly createdAt: number;
}

export interface SubjectTemplate {
  readonly useDefault: boolean;
  readonly claimKeys: readonly string[];
  readonly immutable: boolean;
}
