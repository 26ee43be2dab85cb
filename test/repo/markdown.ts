import { globSync } from "node:fs";

/** Pages for people: those at the root, in docs/, and each README. */
export const pages: readonly string[] = globSync(
  "{*.md,docs/*.md,actions/*/*.md,packages/*/README.md,test/*/README.md}",
)
  .filter((file) => !file.startsWith("CHANGELOG"))
  .sort();

export interface Block {
  /** Of the first line of its text. */
  readonly line: number;
  readonly text: string;
}

/** Fenced blocks of the given languages. */
export function blocksOf(markdown: string, ...languages: readonly string[]): readonly Block[] {
  const fence = new RegExp(`^( *)\`\`\`(?:${languages.join("|")})\\n([\\s\\S]*?)\\n\\1\`\`\``, "gm");
  return [...markdown.matchAll(fence)].map((match) => ({
    line: markdown.slice(0, match.index).split("\n").length + 1,
    text: (match[2] ?? "").replaceAll(new RegExp(`^${match[1] ?? ""}`, "gm"), ""),
  }));
}

/** Rows of every table below a heading, as cells without their marks. */
export function tableRows(markdown: string, heading: string): readonly (readonly string[])[] {
  const section = markdown.split(/^(?=## )/m).find((part) => part.startsWith(`## ${heading}\n`)) ?? "";
  return section
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) => line.split(/(?<!\\)\|/).slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()))
    .filter((cells) => !cells.every((cell) => /^:?-+:?$/.test(cell)))
    .slice(1);
}

/** A block of steps as the workflow that a reader would make of it. */
export function asWorkflow(text: string): string {
  if (/^on:/m.test(text) || !/^steps:/m.test(text)) return text;
  const body = text.replaceAll(/^/gm, "    ");
  return `on: push\npermissions: {}\njobs:\n  example:\n    runs-on: ubuntu-latest\n${body}\n`;
}
