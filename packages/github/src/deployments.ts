import { Fields, fieldsOf } from "./answers.ts";
import type { Api } from "./api.ts";

export interface DeploymentRequest {
  readonly environment: string;
  readonly sha: string;
  /** Branch or tag name for a new deployment. */
  readonly ref: string;
  readonly runId: string;
  readonly runUrl: string;
  readonly description?: string | undefined;
  /** The environment goes away again, as a preview does. */
  readonly isTransient?: boolean | undefined;
  readonly isProduction?: boolean | undefined;
}

export interface OpenDeployment {
  readonly id: number;
  /** True for the one that GitHub made because the job names an `environment:`. */
  readonly isReused: boolean;
}

export type DeploymentState = "in_progress" | "success" | "failure" | "error" | "inactive" | "queued" | "pending";

export interface DeploymentStatus {
  readonly state: DeploymentState;
  /** Cut at 140 characters, GitHub's limit. */
  readonly description: string;
  readonly logUrl: string;
  readonly environmentUrl?: string | undefined;
}

/**
 * The deployment of this run to an environment: the one that the job's `environment:` has made, known by a status
 * whose log is this run, else a new one.
 */
export async function openDeployment(
  api: Api,
  request: DeploymentRequest,
  signal?: AbortSignal,
): Promise<OpenDeployment> {
  const own = await findOwn(api, request, signal);
  if (own !== undefined) return { id: own, isReused: true };
  const id = await api.call({
    route: "POST /repos/{owner}/{repo}/deployments",
    params: {
      ref: request.sha,
      environment: request.environment,
      description: cut(request.description ?? ""),
      // Neither may GitHub merge anything, nor wait for checks: this job is the deployment.
      auto_merge: false,
      required_contexts: [],
      payload: { run: request.runUrl, ref: request.ref },
      ...(request.isTransient === undefined ? {} : { transient_environment: request.isTransient }),
      ...(request.isProduction === undefined ? {} : { production_environment: request.isProduction }),
    },
    read: (response) => fieldsOf(response, "deployment").integer("id"),
    find: async () => (await list(api, request, signal)).find((made) => made.run === request.runUrl)?.id,
    signal,
  });
  return { id, isReused: false };
}

export async function setDeploymentStatus(
  api: Api,
  deploymentId: number,
  status: DeploymentStatus,
  signal?: AbortSignal,
): Promise<void> {
  await api.call({
    route: "POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses",
    params: {
      deployment_id: deploymentId,
      state: status.state,
      description: cut(status.description),
      log_url: status.logUrl,
      ...(status.environmentUrl === undefined ? {} : { environment_url: status.environmentUrl }),
    },
    read: () => undefined,
    signal,
  });
}

interface Listed {
  readonly id: number;
  /** Our own mark in the payload. */
  readonly run: string;
}

async function list(api: Api, request: DeploymentRequest, signal: AbortSignal | undefined): Promise<readonly Listed[]> {
  const { sha, environment } = request;
  const items = await api.all("GET /repos/{owner}/{repo}/deployments", { sha, environment }, signal);
  return items.map((item) => {
    const fields = new Fields(item, "deployment");
    return { id: fields.integer("id"), run: runOf(fields.raw("payload")) };
  });
}

// The payload is whatever its maker gave, as JSON or as text.
function runOf(payload: unknown): string {
  const run = typeof payload === "object" && payload !== null && "run" in payload ? payload.run : undefined;
  return typeof run === "string" ? run : "";
}

// Reruns and other runs may have deployed the same commit; the newest few are enough to find this run's.
const CANDIDATES = 10;

async function findOwn(
  api: Api,
  request: DeploymentRequest,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  const deployments = await list(api, request, signal);
  for (const { id, run } of deployments.slice(0, CANDIDATES)) {
    if (run === request.runUrl) return id;
    const route = "GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses";
    const statuses = await api.all(route, { deployment_id: id }, signal);
    const logs = statuses.map((status) => new Fields(status, "deployment status").textOrEmpty("log_url"));
    if (logs.some((log) => `${log}/`.includes(`/actions/runs/${request.runId}/`))) return id;
  }
  return undefined;
}

function cut(text: string): string {
  const characters = [...text];
  return characters.length <= 140 ? text : `${characters.slice(0, 139).join("")}…`;
}
