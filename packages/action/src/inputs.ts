import { parseDuration } from "./duration.ts";
import { ActionError, collect } from "./error.ts";

/** Inputs as the runner hands them over, by their kebab-case name. */
export type RawInputs = Readonly<Record<string, string | undefined>>;

/** One input: how its text becomes a value, and what to tell a person whose text does not. */
export interface InputSpec<T> {
  /** As in action.yml. A default with `${{ }}` is evaluated by the runner and stands here unevaluated. */
  readonly default: string | undefined;
  readonly required: boolean;
  /** The value is masked and never repeated in a message. */
  readonly secret: boolean;
  /** Ends the sentence "… is not accepted; write …". */
  readonly accepted: string;
  /** The value, or `undefined` when the text is not accepted. Throwing an `Error` gives a more exact sentence. */
  parse(text: string): T | undefined;
  /** The value when nothing is given and there is no default. */
  readonly empty: T;
}

export type Camel<S extends string> = S extends `${infer A}-${infer B}` ? `${A}${Capitalize<Camel<B>>}` : S;
export type InputValues<T extends Readonly<Record<string, InputSpec<unknown>>>> = {
  readonly [K in keyof T & string as Camel<K>]: T[K] extends InputSpec<infer V> ? V : never;
};

export interface InputTable<T extends Readonly<Record<string, InputSpec<unknown>>>> {
  readonly specs: T;
  /** Validates everything, reports all faults at once. Throws `INPUT_REQUIRED`, `INPUT_INVALID`, `INPUT_RENAMED`. */
  read(raw: RawInputs): InputValues<T>;
  /** Given names that are one edit away from a known one: `[given, known]`. */
  nearMisses(raw: RawInputs): readonly (readonly [string, string])[];
}

interface TableOptions {
  /** Old name → new name. A given old name fails with the whole list. */
  readonly renamed?: Readonly<Record<string, string>>;
}

/** The table an action's `inputs.ts` is made of; a test holds it equal to action.yml. */
export function defineInputs<const T extends Readonly<Record<string, InputSpec<unknown>>>>(
  specs: T,
  options: TableOptions = {},
): InputTable<T> {
  const renamed = options.renamed ?? {};
  return {
    specs,
    read(raw) {
      const faults: ActionError[] = [];
      const old = Object.keys(renamed).filter((name) => given(raw, name) !== undefined);
      if (old.length > 0) {
        faults.push(
          new ActionError("INPUT_RENAMED", {
            message: `${old.map((name) => `\`${name}\``).join(", ")} ${old.length === 1 ? "was" : "were"} renamed`,
            hint: old.map((name) => `write \`${renamed[name]}\` in place of \`${name}\``).join("; "),
          }),
        );
      }
      const values: Record<string, unknown> = {};
      for (const [name, spec] of Object.entries(specs)) {
        const result = readOne(name, spec, raw);
        if (result instanceof ActionError) faults.push(result);
        else values[camel(name)] = result.value;
      }
      const fault = collect(faults);
      if (fault !== undefined) throw fault;
      return values as InputValues<T>;
    },
    nearMisses(raw) {
      const known = Object.keys(specs);
      return Object.keys(raw)
        .filter((name) => !Object.hasOwn(specs, name) && !Object.hasOwn(renamed, name))
        .flatMap((name) => {
          const near = known.find((candidate) => editDistance(name, candidate) === 1);
          return near === undefined ? [] : [[name, near] as const];
        });
    },
  };
}

function given(raw: RawInputs, name: string): string | undefined {
  const text = raw[name]?.trim();
  return text === undefined || text === "" ? undefined : text;
}

function readOne(name: string, spec: InputSpec<unknown>, raw: RawInputs): { value: unknown } | ActionError {
  const fallback = spec.default?.includes("${{") === true ? undefined : spec.default;
  const text = given(raw, name) ?? fallback;
  if (text === undefined || text === "") {
    if (!spec.required) return { value: spec.empty };
    return new ActionError("INPUT_REQUIRED", {
      message: `input \`${name}\` is required`,
      hint: `add to the step:\n  with:\n    ${name}: …  # ${spec.accepted}`,
    });
  }
  const control = /[\u0000-\u0008\u000b-\u001f\u007f]/.exec(text.replaceAll("\r\n", "\n"));
  const shown = spec.secret ? "(not shown)" : `\`${show(text)}\``;
  if (control !== null) {
    return new ActionError("INPUT_INVALID", {
      message: `input \`${name}\`: ${shown} holds a control character at position ${control.index + 1}`,
      hint: `write ${spec.accepted}`,
    });
  }
  let exact = "";
  try {
    const value = spec.parse(text);
    if (value !== undefined) return { value };
  } catch (error) {
    if (error instanceof ActionError) return error;
    exact = error instanceof Error && !spec.secret ? ` (${error.message})` : "";
  }
  return new ActionError("INPUT_INVALID", {
    message: `input \`${name}\`: ${shown} is not accepted${exact}`,
    hint: `write ${spec.accepted}`,
  });
}

