import type { ErrorCode } from "./codes/index.ts";

export type { ErrorCode } from "./codes/index.ts";
export { codesByArea } from "./codes/index.ts";

export interface ErrorPlace {
  /** Path relative to the workspace. */
  readonly file?: string | undefined;
  /** 1-based. */
  readonly line?: number | undefined;
  /** 1-based. */
  readonly column?: number | undefined;
}

export interface ActionErrorInit extends ErrorPlace {
  /** What failed, on which object, with which value. One line. */
  readonly message: string;
  /** What to change, with the YAML to paste. May have several lines. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** Further faults of the same kind found in the same pass; each becomes its own annotation. */
  readonly also?: readonly ActionError[] | undefined;
}

/** The one error type of the suite. Anything else that is thrown is a bug and is reported as `INTERNAL`. */
export class ActionError extends Error {
  override readonly name = "ActionError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;
  readonly also: readonly ActionError[];

  constructor(code: ErrorCode, init: ActionErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = code;
    this.hint = init.hint;
    this.file = init.file;
    this.line = init.line;
    this.column = init.column;
    this.also = init.also ?? [];
  }

  /** This error and those found with it, in order. */
  all(): readonly ActionError[] {
    return [this, ...this.also.flatMap((error) => error.all())];
  }

  /** `CODE: message`, and the hint on a line of its own, as the log prints it. */
  describe(): string {
    const head = `${this.code}: ${this.message}`;
    return this.hint === undefined ? head : `${head}\n→ ${this.hint}`;
  }
}

/** One error out of many faults of one pass, so that a user sees all of them in one run. Empty list: `undefined`. */
export function collect(errors: readonly ActionError[]): ActionError | undefined {
  const [first, ...rest] = errors;
  if (first === undefined) return undefined;
  if (rest.length === 0) return first;
  return new ActionError(first.code, {
    message: first.message,
    hint: first.hint,
    file: first.file,
    line: first.line,
    column: first.column,
    cause: first.cause,
    also: [...first.also, ...rest],
  });
}

/**
 * Wraps what is not an `ActionError`, keeping the cause and its stack: as `FILE_REFUSED` when the file system said no,
 * which is the runner's state and no bug, else as `INTERNAL`.
 */
export function toActionError(thrown: unknown): ActionError {
  if (thrown instanceof ActionError) return thrown;
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return fileRefusal(thrown) ?? new ActionError("INTERNAL", { message, cause: thrown });
}

// A file that is absent is not among these: whoever opens a file knows better what its absence means.
const refusals: ReadonlyMap<unknown, string> = new Map([
  ["EACCES", "permission denied"],
  ["EPERM", "operation not permitted"],
  ["EROFS", "read-only file system"],
  ["ENOSPC", "no space left on device"],
]);

function fileRefusal(thrown: unknown): ActionError | undefined {
  if (!(thrown instanceof Error && "code" in thrown && "path" in thrown && "syscall" in thrown)) return undefined;
  const { code, path, syscall } = thrown;
  const reason = refusals.get(code);
  // `spawn kubectl` and the like name a program, not a file.
  if (reason === undefined || typeof path !== "string" || !/^[a-z]+$/.test(String(syscall))) return undefined;
  return new ActionError("FILE_REFUSED", {
    message: `${syscall} ${path}: ${reason}`,
    hint: "check owner, mode and free space; files written by a container step often belong to root",
    file: path,
    cause: thrown,
  });
}
