import { relative } from "node:path";
import { type Contexts, evaluateToJson, fillTemplate, isWanted, type Status } from "./expressions.ts";
import { type Artifacts, githubBuiltIns } from "./github-actions.ts";
import { type JobOptions, type JobResult, runJob } from "./job.ts";
import { createMachine } from "./machine.ts";
import { expandMatrix, type MatrixValues } from "./matrix.ts";
import { parseUses } from "./resolve.ts";
import { type PermissionMap, readWorkflowFile, type WorkflowFile, type WorkflowJob } from "./workflow-file.ts";

/** What GitHub knows of a job before it starts: enough to make its token and its id token. */
export interface JobIdentityRequest {
  readonly id: string;
  readonly permissions: PermissionMap;
  readonly environment: string | undefined;
  /** `owner/repo/.github/workflows/deploy.yml@v1` for a job of a called workflow. */
  readonly jobWorkflowRef: string | undefined;
}

export interface WorkflowOptions
  extends Omit<
    JobOptions,
    | "machine"
    | "inputs"
    | "needs"
    | "matrix"
    | "jobOutputs"
    | "environmentUrl"
    | "defaultShell"
    | "defaultWorkingDirectory"
  > {
  /** Path of the workflow file. */
  readonly file: string;
  /** Of `workflow_call` or `workflow_dispatch`. */
  readonly inputs?: Readonly<Record<string, unknown>> | undefined;
  /** Variables and `github` context of one job; by default those of the options for every job. */
  readonly identity?:
    | ((job: JobIdentityRequest) => Pick<JobOptions, "env" | "github"> | Promise<Pick<JobOptions, "env" | "github">>)
    | undefined;
  /** What the calling job grants; a called job that asks for more makes the run invalid, as on GitHub. */
  readonly callerPermissions?: PermissionMap | undefined;
  /** Git repository that actions/checkout fetches from. */
  readonly checkoutFrom?: string | undefined;
  /** Artifacts so far; give the same map to two workflows for one that reads the other's. */
  readonly artifacts?: Artifacts | undefined;
  /** `owner/repo/path@ref` by which the file was called; set by the harness for nested calls. */
  readonly calledAs?: string | undefined;
}

export type JobConclusion = "success" | "failure" | "cancelled" | "skipped";

export interface WorkflowJobResult {
  readonly result: JobConclusion;
  readonly outputs: Readonly<Record<string, string>>;
  readonly environment: { readonly name: string; readonly url: string } | undefined;
  /** One for each combination of the matrix; none for a skipped job or one that calls a workflow. */
  readonly runs: readonly JobResult[];
  /** Of a job that calls a workflow. */
  readonly called: WorkflowResult | undefined;
}

/** The lane that GitHub would put a run in: runs of one group take turns, or the newer cancels the older. */
export interface Concurrency {
  readonly group: string;
  readonly cancelInProgress: boolean;
  readonly queue: string;
}

export interface WorkflowResult {
  readonly outcome: Exclude<JobConclusion, "skipped">;
  readonly concurrency: Concurrency | undefined;
  readonly jobs: Readonly<Record<string, WorkflowJobResult>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly artifacts: Artifacts;
  readonly log: string;
}

/**
 * Runs a workflow file: jobs in the order of their needs, each on a fresh machine. Enough of GitHub's semantics for
 * reusable workflows of the kind this repository has; services and containers are left out. Concurrency is answered, and
 * not acted on: there is one run at a time.
 */
export async function runWorkflow(options: WorkflowOptions): Promise<WorkflowResult> {
  const tree = options.workflowTree;
  const file = await readWorkflowFile(options.file, tree === undefined ? options.file : relative(tree, options.file));
  const run: Run = {
    file,
    options,
    inputs: workflowInputs(file, options.inputs ?? {}),
    artifacts: options.artifacts ?? new Map(),
    done: {},
  };
  for (const job of inOrder(file.jobs)) run.done[job.id] = await runOneJob(run, job);
  const results = Object.values(run.done);
  const concurrency = concurrencyOf(run);
  const has = (result: JobConclusion) => results.some((job) => job.result === result);
  const contexts = { ...baseContexts(run), jobs: run.done };
  return {
    outcome: has("cancelled") ? "cancelled" : has("failure") ? "failure" : "success",
    concurrency,
    jobs: run.done,
    outputs: filled(file.outputs, contexts),
    artifacts: run.artifacts,
    log: results
      .flatMap((job) => [...job.runs.map((one) => one.log), ...(job.called ? [job.called.log] : [])])
      .join("\n"),
  };
}

