import { iso, type Json, nodeId, presentRepository, presentUser, repoUrl, type View, webUrl } from "./present.ts";
import type { Artifact, CheckRun, CommitStatus, Deployment, DeploymentStatus, WorkflowRun } from "./state.ts";

export function presentDeployment(view: View, deployment: Deployment): Json {
  const url = repoUrl(view, `/deployments/${deployment.id}`);
  return {
    id: deployment.id,
    node_id: nodeId("Deployment", deployment.id),
    url,
    sha: deployment.sha,
    ref: deployment.ref,
    task: deployment.task,
    payload: deployment.payload,
    original_environment: deployment.environment,
    environment: deployment.environment,
    description: deployment.description,
    creator: presentUser(view, deployment.creator),
    created_at: iso(deployment.createdAt),
    updated_at: iso(deployment.updatedAt),
    statuses_url: `${url}/statuses`,
    repository_url: repoUrl(view),
    transient_environment: deployment.transient,
    production_environment: deployment.production,
  };
}

export function presentDeploymentStatus(view: View, status: DeploymentStatus): Json {
  const deployment = repoUrl(view, `/deployments/${status.deployment}`);
  return {
    id: status.id,
    node_id: nodeId("DeploymentStatus", status.id),
    url: `${deployment}/statuses/${status.id}`,
    state: status.state,
    creator: presentUser(view, status.creator),
    description: status.description,
    environment: status.environment,
    target_url: status.logUrl,
    log_url: status.logUrl,
    environment_url: status.environmentUrl,
    created_at: iso(status.createdAt),
    updated_at: iso(status.createdAt),
    deployment_url: deployment,
    repository_url: repoUrl(view),
  };
}

export function presentCommitStatus(view: View, status: CommitStatus): Json {
  return {
    id: status.id,
    node_id: nodeId("StatusContext", status.id),
    url: repoUrl(view, `/statuses/${status.sha}`),
    avatar_url: "https://avatars.githubusercontent.com/in/15368?v=4",
    state: status.state,
    description: status.description,
    target_url: status.targetUrl,
    context: status.context,
    created_at: iso(status.createdAt),
    updated_at: iso(status.createdAt),
    creator: presentUser(view, status.creator),
  };
}

export function presentCheckRun(view: View, run: CheckRun): Json {
  return {
    id: run.id,
    node_id: nodeId("CheckRun", run.id),
    head_sha: run.headSha,
    external_id: run.externalId,
    name: run.name,
    url: repoUrl(view, `/check-runs/${run.id}`),
    html_url: webUrl(view, `/runs/${run.id}`),
    details_url: run.detailsUrl ?? webUrl(view, `/runs/${run.id}`),
    status: run.status,
    conclusion: run.conclusion,
    started_at: run.startedAt === null ? null : iso(run.startedAt),
    completed_at: run.completedAt === null ? null : iso(run.completedAt),
    output: {
      title: run.output.title,
      summary: run.output.summary,
      text: run.output.text,
      annotations_count: run.output.annotations.length,
      annotations_url: repoUrl(view, `/check-runs/${run.id}/annotations`),
    },
    check_suite: { id: 80_001 },
    app: null,
    pull_requests: [],
  };
}

export function presentRun(view: View, run: WorkflowRun): Json {
  const url = repoUrl(view, `/actions/runs/${run.id}`);
  const commit = view.repo.commits.get(run.headSha);
  const person = { name: commit?.author ?? "octocat", email: "octocat@example.com" };
  return {
    id: run.id,
    name: run.name,
    node_id: nodeId("WorkflowRun", run.id),
    head_branch: run.headBranch,
    head_sha: run.headSha,
    path: run.path,
    run_number: run.runNumber,
    run_attempt: run.runAttempt,
    event: run.event,
    display_title: commit?.message ?? run.name,
    status: run.status,
    conclusion: run.conclusion,
    workflow_id: 30_001,
    url,
    html_url: webUrl(view, `/actions/runs/${run.id}`),
    pull_requests: run.pulls.map((number) => presentRunPull(view, number)),
    created_at: iso(run.createdAt),
    updated_at: iso(run.createdAt),
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: repoUrl(view, "/check-suites/80001"),
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    workflow_url: repoUrl(view, "/actions/workflows/30001"),
    head_commit: {
      id: run.headSha,
      tree_id: run.headSha,
      message: commit?.message ?? "",
      timestamp: iso(run.createdAt),
      author: person,
      committer: person,
    },
    repository: presentRepository(view, `${view.repo.owner}/${view.repo.name}`),
    head_repository: presentRepository(view, run.headRepository),
  };
}

function presentRunPull(view: View, number: number): Json {
  const pull = view.repo.pulls.find((candidate) => candidate.number === number);
  const repo = { id: view.repo.id, url: repoUrl(view), name: view.repo.name };
  return {
    id: 70_000 + number,
    number,
    url: repoUrl(view, `/pulls/${number}`),
    head: { ref: pull?.head.ref ?? "", sha: pull?.head.sha ?? "", repo },
    base: { ref: pull?.base.ref ?? "", sha: pull?.base.sha ?? "", repo },
  };
}

export function presentArtifact(view: View, artifact: Artifact, size: number): Json {
  const url = repoUrl(view, `/actions/artifacts/${artifact.id}`);
  return {
    id: artifact.id,
    node_id: nodeId("Artifact", artifact.id),
    name: artifact.name,
    size_in_bytes: size,
    url,
    archive_download_url: `${url}/zip`,
    expired: artifact.expired,
    created_at: iso(artifact.createdAt),
    expires_at: iso(artifact.createdAt + 90 * 86_400_000),
    updated_at: iso(artifact.createdAt),
  };
}
