import { code, text } from "@eks-actions/markdown";
import { type Claims, shownClaims } from "../token/claims.ts";

/** A fenced block whose fence the text cannot close. */
export function fence(language: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((run) => run[0].length));
  const marks = "`".repeat(longest + 1);
  return `${marks}${language}\n${text}\n${marks}`;
}

/** Data in code marks, cut at 256 characters. */
export function mark(value: string): string {
  return value === "" ? "(empty)" : code(value.length <= 256 ? value : `${value.slice(0, 256)}…`);
}

/** A message of ours for Markdown: what stands in backticks becomes code, everything is inert. */
export function prose(message: string): string {
  const parts = message.split("`");
  if (parts.length % 2 === 0) return text(message);
  const edge = (isSpace: boolean) => (isSpace ? " " : "");
  return parts
    .map((part, i) => (i % 2 === 1 ? mark(part) : `${edge(/^\s/.test(part))}${text(part)}${edge(/\S\s+$/.test(part))}`))
    .join("");
}

/** What the job presents, to be held against a policy. */
export function claimsTable(claims: Claims): string {
  const rows = shownClaims(claims).map(([name, value]) => `| \`${name}\` | ${mark(value)} |`);
  return ["| claim | value |", "|:--|:--|", ...rows].join("\n");
}
