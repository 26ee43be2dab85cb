/** A workflow command as the runner reads it from a line of output. */
export interface Command {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly data: string;
}

/** Names that the runner knows, in lower case; any other `::name::` is plain text. */
export const knownCommands: ReadonlySet<string> = new Set([
  "add-mask",
  "add-matcher",
  "add-path",
  "debug",
  "echo",
  "endgroup",
  "error",
  "group",
  "notice",
  "remove-matcher",
  "save-state",
  "set-env",
  "set-output",
  "stop-commands",
  "warning",
]);

/**
 * Reads one line in either form, `::name key=value,…::data` (after leading white space) or the older
 * `##[name key=value;…]data` (anywhere in the line). `extra` is the resume token while commands are stopped.
 * Source of the grammar: ActionCommand.cs.
 */
export function parseCommand(line: string, extra?: string): Command | undefined {
  const isKnown = (name: string) =>
    knownCommands.has(name.toLowerCase()) || name.toLowerCase() === extra?.toLowerCase();
  return parseColons(line.trimStart(), isKnown) ?? parseBrackets(line, isKnown);
}

type IsKnown = (name: string) => boolean;

function parseColons(line: string, isKnown: IsKnown): Command | undefined {
  if (!line.startsWith("::")) return undefined;
  const end = line.indexOf("::", 2);
  if (end < 0) return undefined;
  const head = readHead(line.slice(2, end), ",", unescapeProperty);
  return isKnown(head.name) ? { ...head, data: unescapeData(line.slice(end + 2)) } : undefined;
}

function parseBrackets(line: string, isKnown: IsKnown): Command | undefined {
  const start = line.indexOf("##[");
  const end = start < 0 ? -1 : line.indexOf("]", start);
  if (end < 0) return undefined;
  const head = readHead(line.slice(start + 3, end), ";", unescapeLegacy);
  return isKnown(head.name) ? { ...head, data: unescapeLegacy(line.slice(end + 1)) } : undefined;
}

function readHead(text: string, separator: string, decode: (value: string) => string) {
  const space = text.indexOf(" ");
  const name = space < 0 ? text : text.slice(0, space);
  const properties: Record<string, string> = {};
  if (space > 0) {
    for (const entry of text
      .slice(space + 1)
      .trim()
      .split(separator)) {
      const equals = entry.indexOf("=");
      // `key=` without a value counts as absent, because the runner drops empty halves.
      if (equals > 0 && equals < entry.length - 1) {
        properties[entry.slice(0, equals)] = decode(entry.slice(equals + 1));
      }
    }
  }
  return { name, properties };
}

// The order matters: `%25` last, or `%250A` would become a newline.
const unescapeData = replacer([
  ["%0D", "\r"],
  ["%0A", "\n"],
  ["%25", "%"],
]);
const unescapeProperty = replacer([
  ["%0D", "\r"],
  ["%0A", "\n"],
  ["%3A", ":"],
  ["%2C", ","],
  ["%25", "%"],
]);
const unescapeLegacy = replacer([
  ["%3B", ";"],
  ["%0D", "\r"],
  ["%0A", "\n"],
  ["%5D", "]"],
  ["%25", "%"],
]);

function replacer(pairs: readonly (readonly [string, string])[]): (text: string) => string {
  return (text) => pairs.reduce((result, [escaped, plain]) => result.replaceAll(escaped, plain), text);
}
