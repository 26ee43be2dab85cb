import { isAbsolute, join } from "node:path";
import type { CompositeRuns, NodeRuns } from "./action-file.ts";
import { type Contexts, evaluateToJson, fillTemplate, isWanted, type Status } from "./expressions.ts";
import type { JobOptions, JobStep, RanStep } from "./job.ts";
import { type ActionSources, parseUses, resolveAction } from "./resolve.ts";
import { entryOf, header, prepareInputs } from "./run-step.ts";
import type { ActionOrigin, Session } from "./session.ts";
import { type Outcome, runStage, type StepResult } from "./stage.ts";

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

interface StepContext {
  readonly outputs: Readonly<Record<string, string>>;
  readonly outcome: Outcome;
  readonly conclusion: Outcome;
}

interface PostStage {
  readonly name: string;
  readonly id: string | undefined;
  readonly scope: JobScope;
  readonly origin: ActionOrigin;
  readonly runs: NodeRuns;
  readonly inputs: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly state: Record<string, string>;
}

/** Stands in for an action that the harness does not run. Writes to the workspace; answers outputs and log lines. */
export type BuiltIn = (call: BuiltInCall) => Promise<BuiltInAnswer> | BuiltInAnswer;

export interface BuiltInCall {
  readonly session: Session;
  readonly with: Readonly<Record<string, string>>;
  readonly ref: string;
}

export interface BuiltInAnswer {
  readonly outputs?: Readonly<Record<string, string>> | undefined;
  readonly lines?: readonly string[] | undefined;
  /** Fails the step with this error. */
  readonly error?: string | undefined;
}

export async function runSteps(scope: JobScope, steps: readonly JobStep[]): Promise<readonly RanStep[]> {
  const ran: RanStep[] = [];
  for (const [index, step] of steps.entries()) {
    const result = await runOne(scope, step, index);
    ran.push(result);
    if (step.id !== undefined) {
      const { outputs, outcome, conclusion } = result;
      scope.results[step.id] = { outputs, outcome, conclusion };
    }
    if (result.conclusion === "failure") scope.status.failed = true;
  }
  return ran;
}

async function runOne(scope: JobScope, step: JobStep, index: number): Promise<RanStep> {
  const id = step.id ?? `__step_${index + 1}`;
  const status = statusOf(scope);
  let name = step.name ?? step.uses ?? `Run ${(step.run ?? "").trim().split("\n")[0]}`;
  let result: StepResult & { steps?: readonly RanStep[] };
  let goesOn = false;
  try {
    const contexts = contextsOf(scope, {});
    if (!isWanted(step.if, contexts, status))
      return { ...skipped(scope), name, id: step.id, stage: "main", conclusion: "skipped", steps: [] };
    const env = { ...scope.env, ...filled(step.env ?? {}, contexts, status) };
    const own = contextsOf(scope, env);
    name = fillTemplate(name, own, status);
    goesOn = isYes(step.continueOnError, own, status);
    result = await execute(scope, step, { id, name, env, contexts: own, status });
  } catch (error) {
    // What the harness itself found (a missing bundle) is no result of the step.
    if (error instanceof Error && error.name === "RunnerFault") throw error;
    result = failed(scope, error instanceof Error ? error.message : String(error));
  }
  const conclusion = result.outcome === "failure" && goesOn ? "success" : result.outcome;
  return { ...result, name, id: step.id, stage: "main", conclusion, steps: result.steps ?? [] };
}

interface Prepared {
  readonly id: string;
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly contexts: Contexts;
  readonly status: Status;
}

async function execute(scope: JobScope, step: JobStep, prepared: Prepared) {
  const given = filled(step.with ?? {}, prepared.contexts, prepared.status);
  if (step.uses !== undefined) {
    const builtIn = scope.options.builtIns?.[parseUses(step.uses)?.repository ?? ""];
    if (builtIn !== undefined) return runBuiltIn(scope, builtIn, step.uses, given);
    const origin = resolveAction(step.uses, scope.sources);
    return origin.file.runs.kind === "composite"
      ? runComposite(scope, origin, origin.file.runs, given, prepared)
      : runNode(scope, step, origin, origin.file.runs, given, prepared);
  }
  if (step.run === undefined) throw new Error("Every step must define a 'uses' or 'run' key");
  return runScript(scope, step, step.run, prepared);
}

