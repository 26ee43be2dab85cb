import type { CompositeRuns } from "./action-file.ts";
import { fillTemplate } from "./expressions.ts";
import type { JobStep, RanStep } from "./job.ts";
import { header, prepareInputs } from "./run-step.ts";
import { contextsOf, type JobScope, type Prepared, skipped, statusOf } from "./scope.ts";
import type { ActionOrigin } from "./session.ts";
import type { StepResult } from "./stage.ts";
import { keptOfStep } from "./step-log.ts";

type RunSteps = (scope: JobScope, steps: readonly JobStep[]) => Promise<readonly RanStep[]>;

/** The steps of a composite action in a scope of their own, with its outputs. */
export async function runComposite(
  runSteps: RunSteps,
  scope: JobScope,
  origin: ActionOrigin,
  runs: CompositeRuns,
  given: Readonly<Record<string, string>>,
  prepared: Prepared,
): Promise<StepResult & { steps: readonly RanStep[] }> {
  const { inputs, warnings } = prepareInputs(prepared.contexts, origin, given);
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
    annotations: keptOfStep(steps.flatMap((step) => step.annotations)),
    commands: steps.flatMap((step) => step.commands),
    log: [...shown, ...steps.map((step) => step.log)].join("\n"),
    durationMs: steps.reduce((sum, step) => sum + step.durationMs, 0),
    filesLeft: steps.flatMap((step) => step.filesLeft),
    findings: steps.flatMap((step) => step.findings),
    steps,
  };
}
