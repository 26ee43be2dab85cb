import { isAbsolute, join } from "node:path";
import type { NodeRuns } from "./action-file.ts";
import { runBuiltIn } from "./built-in.ts";
import { runComposite } from "./composite.ts";
import { evaluateToJson, fillTemplate, isWanted } from "./expressions.ts";
import type { JobStep, RanStep } from "./job.ts";
import { parseUses, resolveAction } from "./resolve.ts";
import { entryOf, header, prepareInputs } from "./run-step.ts";
import { contextsOf, failed, filled, isYes, type JobScope, type Prepared, skipped, statusOf } from "./scope.ts";
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
    const contexts = contextsOf(scope, {});
    if (!isWanted(step.if, contexts, status))
      return { ...skipped(scope), name, id: step.id, stage: "main", conclusion: "skipped", steps: [] };
    const env = { ...scope.env, ...filled(step.env ?? {}, contexts, status) };
    const own = contextsOf(scope, env);
    name = fillTemplate(name, own, status);
    scope.options.onStep?.({ name, stage: "main" });
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

/** Post stages, the last registered first. Each sees what its own main saved. */
export async function runPosts(scope: JobScope): Promise<readonly RanStep[]> {
  const ran: RanStep[] = [];
  for (const post of scope.posts.toReversed()) {
    const contexts = contextsOf(post.scope, post.env);
    if (!isWanted(post.runs.postIf, contexts, statusOf(scope))) continue;
    scope.options.onStep?.({ name: post.name, stage: "post" });
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

function timeoutOf(step: JobStep, prepared: Prepared): number | undefined {
  if (step.timeoutMs !== undefined || step.timeoutMinutes === undefined) return step.timeoutMs;
  return Number(evaluateToJson(step.timeoutMinutes, prepared.contexts, prepared.status)) * 60_000;
}
