import type { Log } from "@eks-actions/action";
import type { GitHubPort } from "@eks-actions/github";

/** What a rollout needs of GitHub's deployments. */
export type DeploymentPort = Pick<GitHubPort, "openDeployment" | "setDeploymentStatus">;

export interface Deployment {
  readonly id: number | undefined;
  /** A failing API is a warning: it never decides about the rollout. */
  say(
    state: "in_progress" | "success" | "failure" | "error",
    description: string,
    environmentUrl?: string | undefined,
  ): Promise<void>;
}

export interface DeploymentRun {
  readonly sha: string;
  readonly ref: string;
  readonly environment: string | undefined;
  readonly runId: string;
  readonly runUrl: string;
  readonly app: string;
}

/** Opens the deployment of this run, or reuses the one that the job's `environment:` has made. */
export async function openDeployment(
  port: DeploymentPort | undefined,
  run: DeploymentRun,
  log: Log,
): Promise<Deployment> {
  const { environment } = run;
  if (port === undefined || environment === undefined) return { id: undefined, say: async () => undefined };
  let warned = false;
  const warn = (error: unknown) => {
    if (warned) return;
    warned = true;
    const reason = error instanceof Error ? error.message : String(error);
    log.annotate({
      level: "warning",
      title: "GITHUB_API",
      message: `the deployment to ${environment} is not recorded on GitHub: ${reason} → permissions: deployments: write`,
    });
  };
  const { sha, ref, runId, runUrl, app } = run;
  const opened = await port
    .openDeployment({ environment, sha, ref, runId, runUrl, description: `rollout of ${app}` })
    .catch(warn);
  const id = opened?.id;
  return {
    id,
    async say(state, description, environmentUrl) {
      if (id === undefined) return;
      await port
        .setDeploymentStatus(id, {
          state,
          description: description.replace(/\s+/g, " ").trim(),
          logUrl: runUrl,
          environmentUrl,
        })
        .catch(warn);
    },
  };
}
