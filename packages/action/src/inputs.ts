import { editDistance } from "./edit-distance.ts";
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
  /** Given names that are one edit away from a known one, hyphens aside: `[given, known]`. */
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
          const near = known.find((candidate) => editDistance(letters(name), letters(candidate)) <= 1);
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

// `aws_region` and `awsRegion` mean `aws-region`; the runner hands over all of them in upper case.
function letters(name: string): string {
  return name.replaceAll(/[-_ ]/g, "");
}

function camel(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Inputs from the runner's environment: `INPUT_` + upper case, spaces as `_`, hyphens kept. */
export function rawInputs(env: Readonly<Record<string, string | undefined>>): RawInputs {
  const raw: Record<string, string | undefined> = {};
  for (const [key, value] of Object.entries(env)) {
    if (key.startsWith("INPUT_")) raw[key.slice(6).toLowerCase()] = value;
  }
  return raw;
}
