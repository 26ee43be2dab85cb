import { randomUUID } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Stage } from "./action-file.ts";
import type { Command } from "./commands.ts";
import { baseVariables, contextVariables } from "./context.ts";
import { createStepFiles, readStepFiles, type StepFiles } from "./file-commands.ts";
import type { Finding } from "./findings.ts";
import { findLeaks } from "./leaks.ts";
import { filesOutsideWorkspace } from "./machine.ts";
import { type ProcessResult, runProcess } from "./process.ts";
import type { ActionOrigin, Session } from "./session.ts";
import { type Annotation, StepLog } from "./step-log.ts";

export type Outcome = "success" | "failure" | "cancelled" | "skipped";

/** One stage of one step, as GitHub would know it, and what only a harness can see. */
export interface StepResult {
  /** `failure` also when the process ended with 0 but broke a rule of the runner. */
  readonly outcome: Outcome;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What the runner sent to end it, in order: SIGINT, after 7.5 s SIGTERM, after 2.5 s SIGKILL. */
  readonly signalsSent: readonly NodeJS.Signals[];
  readonly outputs: Readonly<Record<string, string>>;
  /** What the step added for later steps. */
  readonly env: Readonly<Record<string, string>>;
  readonly path: readonly string[];
  /** For the post stage. */
  readonly state: Readonly<Record<string, string>>;
  /** As uploaded: masked; empty when over the limit. */
  readonly summary: string;
  readonly annotations: readonly Annotation[];
  readonly commands: readonly Command[];
  /** What a person sees: masked, in the form of the downloadable log (`##[group]`, `##[error]`). */
  readonly log: string;
  readonly masks: readonly string[];
  readonly durationMs: number;
  /** Files outside the workspace that were written and are still there. */
  readonly filesLeft: readonly string[];
  readonly findings: readonly Finding[];
}

interface Common {
  readonly stepId: string;
  /** As the log shows it. */
  readonly name: string;
  /** Variables of the step alone. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs?: number | undefined;
  /** Cancels the job this long after the process has started. */
  readonly cancelAfterMs?: number | undefined;
  /** Cancels the job at the first line that matches. */
  readonly cancelAt?: RegExp | undefined;
  /** Runs on through a cancel of the job: its `if` holds then too, as `always()` does. */
  readonly outlivesCancel?: boolean | undefined;
  /** Printed before the process starts. */
  readonly header: readonly string[];
  readonly warnings?: readonly string[] | undefined;
}

export interface NodeStage extends Common {
  readonly kind: "node";
  readonly origin: ActionOrigin;
  readonly stage: Stage;
  readonly entry: string;
  /** Input name → value, defaults filled in. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
}

export interface ScriptStage extends Common {
  readonly kind: "script";
  readonly script: string;
  readonly shell: string | undefined;
  readonly workingDirectory: string | undefined;
  /** Of the composite action that the script belongs to. */
  readonly origin?: ActionOrigin | undefined;
}

