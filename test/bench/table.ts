/** A Markdown table; all but the first column to the right. */
export function toMarkdown(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(headers), line(headers.map((_, index) => (index === 0 ? ":--" : "--:"))), ...rows.map(line)].join("\n");
}
