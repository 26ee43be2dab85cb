import { ActionError } from "@eks-actions/action/error";
import {
  Composer,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  Parser,
} from "yaml";

/** Limits of one document; more is refused before it can cost memory. */
export const YAML_LIMITS = { documentBytes: 1.5 * 1024 * 1024, aliases: 100, depth: 100 } as const;

/** 1-based. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** One YAML document: its plain value and where its parts stand. */
export interface SourcedDocument {
  readonly value: unknown;
  /** Place of the value at `path`; the key counts for map entries. `undefined` when the path does not exist. */
  placeOf(path: readonly (string | number)[]): Place | undefined;
  /** Place of the first key. */
  readonly start: Place;
}

export type YamlResult = { readonly document: SourcedDocument } | { readonly error: ActionError };

/**
 * YAML 1.2 core with merge keys, one result per document that holds something. Integers with a leading zero are octal,
 * as kubectl reads them: `defaultMode: 0644` must not become 644.
 */
export function readYaml(text: string, file: string): readonly YamlResult[] {
  return [...yamlDocuments(text, file)];
}

/**
 * As `readYaml`, one document after the other. A document's tree, many times its text, is let go when the next one is
 * asked for; a place that is asked for later costs reading that document again.
 */
export function* yamlDocuments(text: string, file: string): Generator<YamlResult, void, undefined> {
  const fault = (place: Place, message: string, hint?: string, cause?: unknown) => ({
    error: new ActionError("YAML_INVALID", {
      message: `${file}:${place.line}:${place.column}: ${message}`,
      hint,
      file,
      line: place.line,
      column: place.column,
      cause,
    }),
  });
  const oversized = longDocument(text);
  if (oversized !== undefined) {
    yield fault({ line: oversized, column: 1 }, "a document is larger than 1.5 MiB", "split it into several objects");
    return;
  }
  const deep = deepFlow(text);
  if (deep !== undefined) {
    yield fault({ line: deep, column: 1 }, `nested deeper than ${YAML_LIMITS.depth} levels`);
    return;
  }
  const counter = new LineCounter();
  const at = (offset: number): Place => {
    const { line, col } = counter.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  try {
    for (const document of compose(text, counter)) {
      const [error] = [...document.errors, ...document.warnings];
      if (error !== undefined) {
        yield fault(at(error.pos[0]), oneLine(error.message), hintFor(error.code));
        continue;
      }
      const root = document.contents;
      if (root === null || (isScalar(root) && root.value === null)) continue;
      const bad = check(document, root);
      if (bad !== undefined) {
        yield fault(at(bad.node.range?.[0] ?? 0), bad.message, bad.hint);
        continue;
      }
      const places = createPlaces(document, text);
      yield {
        document: {
          value: document.toJS({ maxAliasCount: -1 }),
          start: at(firstKey(root)?.range?.[0] ?? root.range?.[0] ?? 0),
          placeOf(path) {
            const offset = places.offsetOf(path);
            return offset === undefined ? undefined : at(offset);
          },
        },
      };
      places.letGo();
    }
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    yield fault({ line: 1, column: 1 }, `nested deeper than ${YAML_LIMITS.depth} levels`, undefined, cause);
  }
}

function compose(text: string, counter: LineCounter): Generator<Document> {
  const composer = new Composer({ version: "1.2", schema: "core", merge: true });
  return composer.compose(new Parser(counter.addNewLine).parse(text));
}

/** Offsets in `text` of the parts of one of its documents. */
function createPlaces(parsed: Document, text: string) {
  const [from, , to] = parsed.range ?? [0, 0, text.length];
  let tree: { readonly document: Document; readonly shift: number } | undefined = { document: parsed, shift: 0 };
  const readAgain = () => {
    const [document] = compose(text.slice(from, to), new LineCounter());
    return document === undefined ? undefined : { document, shift: from };
  };
  return {
    letGo() {
      tree = undefined;
    },
    offsetOf(path: readonly (string | number)[]): number | undefined {
      tree ??= readAgain();
      const root = tree?.document.contents;
      if (tree === undefined || root === null || root === undefined) return undefined;
      const offset = offsetOf(tree.document, root, path);
      return offset === undefined ? undefined : offset + tree.shift;
    },
  };
}

// Only `---` at the start of a line ends a document, in block scalars too, so lines are enough to tell them apart.
function* parts(text: string): Generator<{ readonly part: string; readonly line: number }> {
  let line = 1;
  for (const part of text.split(/^(?=---(?:\s|$))/m)) {
    yield { part, line };
    line += part.split("\n").length - 1;
  }
}

function longDocument(text: string): number | undefined {
  if (text.length * 3 <= YAML_LIMITS.documentBytes) return undefined;
  for (const { part, line } of parts(text)) if (Buffer.byteLength(part) > YAML_LIMITS.documentBytes) return line;
  return undefined;
}

/** Line where flow collections lie too deep in each other. */
function deepFlow(text: string): number | undefined {
  if (!mayBeDeep(text)) return undefined;
  for (const { part, line } of parts(text)) {
    const deep = mayBeDeep(part) ? deepLine(part) : undefined;
    if (deep !== undefined) return line + deep - 1;
  }
  return undefined;
}

// Reading all tokens costs a quarter of the parsing, and few documents have that many brackets.
function mayBeDeep(text: string): boolean {
  return (text.match(/[[{]/g)?.length ?? 0) > YAML_LIMITS.depth;
}

// Composing is recursive, so brackets without end are found by the lexer, which is not.
function deepLine(text: string): number | undefined {
  let depth = 0;
  let line = 1;
  for (const token of new Lexer().lex(text)) {
    if (token === "[" || token === "{") depth += 1;
    else if (token === "]" || token === "}") depth -= 1;
    if (depth > YAML_LIMITS.depth) return line;
    line += token.split("\n").length - 1;
  }
  return undefined;
}

interface Fault {
  readonly node: Node;
  readonly message: string;
  readonly hint?: string;
}

/** Walks the tree once: depth, aliases, keys and numbers that JSON cannot hold. Turns `0644` into its octal value. */
function check(document: Document, root: Node): Fault | undefined {
  let expansions = 0;
  const walk = (node: unknown, depth: number): Fault | undefined => {
    if (isPair(node)) {
      if (isCollection(node.key)) return { node: node.key, message: "a mapping or list cannot be a key" };
      return walk(node.key, depth) ?? walk(node.value, depth);
    }
    if (isAlias(node)) {
      expansions += 1;
      if (expansions > YAML_LIMITS.aliases) {
        return { node, message: `more than ${YAML_LIMITS.aliases} aliases are expanded`, hint: "write the values out" };
      }
      const target = node.resolve(document);
      if (target === undefined) return { node, message: `alias \`${node.source}\` has no anchor` };
      return walk(target, depth + 1);
    }
    if (depth > YAML_LIMITS.depth && isCollection(node)) {
      return { node, message: `nested deeper than ${YAML_LIMITS.depth} levels` };
    }
    if (isCollection(node)) {
      for (const item of node.items) {
        const fault = walk(item, depth + 1);
        if (fault !== undefined) return fault;
      }
      return undefined;
    }
    if (!isScalar(node) || typeof node.value !== "number") return undefined;
    const source = node.source ?? "";
    if (/^[-+]?0[0-7]+$/.test(source)) node.value = Number.parseInt(source, 8);
    else if (!Number.isFinite(node.value))
      return { node, message: `\`${source}\` is no JSON number`, hint: "quote it" };
    else if (/^[-+]?\d+$/.test(source) && !Number.isSafeInteger(node.value)) {
      return { node, message: `\`${source}\` is too large to be kept exactly`, hint: `quote it: "${source}"` };
    }
    return undefined;
  };
  return walk(root, 1);
}

function firstKey(root: Node): Node | undefined {
  if (!isMap(root)) return undefined;
  const key: unknown = root.items[0]?.key;
  return isScalar(key) ? key : undefined;
}

function offsetOf(document: Document, root: Node, path: readonly (string | number)[]): number | undefined {
  let node: unknown = root;
  let offset = firstKey(root)?.range?.[0] ?? root.range?.[0];
  for (const segment of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isSeq(node)) {
      node = node.items[Number(segment)];
      offset = rangeStart(node);
    } else if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(segment));
      node = pair?.value;
      offset = rangeStart(pair?.key);
    } else return undefined;
    if (offset === undefined) return undefined;
  }
  return offset;
}

function rangeStart(node: unknown): number | undefined {
  return isScalar(node) || isCollection(node) || isAlias(node) ? node.range?.[0] : undefined;
}

function oneLine(message: string): string {
  const [first = ""] = message.split("\n");
  return first.length > 200 ? `${first.slice(0, 199)}…` : first;
}

function hintFor(code: string): string | undefined {
  switch (code) {
    case "DUPLICATE_KEY":
      return "remove one of the two keys";
    case "TAB_AS_INDENT":
      return "indent with spaces";
    case "TAG_RESOLVE_FAILED":
      return "write the value without a tag";
    default:
      return undefined;
  }
}