/** Runs one process with everything around it that the runner does, and looks at what it left. */
export async function runStage(session: Session, stage: NodeStage | ScriptStage): Promise<StepResult> {
  const { machine, masks, options } = session;
  const before = filesOutsideWorkspace(machine);
  const log = new StepLog({
    masks,
    workspace: machine.workspace,
    debug: options.debug ?? false,
    onLine: options.onLine,
  });
  for (const line of stage.header) log.write(line);
  for (const warning of stage.warnings ?? []) log.warning(warning);
  const files = createStepFiles(machine.temp);
  const startedAt = performance.now();
  const network = networkRecord(session);
  const ended = await start(session, stage, files, log, network);
  const findings: Finding[] = [];
  const results = readStepFiles(files, masks);
  for (const error of results.errors) {
    log.error(error.message);
    if (error.fails) log.failed = true;
    findings.push({
      code: error.kind === "summary" ? "RUNNER_SUMMARY_TOO_LARGE" : "RUNNER_FILE_COMMAND_INVALID",
      message: error.message,
    });
  }
  const lastLine = log.lines.at(-1) ?? "";
  const outcome = judge(ended, stage, log);
  if (ended.sent.includes("SIGKILL")) {
    findings.push({
      code: "RUNNER_CANCEL_IGNORED",
      message: `process ${ended.pid} outlived SIGINT and SIGTERM; last line: ${lastLine}`,
    });
  }
  const traces = {
    log: log.text,
    summary: results.summary,
    annotations: log.annotations,
    outputs: { ...log.outputs, ...results.outputs },
    env: results.env,
    state: { ...log.state, ...results.state },
  };
  findings.push(
    ...refusedHosts(network),
    ...findLeaks(options.secrets ?? {}, traces, machine, options.allowSecretsIn ?? []),
  );
  session.findings.push(...findings);
  Object.assign(session.env, withoutContext(results.env, session));
  for (const folder of results.path) addPath(session.path, folder);
  return {
    outcome,
    exitCode: ended.exitCode,
    signal: ended.signal,
    signalsSent: ended.sent,
    ...traces,
    path: results.path,
    commands: log.commands,
    masks: [...masks.values],
    durationMs: performance.now() - startedAt,
    filesLeft: changed(before, filesOutsideWorkspace(machine)),
    findings,
  };
}

async function start(
  session: Session,
  stage: NodeStage | ScriptStage,
  files: StepFiles,
  log: StepLog,
  network: string,
): Promise<ProcessResult> {
  const { machine, options } = session;
  const target = stage.kind === "node" ? nodeTarget(session, stage, network) : scriptTarget(session, stage);
  const { cancelAfterMs, cancelAt } = stage;
  const timer = cancelAfterMs === undefined ? undefined : setTimeout(() => session.cancel.abort(), cancelAfterMs);
  try {
    return await runProcess({
      ...target,
      env: variables(session, stage, files),
      onLine: (line) => {
        log.receive(line);
        if (cancelAt?.test(line) === true) session.cancel.abort();
      },
      // Nor is a step cancelled that runs because the job is cancelled.
      cancel:
        stage.outlivesCancel === true || session.cancel.signal.aborted
          ? new AbortController().signal
          : session.cancel.signal,
      timeoutMs: stage.timeoutMs,
      grace: session.grace,
    });
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    // The runner reports a program or folder that does not exist as the step's error.
    log.error(
      `An error occurred trying to start process '${target.file}' with working directory '${target.cwd}'. ${error.message}`,
    );
    log.failed = true;
    return { exitCode: null, signal: null, sent: [], timedOut: false, cancelled: false, pid: undefined };
  } finally {
    clearTimeout(timer);
    if (options.signal?.aborted === true) session.cancel.abort();
    mkdirSync(machine.temp, { recursive: true });
  }
}

function judge(ended: ProcessResult, stage: NodeStage | ScriptStage, log: StepLog): Outcome {
  if (ended.timedOut) {
    log.error(`The action '${stage.name}' has timed out after ${Math.ceil((stage.timeoutMs ?? 0) / 60_000)} minutes.`);
    return "failure";
  }
  if (ended.cancelled) {
    log.error("The operation was canceled.");
    return "cancelled";
  }
  const isBad = ended.exitCode !== 0;
  if (isBad && stage.kind === "script" && ended.exitCode !== null) {
    log.error(`Process completed with exit code ${ended.exitCode}.`);
  }
  return isBad || log.failed ? "failure" : "success";
}

const preload = fileURLToPath(new URL("./loopback-only.mjs", import.meta.url));

function nodeTarget(session: Session, stage: NodeStage, network: string) {
  const guard = pathToFileURL(preload);
  guard.searchParams.set("record", network);
  const guarded = session.options.network === "any" ? [] : ["--import", guard.href];
  return { file: process.execPath, args: [...guarded, stage.entry], cwd: session.machine.workspace };
}