async function runNode(
  scope: JobScope,
  step: JobStep,
  origin: ActionOrigin,
  runs: NodeRuns,
  given: Readonly<Record<string, string>>,
  prepared: Prepared,
): Promise<StepResult> {
  const { session } = scope;
  const { inputs, warnings } = prepareInputs(session, origin, given);
  const common = { kind: "node" as const, origin, stepId: prepared.id, env: prepared.env, inputs };
  const state: Record<string, string> = {};
  if (runs.entries.pre !== undefined && isWanted(runs.preIf, prepared.contexts, prepared.status)) {
    // On GitHub all pre stages run before the first step; none of the actions here has one that could tell.
    const pre = await runStage(session, {
      ...common,
      stage: "pre",
      entry: entryOf(origin.file, runs, "pre"),
      state,
      header: [],
    });
    Object.assign(state, pre.state);
    if (pre.outcome === "failure") return pre;
  }
  const entry = entryOf(origin.file, runs, "main");
  if (runs.entries.post !== undefined) {
    const post = { name: `Post ${prepared.name}`, id: step.id, scope, origin, runs, inputs, env: prepared.env, state };
    scope.posts.push(post);
  }
  const result = await runStage(session, {
    ...common,
    stage: "main",
    entry,
    state: { ...state },
    timeoutMs: timeoutOf(step, prepared),
    cancelAfterMs: step.cancelAfterMs,
    cancelAt: step.cancelAt,
    header: header(origin.uses, inputs, { ...session.env, ...prepared.env }),
    warnings,
  });
  Object.assign(state, result.state);
  return result;
}

function runScript(scope: JobScope, step: JobStep, run: string, prepared: Prepared): Promise<StepResult> {
  const { session, options } = scope;
  const script = fillTemplate(run, prepared.contexts, prepared.status);
  const folder = step.workingDirectory ?? options.defaultWorkingDirectory;
  const cwd = folder === undefined ? undefined : fillTemplate(folder, prepared.contexts, prepared.status);
  const shell = step.shell ?? options.defaultShell;
  const lines = script.trimEnd().split("\n");
  const env = Object.entries({ ...session.env, ...prepared.env }).map(([name, value]) => `  ${name}: ${value}`);
  const title = [`##[group]Run ${lines[0] ?? ""}`, ...lines, `shell: ${shell ?? "bash -e {0}"}`];
  return runStage(session, {
    kind: "script",
    script,
    shell,
    workingDirectory: cwd === undefined || isAbsolute(cwd) ? cwd : join(session.machine.workspace, cwd),
    origin: scope.composite,
    stepId: prepared.id,
    env: prepared.env,
    timeoutMs: timeoutOf(step, prepared),
    cancelAfterMs: step.cancelAfterMs,
    cancelAt: step.cancelAt,
    header: [...title, ...(env.length > 0 ? ["env:", ...env] : []), "##[endgroup]"],
  });
}

async function runComposite(
  scope: JobScope,
  origin: ActionOrigin,
  runs: CompositeRuns,
  given: Readonly<Record<string, string>>,
  prepared: Prepared,
): Promise<StepResult & { steps: readonly RanStep[] }> {
  const { inputs, warnings } = prepareInputs(scope.session, origin, given);
  const inner: JobScope = {
    ...scope,
    inputs,
    env: prepared.env,
    results: {},
    // Inside, success() speaks of the composite action's own steps.
    status: { failed: false },
    composite: origin,
  };
  const opening = [...header(origin.uses, inputs, prepared.env), ...warnings.map((warning) => `##[warning]${warning}`)];
  const shown = opening.map((line) => scope.session.masks.mask(line));
  for (const line of shown) scope.session.options.onLine?.(line);
  const steps = await runSteps(inner, runs.steps);
  const outputs: Record<string, string> = {};
  for (const [name, value] of Object.entries(origin.file.outputs)) {
    outputs[name] = fillTemplate(value, contextsOf(inner, prepared.env), statusOf(inner));
  }
  const cancelled = scope.session.cancel.signal.aborted;
  const summaries = steps.map((step) => step.summary).filter((text) => text !== "");
  return {
    ...skipped(scope),
    outcome: cancelled ? "cancelled" : inner.status.failed ? "failure" : "success",
    exitCode: inner.status.failed ? 1 : 0,
    outputs,
    env: Object.assign({}, ...steps.map((step) => step.env)) as Record<string, string>,
    path: steps.flatMap((step) => step.path),
    summary: summaries.join("\n"),
    annotations: steps.flatMap((step) => step.annotations),
    commands: steps.flatMap((step) => step.commands),
    log: [...shown, ...steps.map((step) => step.log)].join("\n"),
    durationMs: steps.reduce((sum, step) => sum + step.durationMs, 0),
    filesLeft: steps.flatMap((step) => step.filesLeft),
    findings: steps.flatMap((step) => step.findings),
    steps,
  };
}

