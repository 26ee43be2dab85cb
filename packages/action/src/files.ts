import { randomUUID } from "node:crypto";
import { appendFileSync, closeSync, existsSync, openSync, statSync, truncateSync, writeSync } from "node:fs";
import { ActionError } from "./error.ts";

type Env = Readonly<Record<string, string | undefined>>;
type Entries = Readonly<Record<string, string>>;

/** What one run hands to the runner. */
export interface FileCommands {
  readonly outputs?: Entries;
  readonly env?: Entries;
  readonly path?: readonly string[];
  readonly state?: Entries;
}

/** One entry in the runner's heredoc form, with a delimiter that the value cannot hold. */
export function heredoc(name: string, value: string): string {
  if (/[\r\n=]|<</.test(name) || name === "") throw new Error(`not a name for a file command: ${JSON.stringify(name)}`);
  let delimiter: string;
  do delimiter = `ghadelimiter_${randomUUID()}`;
  while (value.includes(delimiter));
  return `${name}<<${delimiter}\n${value}\n${delimiter}\n`;
}

/**
 * Writes state, outputs, path and environment, all or nothing: when one append fails, every file gets its former
 * length back. State goes first, because a run that dies between two files must still be undone by post; the
 * environment goes last, because it is what later steps act on.
 * @throws ActionError `WRITE_FAILED`, `RUNNER_ENV_MISSING`
 */
export function writeFileCommands(env: Env, commands: FileCommands): void {
  const writes = [
    ["GITHUB_STATE", entries(commands.state)],
    ["GITHUB_OUTPUT", entries(commands.outputs)],
    ["GITHUB_PATH", (commands.path ?? []).map(pathLine).join("")],
    ["GITHUB_ENV", entries(commands.env)],
  ] as const;
  const done: { file: string; length: number }[] = [];
  for (const [variable, text] of writes) {
    if (text === "") continue;
    const file = env[variable];
    if (file === undefined || file === "") {
      restore(done);
      throw new ActionError("RUNNER_ENV_MISSING", {
        message: `${variable} is not set`,
        hint: "this action runs inside GitHub Actions only",
      });
    }
    try {
      done.push({ file, length: lengthOf(file) });
      append(file, text);
    } catch (cause) {
      const left = restore(done);
      const hint = "free disk space on the runner, or make RUNNER_TEMP writable";
      throw new ActionError("WRITE_FAILED", {
        message: `${variable} (${file}) could not be written: ${cause instanceof Error ? cause.message : String(cause)}`,
        hint: left.length === 0 ? `nothing was exported; ${hint}` : `${left.join(", ")} may hold a part; ${hint}`,
        cause,
      });
    }
  }
}

/** State that must survive a killed run is written at once, not at the end. */
export function writeStateNow(env: Env, state: Entries): void {
  writeFileCommands(env, { state });
}

/** Appends to the job summary. Without GITHUB_STEP_SUMMARY returns false: the caller prints it instead. */
export function writeSummary(env: Env, markdown: string): boolean {
  const file = env["GITHUB_STEP_SUMMARY"];
  if (file === undefined || file === "") return false;
  appendFileSync(file, markdown.endsWith("\n") ? markdown : `${markdown}\n`);
  return true;
}

function entries(values: Entries | undefined): string {
  return Object.entries(values ?? {})
    .map(([name, value]) => heredoc(name, value))
    .join("");
}

function pathLine(folder: string): string {
  if (/[\r\n]/.test(folder)) throw new Error(`not a folder for a file command: ${JSON.stringify(folder)}`);
  return `${folder}\n`;
}

function lengthOf(file: string): number {
  try {
    return statSync(file).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}

// appendFileSync may stop half-way on a full disk without an error of its own; the written length is checked.
function append(file: string, text: string): void {
  const bytes = Buffer.from(text, "utf8");
  const handle = openSync(file, "a");
  try {
    let written = 0;
    while (written < bytes.length) {
      const count = writeSync(handle, bytes, written);
      if (count <= 0) throw new Error("no space left");
      written += count;
    }
  } finally {
    closeSync(handle);
  }
}

/** Gives the files their former length; returns those that could not be put back. */
function restore(done: readonly { file: string; length: number }[]): readonly string[] {
  return done.flatMap(({ file, length }) => {
    try {
      if (existsSync(file)) truncateSync(file, length);
      return [];
    } catch {
      // The first failure is the one to tell of; this one is named by its file.
      return [file];
    }
  });
}
