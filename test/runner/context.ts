import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Machine } from "./machine.ts";

/** The `github` context; given keys win over the defaults of a push to main of `acme/shop`. */
export type GithubContext = Readonly<Record<string, unknown>>;

// What GitHubContext.cs exports as GITHUB_<NAME>; all else in the context is for expressions only, the token above all.
const exported: ReadonlySet<string> = new Set(
  "action action_path action_ref action_repository actor actor_id api_url base_ref env event_name event_path graphql_url head_ref job output path ref ref_name ref_protected ref_type repository repository_id repository_owner repository_owner_id retention_days run_attempt run_id run_number server_url sha state step_summary triggering_actor workflow workflow_ref workflow_sha workspace".split(
    " ",
  ),
);

export interface RunContexts {
  readonly github: Readonly<Record<string, unknown>>;
  readonly runner: Readonly<Record<string, string>>;
  /** What the service tells of the job, beside its status: which workflow file defines it. */
  readonly job: Readonly<Record<string, string>>;
}

export interface ContextOptions {
  readonly debug?: boolean | undefined;
  /** The called workflow that defines the job, `owner/repo/path@ref`; by default the run's own workflow defines it. */
  readonly jobWorkflowRef?: string | undefined;
}

/**
 * The `github`, `runner` and `job` contexts of a job. `GITHUB_*` names in `env` (as stand-ins hand them out) count as part
 * of the context, because on GitHub a step cannot override them.
 */
export function createContexts(
  machine: Machine,
  given: GithubContext = {},
  env: Readonly<Record<string, string | undefined>> = {},
  { debug = false, jobWorkflowRef }: ContextOptions = {},
): RunContexts {
  const fromEnv: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(env)) {
    const key = name.startsWith("GITHUB_") ? name.slice(7).toLowerCase() : "";
    if (exported.has(key) && value !== undefined) fromEnv[key] = value;
  }
  const merged: Record<string, unknown> = { ...defaults(), ...fromEnv, ...given };
  const repository = String(merged["repository"]);
  const ref = String(merged["ref"]);
  const event = merged["event"];
  const workflowRef = String(merged["workflow_ref"] ?? `${repository}/.github/workflows/ci.yml@${ref}`);
  return {
    github: {
      repository_owner: repository.split("/")[0],
      ref_name: ref.replace(/^refs\/(heads|tags|pull)\//, ""),
      ref_type: ref.startsWith("refs/tags/") ? "tag" : "branch",
      triggering_actor: merged["actor"],
      workflow_ref: workflowRef,
      workflow_sha: merged["sha"],
      ...merged,
      workspace: machine.workspace,
      event_path: merged["event_path"] ?? writeEvent(machine, event),
    },
    runner: {
      os: process.platform === "darwin" ? "macOS" : process.platform === "win32" ? "Windows" : "Linux",
      arch: process.arch === "arm64" ? "ARM64" : "X64",
      name: "harness",
      environment: "github-hosted",
      temp: machine.temp,
      tool_cache: machine.toolCache,
      workspace: join(machine.workspace, ".."),
      ...(debug ? { debug: "1" } : {}),
    },
    job: definingWorkflow(jobWorkflowRef ?? workflowRef),
  };
}

/** `owner/repo/.github/workflows/deploy.yml@ref` as the `job` context has it, since April 2026 (actions/runner#2417). */
function definingWorkflow(workflowRef: string): Record<string, string> {
  const [path = ""] = workflowRef.split("@");
  const [owner = "", name = "", ...file] = path.split("/");
  return {
    workflow_ref: workflowRef,
    workflow_repository: `${owner}/${name}`,
    workflow_file_path: file.join("/"),
  };
}

function defaults(): Record<string, unknown> {
  return {
    actor: "octocat",
    actor_id: "583231",
    api_url: "https://api.github.com",
    base_ref: "",
    event: {},
    event_name: "push",
    graphql_url: "https://api.github.com/graphql",
    head_ref: "",
    job: "deploy",
    ref: "refs/heads/main",
    ref_protected: "true",
    repository: "acme/shop",
    repository_id: "740001",
    repository_owner_id: "9001",
    retention_days: "90",
    run_attempt: "1",
    run_id: "1000001",
    run_number: "17",
    server_url: "https://github.com",
    sha: "0123456789abcdef0123456789abcdef01234567",
    workflow: "ci",
  };
}

function writeEvent(machine: Machine, event: unknown): string {
  const folder = join(machine.temp, "_github_workflow");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "event.json");
  writeFileSync(file, JSON.stringify(event ?? {}, undefined, 2));
  return file;
}

/** GITHUB_* and RUNNER_* variables of a step. */
export function contextVariables(contexts: RunContexts): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [key, value] of Object.entries(contexts.github)) {
    if (exported.has(key) && value !== undefined && value !== null)
      variables[`GITHUB_${key.toUpperCase()}`] = String(value);
  }
  for (const [key, value] of Object.entries(contexts.runner)) variables[`RUNNER_${key.toUpperCase()}`] = value;
  return variables;
}

/** What every step on a hosted runner has besides: nothing of the developer's own environment but PATH. */
export function baseVariables(machine: Machine): Record<string, string> {
  return {
    PATH: machinePath(),
    HOME: machine.home,
    TMPDIR: machine.systemTemp,
    LANG: "C.UTF-8",
    CI: "true",
    GITHUB_ACTIONS: "true",
  };
}

// `npm run` puts node_modules/.bin in front; on a runner nothing of ours is on the PATH.
function machinePath(): string {
  const folders = (process.env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(":");
  return folders.filter((folder) => !/node_modules[/](\.bin|node[/]bin)|node-gyp-bin/.test(folder)).join(":");
}
