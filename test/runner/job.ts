import type { StepFields } from "./action-file.ts";
import type { BuiltIn } from "./built-in.ts";
import { type Finding, refuse } from "./findings.ts";
import { completeJob, setUp } from "./job-frame.ts";
import { filesOutsideWorkspace } from "./machine.ts";
import type { ActionSources } from "./resolve.ts";
import { endLeftProcesses } from "./run-step.ts";
import type { JobScope } from "./scope.ts";
import { createSession, type Session, type SessionOptions } from "./session.ts";
import type { Outcome, StepResult } from "./stage.ts";
import type { Annotation } from "./step-log.ts";
import { runPosts, runSteps } from "./steps.ts";

/** A step as in YAML, and what a test may do to it. */
export interface JobStep extends StepFields {
  readonly cancelAfterMs?: number | undefined;
  readonly cancelAt?: RegExp | undefined;
  readonly timeoutMs?: number | undefined;
}

export interface JobOptions extends SessionOptions, Partial<Omit<ActionSources, "workspace">> {
  /** Contexts for expressions. */
  readonly inputs?: Readonly<Record<string, unknown>> | undefined;
  readonly needs?: Readonly<Record<string, unknown>> | undefined;
  readonly matrix?: Readonly<Record<string, unknown>> | undefined;
  readonly vars?: Readonly<Record<string, string>> | undefined;
  /** The `secrets` context. Unlike `secrets`, these are masked from the start, as GitHub does. */
  readonly workflowSecrets?: Readonly<Record<string, string>> | undefined;
  /** `owner/repo` → stands in for an action of GitHub's own, such as actions/checkout. */
  readonly builtIns?: Readonly<Record<string, BuiltIn>> | undefined;
  /** Told of each step as it starts, nested ones too; for live output. */
  readonly onStep?: ((step: { readonly name: string; readonly stage: "main" | "post" }) => void) | undefined;
  /** Expressions evaluated when the job is over: `outputs:` of a job. */
  readonly jobOutputs?: Readonly<Record<string, string>> | undefined;
  /** `environment.url`, evaluated when the job is over. */
  readonly environmentUrl?: string | undefined;
  /** `defaults.run` of the workflow. */
  readonly defaultShell?: string | undefined;
  readonly defaultWorkingDirectory?: string | undefined;
}

export interface RanStep extends StepResult {
  readonly name: string;
  readonly id: string | undefined;
  readonly stage: "pre" | "main" | "post";
  /** `outcome` after `continue-on-error`. */
  readonly conclusion: Outcome;
  /** Steps of a composite action. */
  readonly steps: readonly RanStep[];
}

export interface JobResult {
  readonly outcome: Exclude<Outcome, "skipped">;
  /** Main stages in order; `Set up job` alone where an action of it cannot be found. */
  readonly steps: readonly RanStep[];
  /** Post stages in the order they ran: the reverse. */
  readonly posts: readonly RanStep[];
  /** By step id. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Without the empty ones and those that hold a secret, with a warning: the next job would get that unmasked. */
  readonly jobOutputs: Readonly<Record<string, string>>;
  readonly environmentUrl: string;
  readonly env: Readonly<Record<string, string>>;
  readonly path: readonly string[];
  readonly masks: readonly string[];
  readonly log: string;
  /** Summaries of all steps, as GitHub shows them one below the other. */
  readonly summary: string;
  readonly annotations: readonly Annotation[];
  readonly durationMs: number;
  /** Outside the workspace, after the posts. */
  readonly filesLeft: readonly string[];
  readonly findings: readonly Finding[];
}

// GitHub shows this many annotations of one job, whatever its steps have kept.
const ANNOTATIONS_PER_JOB = 50;

/**
 * Main stages in order, then posts in reverse order, with environment, path, masks and outputs carried over.
 * @throws RunnerFault as `runStep`
 */
export async function runJob(steps: readonly JobStep[], options: JobOptions = {}): Promise<JobResult> {
  const session = createSession({
    ...options,
    masks: [...(options.masks ?? []), ...Object.values(options.workflowSecrets ?? {})],
  });
  return runJobIn(session, steps, options);
}

/** The same in a session that the caller made. */
export async function runJobIn(session: Session, steps: readonly JobStep[], options: JobOptions): Promise<JobResult> {
  const startedAt = performance.now();
  const before = filesOutsideWorkspace(session.machine);
  const scope: JobScope = {
    session,
    options,
    sources: { trees: options.trees, workflowTree: options.workflowTree, workspace: session.machine.workspace },
    posts: [],
    inputs: options.inputs ?? {},
    env: {},
    results: {},
    status: { failed: false },
  };
  const refused = setUp(scope, steps);
  if (refused !== undefined) scope.status.failed = true;
  const ran = refused === undefined ? await runSteps(scope, steps) : [refused];
  const posts = await runPosts(scope);
  endLeftProcesses(session);
  noteLeftFiles(session, before);
  const ending = completeJob(scope);
  const all = [...ran, ...posts];
  const log = [...all.map((step) => step.log), ...ending.lines].join("\n");
  refuse(session.findings, options.tolerate ?? [], log);
  const after = filesOutsideWorkspace(session.machine);
  return {
    outcome: session.cancel.signal.aborted ? "cancelled" : scope.status.failed ? "failure" : "success",
    steps: ran,
    posts,
    outputs: Object.fromEntries(Object.entries(scope.results).map(([id, result]) => [id, result.outputs])),
    jobOutputs: ending.outputs,
    environmentUrl: ending.environmentUrl,
    env: { ...session.env },
    path: [...session.path],
    masks: [...session.masks.values],
    log,
    summary: flat(all)
      .map((step) => step.summary)
      .filter((text) => text !== "")
      .join("\n"),
    annotations: [...all.flatMap((step) => step.annotations), ...ending.annotations].slice(0, ANNOTATIONS_PER_JOB),
    durationMs: performance.now() - startedAt,
    filesLeft: [...after].filter(([path, stamp]) => before.get(path) !== stamp).map(([path]) => path),
    findings: [...session.findings],
  };
}

// RUNNER_TEMP is emptied when a job is over, the system's temporary folder is not: on a self-hosted runner it fills up.
function noteLeftFiles(session: Session, before: ReadonlyMap<string, string>): void {
  for (const path of filesOutsideWorkspace(session.machine).keys()) {
    if (!path.startsWith(session.machine.systemTemp) || before.has(path)) continue;
    session.findings.push({ code: "LEFTOVERS", message: `${path} lies in the system's temporary folder` });
  }
}

function flat(steps: readonly RanStep[]): readonly RanStep[] {
  return steps.flatMap((step) => (step.steps.length > 0 ? flat(step.steps) : [step]));
}
