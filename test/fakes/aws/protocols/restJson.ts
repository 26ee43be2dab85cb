import { isRecord } from "../contract.ts";
import type { Incoming } from "../http.ts";
import type { Model, Operation } from "../operations.ts";
import { decodeJson } from "./json.ts";

export interface RestMatch {
  readonly operation: Operation;
  readonly labels: ReadonlyMap<string, string>;
}

/** Finds the operation whose method and URI template fit the request. */
export function matchRest(model: Model, request: Incoming): RestMatch | undefined {
  const segments = request.path.split("/").slice(1);
  for (const operation of model.operations.values()) {
    if (operation.http === undefined || operation.http.method !== request.method) continue;
    const labels = matchTemplate(operation.http.uri, segments);
    if (labels !== undefined) return { operation, labels };
  }
  return undefined;
}

function matchTemplate(uri: string, segments: readonly string[]): ReadonlyMap<string, string> | undefined {
  const wanted = uri.split("?")[0]?.split("/").slice(1) ?? [];
  if (wanted.length !== segments.length) return undefined;
  const labels = new Map<string, string>();
  for (const [index, part] of wanted.entries()) {
    const segment = segments[index] ?? "";
    if (part.startsWith("{") && part.endsWith("}")) {
      const decoded = decode(segment);
      if (decoded === undefined || decoded === "") return undefined;
      labels.set(part.slice(1, -1), decoded);
    } else if (part !== segment) {
      return undefined;
    }
  }
  return labels;
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    if (cause instanceof URIError) return undefined;
    throw cause;
  }
}

/** Labels, query parameters and JSON body → the operation's input. Throws SyntaxError for a body that is no JSON. */
export function decodeRest(match: RestMatch, request: Incoming): Record<string, unknown> {
  const schema = match.operation.input;
  const text = request.body.toString("utf8");
  const body: unknown = text === "" ? {} : JSON.parse(text);
  const decoded = decodeJson(schema, body);
  const input: Record<string, unknown> = isRecord(decoded) ? { ...decoded } : { body: decoded };
  const parameters = new Map<string, string>();
  for (const [name, member] of schema.isStructSchema() ? schema.structIterator() : []) {
    const traits = member.getMergedTraits();
    const label = match.labels.get(name);
    if (traits.httpLabel !== undefined && label !== undefined) input[name] = label;
    if (typeof traits.httpQuery === "string") {
      parameters.set(traits.httpQuery, name);
      const values = request.query.filter(([key]) => key === traits.httpQuery).map(([, value]) => value);
      if (values.length > 0) input[name] = readParameter(member, values);
    }
  }
  for (const [key, value] of request.query) if (!parameters.has(key)) input[`?${key}`] = value;
  return input;
}

type Member = Operation["input"];

function readParameter(member: Member, values: readonly string[]): unknown {
  if (member.isListSchema()) return [...values];
  const value = values[0] ?? "";
  if (member.isBooleanSchema()) return value === "true" ? true : value === "false" ? false : value;
  if (member.isNumericSchema()) return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  return value;
}
