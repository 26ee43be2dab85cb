import { completeEvent, type Repository } from "./builder.ts";
import type { JobIdentity } from "./claims.ts";
import { type EventSpec, eventFacts } from "./events.ts";
import type { View } from "./present.ts";
import type { Sequence } from "./seed.ts";
import type { World } from "./server.ts";
import { type Permissions, readOnly } from "./tokens.ts";

/** What a job is started by and with. */
export interface JobOptions {
  /** Default: a push to main. `pull_request` alone opens one if there is none. */
  readonly event?: EventSpec | EventSpec["name"] | undefined;
  /** The job's `permissions:`. Default: none. */
  readonly permissions?: Permissions | undefined;
  /** A pull request that is opened for the event comes from a fork. */
  readonly fork?: boolean | undefined;
  readonly actor?: string | undefined;
  /** The job's `environment:`; GitHub makes a deployment for it. */
  readonly environment?: string | undefined;
  /** The called workflow when the job runs in a reusable one. */
  readonly jobWorkflowRef?: string | undefined;
  readonly subject?: "classic" | "immutable" | undefined;
  /** Joins the run of an earlier job: same run id, same event. */
  readonly sameRunAs?: Job | undefined;
}

/** A running job: what its steps get. */
export interface Job {
  /** Variables of the job: GITHUB_*, and ACTIONS_ID_TOKEN_REQUEST_* where `id-token: write` is granted. */
  readonly env: Readonly<Record<string, string>>;
  /** The `github` context, with `token` and `event`, for the runner harness. */
  readonly context: Readonly<Record<string, unknown>>;
  /** GITHUB_TOKEN of the job. */
  readonly token: string;
  readonly identity: JobIdentity;
  /** Started by a fork's pull request: read-only, without id token. */
  readonly isForkPull: boolean;
}

export function startJob(world: World, repository: Repository, options: JobOptions): Job {
  const { view, ids } = world;
  const earlier = options.sameRunAs;
  const spec = completeEvent(options.event ?? "push", options.fork ?? false, repository);
  const actor = options.actor ?? "octocat";
  const { isForkPull: isFromFork, ...facts } = eventFacts(view, spec, actor);
  const isForkPull = earlier?.isForkPull ?? isFromFork;
  const context = earlier?.identity.context ?? { ...contextOf(view, actor, ids), ...facts };
  const permissions = isForkPull ? readOnly(options.permissions ?? {}) : (options.permissions ?? {});
  const { environment, jobWorkflowRef, subject = "classic" } = options;
  const identity: JobIdentity = { context, environment, jobWorkflowRef, subject };
  if (earlier === undefined) recordRun(repository, spec, context);
  if (environment !== undefined) recordDeployment(world, context, environment);
  const token = addToken(world, permissions, "github-actions[bot]", true);
  return { env: envOf(world, identity, permissions), context: { ...context, token }, token, identity, isForkPull };
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

function recordRun(repository: Repository, spec: EventSpec, context: Readonly<Record<string, unknown>>): void {
  const id = Number(context["run_id"]);
  const ref = String(context["ref"]);
  const headBranch = String(context["head_ref"]) || ref.replace("refs/heads/", "");
  const headSha = String(context["sha"]);
  repository.run({ id, event: spec.name, status: "in_progress", conclusion: null, headSha, headBranch });
}

// GitHub makes a deployment for a job with `environment:`, and says so in a status whose log is the run.
function recordDeployment(world: World, context: Readonly<Record<string, unknown>>, environment: string): void {
  const { ids, clock, view } = world;
  const now = clock.now();
  const deployment = {
    id: ids.id(),
    sha: String(context["sha"]),
    ref: String(context["ref"]).replace(/^refs\/(heads|tags)\//, ""),
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
    logUrl: `https://github.com/${view.repo.owner}/${view.repo.name}/actions/runs/${String(context["run_id"])}/job/51000001`,
    environmentUrl: "",
    environment,
    creator: "github-actions[bot]",
    createdAt: now,
  });
}

/** A token that the stand-in knows from now on. */
export function addToken(world: World, permissions: Permissions, login: string, hasAccess: boolean): string {
  const value = `ghs_${world.ids.uuid().replaceAll("-", "")}`;
  world.tokens.set(value, { value, login, permissions, hasAccess });
  return value;
}

function envOf(world: World, identity: JobIdentity, permissions: Permissions): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [key, value] of Object.entries(identity.context)) {
    if (typeof value === "string" && key !== "repository_visibility") env[`GITHUB_${key.toUpperCase()}`] = value;
  }
  if (permissions["id-token"] === "write") {
    const path = `/74//idtoken/${world.ids.uuid()}/${world.ids.uuid()}`;
    const bearer = `eyJ.${world.ids.uuid()}`;
    world.idTokens.set(path, { bearer, identity });
    env["ACTIONS_ID_TOKEN_REQUEST_URL"] = `${world.view.url}${path}?api-version=2.0`;
    env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = bearer;
  }
  return env;
}
