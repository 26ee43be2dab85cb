import type { NodeRuns } from "./action-file.ts";
import { type Contexts, evaluateToJson, fillTemplate, type Status } from "./expressions.ts";
import type { JobOptions, JobStep } from "./job.ts";
import type { ActionSources } from "./resolve.ts";
import type { ActionOrigin, Session } from "./session.ts";
import type { Outcome, StepResult } from "./stage.ts";

/** A job, or the inside of a composite action: what its steps see. */
export interface JobScope {
  readonly session: Session;
  readonly options: JobOptions;
  readonly sources: ActionSources;
  /** Post stages to run, the first registered last. Shared with composite actions. */
  readonly posts: PostStage[];
  readonly inputs: Readonly<Record<string, unknown>>;
  /** `env:` of the composite steps around. */
  readonly env: Readonly<Record<string, string>>;
  /** The `steps` context. */
  readonly results: Record<string, StepContext>;
  readonly status: { failed: boolean };
  /** The composite action that these steps belong to. */
  readonly composite?: ActionOrigin | undefined;
}

export interface StepContext {
  readonly outputs: Readonly<Record<string, string>>;
  readonly outcome: Outcome;
  readonly conclusion: Outcome;
}

export interface PostStage {
  readonly name: string;
  readonly id: string | undefined;
  readonly scope: JobScope;
  readonly origin: ActionOrigin;
  readonly runs: NodeRuns;
  readonly step: JobStep;
  readonly state: Record<string, string>;
}

/** @param job how the job stands, where the scope is the inside of a composite action that has ended */
export function contextsOf(
  scope: JobScope,
  env: Readonly<Record<string, string>>,
  job: { readonly failed: boolean } = scope.status,
): Contexts {
  const { session, options } = scope;
  const folder = scope.composite?.file.folder;
  const status = session.cancel.signal.aborted ? "cancelled" : job.failed ? "failure" : "success";
  return {
    github: { ...session.contexts.github, ...(folder === undefined ? {} : { action_path: folder }) },
    runner: session.contexts.runner,
    env: { ...session.env, ...scope.env, ...env },
    steps: scope.results,
    inputs: scope.inputs,
    needs: options.needs ?? {},
    matrix: options.matrix ?? {},
    strategy: {},
    vars: options.vars ?? {},
    // A composite action sees no secrets: they must be handed to it as inputs.
    ...(scope.composite === undefined ? { secrets: secretsOf(scope) } : {}),
    job: { ...session.contexts.job, status },
  };
}

export function secretsOf({ session, options }: JobScope): Readonly<Record<string, unknown>> {
  return { GITHUB_TOKEN: session.contexts.github["token"] ?? "", ...options.workflowSecrets };
}

export function statusOf(scope: JobScope): Status {
  return { failed: scope.status.failed, cancelled: scope.session.cancel.signal.aborted };
}

/** The variables around a step and its own `env:`. */
export function environmentOf(scope: JobScope, step: JobStep): Record<string, string> {
  return { ...scope.env, ...filled(step.env ?? {}, contextsOf(scope, {}), statusOf(scope)) };
}

export function filled(
  values: Readonly<Record<string, string>>,
  contexts: Contexts,
  status: Status,
): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, fillTemplate(value, contexts, status)]));
}

export function isYes(text: string | undefined, contexts: Contexts, status: Status): boolean {
  const value = text === undefined ? false : evaluateToJson(text, contexts, status);
  return value === true || value === "true";
}

export function skipped({ session }: JobScope): StepResult {
  return {
    outcome: "skipped",
    exitCode: null,
    signal: null,
    signalsSent: [],
    outputs: {},
    env: {},
    path: [],
    state: {},
    summary: "",
    annotations: [],
    commands: [],
    log: "",
    masks: [...session.masks.values],
    durationMs: 0,
    filesLeft: [],
    findings: [],
  };
}

export function failed(scope: JobScope, message: string): StepResult {
  const masked = scope.session.masks.mask(message);
  scope.session.options.onLine?.(`##[error]${masked}`);
  const annotations = [{ level: "error" as const, message: masked }];
  return { ...skipped(scope), outcome: "failure", exitCode: 1, annotations, log: `##[error]${masked}` };
}

export interface Prepared {
  readonly id: string;
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly contexts: Contexts;
  readonly status: Status;
}
