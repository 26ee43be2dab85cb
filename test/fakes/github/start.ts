import type { AddressInfo } from "node:net";
import { type Clock, systemClock } from "@eks-actions/action";
import { jobClaims } from "./claims.ts";
import { Contract } from "./contract.ts";
import { type EventSpec, eventFacts } from "./events.ts";
import { type Fault, FaultScript } from "./faults.ts";
import { createIssuer, GITHUB_ISSUER, type Issuer } from "./issuer.ts";
import { type Limits, RateLimiter } from "./limits.ts";
import type { View } from "./present.ts";
import {
  addComment,
  addCommit,
  addIssue,
  addPull,
  type CommitSpec,
  createRepository,
  type PullSpec,
  type RepositorySeed,
} from "./repository.ts";
import { createSequence, type Sequence } from "./seed.ts";
import { createGitHubServer, type SeenRequest, type World } from "./server.ts";
import type { Artifact, Comment, Commit, Issue, Pull, RepoState, WorkflowRun } from "./state.ts";
import { type Permissions, readOnly } from "./tokens.ts";
import { StandInViolations, type Violation } from "./violations.ts";

export interface GitHubOptions {
  /** Ids and SHAs follow from it. Default 1. */
  readonly seed?: number | undefined;
  readonly clock?: Clock | undefined;
  /** `owner/name`, or more about the repository. */
  readonly repo?: string | RepositorySeed | undefined;
  /** Fills the repository before the event is made of it. */
  readonly prepare?: ((repository: Repository) => void) | undefined;
  /** Default: a push to main. `pull_request` alone opens one if there is none. */
  readonly event?: EventSpec | EventSpec["name"] | undefined;
  /** The job's `permissions:`. Default: none. */
  readonly permissions?: Permissions | undefined;
  /** The pull request that is opened for the event comes from a fork. */
  readonly fork?: boolean | undefined;
  readonly actor?: string | undefined;
  /** The job's `environment:`; GitHub makes a deployment for it. */
  readonly environment?: string | undefined;
  /** The called workflow when the job runs in a reusable one. */
  readonly jobWorkflowRef?: string | undefined;
  readonly subject?: "classic" | "immutable" | undefined;
  /** `iss` of the id tokens. Default: github.com's; `local` for the stand-in's own address. */
  readonly issuerUrl?: string | undefined;
  readonly issuerSkewMs?: number | undefined;
  readonly faults?: readonly Fault[] | undefined;
}

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

export interface GitHub extends Repository, AsyncDisposable {
  readonly url: string;
  /** Variables of the job: GITHUB_*, and ACTIONS_ID_TOKEN_REQUEST_* where `id-token: write` is granted. */
  readonly env: Readonly<Record<string, string>>;
  /** The `github` context, with `token` and `event`, for the runner harness. */
  readonly context: Readonly<Record<string, unknown>>;
  /** GITHUB_TOKEN of the job. */
  readonly token: string;
  readonly issuer: Issuer;
  readonly repo: RepoState;
  readonly limits: Limits;
  readonly requests: readonly SeenRequest[];
  readonly violations: readonly Violation[];
  /** Operation ids that the stand-in answers. */
  readonly operations: readonly string[];
  fault(fault: Fault): void;
  /** Another token: of other permissions, another login, or another repository (`hasAccess: false`). */
  issueToken(permissions: Permissions, options?: { login?: string; hasAccess?: boolean }): string;
  /** Hands out the violations so far, so that dispose does not fail for them. */
  takeViolations(): readonly Violation[];
}