/** Text for a message: one line, control characters escaped, cut at 100 characters. */
export function show(text: string): string {
  const flat = text.replace(
    /[\u0000-\u001f\u007f]/g,
    (c) => ({ "\n": "\\n", "\t": "\\t", "\r": "\\r" })[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return flat.length <= 100 ? flat : `${flat.slice(0, 99)}…`;
}

function camel(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Levenshtein distance, for "did you mean". */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

interface TextOptions {
  readonly default?: string;
  readonly pattern?: RegExp;
  readonly accepted?: string;
  readonly secret?: boolean;
  /** Characters. */
  readonly max?: number;
}

/** Any text, or text of a pattern. Not given: `undefined`. */
export function text(options: TextOptions = {}): InputSpec<string | undefined> {
  return {
    default: options.default,
    required: false,
    secret: options.secret ?? false,
    accepted: options.accepted ?? "a text",
    empty: undefined,
    parse(value) {
      if (options.max !== undefined && value.length > options.max) return undefined;
      return options.pattern === undefined || options.pattern.test(value) ? value : undefined;
    },
  };
}

/** The same input, refused with `INPUT_REQUIRED` when it is not given. */
export function required<T>(spec: InputSpec<T>): InputSpec<NonNullable<T>> {
  return { ...spec, required: true } as InputSpec<NonNullable<T>>;
}

/** The same input with a parsed default, so that its value is always there. */
export function withDefault<T>(fallback: string, spec: InputSpec<T>): InputSpec<NonNullable<T>> {
  return { ...spec, default: fallback } as InputSpec<NonNullable<T>>;
}

/** One word of a closed list. */
export function oneOf<const W extends string>(words: readonly W[], fallback: W): InputSpec<W>;
export function oneOf<const W extends string>(words: readonly W[]): InputSpec<W | undefined>;
export function oneOf<const W extends string>(words: readonly W[], fallback?: W): InputSpec<W | undefined> {
  return {
    default: fallback,
    required: false,
    secret: false,
    accepted: `one of ${words.map((word) => `\`${word}\``).join(", ")}`,
    empty: fallback,
    parse(value) {
      const found = words.find((word) => word === value);
      if (found !== undefined) return found;
      const near = words.find((word) => editDistance(word, value.toLowerCase()) <= 2);
      if (near !== undefined) throw new Error(`did you mean \`${near}\`?`);
      return undefined;
    },
  };
}

/** `true|True|TRUE|false|False|FALSE`, as `core.getBooleanInput`. */
export function flag(fallback: boolean): InputSpec<boolean> {
  return {
    default: String(fallback),
    required: false,
    secret: false,
    accepted: "`true` or `false`",
    empty: fallback,
    parse(value) {
      if (/^(true|True|TRUE)$/.test(value)) return true;
      return /^(false|False|FALSE)$/.test(value) ? false : undefined;
    },
  };
}

/** A duration as `90s`, `10m`, `1h30m`; the value is in milliseconds. Bounds are inclusive, in the same notation. */
export function duration(
  fallback: string,
  bounds: { readonly min?: string; readonly max?: string } = {},
): InputSpec<number> {
  const min = bounds.min === undefined ? 0 : (parseDuration(bounds.min) ?? 0);
  const max = bounds.max === undefined ? Number.MAX_SAFE_INTEGER : (parseDuration(bounds.max) ?? 0);
  const range = [bounds.min && `at least ${bounds.min}`, bounds.max && `at most ${bounds.max}`]
    .filter(Boolean)
    .join(", ");
  return {
    default: fallback,
    required: false,
    secret: false,
    accepted: `a duration like \`90s\`, \`10m\` or \`1h30m\`${range === "" ? "" : `, ${range}`}`,
    empty: parseDuration(fallback) ?? 0,
    parse(value) {
      const ms = parseDuration(value);
      return ms !== undefined && ms >= min && ms <= max ? ms : undefined;
    },
  };
}

/** A whole number between two inclusive bounds. */
export function integer(range: { readonly min: number; readonly max: number }, fallback: number): InputSpec<number>;
export function integer(range: { readonly min: number; readonly max: number }): InputSpec<number | undefined>;
export function integer(
  range: { readonly min: number; readonly max: number },
  fallback?: number,
): InputSpec<number | undefined> {
  return {
    default: fallback === undefined ? undefined : String(fallback),
    required: false,
    secret: false,
    accepted: `a whole number from ${range.min} to ${range.max}`,
    empty: fallback,
    parse(value) {
      if (!/^-?\d{1,15}$/.test(value)) return undefined;
      const number = Number(value);
      return number >= range.min && number <= range.max ? number : undefined;
    },
  };
}

interface ListOptions {
  readonly default?: string;
  readonly accepted?: string;
  /** Newlines only; commas belong to the items. */
  readonly linesOnly?: boolean;
  readonly max?: number;
  readonly item?: RegExp;
}

/** Items by newline or comma; empty items between separators are dropped. Not given: an empty list. */
export function list(options: ListOptions = {}): InputSpec<readonly string[]> {
  return {
    default: options.default,
    required: false,
    secret: false,
    accepted: options.accepted ?? (options.linesOnly === true ? "one item a line" : "items by newline or comma"),
    empty: [],
    parse(value) {
      const items = value
        .split(options.linesOnly === true ? /\n/ : /[\n,]/)
        .map((item) => item.trim())
        .filter((item) => item !== "");
      if (options.max !== undefined && items.length > options.max)
        throw new Error(`${items.length} items, at most ${options.max}`);
      const bad = options.item === undefined ? undefined : items.find((item) => options.item?.test(item) === false);
      if (bad !== undefined) throw new Error(`item \`${show(bad)}\``);
      return items;
    },
  };
}

/** Checked inputs that need more than one text: give a parser of your own. */
export function parsed<T>(
  options: TextOptions & { readonly empty: T; parse(text: string): T | undefined },
): InputSpec<T> {
  return {
    default: options.default,
    required: false,
    secret: options.secret ?? false,
    accepted: options.accepted ?? "a text",
    empty: options.empty,
    parse: options.parse,
  };
}

/** Inputs from the runner's environment: `INPUT_` + upper case, spaces as `_`, hyphens kept. */
export function rawInputs(env: Readonly<Record<string, string | undefined>>): RawInputs {
  const raw: Record<string, string | undefined> = {};
  for (const [key, value] of Object.entries(env)) {
    if (key.startsWith("INPUT_")) raw[key.slice(6).toLowerCase()] = value;
  }
  return raw;
}
