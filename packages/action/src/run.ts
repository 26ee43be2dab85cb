import { type Clock, systemClock } from "./clock.ts";
import { runnerConsole } from "./console.ts";
import { type RunContext, readContext } from "./context.ts";
import { ActionError, toActionError } from "./error.ts";
import { type FileCommands, writeFileCommands, writeStateNow, writeSummary } from "./files.ts";
import { type InputSpec, type InputTable, type RawInputs, rawInputs } from "./inputs.ts";
import { type Annotation, createLog, type Log } from "./log.ts";
import { fitSummary } from "./summary.ts";

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
  /** Takes back what apply left on disk, when the runner's files could not be written afterwards. */
  undo?(outcome: O, ports: Ports): void;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  readonly log?: Log;
  /** Tests give their own; by default SIGINT and SIGTERM abort. */
  readonly signal?: AbortSignal;
}

// The runner grants 7.5 s after SIGINT; the report must be on disk within 7 s, so apply gets 5 s to come to an end.
const CANCEL_GRACE_MS = 5_000;

/**
 * read → observe → plan → print the plan → apply → report. Returns the exit code; everything has been written by then.
 * Never throws.
 */
export async function runAction<I, F, P, O, Ports extends BasePorts>(
  action: Action<I, F, P, O, Ports>,
  options: RunOptions = {},
): Promise<number> {
  const env = options.env ?? process.env;
  const clock = options.clock ?? systemClock;
  const log = options.log ?? createLog(runnerConsole, clock);
  const run = readContext(env);
  const signal = options.signal ?? cancelSignal();
  const base: BasePorts = { clock, log, run, saveState: (state) => writeStateNow(env, state) };
  const startedAt = clock.now();
  let ports: Ports | undefined;
  const reached: { inputs?: I; facts?: F; plan?: P; outcome?: O } = {};
  let error: ActionError | undefined;

  const work = async () => {
    const raw = rawInputs(env);
    for (const [given, known] of action.inputs.nearMisses(raw)) {
      log.annotate({
        level: "warning",
        title: "INPUT_UNKNOWN",
        message: `input \`${given}\` is unknown; did you mean \`${known}\`?`,
      });
    }
    maskSecrets(action.inputs.specs, raw, log);
    const inputs = action.readInputs(raw, run);
    reached.inputs = inputs;
    ports = await action.ports(base, inputs);
    reached.facts = await action.observe(inputs, ports, signal);
    signal.throwIfAborted();
    const plan = action.plan(inputs, reached.facts);
    reached.plan = plan;
    const lines = action.describe(plan);
    if (lines.length > 0) {
      await log.group("Plan", async () => {
        for (const line of lines) log.info(line);
      });
    }
    if (action.isPlanOnly(inputs)) return;
    reached.outcome = await action.apply(plan, ports, signal);
  };
  try {
    await withGrace(work(), signal);
  } catch (thrown) {
    error = signal.aborted && !(thrown instanceof ActionError) ? cancelled() : toActionError(thrown);
  }
  const story: Story<I, F, P, O> = {
    run,
    startedAt,
    endedAt: clock.now(),
    ...reached,
    ...(error === undefined ? {} : { error }),
    cancelled: signal.aborted,
  };
  return finish(action, story, ports, { env, log });
}

interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
}

function finish<I, F, P, O, Ports extends BasePorts>(
  action: Action<I, F, P, O, Ports>,
  story: Story<I, F, P, O>,
  ports: Ports | undefined,
  { env, log }: Surroundings,
): number {
  let report: Report;
  try {
    report = action.report(story);
  } catch (thrown) {
    report = bareReport(toActionError(thrown));
  }
  let exitCode = report.exitCode;
  try {
    writeFileCommands(env, exitCode === 0 ? report : { outputs: report.outputs ?? {} });
  } catch (thrown) {
    if (story.outcome !== undefined && ports !== undefined) action.undo?.(story.outcome, ports);
    const failure = bareReport(toActionError(thrown));
    report = { ...failure, annotations: [...report.annotations, ...failure.annotations] };
    exitCode = 1;
  }
  for (const annotation of report.annotations) log.annotate(annotation);
  if (story.error?.code === "INTERNAL") printBug(story.error, log);
  writeFittedSummary(report.summary, env, log);
  if (report.lastLine !== "") log.info(report.lastLine);
  return exitCode;
}

