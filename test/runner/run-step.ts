import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type ActionFile, type NodeRuns, readActionFile, type Stage } from "./action-file.ts";
import { type Contexts, fillTemplate } from "./expressions.ts";
import { RunnerFault, refuse } from "./findings.ts";
import { endProcesses, processesOf } from "./leftovers.ts";
import { type ActionOrigin, createSession, type Session, type SessionOptions } from "./session.ts";
import { runStage, type StepResult } from "./stage.ts";

export interface StepOptions extends SessionOptions {
  /** Folder with action.yml and the built entry. */
  readonly action: string;
  /** Default `main`. */
  readonly stage?: Stage | undefined;
  readonly with?: Readonly<Record<string, string>> | undefined;
  /** What an earlier stage saved. */
  readonly state?: Readonly<Record<string, string>> | undefined;
  readonly cancelAfterMs?: number | undefined;
  readonly cancelAt?: RegExp | undefined;
  readonly timeoutMs?: number | undefined;
}

/**
 * Runs one stage of a built Node action in its own process, as the GitHub runner does.
 * @throws RunnerFault for what GitHub would not show: leaked secrets, connections off the machine, left-over
 * processes, an ignored cancel, a missing entry
 */
export async function runStep(options: StepOptions): Promise<StepResult> {
  const session = createSession(options);
  const file = readActionFile(resolve(options.action));
  const runs = nodeRuns(file);
  const stage = options.stage ?? "main";
  const origin: ActionOrigin = { file, uses: options.action };
  const prepared = prepareInputs({ ...session.contexts }, origin, options.with ?? {});
  const result = await runStage(session, {
    kind: "node",
    origin,
    stage,
    entry: entryOf(file, runs, stage),
    stepId: file.name.replaceAll(/[^A-Za-z0-9_-]/g, "_"),
    name: file.name,
    env: {},
    state: options.state ?? {},
    timeoutMs: options.timeoutMs,
    cancelAfterMs: options.cancelAfterMs,
    cancelAt: options.cancelAt,
    header: stage === "post" ? ["Post job cleanup."] : header(origin.uses, prepared.inputs, session.env),
    warnings: stage === "main" ? prepared.warnings : [],
    inputs: prepared.inputs,
  });
  endLeftProcesses(session);
  refuse(session.findings, options.tolerate ?? [], result.log);
  return { ...result, findings: [...session.findings] };
}

function nodeRuns(file: ActionFile): NodeRuns {
  if (file.runs.kind === "composite") throw new Error(`${file.folder} is a composite action: run it with runJob()`);
  return file.runs;
}

/** Absolute path of a stage's program. @throws RunnerFault `RUNNER_ENTRY_MISSING` */
export function entryOf(file: ActionFile, runs: NodeRuns, stage: Stage): string {
  const relative = runs.entries[stage];
  if (relative === undefined) throw new Error(`${file.folder}/action.yml has no runs.${stage}`);
  const entry = join(file.folder, relative);
  if (!existsSync(entry)) {
    throw new RunnerFault(
      [{ code: "RUNNER_ENTRY_MISSING", message: `${entry} (runs.${stage}) does not exist; run \`npm run bundle\`` }],
      "",
    );
  }
  return entry;
}

export interface PreparedInputs {
  readonly inputs: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

/** Given inputs and defaults with their expressions filled in; undeclared ones are passed on with a warning. */
export function prepareInputs(
  { github, runner, job, matrix, strategy }: Contexts,
  origin: ActionOrigin,
  given: Readonly<Record<string, string>>,
): PreparedInputs {
  const declared = origin.file.inputs;
  const inputs: Record<string, string> = { ...given };
  const warnings: string[] = [];
  const isGiven = (name: string) => Object.keys(given).some((key) => key.toLowerCase() === name.toLowerCase());
  for (const input of declared) {
    if (isGiven(input.name)) {
      if (input.deprecationMessage !== undefined) {
        warnings.push(`Input '${input.name}' has been deprecated with message: ${input.deprecationMessage}`);
      }
      continue;
    }
    // A default sees these contexts and no others.
    inputs[input.name] = fillTemplate(input.default ?? "", { github, runner, job, matrix, strategy });
  }
  const known = new Set(declared.map((input) => input.name.toLowerCase()));
  const unknown = Object.keys(given).filter((name) => !known.has(name.toLowerCase()));
  if (unknown.length > 0) {
    const names = declared.map((input) => `'${input.name}'`).join(", ");
    warnings.push(`Unexpected input(s) ${unknown.map((name) => `'${name}'`).join(", ")}, valid inputs are [${names}]`);
  }
  return { inputs, warnings };
}

/** The folded block that opens each step's log. */
export function header(
  what: string,
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>>,
): readonly string[] {
  const given = Object.entries(inputs).filter(([, value]) => value !== "");
  const block = (title: string, entries: readonly (readonly [string, string])[]) =>
    entries.length === 0 ? [] : [title, ...entries.map(([name, value]) => `  ${name}: ${value}`)];
  return [`##[group]Run ${what}`, ...block("with:", given), ...block("env:", Object.entries(env)), "##[endgroup]"];
}

/** The runner ends what steps left running when the job is over; a test wants to know. */
export function endLeftProcesses(session: Session): void {
  const left = processesOf(session.trackingId);
  endProcesses(left);
  for (const { pid, command } of left) {
    session.findings.push({ code: "LEFTOVERS", message: `process ${pid} still runs: ${command}` });
  }
}
