export type Align = "left" | "center" | "right";

const RULE: Readonly<Record<Align, string>> = { left: ":--", center: ":--:", right: "--:" };

/** A table of cells that are Markdown already: data goes through `text` or `code` first. Short rows are filled up. */
export function table(
  headers: readonly string[],
  align: readonly Align[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) =>
    `| ${headers.map((_, i) => cells[i] ?? "").join(" | ")} |`.replace(/ {2,}\|/g, " |");
  return [line(headers), `|${headers.map((_, i) => RULE[align[i] ?? "left"]).join("|")}|`, ...rows.map(line)].join(
    "\n",
  );
}

/** Ten cells, `█████░░░░░`. A share above 0 has at least one full cell; shares are clamped to 0…1. */
export function bar(share: number, cells = 10): string {
  const clamped = Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0;
  const full = clamped === 0 ? 0 : Math.max(1, Math.round(clamped * cells));
  return "█".repeat(full) + "░".repeat(cells - full);
}

/** A folded part. `title` is HTML text that is safe already (see `entities`); `body` is Markdown. */
export function details(title: string, body: string): string {
  return `<details><summary>${title}</summary>\n\n${body.trim()}\n</details>`;
}

/** The only symbols the suite uses, by what they say. */
export const symbols = {
  done: "✅",
  failed: "❌",
  attention: "⚠️",
  waiting: "⏳",
  reverted: "↩️",
  create: "➕",
  change: "✏️",
  remove: "➖",
  replace: "🔁",
  nothing: "💤",
} as const;
