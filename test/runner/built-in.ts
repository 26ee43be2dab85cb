import { parseUses } from "./resolve.ts";
import { header } from "./run-step.ts";
import { type JobScope, skipped } from "./scope.ts";
import type { Session } from "./session.ts";
import type { StepResult } from "./stage.ts";

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

export async function runBuiltIn(
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
