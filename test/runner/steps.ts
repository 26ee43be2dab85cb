import { isAbsolute, join } from "node:path";
import type { NodeRuns } from "./action-file.ts";
import { runBuiltIn } from "./built-in.ts";
import { runComposite } from "./composite.ts";
import { evaluateToJson, fillTemplate, isWanted } from "./expressions.ts";
import type { JobStep, RanStep } from "./job.ts";
import { parseUses, resolveAction } from "./resolve.ts";
import { entryOf, header, prepareInputs } from "./run-step.ts";
import {
  contextsOf,
  environmentOf,
  failed,
  filled,
  isYes,
  type JobScope,
  type PostStage,
  type Prepared,
  skipped,
  statusOf,
} from "./scope.ts";
import type { ActionOrigin } from "./session.ts";
import { runStage, type StepResult } from "./stage.ts";

/** Main stages in order; results go into the scope for the steps that follow. */
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
    // The variables come first, as a condition may ask for them.
    const env = environmentOf(scope, step);
    const contexts = contextsOf(scope, env);
    if (!isWanted(step.if, contexts, status))
      return { ...skipped(scope), name, id: step.id, stage: "main", conclusion: "skipped", steps: [] };
    name = fillTemplate(name, contexts, status);
    scope.options.onStep?.({ name, stage: "main" });
    goesOn = isYes(step.continueOnError, contexts, status);
    result = await execute(scope, step, { id, name, env, contexts, status });
  } catch (error) {
    result = faultOf(scope, error);
  }
  const conclusion = result.outcome === "failure" && goesOn ? "success" : result.outcome;
  return { ...result, name, id: step.id, stage: "main", conclusion, steps: result.steps ?? [] };
}

async function execute(scope: JobScope, step: JobStep, prepared: Prepared) {
  const given = filled(step.with ?? {}, prepared.contexts, prepared.status);
  if (step.uses !== undefined) {
    const builtIn = scope.options.builtIns?.[parseUses(step.uses)?.repository ?? ""];
    if (builtIn !== undefined) return runBuiltIn(scope, builtIn, step.uses, given);
    const origin = resolveAction(step.uses, scope.sources);
    return origin.file.runs.kind === "composite"
      ? runComposite(runSteps, scope, origin, origin.file.runs, given, prepared)
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
  const { inputs, warnings } = prepareInputs(prepared.contexts, origin, given);
  const common = { kind: "node" as const, origin, stepId: prepared.id, name: prepared.name, env: prepared.env, inputs };
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
    scope.posts.push({ name: `Post ${prepared.name}`, id: step.id, scope, origin, runs, step, state });
  }
  const result = await runStage(session, {
    ...common,
    stage: "main",
    entry,
    state: { ...state },
    ...limits(step, prepared),
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
    name: prepared.name,
    env: prepared.env,
    ...limits(step, prepared),
    header: [...title, ...(env.length > 0 ? ["env:", ...env] : []), "##[endgroup]"],
  });
}

/** Post stages, the last registered first. Each sees what its own main saved. */
export async function runPosts(scope: JobScope): Promise<readonly RanStep[]> {
  const ran: RanStep[] = [];
  for (const post of scope.posts.toReversed()) {
    const result = await runOnePost(scope, post);
    if (result === undefined) continue;
    if (result.conclusion === "failure") scope.status.failed = true;
    ran.push(result);
  }
  return ran;
}

// `env`, `with` and `continue-on-error` are evaluated anew: `${{ job.status }}` tells the post how the job has ended.
async function runOnePost(scope: JobScope, post: PostStage): Promise<RanStep | undefined> {
  const { name, step, origin, runs } = post;
  const status = statusOf(scope);
  let result: StepResult;
  let goesOn = false;
  try {
    const env = environmentOf(post.scope, step);
    const contexts = contextsOf(post.scope, env, scope.status);
    if (!isWanted(runs.postIf, contexts, status)) return undefined;
    scope.options.onStep?.({ name, stage: "post" });
    goesOn = isYes(step.continueOnError, contexts, status);
    result = await runStage(scope.session, {
      kind: "node",
      stage: "post",
      origin,
      entry: entryOf(origin.file, runs, "post"),
      stepId: post.id ?? "__post",
      name,
      env,
      inputs: prepareInputs(contexts, origin, filled(step.with ?? {}, contexts, status)).inputs,
      state: post.state,
      header: ["Post job cleanup."],
      outlivesCancel: isWanted(runs.postIf, contexts, { ...status, cancelled: true }),
    });
  } catch (error) {
    result = faultOf(scope, error);
  }
  const conclusion = result.outcome === "failure" && goesOn ? "success" : result.outcome;
  return { ...result, name, id: post.id, stage: "post", conclusion, steps: [] };
}

// What the harness itself found (a missing bundle) is no result of the step.
function faultOf(scope: JobScope, error: unknown): StepResult {
  if (error instanceof Error && error.name === "RunnerFault") throw error;
  return failed(scope, error instanceof Error ? error.message : String(error));
}

/** What ends a step before its own end. */
function limits(step: JobStep, { contexts, status }: Prepared) {
  const minutes = step.timeoutMinutes;
  const timeoutMs = minutes === undefined ? undefined : Number(evaluateToJson(minutes, contexts, status)) * 60_000;
  return {
    timeoutMs: step.timeoutMs ?? timeoutMs,
    cancelAfterMs: step.cancelAfterMs,
    cancelAt: step.cancelAt,
    outlivesCancel: isWanted(step.if, contexts, { ...status, cancelled: true }),
  };
}
