import type { Clock } from "./clock.ts";
import type { RunContext } from "./context.ts";
import type { ActionError } from "./error.ts";
import type { FileCommands } from "./files.ts";
import type { InputSpec, InputTable, RawInputs } from "./inputs.ts";
import type { Annotation, Log } from "./log.ts";

/** Ports that every action has. Actions add theirs in `ports()`. */
export interface BasePorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly run: RunContext;
  /** Writes state for post at once, for what must survive a kill. */
  saveState(state: Readonly<Record<string, string>>): void;
}

/** All that is known when a run ends, by whatever way. What was not reached is absent. */
export interface Story<I, F, P, O> {
  readonly run: RunContext;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly inputs?: I;
  readonly facts?: F;
  readonly plan?: P;
  /** Absent in plan mode and after a failure that apply did not turn into an outcome. */
  readonly outcome?: O;
  readonly error?: ActionError;
  readonly cancelled: boolean;
}

/** What a run leaves behind. Environment, path and state are written only when `exitCode` is 0. */
export interface Report extends FileCommands {
  readonly exitCode: number;
  /** The last line of the log. */
  readonly lastLine: string;
  /** Markdown for the job summary. */
  readonly summary: string;
  readonly annotations: readonly Annotation[];
  /** Why the outcome is a failure. The story's own error need not be among them; bugs among them show their stacks. */
  readonly errors?: readonly ActionError[] | undefined;
}

export interface Action<I, F, P, O, Ports extends BasePorts> {
  readonly name: string;
  readonly inputs: InputTable<Readonly<Record<string, InputSpec<unknown>>>>;
  readInputs(raw: RawInputs, run: RunContext): I;
  /** Builds the action's ports. Called after the inputs are accepted, so that bad input loads no SDK. */
  ports(base: BasePorts, inputs: I): Ports | Promise<Ports>;
  observe(inputs: I, ports: Ports, signal: AbortSignal): Promise<F>;
  plan(inputs: I, facts: F): P;
  /** The plan as log lines, printed in the group `Plan`. */
  describe(plan: P): readonly string[];
  /** True when nothing may be changed: the run ends after the plan. */
  isPlanOnly(inputs: I): boolean;
  apply(plan: P, ports: Ports, signal: AbortSignal): Promise<O>;
  report(story: Story<I, F, P, O>): Report;
  /**
   * Takes back what apply left on disk, when the run failed all the same: the runner's files could not be written, or
   * something broke after apply. The outcome is then not told.
   */
  undo?(outcome: O, ports: Ports): void;
}

/** What runs when the job is over. */
export interface Post {
  readonly name: string;
  /** `state` holds what main saved, by name. Problems are warnings: post never fails a job. */
  post(
    state: Readonly<Record<string, string>>,
    base: BasePorts,
    signal: AbortSignal,
  ): Promise<FileCommands | undefined>;
}
