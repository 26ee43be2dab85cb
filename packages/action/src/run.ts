import type { Action, BasePorts, Post, Story } from "./action.ts";
import { type Clock, systemClock } from "./clock.ts";
import { runnerConsole } from "./console.ts";
import { readContext } from "./context.ts";
import { type ActionError, toActionError } from "./error.ts";
import { writeFileCommands, writeStateNow } from "./files.ts";
import { finish, printBug } from "./finish.ts";
import { type InputSpec, type RawInputs, rawInputs } from "./inputs.ts";
import { cancelled, type Interruption, interruptionBy, processInterruption, withGrace } from "./interrupt.ts";
import { createLog, type Log } from "./log.ts";

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  readonly log?: Log;
  /** Tests give their own; by default the process's signals and uncaught exceptions abort. */
  readonly signal?: AbortSignal;
  /** Milliseconds that work has to come to an end after the signal. Shorter only in tests. */
  readonly graceMs?: number;
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
  const { env, clock, log, interruption, graceMs } = surroundings(options);
  const { signal } = interruption;
  const run = readContext(env);
  const base: BasePorts = { clock, log, run, saveState: (state) => writeStateNow(env, state) };
  const startedAt = clock.now();
  let ports: Ports | undefined;
  const reached: { inputs?: I; facts?: F; plan?: P; outcome?: O } = {};

  const work = async () => {
    const raw = rawInputs(env);
    maskSecrets(action.inputs.specs, raw, log);
    tellNearMisses(action.inputs.nearMisses(raw), log);
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
  const error = await failureOf(work(), interruption, graceMs);
  const story: Story<I, F, P, O> = {
    run,
    startedAt,
    endedAt: clock.now(),
    ...reached,
    ...(error === undefined ? {} : { error }),
    cancelled: signal.aborted && interruption.crash() === undefined,
  };
  const undo = (outcome: O) => {
    if (ports !== undefined) action.undo?.(outcome, ports);
  };
  const ending = {
    report: (told: Story<I, F, P, O>) => action.report(told),
    undo: action.undo === undefined ? undefined : undo,
  };
  return finish(ending, story, { env, log });
}

interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Log;
  readonly interruption: Interruption;
  readonly graceMs: number;
}

function surroundings(options: RunOptions): Surroundings {
  const clock = options.clock ?? systemClock;
  return {
    env: options.env ?? process.env,
    clock,
    log: options.log ?? createLog(runnerConsole, clock),
    interruption: options.signal === undefined ? processInterruption() : interruptionBy(options.signal),
    graceMs: options.graceMs ?? CANCEL_GRACE_MS,
  };
}

/** Why the work failed. A crash counts even when the work itself went on to its end. */
async function failureOf(
  work: Promise<void>,
  { signal, crash }: Interruption,
  graceMs: number,
): Promise<ActionError | undefined> {
  try {
    await withGrace(work, signal, graceMs);
    return crash();
  } catch (thrown) {
    const error = toActionError(thrown);
    return crash() ?? (signal.aborted && error.code === "INTERNAL" ? cancelled() : error);
  }
}

function maskSecrets(specs: Readonly<Record<string, InputSpec<unknown>>>, raw: RawInputs, log: Log): void {
  for (const [name, spec] of Object.entries(specs)) {
    const value = raw[name]?.trim();
    if (spec.secret && value !== undefined && value !== "") log.mask(value);
  }
}

// The runner has warned of the name already; what it cannot know is which one was meant.
function tellNearMisses(pairs: readonly (readonly [given: string, known: string])[], log: Log): void {
  for (const [given, known] of pairs) log.info(`input \`${given}\` is unknown; did you mean \`${known}\`?`);
}

/** Runs `main`, then ends the process with its exit code once stdout is flushed: open sockets must not keep it alive. */
export async function exitWith(main: Promise<number>): Promise<never> {
  const code = await main.catch((thrown: unknown) => {
    process.stderr.write(`${toActionError(thrown).describe()}\n`);
    return 1;
  });
  await new Promise<void>((resolve) => process.stdout.write("", () => resolve()));
  process.exit(code);
}

/** Runs an action's post stage. Returns 0 whatever happens; problems are warnings. Never throws. */
export async function runPost(action: Post, options: RunOptions = {}): Promise<number> {
  const { env, clock, log, interruption, graceMs } = surroundings(options);
  const state: Record<string, string> = {};
  for (const [key, value] of Object.entries(env)) {
    if (key.startsWith("STATE_") && value !== undefined) state[key.slice(6)] = value;
  }
  const base: BasePorts = { clock, log, run: readContext(env), saveState: (entries) => writeStateNow(env, entries) };
  const work = async () => {
    const commands = await action.post(state, base, interruption.signal);
    if (commands !== undefined) writeFileCommands(env, commands);
  };
  const error = await failureOf(work(), interruption, graceMs);
  if (error !== undefined) {
    log.endGroups();
    log.annotate({ level: "warning", title: error.code, message: `post: ${error.message}` });
    if (error.code === "INTERNAL") printBug(error, env, log);
  }
  return 0;
}