interface Run {
  readonly file: WorkflowFile;
  readonly options: WorkflowOptions;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly artifacts: Artifacts;
  readonly done: Record<string, WorkflowJobResult>;
}

const skippedJob: WorkflowJobResult = {
  result: "skipped",
  outputs: {},
  environment: undefined,
  runs: [],
  called: undefined,
};

async function runOneJob(run: Run, job: WorkflowJob): Promise<WorkflowJobResult> {
  const contexts = { ...baseContexts(run), needs: needsOf(run, job) };
  if (!isJobWanted(run, job, contexts)) return skippedJob;
  const permissions = permissionsOf(run, job);
  if (job.uses !== undefined) return callWorkflow(run, job, job.uses, permissions, contexts);
  const runs: JobResult[] = [];
  const outputs: Record<string, string> = {};
  let environment: WorkflowJobResult["environment"];
  for (const matrix of expandMatrix(job.matrix, contexts)) {
    const own = { ...contexts, matrix };
    const name = job.environment === undefined ? undefined : fillTemplate(job.environment.name, own);
    const result = await runJob(job.steps, await jobOptions(run, job, { contexts: own, matrix, permissions, name }));
    runs.push(result);
    Object.assign(outputs, result.jobOutputs);
    if (name !== undefined) environment = { name, url: result.environmentUrl };
  }
  const outcomes = runs.map((one) => one.outcome);
  const result = outcomes.includes("cancelled") ? "cancelled" : outcomes.includes("failure") ? "failure" : "success";
  return { result, outputs, environment, runs, called: undefined };
}

interface Prepared {
  readonly contexts: Contexts;
  readonly matrix: MatrixValues;
  readonly permissions: PermissionMap;
  readonly name: string | undefined;
}

async function jobOptions(run: Run, job: WorkflowJob, prepared: Prepared): Promise<JobOptions> {
  const { options } = run;
  const identity = await options.identity?.({
    id: job.id,
    permissions: prepared.permissions,
    environment: prepared.name,
    jobWorkflowRef: options.calledAs,
  });
  const env = { ...run.file.env, ...job.env };
  return {
    ...options,
    machine: createMachine(),
    jobWorkflowRef: options.calledAs,
    github: { ...options.github, ...identity?.github, job: job.id },
    env: { ...options.env, ...identity?.env, ...filled(env, prepared.contexts) },
    inputs: run.inputs,
    needs: needsOf(run, job),
    matrix: prepared.matrix,
    jobOutputs: job.outputs,
    environmentUrl: job.environment?.url,
    builtIns: { ...githubBuiltIns(options.checkoutFrom, run.artifacts), ...options.builtIns },
    defaultShell: job.shell,
    defaultWorkingDirectory: job.workingDirectory,
  };
}

