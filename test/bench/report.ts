import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { headlineRows } from "./headlines.ts";
import type { Table } from "./section.ts";
import { toMarkdown } from "./table.ts";

/** What a section leaves in `.bench/<section>.json`. */
interface Kept {
  readonly date: string;
  readonly machine: string;
  readonly tables?: readonly Table[];
}

/**
 * Writes one table of all sections that were measured, `report.json` and `report.md`. Its date is that of the oldest
 * figure in it.
 * @returns the Markdown
 */
export function writeReport(folder: string, sections: readonly string[], targets: readonly string[]): string {
  const kept = sections
    .map((name) => [name, `${folder}/${name}.json`] as const)
    .filter(([, file]) => existsSync(file))
    .map(([name, file]) => [name, JSON.parse(readFileSync(file, "utf8")) as Kept] as const)
    .filter(([, { tables = [] }]) => tables.length > 0);
  const oldest = kept.map(([, section]) => section).sort((a, b) => (a.date < b.date ? -1 : 1))[0];
  const rows = headlineRows(new Map(kept.map(([name, { tables = [] }]) => [name, tables])));
  const { date = new Date().toISOString(), machine = "" } = oldest ?? {};
  const title = "the suite beside peers and floors";
  const note = `Measured on ${date.slice(0, 10)} on ${machine}: median (min–max) of interleaved runs.`;
  const lines = rows.map(({ what, ours, against, ratio }) => [what, ours, against, ratio]);
  const markdown = toMarkdown({ title, note, headers: ["what", "ours", "against", "ratio"], rows: lines });
  for (const target of targets) {
    writeFileSync(
      `${target}/report.json`,
      `${JSON.stringify({ schemaVersion: 1, date, machine, rows }, undefined, 2)}\n`,
    );
    writeFileSync(`${target}/report.md`, `${markdown}\n`);
  }
  return markdown;
}