/** Starts GitHub on a port of 127.0.0.1. Dispose fails if the contract was violated or a fault was never met. */
export async function startGitHub(options: GitHubOptions = {}): Promise<GitHub> {
  const clock = options.clock ?? systemClock;
  const ids = createSequence(options.seed ?? 1);
  const seed = typeof options.repo === "string" ? { fullName: options.repo } : (options.repo ?? {});
  const state = createRepository(seed, ids, clock.now());
  const repository = createBuilder(state, ids, clock);
  options.prepare?.(repository);
  const spec = eventSpec(options, repository);
  const late: { world?: World } = {};
  const server = createGitHubServer(() => {
    if (late.world === undefined) throw new Error("the stand-in is still starting");
    return late.world;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const view: View = { repo: state, url: `http://127.0.0.1:${port}` };
  const actor = options.actor ?? "octocat";
  const facts = eventFacts(view, spec, actor);
  const permissions = facts.isForkPull ? readOnly(options.permissions ?? {}) : (options.permissions ?? {});
  const context = { ...contextOf(view, actor, ids), ...facts };
  const base = `${view.url}/_oidc`;
  const issuer = createIssuer({
    url: options.issuerUrl === "local" ? base : (options.issuerUrl ?? GITHUB_ISSUER),
    base,
    clock,
    jobClaims: () =>
      jobClaims(state, {
        context,
        environment: options.environment,
        jobWorkflowRef: options.jobWorkflowRef,
        subject: options.subject ?? "classic",
      }),
    nextId: () => ids.uuid(),
  });
  issuer.skewMs = options.issuerSkewMs ?? 0;
  const world: World = {
    view,
    clock,
    ids,
    contract: Contract.shared(),
    faults: new FaultScript(),
    limiter: new RateLimiter(clock),
    tokens: new Map(),
    issuer,
    idToken: { path: `/74//idtoken/${ids.uuid()}/${ids.uuid()}`, bearer: `eyJ.${ids.uuid()}`, serial: 0 },
    requests: [],
    violations: [],
  };
  late.world = world;
  for (const fault of options.faults ?? []) world.faults.add(fault);
  recordRun(world, repository, spec, context, options.environment);
  const token = addToken(world, permissions, "github-actions[bot]", true);
  return {
    ...repository,
    url: view.url,
    env: envOf(world, context, permissions),
    context: { ...context, token },
    token,
    issuer,
    repo: state,
    limits: world.limiter.limits,
    requests: world.requests,
    violations: world.violations,
    operations: world.contract.operations.map((operation) => operation.id),
    fault: (fault) => world.faults.add(fault),
    issueToken: (granted, { login = "github-actions[bot]", hasAccess = true } = {}) =>
      addToken(world, granted, login, hasAccess),
    takeViolations: () => world.violations.splice(0),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      const unused = world.faults.unused().map((message) => ({ code: "STANDIN_FAULT_UNUSED" as const, message }));
      const all = [...world.violations, ...unused];
      if (all.length > 0) throw new StandInViolations(all);
    },
  };
}

function createBuilder(state: RepoState, ids: Sequence, clock: Clock): Repository {
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

function eventSpec(options: GitHubOptions, repository: Repository): EventSpec {
  const event = options.event ?? "push";
  if (typeof event !== "string") return event;
  if (event === "pull_request" || event === "pull_request_target") {
    const pull = repository.state.pulls[0] ?? openPull(repository, options.fork ?? false);
    return { name: event, number: pull.number };
  }
  if (event === "workflow_run") {
    const pull = repository.state.pulls[0] ?? openPull(repository, options.fork ?? false);
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

function contextOf(view: View, actor: string, ids: Sequence): Record<string, string> {
  const { repo, url } = view;
  const fullName = `${repo.owner}/${repo.name}`;
  const main = repo.refs.get(`refs/heads/${repo.defaultBranch}`) ?? "";
  return {
    actor,
    actor_id: "583231",
    api_url: url,
    graphql_url: `${url}/graphql`,
    server_url: "https://github.com",
    job: "deploy",
    ref_protected: "true",
    repository: fullName,
    repository_id: String(repo.id),
    repository_owner: repo.owner,
    repository_owner_id: String(repo.ownerId),
    repository_visibility: repo.visibility,
    run_id: String(ids.id()),
    run_number: "17",
    run_attempt: "1",
    triggering_actor: actor,
    workflow: "ci",
    workflow_ref: `${fullName}/.github/workflows/ci.yml@refs/heads/${repo.defaultBranch}`,
    workflow_sha: main,
  };
}

// The run itself is in the state, and so is the deployment that GitHub makes for a job with `environment:`.
function recordRun(
  world: World,
  repository: Repository,
  spec: EventSpec,
  context: Readonly<Record<string, unknown>>,
  environment: string | undefined,
): void {
  const id = Number(context["run_id"]);
  const sha = String(context["sha"]);
  const ref = String(context["ref"]);
  const headBranch = String(context["head_ref"]) || ref.replace("refs/heads/", "");
  repository.run({ id, event: spec.name, status: "in_progress", conclusion: null, headSha: sha, headBranch });
  if (environment === undefined) return;
  const { ids, clock, view } = world;
  const now = clock.now();
  const deployment = {
    id: ids.id(),
    sha,
    ref: ref.replace(/^refs\/(heads|tags)\//, ""),
    task: "deploy",
    environment,
    description: null,
    payload: {},
    creator: "github-actions[bot]",
    transient: false,
    production: false,
    createdAt: now,
    updatedAt: now,
  };
  view.repo.deployments.push(deployment);
  view.repo.deploymentStatuses.push({
    id: ids.id(),
    deployment: deployment.id,
    state: "in_progress",
    description: "",
    logUrl: `https://github.com/${view.repo.owner}/${view.repo.name}/actions/runs/${id}/job/51000001`,
    environmentUrl: "",
    environment,
    creator: "github-actions[bot]",
    createdAt: now,
  });
}

function addToken(world: World, permissions: Permissions, login: string, hasAccess: boolean): string {
  const value = `ghs_${world.ids.uuid().replaceAll("-", "")}`;
  world.tokens.set(value, { value, login, permissions, hasAccess });
  return value;
}

function envOf(
  world: World,
  context: Readonly<Record<string, unknown>>,
  permissions: Permissions,
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [key, value] of Object.entries(context)) {
    if (typeof value === "string") env[`GITHUB_${key.toUpperCase()}`] = value;
  }
  delete env["GITHUB_REPOSITORY_VISIBILITY"];
  if (permissions["id-token"] === "write") {
    env["ACTIONS_ID_TOKEN_REQUEST_URL"] = `${world.view.url}${world.idToken.path}?api-version=2.0`;
    env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = world.idToken.bearer;
  }
  return env;
}