async function callWorkflow(
  run: Run,
  job: WorkflowJob,
  uses: string,
  permissions: PermissionMap,
  contexts: Contexts,
): Promise<WorkflowJobResult> {
  const { options } = run;
  const remote = parseUses(uses);
  const tree = remote === undefined ? options.workflowTree : options.trees?.[`${remote.repository}@${remote.ref}`];
  if (tree === undefined) throw new Error(`uses: ${uses}: no such tree (trees, workflowTree)`);
  const path = remote?.path ?? uses.replace(/^\.\//, "");
  const given = Object.entries(job.with).map(([name, value]) => [
    name,
    typeof value === "string" ? evaluateToJson(value, contexts) : value,
  ]);
  const secrets = job.secrets === "inherit" ? options.workflowSecrets : filled(job.secrets, contexts);
  const called = await runWorkflow({
    ...options,
    file: `${tree}/${path}`,
    workflowTree: tree,
    inputs: Object.fromEntries(given) as Record<string, unknown>,
    workflowSecrets: secrets,
    callerPermissions: permissions,
    calledAs: remote === undefined ? options.calledAs : uses,
    artifacts: run.artifacts,
  });
  return { result: called.outcome, outputs: called.outputs, environment: undefined, runs: [], called };
}

function concurrencyOf(run: Run): Concurrency | undefined {
  const fields = run.file.concurrency;
  if (fields === undefined) return undefined;
  const fill = (text: string) => fillTemplate(text, baseContexts(run));
  return {
    group: fill(fields.group),
    cancelInProgress: fill(fields.cancelInProgress) === "true",
    queue: fill(fields.queue),
  };
}

function workflowInputs(file: WorkflowFile, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const unknown = Object.keys(given).filter((name) => !(name in file.inputs));
  const isCalled = Object.keys(file.inputs).length > 0;
  if (unknown.length > 0 && isCalled)
    throw new Error(`Invalid input, ${unknown.join(", ")} is not defined in ${file.name}`);
  const inputs: Record<string, unknown> = isCalled ? {} : { ...given };
  for (const [name, spec] of Object.entries(file.inputs)) {
    const value = given[name];
    if (value === undefined && spec.isRequired)
      throw new Error(`Input ${name} is required, but not provided to ${file.name}`);
    inputs[name] = value === undefined ? (spec.default ?? emptyOf(spec.type)) : typed(name, spec.type, value);
  }
  return inputs;
}

function emptyOf(type: string): unknown {
  return type === "boolean" ? false : type === "number" ? 0 : "";
}

// GitHub converts nothing between types here: a workflow with a wrong one does not start.
function typed(name: string, type: string, value: unknown): unknown {
  if (type === "string" && (typeof value === "number" || typeof value === "boolean")) return String(value);
  if (typeof value !== type)
    throw new Error(`Unexpected value '${String(value)}' of input ${name}, which is a ${type}`);
  return value;
}

/** A called job may have what its caller has, at most. */
function permissionsOf(run: Run, job: WorkflowJob): PermissionMap {
  const caller = run.options.callerPermissions;
  const asked = job.permissions ?? run.file.permissions ?? caller ?? {};
  if (caller === undefined) return asked;
  for (const [name, level] of Object.entries(asked)) {
    const allowed = caller[name] ?? caller["*"] ?? "none";
    if (rank(level) > rank(allowed)) {
      throw new Error(
        `Error calling workflow '${run.file.name}'. The nested job '${job.id}' is requesting '${name}: ${level}', but is only allowed '${name}: ${allowed}'.`,
      );
    }
  }
  return asked;
}

function rank(level: string): number {
  return ["none", "read", "write"].indexOf(level);
}

function isJobWanted(run: Run, job: WorkflowJob, contexts: Contexts): boolean {
  const before = ancestorsOf(run, job).map((id) => run.done[id]?.result);
  const status: Status = {
    // A skipped need skips what needs it, unless that asks for always().
    failed: before.includes("failure") || before.includes("skipped"),
    cancelled: before.includes("cancelled"),
  };
  return isWanted(job.if, contexts, status);
}

function ancestorsOf(run: Run, job: WorkflowJob): readonly string[] {
  const direct = job.needs;
  const inherited = direct.flatMap((id) => {
    const need = run.file.jobs.find((candidate) => candidate.id === id);
    return need === undefined ? [] : ancestorsOf(run, need);
  });
  return [...new Set([...direct, ...inherited])];
}

function inOrder(jobs: readonly WorkflowJob[]): readonly WorkflowJob[] {
  const left = [...jobs];
  const ordered: WorkflowJob[] = [];
  while (left.length > 0) {
    const ready = left.findIndex((job) => job.needs.every((id) => ordered.some((done) => done.id === id)));
    if (ready < 0) throw new Error(`jobs need each other or unknown ones: ${left.map((job) => job.id).join(", ")}`);
    ordered.push(...left.splice(ready, 1));
  }
  return ordered;
}

function needsOf(run: Run, job: WorkflowJob): Record<string, unknown> {
  return Object.fromEntries(
    job.needs.map((id) => [id, { result: run.done[id]?.result, outputs: run.done[id]?.outputs ?? {} }]),
  );
}

function baseContexts({ options, inputs, file }: Run): Contexts {
  return {
    github: { repository: "acme/shop", ...options.github },
    inputs,
    vars: options.vars ?? {},
    secrets: { GITHUB_TOKEN: options.github?.["token"] ?? "", ...options.workflowSecrets },
    env: file.env,
    needs: {},
    matrix: {},
    strategy: {},
  };
}

function filled(values: Readonly<Record<string, string>>, contexts: Contexts): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, fillTemplate(value, contexts)]));
}
