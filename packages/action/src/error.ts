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

/** Wraps what is not an `ActionError` as `INTERNAL`, keeping the cause and its stack. */
export function toActionError(thrown: unknown): ActionError {
  if (thrown instanceof ActionError) return thrown;
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new ActionError("INTERNAL", { message, cause: thrown });
}
