import { editDistance } from "@eks-actions/action/edit-distance";
import { ActionError, type ErrorCode } from "@eks-actions/action/error";
import { type Money, parseDecimal } from "./money.ts";

export type FieldPath = readonly (string | number)[];

/** A parsed file with the lines of its fields. */
export interface StrictDocument {
  readonly file: string;
  readonly value: unknown;
  /** 1-based. */
  lineOf(path: FieldPath): number | undefined;
}

/** Reads a settings file field by field; every refusal names the file, the line, the field and what is accepted. */
export interface Strict {
  /** A mapping with these keys only; an absent one is empty. */
  fields(path: FieldPath, known: readonly string[]): Readonly<Record<string, unknown>>;
  /** A mapping of any keys; an absent one is empty. */
  entries(path: FieldPath): readonly (readonly [string, unknown])[];
  items(path: FieldPath): readonly unknown[];
  text(path: FieldPath, pattern?: RegExp, accepted?: string): string | undefined;
  flag(path: FieldPath): boolean | undefined;
  whole(path: FieldPath, min: number, max: number): number | undefined;
  /** A string or number of at most ten decimals, as `Money`. */
  decimal(
    path: FieldPath,
    range?: { readonly min?: string; readonly max?: string; readonly isAboveZero?: boolean },
  ): Money | undefined;
  oneOf<const W extends string>(path: FieldPath, words: readonly W[]): W | undefined;
  fail(path: FieldPath, message: string, hint?: string): never;
}

export function strict(code: ErrorCode, document: StrictDocument): Strict {
  const fail = (path: FieldPath, message: string, hint?: string): never => {
    throw new ActionError(code, {
      message: `${document.file}: ${path.length === 0 ? "the file" : path.join(".")} ${message}`,
      hint,
      file: document.file,
      line: document.lineOf(path) ?? document.lineOf(path.slice(0, -1)),
    });
  };
  const at = (path: FieldPath): unknown => {
    let node: unknown = document.value;
    for (const step of path) {
      if (Array.isArray(node)) node = node[Number(step)];
      else if (isMapping(node) && Object.hasOwn(node, String(step))) node = node[String(step)];
      else return undefined;
    }
    return node ?? undefined;
  };
  const mapping = (path: FieldPath): Readonly<Record<string, unknown>> => {
    const value = at(path);
    if (value === undefined) return {};
    return isMapping(value) ? value : fail(path, `is ${show(value)}, not a mapping`);
  };
  return {
    fail,
    fields(path, known) {
      const value = mapping(path);
      for (const key of Object.keys(value)) {
        if (known.includes(key)) continue;
        const near = nearest(key, known);
        fail(
          [...path, key],
          "is an unknown key",
          near === undefined ? `known: ${known.join(", ")}` : `did you mean \`${near}\`?`,
        );
      }
      return value;
    },
    entries: (path) => Object.entries(mapping(path)),
    items(path) {
      const value = at(path);
      if (value === undefined) return [];
      return Array.isArray(value) ? value : fail(path, `is ${show(value)}, not a list`);
    },
    text(path, pattern, accepted) {
      const value = at(path);
      if (value === undefined) return undefined;
      if (typeof value === "string" && (pattern === undefined || pattern.test(value))) return value;
      return fail(path, `is ${show(value)}, not accepted`, `write ${accepted ?? "a text"}`);
    },
    flag(path) {
      const value = at(path);
      if (value === undefined || typeof value === "boolean") return value;
      return fail(path, `is ${show(value)}`, "write `true` or `false`");
    },
    whole(path, min, max) {
      const value = at(path);
      if (value === undefined) return undefined;
      if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
      return fail(path, `is ${show(value)}`, `write a whole number from ${min} to ${max}`);
    },
    decimal(path, range = {}) {
      const value = at(path);
      if (value === undefined) return undefined;
      const amount = typeof value === "string" || typeof value === "number" ? parseDecimal(String(value)) : undefined;
      if (amount === undefined) return fail(path, `is ${show(value)}`, "write a decimal of at most ten places");
      if (range.isAboveZero === true && amount <= 0n)
        return fail(path, `is ${show(value)}, not above 0`, "write a price above 0");
      if (range.min !== undefined && amount < (parseDecimal(range.min) ?? 0n))
        return fail(path, `is ${show(value)}, below ${range.min}`);
      if (range.max !== undefined && amount > (parseDecimal(range.max) ?? 0n))
        return fail(path, `is ${show(value)}, above ${range.max}`);
      return amount;
    },
    oneOf(path, words) {
      const value = at(path);
      if (value === undefined) return undefined;
      return (
        words.find((word) => word === value) ?? fail(path, `is ${show(value)}`, `write one of ${words.join(", ")}`)
      );
    },
  };
}

/** The known word with the smallest edit distance, if it is near enough to be a slip. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const scored = known.map((candidate) => ({ candidate, distance: editDistance(word, candidate) }));
  scored.sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  const [best] = scored;
  return best !== undefined && best.distance <= Math.max(2, Math.floor(word.length / 3)) ? best.candidate : undefined;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