function writeFittedSummary(markdown: string, env: Surroundings["env"], log: Log): void {
  if (markdown === "") return;
  const fitted = fitSummary(markdown);
  if (fitted.leftOut.length > 0) {
    log.annotate({
      level: "warning",
      title: "SUMMARY_TRUNCATED",
      message: `the job summary was shortened; left out: ${fitted.leftOut.join(", ")}`,
    });
  }
  try {
    if (writeSummary(env, fitted.markdown)) return;
    log.annotate({
      level: "warning",
      title: "SUMMARY_IN_LOG",
      message: "GITHUB_STEP_SUMMARY is not set; the summary follows in the log",
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.annotate({
      level: "warning",
      title: "SUMMARY_IN_LOG",
      message: `the summary could not be written (${reason}); it follows in the log`,
    });
  }
  log.info(fitted.markdown);
}

/** Annotations of an error: one for each fault found, on its file and line; the hint is part of the message. */
export function errorAnnotations(error: ActionError): readonly Annotation[] {
  return error.all().map((fault) => ({
    level: "error" as const,
    title: fault.code,
    message: fault.hint === undefined ? fault.message : `${fault.message} → ${fault.hint}`,
    file: fault.file,
    line: fault.line,
    column: fault.column,
  }));
}

function bareReport(error: ActionError): Report {
  return {
    exitCode: 1,
    lastLine: error.describe(),
    summary: "",
    annotations: errorAnnotations(error),
    outputs: {},
  };
}

function printBug(error: ActionError, log: Log): void {
  const stack = error.cause instanceof Error ? error.cause.stack : error.stack;
  log.untrusted((stack ?? error.message).split("\n"));
  log.info("This is a bug in the action. Please report it with the lines above.");
}

function cancelled(): ActionError {
  return new ActionError("CANCELLED", { message: "the run was cancelled", hint: "run the workflow again" });
}

function maskSecrets(specs: Readonly<Record<string, InputSpec<unknown>>>, raw: RawInputs, log: Log): void {
  for (const [name, spec] of Object.entries(specs)) {
    const value = raw[name]?.trim();
    if (spec.secret && value !== undefined && value !== "") log.mask(value);
  }
}

/** One signal for the whole run: SIGINT is the runner's cancel, SIGTERM follows 7.5 s later. */
function cancelSignal(): AbortSignal {
  const controller = new AbortController();
  const abort = () => controller.abort(cancelled());
  process.once("SIGINT", abort);
  process.once("SIGTERM", abort);
  return controller.signal;
}

// Work that does not listen to the signal must not keep the report from being written.
async function withGrace(work: Promise<void>, signal: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    const start = () => {
      timer = setTimeout(() => reject(cancelled()), CANCEL_GRACE_MS);
    };
    if (signal.aborted) start();
    else signal.addEventListener("abort", start, { once: true });
  });
  try {
    await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs `main`, then ends the process with its exit code once stdout is flushed: open sockets must not keep it alive. */
export async function exitWith(main: Promise<number>): Promise<never> {
  const code = await main;
  await new Promise<void>((resolve) => process.stdout.write("", () => resolve()));
  process.exit(code);
}

export interface Post {
  readonly name: string;
  /** `state` holds what main saved, by name. Problems are warnings: post never fails a job. */
  post(
    state: Readonly<Record<string, string>>,
    base: BasePorts,
    signal: AbortSignal,
  ): Promise<FileCommands | undefined>;
}

export async function runPost(action: Post, options: RunOptions = {}): Promise<number> {
  const env = options.env ?? process.env;
  const clock = options.clock ?? systemClock;
  const log = options.log ?? createLog(runnerConsole, clock);
  const state: Record<string, string> = {};
  for (const [key, value] of Object.entries(env)) {
    if (key.startsWith("STATE_") && value !== undefined) state[key.slice(6)] = value;
  }
  const base: BasePorts = { clock, log, run: readContext(env), saveState: (entries) => writeStateNow(env, entries) };
  try {
    const commands = await action.post(state, base, options.signal ?? cancelSignal());
    if (commands !== undefined) writeFileCommands(env, commands);
  } catch (thrown) {
    const error = toActionError(thrown);
    log.annotate({ level: "warning", title: error.code, message: `post: ${error.message}` });
    if (error.code === "INTERNAL") printBug(error, log);
  }
  return 0;
}
