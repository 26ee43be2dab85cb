import { LineCounter, parseDocument } from "yaml";
import { isJson, type Json, type JsonObject } from "./json.ts";

export interface ParsedBody {
  readonly value: Json;
  /** Paths of keys that occur twice: `data.x`. */
  readonly duplicates: readonly string[];
}

/** A body that is no JSON; the message is Go's. */
export class BodySyntaxError extends Error {
  override readonly name = "BodySyntaxError";
}

/** Parses JSON and reports duplicate keys, the last of which wins, as in Go. */
export function parseJson(text: string): ParsedBody {
  const duplicates: string[] = [];
  let at = 0;
  const skip = () => {
    while (/\s/.test(text[at] ?? "x")) at += 1;
  };
  const fail = (where: string): never => {
    if (at >= text.length) throw new BodySyntaxError("unexpected end of JSON input");
    throw new BodySyntaxError(`invalid character '${text[at]}' ${where}`);
  };
  const string = (): string => {
    const start = at;
    at += 1;
    while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
    at += 1;
    const parsed: unknown = JSON.parse(text.slice(start, at));
    return String(parsed);
  };
  const scalar = (): Json => {
    const [token] = /^(?:-?\d[\d.eE+-]*|true|false|null)/.exec(text.slice(at, at + 64)) ?? [];
    if (token === undefined) return fail("looking for beginning of value");
    at += token.length;
    const parsed: unknown = JSON.parse(token);
    return typeof parsed === "number" || typeof parsed === "boolean" ? parsed : null;
  };
  const object = (path: string): JsonObject => {
    const out: JsonObject = {};
    at += 1;
    skip();
    if (text[at] === "}") {
      at += 1;
      return out;
    }
    for (;;) {
      skip();
      if (text[at] !== '"') fail("looking for beginning of object key string");
      const key = string();
      const below = path === "" ? key : `${path}.${key}`;
      if (Object.hasOwn(out, key)) duplicates.push(below);
      skip();
      if (text[at] !== ":") fail("after object key");
      at += 1;
      const value = read(below);
      Object.defineProperty(out, key, { value, enumerable: true, writable: true, configurable: true });
      skip();
      const end = text[at];
      if (end !== "," && end !== "}") fail("after object key:value pair");
      at += 1;
      if (end === "}") return out;
    }
  };
  const list = (path: string): Json[] => {
    const out: Json[] = [];
    at += 1;
    skip();
    if (text[at] === "]") {
      at += 1;
      return out;
    }
    for (;;) {
      out.push(read(`${path}[${out.length}]`));
      skip();
      const end = text[at];
      if (end !== "," && end !== "]") fail("after array element");
      at += 1;
      if (end === "]") return out;
    }
  };
  const read = (path: string): Json => {
    skip();
    const first = text[at];
    if (first === "{") return object(path);
    if (first === "[") return list(path);
    return first === '"' ? string() : scalar();
  };
  const value = read("");
  skip();
  if (at < text.length) fail("after top-level value");
  return { value, duplicates };
}

/** Parses the YAML of an apply patch. With `strict`, a duplicate key is an error, as in the API server. */
export function parseYaml(text: string, strict: boolean): Json {
  const lines = new LineCounter();
  const document = parseDocument(text, { uniqueKeys: strict, lineCounter: lines, version: "1.1" });
  const [error] = document.errors;
  if (error !== undefined) {
    const line = lines.linePos(error.pos[0]).line;
    if (error.code === "DUPLICATE_KEY") {
      const [, key = ""] = /^\s*"?([^":]+)/.exec(text.slice(error.pos[0])) ?? [];
      throw new BodySyntaxError(
        `error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line ${line}: key "${key}" already set in map`,
      );
    }
    const why = error.code === "BAD_INDENT" ? "bad indentation" : "did not find expected ',' or '}'";
    throw new BodySyntaxError(`error decoding YAML: error converting YAML to JSON: yaml: line ${line}: ${why}`);
  }
  const value: unknown = JSON.parse(JSON.stringify(document.toJS() ?? null));
  return isJson(value) ? value : null;
}
