import { parseDuration } from "./duration.ts";
import { editDistance } from "./edit-distance.ts";
import { type InputSpec, show } from "./inputs.ts";

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