async function runBuiltIn(
  scope: JobScope,
  builtIn: BuiltIn,
  uses: string,
  given: Readonly<Record<string, string>>,
): Promise<StepResult> {
  const { session } = scope;
  const startedAt = performance.now();
  const answer = await builtIn({ session, with: given, ref: parseUses(uses)?.ref ?? "" });
  const end = answer.error === undefined ? [] : [`##[error]${answer.error}`];
  const lines = [...header(uses, given, {}), ...(answer.lines ?? []), ...end].map((line) => session.masks.mask(line));
  for (const line of lines) session.options.onLine?.(line);
  return {
    ...skipped(scope),
    outcome: answer.error === undefined ? "success" : "failure",
    exitCode: answer.error === undefined ? 0 : 1,
    outputs: answer.outputs ?? {},
    annotations: answer.error === undefined ? [] : [{ level: "error", message: session.masks.mask(answer.error) }],
    log: lines.join("\n"),
    durationMs: performance.now() - startedAt,
  };
}

/** Post stages, the last registered first. Each sees what its own main saved. */
export async function runPosts(scope: JobScope): Promise<readonly RanStep[]> {
  const ran: RanStep[] = [];
  for (const post of scope.posts.toReversed()) {
    const contexts = contextsOf(post.scope, post.env);
    if (!isWanted(post.runs.postIf, contexts, statusOf(scope))) continue;
    const result = await runStage(scope.session, {
      kind: "node",
      stage: "post",
      origin: post.origin,
      entry: entryOf(post.origin.file, post.runs, "post"),
      stepId: post.id ?? "__post",
      env: post.env,
      inputs: post.inputs,
      state: post.state,
      header: ["Post job cleanup."],
    });
    if (result.outcome === "failure") scope.status.failed = true;
    ran.push({ ...result, name: post.name, id: post.id, stage: "post", conclusion: result.outcome, steps: [] });
  }
  return ran;
}

function contextsOf(scope: JobScope, env: Readonly<Record<string, string>>): Contexts {
  const { session, options } = scope;
  const folder = scope.composite?.file.folder;
  const status = session.cancel.signal.aborted ? "cancelled" : scope.status.failed ? "failure" : "success";
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
    job: { status },
  };
}

function secretsOf({ session, options }: JobScope): Readonly<Record<string, unknown>> {
  return { GITHUB_TOKEN: session.contexts.github["token"] ?? "", ...options.workflowSecrets };
}

function statusOf(scope: JobScope): Status {
  return { failed: scope.status.failed, cancelled: scope.session.cancel.signal.aborted };
}

function filled(values: Readonly<Record<string, string>>, contexts: Contexts, status: Status): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, fillTemplate(value, contexts, status)]));
}

function isYes(text: string | undefined, contexts: Contexts, status: Status): boolean {
  const value = text === undefined ? false : evaluateToJson(text, contexts, status);
  return value === true || value === "true";
}

function timeoutOf(step: JobStep, prepared: Prepared): number | undefined {
  if (step.timeoutMs !== undefined || step.timeoutMinutes === undefined) return step.timeoutMs;
  return Number(evaluateToJson(step.timeoutMinutes, prepared.contexts, prepared.status)) * 60_000;
}

function skipped({ session }: JobScope): StepResult {
  return {
    outcome: "skipped",
    exitCode: null,
    signal: null,
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

function failed(scope: JobScope, message: string): StepResult {
  const masked = scope.session.masks.mask(message);
  scope.session.options.onLine?.(`##[error]${masked}`);
  const annotations = [{ level: "error" as const, message: masked }];
  return { ...skipped(scope), outcome: "failure", exitCode: 1, annotations, log: `##[error]${masked}` };
}
