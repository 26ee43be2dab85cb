import { type Answer, type Call, type Handler, invalid, notFound, number, text } from "./handler.ts";
import {
  presentCheckRun,
  presentCommitStatus,
  presentDeployment,
  presentDeploymentStatus,
} from "./present-delivery.ts";
import { resolveRef } from "./repository.ts";
import type { CheckRun, Deployment, DeploymentStatus } from "./state.ts";

/** Deployments, commit statuses, check runs: what a release says about itself. */
export const deploymentHandlers: Readonly<Record<string, Handler>> = {
  "repos/list-deployments": listDeployments,
  "repos/create-deployment": createDeployment,
  "repos/list-deployment-statuses": listStatuses,
  "repos/create-deployment-status": createStatus,
  "repos/create-commit-status": createCommitStatus,
  "checks/create": createCheckRun,
  "checks/update": updateCheckRun,
};

function listDeployments(call: Call): Answer {
  const { query, view } = call;
  const wants = (name: string, value: string) => {
    const wanted = query.get(name);
    return wanted === null || wanted === "none" || wanted === value;
  };
  const found = view.repo.deployments
    .filter((item) => wants("sha", item.sha) && wants("ref", item.ref))
    .filter((item) => wants("task", item.task) && wants("environment", item.environment))
    .toSorted((a, b) => b.id - a.id);
  return { status: 200, items: found.map((item) => presentDeployment(view, item)) };
}

function createDeployment(call: Call): Answer {
  const { repo } = call.view;
  const ref = text(call, "ref") ?? "";
  const sha = resolveRef(repo, ref);
  if (sha === undefined) return invalid("Deployment", "ref", `No ref found for: ${ref}`);
  if (unfinished(call, sha).length > 0) {
    return {
      status: 409,
      body: {
        message: `Conflict: Commit status checks failed for ${ref}.`,
        documentation_url: "https://docs.github.com/rest",
      },
    };
  }
  const main = repo.refs.get(`refs/heads/${repo.defaultBranch}`);
  if (
    call.body["auto_merge"] !== false &&
    ref !== repo.defaultBranch &&
    sha !== main &&
    repo.refs.has(`refs/heads/${ref}`)
  ) {
    return { status: 202, body: { message: `Auto-merged ${repo.defaultBranch} into ${ref} on deployment.` } };
  }
  const now = call.clock.now();
  const environment = text(call, "environment") ?? "production";
  const deployment: Deployment = {
    id: call.ids.id(),
    sha,
    ref,
    task: text(call, "task") ?? "deploy",
    environment,
    description: text(call, "description") ?? "",
    payload: call.body["payload"] ?? {},
    creator: call.token.login,
    transient: call.body["transient_environment"] === true,
    production:
      call.body["production_environment"] === undefined
        ? environment === "production"
        : call.body["production_environment"] === true,
    createdAt: now,
    updatedAt: now,
  };
  repo.deployments.push(deployment);
  return { status: 201, body: presentDeployment(call.view, deployment) };
}

/**
 * Statuses and checks of a commit that are not green, of those that the call requires. Without `required_contexts: []`
 * that is every one of them, and the run that makes the deployment is one: the usual trap of this call.
 */
function unfinished({ body, view: { repo } }: Call, sha: string): readonly string[] {
  const statuses = repo.commitStatuses.filter((status) => status.sha === sha);
  // The latest status of a context counts.
  const latest = new Map(statuses.map((status) => [status.context, status.state === "success"]));
  for (const run of repo.runs) if (run.headSha === sha) latest.set(run.name, run.conclusion === "success");
  for (const run of repo.checkRuns) if (run.headSha === sha) latest.set(run.name, run.conclusion === "success");
  const asked = body["required_contexts"];
  const required = Array.isArray(asked) ? asked.map(String) : [...latest.keys()];
  return required.filter((context) => latest.get(context) !== true);
}

function withDeployment(call: Call, answer: (deployment: Deployment) => Answer): Answer {
  const wanted = number(call, "deployment_id");
  const found = call.view.repo.deployments.find((deployment) => deployment.id === wanted);
  return found === undefined ? notFound : answer(found);
}

function listStatuses(call: Call): Answer {
  return withDeployment(call, (deployment) => {
    const found = call.view.repo.deploymentStatuses
      .filter((status) => status.deployment === deployment.id)
      .toSorted((a, b) => b.id - a.id);
    return { status: 200, items: found.map((status) => presentDeploymentStatus(call.view, status)) };
  });
}

