import type { Table } from "./section.ts";

/** A Markdown table; all but the first column to the right. */
export function toMarkdown({ title, note, headers, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const lines = [line(headers), line(headers.map((_, index) => (index === 0 ? ":--" : "--:"))), ...rows.map(line)];
  return [`### ${title}`, ...(note === undefined ? [] : [note]), lines.join("\n")].join("\n\n");
}
