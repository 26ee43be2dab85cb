import type { RepoState } from "./state.ts";

/** What identifies the job in an OIDC token, beside the repository. */
export interface JobIdentity {
  /** The `github` context. */
  readonly context: Readonly<Record<string, unknown>>;
  readonly environment?: string | undefined;
  /** The called workflow, when the job runs in a reusable one: `o/r/.github/workflows/deploy.yml@refs/tags/v1`. */
  readonly jobWorkflowRef?: string | undefined;
  readonly subject: "classic" | "immutable";
}

/** All claims of GitHub's token but the times, as described for Actions. */
export function jobClaims(repo: RepoState, job: JobIdentity): Record<string, unknown> {
  const { context } = job;
  const get = (key: string) => String(context[key] ?? "");
  const claims: Record<string, unknown> = {
    actor: get("actor"),
    actor_id: get("actor_id"),
    base_ref: get("base_ref"),
    check_run_id: "51000001",
    event_name: get("event_name"),
    head_ref: get("head_ref"),
    job_workflow_ref: job.jobWorkflowRef ?? get("workflow_ref"),
    job_workflow_sha: get("workflow_sha"),
    ref: get("ref"),
    ref_protected: get("ref_protected"),
    ref_type: get("ref").startsWith("refs/tags/") ? "tag" : "branch",
    repository: `${repo.owner}/${repo.name}`,
    repository_id: String(repo.id),
    repository_owner: repo.owner,
    repository_owner_id: String(repo.ownerId),
    repository_visibility: repo.visibility,
    run_attempt: get("run_attempt"),
    run_id: get("run_id"),
    run_number: get("run_number"),
    runner_environment: "github-hosted",
    sha: get("sha"),
    workflow: get("workflow"),
    workflow_ref: get("workflow_ref"),
    workflow_sha: get("workflow_sha"),
    ...(job.environment === undefined ? {} : { environment: job.environment }),
  };
  return { ...claims, sub: subjectOf(repo, job, claims) };
}

function subjectOf(repo: RepoState, job: JobIdentity, claims: Readonly<Record<string, unknown>>): string {
  const isImmutable = job.subject === "immutable" || repo.subjectTemplate.immutable;
  const name = isImmutable
    ? `repo:${repo.owner}@${repo.ownerId}/${repo.name}@${repo.id}`
    : `repo:${repo.owner}/${repo.name}`;
  const context = subjectContext(job);
  const { useDefault, claimKeys } = repo.subjectTemplate;
  if (useDefault) return `${name}:${context}`;
  const parts = claimKeys.map((key) => {
    if (key === "repo") return name;
    if (key === "context") return context;
    return `${key}:${escapeColon(String(claims[key] ?? ""), key)}`;
  });
  return parts.join(":");
}

function subjectContext(job: JobIdentity): string {
  if (job.environment !== undefined) return `environment:${escapeColon(job.environment, "environment")}`;
  if (job.context["event_name"] === "pull_request") return "pull_request";
  return `ref:${String(job.context["ref"] ?? "")}`;
}

// A colon in a value could forge another part of the subject.
function escapeColon(value: string, key: string): string {
  return key.endsWith("workflow_ref") ? value : value.replaceAll(":", "%3A");
}