function scriptTarget(session: Session, stage: ScriptStage) {
  const folder = join(session.machine.temp, "_harness");
  mkdirSync(folder, { recursive: true });
  const shell = stage.shell ?? "default";
  const file = join(folder, `${randomUUID()}${shell === "python" ? ".py" : ".sh"}`);
  writeFileSync(file, stage.script.endsWith("\n") ? stage.script : `${stage.script}\n`);
  const cwd = stage.workingDirectory ?? session.machine.workspace;
  const [program, ...args] = (shells[shell] ?? shell).split(" ");
  return { file: program ?? "bash", args: args.map((arg) => (arg === "{0}" ? file : arg)), cwd };
}

// Without `shell:` the runner leaves out pipefail; `shell: bash` adds it.
const shells: Readonly<Record<string, string>> = {
  default: "bash -e {0}",
  bash: "bash --noprofile --norc -e -o pipefail {0}",
  sh: "sh -e {0}",
  python: "python3 {0}",
};

function variables(session: Session, stage: NodeStage | ScriptStage, files: StepFiles): Record<string, string> {
  const base = baseVariables(session.machine);
  const result: Record<string, string> = {
    ...base,
    ...session.machineEnv,
    ...session.env,
    ...stage.env,
    ...contextVariables(session.contexts),
    GITHUB_ACTION: stage.stepId,
    GITHUB_OUTPUT: files.output,
    GITHUB_STATE: files.state,
    GITHUB_ENV: files.env,
    GITHUB_PATH: files.path,
    GITHUB_STEP_SUMMARY: files.summary,
    RUNNER_TRACKING_ID: session.trackingId,
    ACTIONS_ORCHESTRATION_ID: `${session.trackingId}.${stage.stepId}`,
  };
  const path = stage.env["PATH"] ?? session.env["PATH"] ?? session.machineEnv["PATH"] ?? base["PATH"] ?? "";
  result["PATH"] = [...[...session.path].reverse(), path].join(delimiter);
  if (stage.origin !== undefined) {
    result["GITHUB_ACTION_PATH"] = stage.origin.file.folder;
    result["GITHUB_ACTION_REPOSITORY"] = stage.origin.repository ?? "";
    result["GITHUB_ACTION_REF"] = stage.origin.ref ?? "";
  }
  if (stage.kind === "node") {
    for (const [name, value] of Object.entries(stage.inputs)) result[inputVariable(name)] = value;
    for (const [name, value] of Object.entries(stage.state)) result[`STATE_${name}`] = value;
  }
  delete result["NODE_ICU_DATA"];
  return result;
}

/** Spaces become underscores, hyphens stay. */
export function inputVariable(name: string): string {
  return `INPUT_${name.replaceAll(" ", "_").toUpperCase()}`;
}

function withoutContext(env: Readonly<Record<string, string>>, session: Session): Record<string, string> {
  const fixed = contextVariables(session.contexts);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !(name in fixed)));
}

function addPath(path: string[], folder: string): void {
  const known = path.indexOf(folder);
  if (known >= 0) path.splice(known, 1);
  path.push(folder);
}

function networkRecord(session: Session): string {
  const folder = join(session.machine.temp, "_harness");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `refused-${randomUUID()}`);
  appendFileSync(file, "");
  return file;
}

function refusedHosts(file: string): readonly Finding[] {
  if (!existsSync(file)) return [];
  const hosts = new Set(
    readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== ""),
  );
  return [...hosts].map((host) => ({
    code: "NON_LOOPBACK_REQUEST",
    message: `the action tried to reach ${host}; tests reach 127.0.0.0/8 and ::1 only`,
  }));
}

function changed(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly string[] {
  return [...after].filter(([path, stamp]) => before.get(path) !== stamp).map(([path]) => path);
}