function createStatus(call: Call): Answer {
  return withDeployment(call, (deployment) => {
    const description = text(call, "description") ?? "";
    if ([...description].length > 140) {
      return invalid("DeploymentStatus", "description", "description is too long (maximum is 140 characters)");
    }
    const badAddress = refuseAddress(call, "DeploymentStatus", ["target_url", "log_url", "environment_url"]);
    if (badAddress !== undefined) return badAddress;
    const state = text(call, "state") ?? "";
    const status: DeploymentStatus = {
      id: call.ids.id(),
      deployment: deployment.id,
      state,
      description,
      logUrl: text(call, "log_url") ?? text(call, "target_url") ?? "",
      environmentUrl: text(call, "environment_url") ?? "",
      environment: text(call, "environment") ?? deployment.environment,
      creator: call.token.login,
      createdAt: call.clock.now(),
    };
    deployment.updatedAt = status.createdAt;
    call.view.repo.deploymentStatuses.push(status);
    if (state === "success" && call.body["auto_inactive"] !== false) retireEarlier(call, deployment);
    return { status: 201, body: presentDeploymentStatus(call.view, status) };
  });
}

function refuseAddress(call: Call, resource: string, fields: readonly string[]): Answer | undefined {
  const bad = fields.find((field) => !/^(https?:\/\/.*)?$/i.test(text(call, field) ?? ""));
  return bad === undefined ? undefined : invalid(resource, bad, `${bad} must use http(s) scheme`);
}

// auto_inactive: earlier successful deployments of the environment end, unless they are transient or of production.
function retireEarlier(call: Call, current: Deployment): void {
  const { repo } = call.view;
  for (const earlier of repo.deployments) {
    if (earlier.id >= current.id || earlier.environment !== current.environment) continue;
    if (earlier.transient || earlier.production) continue;
    const latest = repo.deploymentStatuses.findLast((status) => status.deployment === earlier.id);
    if (latest?.state !== "success") continue;
    repo.deploymentStatuses.push({ ...latest, id: call.ids.id(), state: "inactive", createdAt: call.clock.now() });
  }
}

function createCommitStatus(call: Call): Answer {
  const sha = resolveRef(call.view.repo, call.params["sha"] ?? "");
  if (sha === undefined) return invalid("Status", "sha", `No commit found for SHA: ${call.params["sha"]}`);
  const description = text(call, "description") ?? null;
  if (description !== null && [...description].length > 140) {
    return invalid("Status", "description", "description is too long (maximum is 140 characters)");
  }
  const badAddress = refuseAddress(call, "Status", ["target_url"]);
  if (badAddress !== undefined) return badAddress;
  const status = {
    id: call.ids.id(),
    sha,
    state: text(call, "state") ?? "",
    context: text(call, "context") ?? "default",
    description,
    targetUrl: text(call, "target_url") ?? null,
    creator: call.token.login,
    createdAt: call.clock.now(),
  };
  call.view.repo.commitStatuses.push(status);
  return { status: 201, body: presentCommitStatus(call.view, status) };
}

function createCheckRun(call: Call): Answer {
  const run: CheckRun = {
    id: call.ids.id(),
    name: text(call, "name") ?? "",
    headSha: text(call, "head_sha") ?? "",
    status: "queued",
    conclusion: null,
    output: { title: null, summary: null, text: null, annotations: [] },
    detailsUrl: null,
    externalId: "",
    startedAt: call.clock.now(),
    completedAt: null,
  };
  const refused = fillCheckRun(call, run);
  if (refused !== undefined) return refused;
  call.view.repo.checkRuns.push(run);
  return { status: 201, body: presentCheckRun(call.view, run) };
}

function updateCheckRun(call: Call): Answer {
  const run = call.view.repo.checkRuns.find((candidate) => candidate.id === number(call, "check_run_id"));
  if (run === undefined) return notFound;
  return fillCheckRun(call, run) ?? { status: 200, body: presentCheckRun(call.view, run) };
}

function fillCheckRun(call: Call, run: CheckRun): Answer | undefined {
  const output = call.body["output"];
  if (isRecord(output)) {
    const fields = output;
    const annotations = Array.isArray(fields["annotations"]) ? fields["annotations"] : [];
    if (annotations.length > 50) return invalid("CheckRun", "annotations", "50 annotations at most in one request");
    const isLong = (text: unknown) => typeof text === "string" && Buffer.byteLength(text) > 64 * 1024;
    if (annotations.some((annotation: unknown) => isRecord(annotation) && isLong(annotation["message"]))) {
      return invalid("CheckRun", "message", "an annotation's message may have 64 KB");
    }
    for (const name of ["summary", "text"] as const) {
      const value = fields[name];
      if (typeof value === "string" && value.length > 65_535) return invalid("CheckRun", name, `${name} is too long`);
    }
    const string = (name: string) => (typeof fields[name] === "string" ? fields[name] : null);
    run.output = {
      title: string("title"),
      summary: string("summary"),
      text: string("text"),
      annotations: [...run.output.annotations, ...annotations],
    };
  }
  run.name = text(call, "name") ?? run.name;
  run.detailsUrl = text(call, "details_url") ?? run.detailsUrl;
  run.externalId = text(call, "external_id") ?? run.externalId;
  run.conclusion = text(call, "conclusion") ?? run.conclusion;
  run.status = run.conclusion === null ? (text(call, "status") ?? run.status) : "completed";
  if (run.status === "completed") run.completedAt ??= call.clock.now();
  return undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
