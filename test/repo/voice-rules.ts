/** The symbols of the suite, by what they say; text is clear without them. */
const SYMBOLS = ["✅", "❌", "⚠️", "⏳", "↩️", "➕", "✏️", "➖", "🔁", "💤"];
const PICTOGRAPH = /\p{Extended_Pictographic}\uFE0F?/gu;
/** Characters that Unicode counts as pictographs and that are plain text. */
const PLAIN = /^[©®™↔]/u;

/** Faults of a summary or comment against the suite's one voice, as `line: what`. */
export function markdownFaults(markdown: string): readonly string[] {
  const faults: string[] = [];
  let isFenced = false;
  let depth = 0;
  for (const [index, line] of markdown.split("\n").entries()) {
    const fault = (what: string) => void faults.push(`${index + 1}: ${what}: ${line.slice(0, 100)}`);
    if (/^```/.test(line)) {
      isFenced = !isFenced;
      if (line.startsWith("```mermaid") && depth === 0) fault("mermaid outside of details");
    }
    depth += (line.match(/<details>/g)?.length ?? 0) - (line.match(/<\/details>/g)?.length ?? 0);
    if (depth > 1) fault("details inside of details");
    if (isFenced) continue;
    if (/^\|/.test(line) && cellsOf(line) > 6) fault("more than six columns");
    for (const what of proseFaults(withoutCode(line))) fault(what);
  }
  return faults;
}

/** Faults of a line of the log that the action itself wrote. */
export function logFaults(line: string): readonly string[] {
  return proseFaults(line).map((what) => `${what}: ${line.slice(0, 120)}`);
}

/** Whether a line is the outcome of a run: a symbol, then what happened. */
export function isOutcome(line: string): boolean {
  return SYMBOLS.some((symbol) => line.startsWith(`${symbol} `));
}

function proseFaults(text: string): readonly string[] {
  const symbols = [...text.matchAll(PICTOGRAPH)].map(([symbol]) => symbol).filter((symbol) => !PLAIN.test(symbol));
  const unknown = symbols.filter((symbol) => !SYMBOLS.includes(symbol));
  return [
    ...unknown.map((symbol) => `symbol ${symbol} is none of the suite's`),
    ...(symbols.length > 1 ? ["more than one symbol"] : []),
    ...(/\bsuccessful(ly)?\b/i.test(text) ? ["says successfully"] : []),
    ...(/\bplease\b/i.test(text) ? ["says please"] : []),
    ...(/[a-z]!(\s|$)/i.test(text) ? ["exclamation mark"] : []),
    ...(/\b\d+(\.\d+)? ?(sec|secs|seconds|mins|minutes|hours|hrs)\b/.test(text) ? ["a duration in words"] : []),
    ...(/\b\d+\.\d+ (s|m|h)\b/.test(text) ? ["a duration with decimals"] : []),
    ...(/\b\d+(\.\d+)? ?(KB|MB|GB)\b/.test(text) ? ["bytes not in KiB, MiB or GiB"] : []),
  ];
}

/** Names and values of users stand in code marks; they may hold anything. */
function withoutCode(line: string): string {
  return line.replaceAll(/`[^`]*`|<code>.*?<\/code>/g, "");
}

function cellsOf(line: string): number {
  return line.split(/(?<!\\)\|/).length - 2;
}
