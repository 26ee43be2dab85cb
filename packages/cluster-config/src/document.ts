import { ActionError, type ErrorCode } from "@eks-actions/action/error";
import {
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseAllDocuments,
  Scalar,
  type YAMLMap,
} from "yaml";

/** 1-based. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A file's one document, with what is needed to say where something stands. */
export interface SourceDocument {
  readonly file: string;
  readonly root: Tree;
}

/** YAML without its syntax: aliases resolved, merges done, every value with its place. */
export type Tree =
  | { readonly kind: "map"; readonly place: Place; readonly entries: readonly Entry[] }
  | { readonly kind: "list"; readonly place: Place; readonly items: readonly Tree[] }
  | {
      readonly kind: "scalar";
      readonly place: Place;
      readonly value: string | number | boolean | null;
      /** As written, for messages. */
      readonly written: string;
    };

export interface Entry {
  readonly key: string;
  /** Of the key. */
  readonly place: Place;
  readonly value: Tree;
}

const MAX_BYTES = 1024 * 1024;
const MAX_ALIASES = 100;
const MAX_DEPTH = 50;

/** Reads one YAML 1.2 or JSON document. @throws ActionError `CONFIG_PARSE` with every syntax fault */
export function readDocument(text: string, file: string): SourceDocument {
  const fail = (message: string, place?: Place, hint?: string): ActionError =>
    new ActionError("CONFIG_PARSE", { message, file, line: place?.line, column: place?.column, hint });
  if (Buffer.byteLength(text) > MAX_BYTES) throw fail(`${file} is larger than 1 MiB`);
  const lines = new LineCounter();
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const parsed = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true, merge: true, prettyErrors: false });
  const documents = Array.isArray(parsed) ? parsed : [];
  const faults = documents.flatMap((document) =>
    document.errors.map((error) => fail(sentence(error.message), at(error.pos[0]), hintFor(error.code))),
  );
  if (faults.length > 0) throw many(faults);
  const [document, second] = documents.filter((candidate) => !isEmpty(candidate.contents));
  if (document === undefined) throw fail(`${file} holds no document`, undefined, "write a ClusterConfig");
  if (second !== undefined) {
    throw fail(
      `${file} holds more than one document`,
      at(second.contents?.range?.[0] ?? 0),
      "put each cluster into a file of its own",
    );
  }
  let aliases = 0;

  const convert = (node: Node | null, depth: number, fallback: Place): Tree => {
    const place = node?.range ? at(node.range[0]) : fallback;
    if (depth > MAX_DEPTH) throw fail(`more than ${MAX_DEPTH} levels deep`, place);
    if (isAlias(node)) {
      aliases += 1;
      if (aliases > MAX_ALIASES) throw fail(`more than ${MAX_ALIASES} aliases`, place, "write the values out");
      return convert(node.resolve(document) ?? null, depth + 1, place);
    }
    if (isMap(node)) return { kind: "map", place, entries: entriesOf(node, depth, place) };
    if (isSeq(node)) {
      const items = node.items.map((item) => convert(isNode(item) ? item : null, depth + 1, place));
      return { kind: "list", place, items };
    }
    if (isScalar(node))
      return { kind: "scalar", place, value: plain(node.value), written: node.source ?? String(node.value) };
    return { kind: "scalar", place, value: null, written: "" };
  };

  const entriesOf = (node: YAMLMap, depth: number, place: Place): Entry[] => {
    const own: Entry[] = [];
    const merged: Entry[] = [];
    for (const pair of node.items) {
      if (!isPair(pair)) continue;
      const key: unknown = pair.key;
      const keyPlace = isNode(key) && key.range ? at(key.range[0]) : place;
      const value = convert(isNode(pair.value) ? pair.value : null, depth + 1, keyPlace);
      if (isMerge(key)) merged.push(...mergedEntries(value, keyPlace));
      else own.push({ key: isScalar(key) ? (key.source ?? String(key.value)) : String(key), place: keyPlace, value });
    }
    const names = new Set(own.map((entry) => entry.key));
    for (const entry of merged) if (!names.has(entry.key)) names.add(entry.key) && own.push(entry);
    return own;
  };

  const mergedEntries = (value: Tree, place: Place): readonly Entry[] => {
    if (value.kind === "map") return value.entries;
    if (value.kind === "list") return value.items.flatMap((item) => mergedEntries(item, place));
    throw fail("`<<` merges something that is no map", place);
  };

  return { file, root: convert(document.contents, 0, { line: 1, column: 1 }) };
}

/** Many faults as one error, at most 50 of them. */
export function many(faults: readonly ActionError[]): ActionError {
  const [first, ...rest] = [...faults].sort(
    (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
  const code: ErrorCode = first?.code ?? "INTERNAL";
  return new ActionError(code, {
    message: first?.message ?? "",
    hint: first?.hint,
    file: first?.file,
    line: first?.line,
    column: first?.column,
    also: rest.slice(0, 49),
  });
}

function isEmpty(node: ParsedNode | null): boolean {
  return node === null || (isScalar(node) && (node.value === null || node.value === ""));
}

function isMerge(key: unknown): boolean {
  return isScalar(key) && key.type === Scalar.PLAIN && (key.value === "<<" || key.source === "<<");
}

function plain(value: unknown): string | number | boolean | null {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value === "bigint") return Number(value);
  return value === null || value === undefined ? null : String(value);
}

function sentence(message: string): string {
  return `not YAML: ${message.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/, "") ?? message}`;
}

function hintFor(code: string): string | undefined {
  if (code === "DUPLICATE_KEY") return "each key stands once in a map; remove one of the two";
  if (code === "TAB_AS_INDENT") return "indent with spaces";
  return undefined;
}
