import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Masks } from "./masks.ts";

/** The files that one step writes its results to, fresh for each step. */
export interface StepFiles {
  readonly output: string;
  readonly state: string;
  readonly env: string;
  readonly path: string;
  readonly summary: string;
}

export interface FileResults {
  readonly outputs: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly path: readonly string[];
  /** Masked line by line; empty when there is none or it was refused. */
  readonly summary: string;
  /** In the runner's words; each is an error in the log. `fails` tells whether the step fails by it. */
  readonly errors: readonly FileError[];
}

export interface FileError {
  readonly kind: "invalid" | "summary";
  readonly message: string;
  readonly fails: boolean;
}

export const SUMMARY_LIMIT_BYTES: number = 1024 * 1024;

export function createStepFiles(temp: string): StepFiles {
  const folder = join(temp, "_runner_file_commands");
  mkdirSync(folder, { recursive: true });
  const suffix = randomUUID();
  const make = (prefix: string) => {
    const file = join(folder, `${prefix}_${suffix}`);
    writeFileSync(file, "");
    return file;
  };
  return {
    output: make("set_output"),
    state: make("save_state"),
    env: make("set_env"),
    path: make("add_path"),
    summary: make("step_summary"),
  };
}

/** Reads what the step left in its files. A fault in one file keeps the entries before it, as the runner does. */
export function readStepFiles(files: StepFiles, masks: Masks): FileResults {
  const errors: FileError[] = [];
  const pairs = (file: string, context: string, accept?: (name: string) => void) => {
    const entries: Record<string, string> = {};
    try {
      for (const [name, value] of keyValuePairs(read(file))) {
        accept?.(name);
        entries[name] = value;
      }
    } catch (error) {
      if (!(error instanceof FileCommandError)) throw error;
      errors.push(
        { kind: "invalid", message: `Unable to process file command '${context}' successfully.`, fails: true },
        { kind: "invalid", message: error.message, fails: true },
      );
    }
    return entries;
  };
  return {
    outputs: pairs(files.output, "output"),
    state: pairs(files.state, "state"),
    env: pairs(files.env, "env", refuseBlocked),
    path: read(files.path)
      .split(/\r\n|\r|\n/)
      .filter((line) => line !== ""),
    summary: readSummary(files.summary, masks, errors),
    errors,
  };
}

class FileCommandError extends Error {}

// The runner itself drops the variable with an error annotation and lets the step pass. The harness fails the step: a
// suite that relied on it would be broken either way, and this way the test says so.
function refuseBlocked(name: string): void {
  if (name.toUpperCase() === "NODE_OPTIONS") {
    throw new FileCommandError("Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.");
  }
}

/** The grammar of FileCommandManager.cs: whichever of `=` and `<<` comes first decides. */
export function* keyValuePairs(text: string): Generator<readonly [string, string]> {
  let index = 0;
  while (index < text.length) {
    const { line, next } = lineAt(text, index);
    index = next;
    if (line === "") continue;
    const equals = line.indexOf("=");
    const heredoc = line.indexOf("<<");
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      if (equals === 0) throw new FileCommandError(`Invalid format '${line}'. Name must not be empty`);
      yield [line.slice(0, equals), line.slice(equals + 1)];
    } else if (heredoc >= 0) {
      const name = line.slice(0, heredoc);
      const delimiter = line.slice(heredoc + 2);
      if (name === "" || delimiter === "") {
        throw new FileCommandError(`Invalid format '${line}'. Name must not be empty and delimiter must not be empty`);
      }
      const { value, next: after } = heredocValue(text, index, delimiter);
      index = after;
      yield [name, value];
    } else {
      throw new FileCommandError(`Invalid format '${line}'`);
    }
  }
}

function heredocValue(text: string, start: number, delimiter: string) {
  let index = start;
  let end = start;
  for (;;) {
    if (index >= text.length) {
      throw new FileCommandError(`Invalid value. Matching delimiter not found '${delimiter}'`);
    }
    const { line, next, ended } = lineAt(text, index);
    if (line === delimiter) return { value: text.slice(start, end), next };
    if (!ended) throw new FileCommandError("Invalid value. EOF marker missing new line.");
    index = next;
    end = next - 1;
  }
}

// On Linux a line ends at LF only; a CR stays part of the value.
function lineAt(text: string, index: number) {
  const newline = text.indexOf("\n", index);
  return newline < 0
    ? { line: text.slice(index), next: text.length, ended: false }
    : { line: text.slice(index, newline), next: newline + 1, ended: true };
}

function readSummary(file: string, masks: Masks, errors: FileError[]): string {
  const size = sizeOf(file);
  if (size > SUMMARY_LIMIT_BYTES) {
    errors.push({
      kind: "summary",
      message: `$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of ${SUMMARY_LIMIT_BYTES / 1024}k, got ${Math.floor(size / 1024)}k. For more information see: https://docs.github.com/actions/using-workflows/workflow-commands-for-github-actions#adding-a-markdown-summary`,
      fails: false,
    });
    return "";
  }
  const text = read(file);
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => masks.mask(line))
    .join("\n");
}

function read(file: string): string {
  try {
    // A file may begin with a byte order mark, which .NET drops.
    return readFileSync(file, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    if (isMissing(error)) return "";
    throw error;
  }
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
