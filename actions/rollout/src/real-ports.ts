import { randomBytes } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";
import type { BasePorts } from "@eks-actions/action";
import { createGitHub } from "@eks-actions/github";
import { connect } from "@eks-actions/kube";
import { version } from "@eks-actions/markdown";
import { fetchUrl } from "./gate/fetch-url.ts";
import type { Inputs } from "./inputs.ts";
import type { Ports } from "./ports.ts";
import { renderSources } from "./set/render.ts";
import { readSources } from "./set/sources.ts";

/** The real cluster, the real GitHub, the runner's disk. */
export async function realPorts(base: BasePorts, inputs: Inputs): Promise<Ports> {
  const { run, clock, log } = base;
  const kubeconfig =
    inputs.kubeconfig ?? (run.env["KUBECONFIG"] || join(run.env["HOME"] ?? homedir(), ".kube", "config"));
  const kube = await connect({
    kubeconfig,
    context: inputs.context,
    clock,
    log,
    concurrency: inputs.concurrency,
    env: run.env,
  });
  const places = { workspace: run.workspace, temp: run.tempDir };
  const token = inputs.githubToken;
  const canTalk = token !== undefined && token !== "" && run.repository !== "";
  const github = canTalk
    ? createGitHub({ token, apiUrl: run.apiUrl, repository: run.repository, clock, log })
    : undefined;
  const wantsDeployment = inputs.githubDeployment !== "false" && inputs.environment !== undefined;
  return {
    ...base,
    kube,
    sources: async (given, signal) => [
      ...(given.manifests.length === 0
        ? []
        : readSources({ entries: given.manifests, recursive: given.recursive }, places)),
      ...(await renderSources(given, { places, log, env: run.env }, signal)),
    ],
    deployments: wantsDeployment ? github : undefined,
    comments: github,
    fetchUrl,
    redactionKey: randomBytes(32),
    // The legs of a matrix share all but the last part.
    holder: [run.repository, run.runId, run.runAttempt, run.job, randomBytes(4).toString("hex")].join("/"),
    version,
  };
}
