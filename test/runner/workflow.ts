import { relative } from "node:path";
import { type Contexts, evaluateToJson, fillTemplate, isWanted, type Status } from "./expressions.ts";
import { type Artifacts, githubBuiltIns } from "./github-actions.ts";
import { type JobOptions, type JobResult, runJob } from "./job.ts";
import { createMachine } from "./machine.ts";
import { expandMatrix, type MatrixValues } from "./matrix.ts";
import { checkCall, locateCalled, permissionsOf, workflowInputs } from "./workflow-call.ts";
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
  /** Why the job failed before any step of it could run. */
  readonly error: string | undefined;
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
  await checkCall(file, options);
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
      .flatMap((job) => [...job.runs.map((one) => one.log), job.called?.log ?? [], job.error ?? []].flat())
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
  error: undefined,
};

async function runOneJob(run: Run, job: WorkflowJob): Promise<WorkflowJobResult> {
  const contexts = { ...baseContexts(run), needs: needsOf(run, job) };
  if (!isJobWanted(run, job, contexts)) return skippedJob;
  const permissions = permissionsOf(run.file, job, run.options.callerPermissions);
  if (job.uses !== undefined) return callWorkflow(run, job, job.uses, permissions, contexts);
  return runCombinations(run, job, permissions, contexts);
}

/**
 * The combinations of a job's matrix, one after another. Those that GitHub would run at once all come to their end;
 * after a failure the others are not started, unless the job says `fail-fast: false`.
 */
async function runCombinations(
  run: Run,
  job: WorkflowJob,
  permissions: PermissionMap,
  contexts: Contexts,
): Promise<WorkflowJobResult> {
  let combinations: readonly MatrixValues[];
  try {
    combinations = expandMatrix(job.strategy.matrix, contexts);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      ...skippedJob,
      result: "failure",
      error: `Error when evaluating 'strategy' for job '${job.id}'. ${reason}`,
    };
  }
  const { failFast, maxParallel } = job.strategy;
  const isFailFast = String(evaluateToJson(failFast, contexts)) !== "false";
  const atOnce = maxParallel === undefined ? combinations.length : Number(evaluateToJson(maxParallel, contexts));
  const runs: JobResult[] = [];
  const outputs: Record<string, string> = {};
  let environment: WorkflowJobResult["environment"];
  for (const [index, matrix] of combinations.entries()) {
    const hasFailed = runs.some((one) => one.outcome !== "success");
    if (hasFailed && isFailFast && index % atOnce === 0) break;
    const own = { ...contexts, matrix };
    const name = job.environment === undefined ? undefined : fillTemplate(job.environment.name, own);
    const result = await runJob(job.steps, await jobOptions(run, job, { contexts: own, matrix, permissions, name }));
    runs.push(result);
    // An empty output of one combination does not clear another's.
    Object.assign(outputs, result.jobOutputs);
    if (name !== undefined) environment = { name, url: result.environmentUrl };
  }
  const outcomes = runs.map((one) => one.outcome);
  const result = outcomes.includes("failure") ? "failure" : outcomes.includes("cancelled") ? "cancelled" : "success";
  return { ...skippedJob, result, outputs, environment, runs };
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
  const { file, tree, calledAs } = locateCalled(uses, options);
  const given = Object.entries(job.with).map(([name, value]) => [
    name,
    typeof value === "string" ? evaluateToJson(value, contexts) : value,
  ]);
  const secrets = job.secrets === "inherit" ? options.workflowSecrets : filled(job.secrets, contexts);
  const called = await runWorkflow({
    ...options,
    file,
    workflowTree: tree,
    inputs: Object.fromEntries(given) as Record<string, unknown>,
    workflowSecrets: secrets,
    callerPermissions: permissions,
    calledAs,
    artifacts: run.artifacts,
  });
  return { ...skippedJob, result: called.outcome, outputs: called.outputs, called };
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

function isJobWanted(run: Run, job: WorkflowJob, contexts: Contexts): boolean {
  const before = ancestorsOf(run, job).map((id) => run.done[id]?.result);
  const status: Status = {
    failed: before.includes("failure"),
    cancelled: before.includes("cancelled"),
    // A skipped need skips what needs it, unless that asks for always().
    skipped: before.includes("skipped"),
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
