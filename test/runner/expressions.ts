import { createHash } from "node:crypto";
import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { data, Evaluator, Lexer, Parser } from "@actions/expressions";

/** What `${{ }}` can name: github, env, inputs, steps, secrets, needs, job, runner, matrix… as plain JSON. */
export type Contexts = Readonly<Record<string, unknown>>;

/** How things stand when an `if` is evaluated. */
export interface Status {
  readonly failed: boolean;
  readonly cancelled: boolean;
  /** A job that this one needs, however remotely, was skipped: that is no success, and no failure either. */
  readonly skipped?: boolean | undefined;
}

type Value = ReturnType<Evaluator["evaluate"]>;

const statusNames = ["success", "failure", "cancelled", "always"] as const;

/** Fills each `${{ }}` of a text. Errors name the expression. */
export function fillTemplate(text: string, contexts: Contexts, status?: Status): string {
  return segments(text)
    .map((segment) =>
      segment.kind === "text" ? segment.text : evaluate(segment.text, contexts, status).coerceString(),
    )
    .join("");
}

/** The value of one expression as JSON: what `fromJSON` and matrices need. A text with more around it is a string. */
export function evaluateToJson(text: string, contexts: Contexts, status?: Status): unknown {
  const parts = segments(text).filter((segment) => segment.kind === "expression" || segment.text.trim() !== "");
  const [only] = parts;
  if (parts.length === 1 && only?.kind === "expression") return toJson(evaluate(only.text, contexts, status));
  return fillTemplate(text, contexts, status);
}

/** An `if:`: with or without `${{ }}`; without a status function, `success()` is implied. Empty means `success()`. */
export function isWanted(condition: string | undefined, contexts: Contexts, status: Status): boolean {
  const text = (condition ?? "").trim();
  const parts = segments(text);
  const [only] = parts;
  const body =
    parts.length === 1 && only?.kind === "expression"
      ? only.text
      : parts.some((part) => part.kind === "expression")
        ? asFormat(parts)
        : text;
  const mentionsStatus = /\b(success|failure|cancelled|always)\s*\(/i.test(body);
  const whole = body === "" ? "success()" : mentionsStatus ? body : `success() && (${body})`;
  return isTruthy(evaluate(whole, contexts, status));
}

// GitHub turns text with expressions in it into one format() call, which yields a text.
function asFormat(parts: readonly Segment[]): string {
  const expressions = parts.filter((part) => part.kind === "expression");
  const pattern = parts.map((part) =>
    part.kind === "text"
      ? part.text.replaceAll("'", "''").replaceAll("{", "{{").replaceAll("}", "}}")
      : `{${expressions.indexOf(part)}}`,
  );
  return `format('${pattern.join("")}', ${expressions.map((part) => part.text).join(", ")})`;
}

function evaluate(expression: string, contexts: Contexts, status: Status | undefined): Value {
  try {
    const functions = functionTable(contexts, status);
    const tokens = new Lexer(expression).lex().tokens;
    const tree = new Parser(tokens, Object.keys(contexts), [...functions.values()]).parse();
    const context = toDictionary(contexts);
    // The library looks functions up by lower-case name.
    return new Evaluator(tree, context, functions).evaluate();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`\${{ ${expression.trim()} }}: ${reason}`, { cause: error });
  }
}

function functionTable(contexts: Contexts, status: Status | undefined) {
  const table = new Map<
    string,
    { name: string; minArgs: number; maxArgs: number; call: (...args: Value[]) => Value }
  >();
  const { failed = false, cancelled = false, skipped = false } = status ?? {};
  const results: Record<(typeof statusNames)[number], boolean> = {
    success: !failed && !cancelled && !skipped,
    failure: failed && !cancelled,
    cancelled,
    always: true,
  };
  for (const name of statusNames) {
    table.set(name, { name, minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(results[name]) });
  }
  table.set("hashfiles", {
    name: "hashFiles",
    minArgs: 1,
    maxArgs: 255,
    call: (...patterns) =>
      new data.StringData(
        hashFiles(
          contexts,
          patterns.map((pattern) => pattern.coerceString()),
        ),
      ),
  });
  return table;
}

function hashFiles(contexts: Contexts, patterns: readonly string[]): string {
  const github = contexts["github"];
  const workspace = isRecord(github) && typeof github["workspace"] === "string" ? github["workspace"] : process.cwd();
  const files = patterns.flatMap((pattern) => globSync(pattern, { cwd: workspace })).sort();
  const hash = createHash("sha256");
  let any = false;
  for (const file of new Set(files)) {
    const path = join(workspace, file);
    if (!statSync(path).isFile()) continue;
    any = true;
    hash.update(createHash("sha256").update(readFileSync(path)).digest());
  }
  return any ? hash.digest("hex") : "";
}

interface Segment {
  readonly kind: "text" | "expression";
  readonly text: string;
}

// `}}` inside a quoted string does not end an expression.
function segments(text: string): readonly Segment[] {
  const found: Segment[] = [];
  let rest = text;
  for (;;) {
    const start = rest.indexOf("${{");
    if (start < 0) break;
    const end = expressionEnd(rest, start + 3);
    if (end < 0) throw new Error(`an expression in ${JSON.stringify(text)} has no closing }}`);
    if (start > 0) found.push({ kind: "text", text: rest.slice(0, start) });
    found.push({ kind: "expression", text: rest.slice(start + 3, end) });
    rest = rest.slice(end + 2);
  }
  if (rest !== "") found.push({ kind: "text", text: rest });
  return found;
}

function expressionEnd(text: string, from: number): number {
  let quoted = false;
  for (let index = from; index < text.length; index++) {
    if (text[index] === "'") quoted = !quoted;
    else if (!quoted && text.startsWith("}}", index)) return index;
  }
  return -1;
}

function toDictionary(values: Readonly<Record<string, unknown>>): data.Dictionary {
  const dictionary = new data.Dictionary();
  for (const [key, value] of Object.entries(values)) dictionary.add(key, toData(value));
  return dictionary;
}

function toData(value: unknown): Value {
  if (typeof value === "string") return new data.StringData(value);
  if (typeof value === "number") return new data.NumberData(value);
  if (typeof value === "boolean") return new data.BooleanData(value);
  if (Array.isArray(value)) return new data.Array(...value.map(toData));
  if (isRecord(value)) return toDictionary(value);
  return new data.Null();
}

function toJson(value: Value): unknown {
  return JSON.parse(JSON.stringify(value, data.replacer)) as unknown;
}

function isTruthy(value: Value): boolean {
  const plain = toJson(value);
  return !(plain === null || plain === false || plain === 0 || plain === "");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
