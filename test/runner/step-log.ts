import { isAbsolute, relative } from "node:path";
import { type Command, knownCommands, parseCommand } from "./commands.ts";
import type { Masks } from "./masks.ts";

export interface Annotation {
  readonly level: "error" | "warning" | "notice";
  readonly message: string;
  readonly title?: string | undefined;
  /** Relative to the workspace. */
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly endLine?: number | undefined;
  readonly column?: number | undefined;
  readonly endColumn?: number | undefined;
}

export interface StepLogOptions {
  readonly masks: Masks;
  readonly workspace: string;
  /** Shows `::debug::`, as a rerun with debug logging does. */
  readonly debug: boolean;
  /** Gets each masked line the moment it is shown. */
  readonly onLine?: ((line: string) => void) | undefined;
}

// GitHub keeps this many annotations of each level for a step, and this much of each message.
const ANNOTATIONS_PER_LEVEL = 10;
const MESSAGE_LIMIT = 4096;

/** Those of one step that GitHub keeps; the steps inside a composite action count as one. */
export function keptOfStep(annotations: readonly Annotation[]): readonly Annotation[] {
  const seen = { error: 0, warning: 0, notice: 0 };
  return annotations.filter(({ level }) => ++seen[level] <= ANNOTATIONS_PER_LEVEL);
}

/** Turns one step's raw output into what a person sees, carrying out the workflow commands in it. */
export class StepLog {
  readonly lines: string[] = [];
  readonly commands: Command[] = [];
  readonly outputs: Record<string, string> = {};
  readonly state: Record<string, string> = {};
  /** True once a command failed the step, whatever its exit code. */
  failed = false;
  #annotations: Annotation[] = [];
  #echo: boolean;
  #resumeToken: string | undefined;
  readonly #options: StepLogOptions;

  constructor(options: StepLogOptions) {
    this.#options = options;
    this.#echo = options.debug;
  }

  /** The annotations that GitHub shows: the first ten of each level. */
  get annotations(): readonly Annotation[] {
    return keptOfStep(this.#annotations);
  }

  get text(): string {
    return this.lines.join("\n");
  }

  /** A line as the step printed it. */
  receive(line: string): void {
    const command = parseCommand(line, this.#resumeToken);
    if (command === undefined || !this.#process(command, line)) this.write(line);
  }

  /** A line of the runner's own, masked like all others. */
  write(text: string): void {
    for (const line of this.#options.masks.mask(text).split(/\r\n|\r|\n/)) {
      this.lines.push(line);
      this.#options.onLine?.(line);
    }
  }

  error(message: string): void {
    this.#annotate({ level: "error", message });
  }

  warning(message: string): void {
    this.#annotate({ level: "warning", message });
  }

  debug(message: string): void {
    if (this.#options.debug) this.write(`##[debug]${message}`);
  }

  #process(command: Command, line: string): boolean {
    if (this.#resumeToken !== undefined) {
      if (command.name.toLowerCase() !== this.#resumeToken.toLowerCase()) return false;
      this.#resumeToken = undefined;
      this.write(line);
      return true;
    }
    this.commands.push(command);
    try {
      this.#run(command, line);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      const shown = quiet.has(command.name.toLowerCase()) ? command.name : line;
      this.error(`Unable to process command '${shown}' successfully.`);
      this.error(error.message);
      this.failed = true;
    }
    return true;
  }

  #run(command: Command, line: string): void {
    const name = command.name.toLowerCase();
    if (this.#echo && !quiet.has(name) && name !== "stop-commands") this.write(line);
    if (name === "add-mask") this.#addMask(command.data);
    else if (name === "error" || name === "warning" || name === "notice") this.#annotate(this.#read(name, command));
    else if (name === "group") this.write(`##[group]${command.data}`);
    else if (name === "endgroup") this.write("##[endgroup]");
    else if (name === "debug") this.debug(command.data);
    else if (name === "echo") this.#setEcho(command.data);
    else if (name === "stop-commands") this.#stop(command.data, line);
    else if (name === "set-output" || name === "save-state") this.#setValue(name, command);
    else if (name === "set-env" || name === "add-path") throw new CommandError(disabled(name));
  }

  #setValue(name: "set-output" | "save-state", command: Command): void {
    const target = name === "set-output" ? this.outputs : this.state;
    target[required(command, "name")] = command.data;
    this.warning(deprecated(name));
  }

  #addMask(value: string): void {
    if (value.trim() === "") {
      this.warning("Can't add secret mask for empty string in ##[add-mask] command.");
      return;
    }
    if (this.#echo) this.write("::add-mask::***");
    this.#options.masks.add(value);
  }

  #setEcho(value: string): void {
    const choice = value.trim().toUpperCase();
    if (choice !== "ON" && choice !== "OFF") {
      throw new CommandError(
        `Invalid echo command value. Possible values can be: 'on', 'off'. Current value is: '${value}'.`,
      );
    }
    this.#echo = choice === "ON";
  }

  #stop(token: string, line: string): void {
    if (token === "" || token.toLowerCase() === "pause-logging" || knownCommands.has(token.toLowerCase())) {
      throw new CommandError(
        "You cannot use a endToken that is an empty string, the string 'pause-logging', or another workflow command.",
      );
    }
    // A token that can be told from a common word is masked, so that what it protects from cannot read it in the log.
    if (token.length > 6) this.#options.masks.add(token);
    this.write(line);
    this.#resumeToken = token;
  }

  #read(level: Annotation["level"], command: Command): Annotation {
    const { title, file, line, col, endLine, endColumn } = command.properties;
    return {
      level,
      message: command.data,
      ...(title === undefined ? {} : { title: this.#options.masks.mask(title) }),
      ...(file === undefined ? {} : { file: this.#inWorkspace(file) }),
      ...numbers({ line: line ?? endLine, endLine, column: col ?? endColumn, endColumn }),
    };
  }

  #inWorkspace(file: string): string {
    const inside = isAbsolute(file) ? relative(this.#options.workspace, file) : file;
    return inside.startsWith("..") ? file : inside;
  }

  #annotate(annotation: Annotation): void {
    // Cut in the log as well.
    const message = this.#options.masks.mask(annotation.message).slice(0, MESSAGE_LIMIT);
    this.write(`##[${annotation.level}]${message}`);
    this.#annotations.push({ ...annotation, message });
  }
}

class CommandError extends Error {}

// Commands whose line is never echoed, because their own output says it or because it holds a secret.
const quiet: ReadonlySet<string> = new Set(["add-mask", "debug", "error", "notice", "warning"]);

function required(command: Command, property: string): string {
  const value = command.properties[property];
  if (value === undefined || value === "") {
    throw new CommandError(`Required field '${property}' is missing in ##[${command.name}] command.`);
  }
  return value;
}

function disabled(name: string): string {
  return `The \`${name}\` command is disabled. Please upgrade to using Environment Files or opt into unsecure command execution by setting the \`ACTIONS_ALLOW_UNSECURE_COMMANDS\` environment variable to \`true\`. For more information see: https://github.blog/changelog/2020-10-01-github-actions-deprecating-set-env-and-add-path-commands/`;
}

function deprecated(name: string): string {
  return `The \`${name}\` command is deprecated and will be disabled soon. Please upgrade to using Environment Files. For more information see: https://github.blog/changelog/2022-10-11-github-actions-deprecating-save-state-and-set-output-commands/`;
}

function numbers(values: Readonly<Record<string, string | undefined>>): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [key, value] of Object.entries(values)) {
    if (value !== undefined && /^\d+$/.test(value.trim())) found[key] = Number(value);
  }
  return found;
}
