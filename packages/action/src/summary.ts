/** The runner refuses a step's summary above 1 MiB and then shows nothing; we stay below by this much. */
export const SUMMARY_BUDGET_BYTES: number = 1024 * 1024 - 16 * 1024;

export interface FittedSummary {
  readonly markdown: string;
  /** Titles of the folded parts that were left out, and `text` when plain text had to be cut. */
  readonly leftOut: readonly string[];
}

/**
 * Makes a summary fit: folded details go first, the biggest first; if that is not enough, lines go from the end.
 * The result is valid Markdown and says what is missing.
 */
export function fitSummary(markdown: string, maxBytes: number = SUMMARY_BUDGET_BYTES): FittedSummary {
  if (bytes(markdown) <= maxBytes) return { markdown, leftOut: [] };
  const leftOut: string[] = [];
  let text = markdown;
  const details = [...markdown.matchAll(/<details>\s*<summary>([\s\S]*?)<\/summary>[\s\S]*?<\/details>\n?/g)]
    .map((match) => ({ whole: match[0], title: (match[1] ?? "").trim() }))
    .sort((a, b) => bytes(b.whole) - bytes(a.whole));
  for (const detail of details) {
    if (bytes(text) <= maxBytes - 512) break;
    text = text.replace(detail.whole, () => `_Left out for size: ${detail.title}_\n`);
    leftOut.push(detail.title);
  }
  if (bytes(text) > maxBytes - 512) {
    text = cutLines(text, maxBytes - 512);
    leftOut.push("text");
  }
  return {
    markdown: `${text.trimEnd()}\n\n_Shortened to the runner's limit of 1 MiB; the report file holds the whole text._\n`,
    leftOut,
  };
}

function cutLines(text: string, maxBytes: number): string {
  const kept: string[] = [];
  let size = 0;
  for (const line of text.split("\n")) {
    size += bytes(line) + 1;
    if (size > maxBytes) break;
    kept.push(line);
  }
  // A cut inside a fenced block would swallow the closing note.
  const fences = kept.filter((line) => line.startsWith("```")).length;
  if (fences % 2 === 1) kept.push("```");
  const open = kept.join("\n").split("<details>").length - kept.join("\n").split("</details>").length;
  return kept.join("\n") + "\n</details>".repeat(Math.max(0, open));
}

function bytes(text: string): number {
  return Buffer.byteLength(text, "utf8");
}
