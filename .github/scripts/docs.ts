// Rewrites what the pages say of action.yml, workflows, codes, examples and figures: everything between
// `<!-- NAME ARGUMENT:start -->` and `<!-- NAME ARGUMENT:end -->`. With --check it changes nothing and fails on drift.
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { blockOf } from "./docs-blocks.ts";

const PAGES = "{*.md,docs/*.md,actions/*/README.md}";

const check = process.argv.includes("--check");
const stale: string[] = [];
for (const page of globSync(PAGES).sort()) {
  const before = readFileSync(page, "utf8");
  const after = fill(page, before);
  if (after === before) continue;
  if (check) stale.push(`${page}\n${firstDifference(before, after)}`);
  else writeFileSync(page, after);
}
if (stale.length > 0) {
  console.error(`DOCS_STALE: run \`npm run docs\`\n${stale.join("\n")}`);
  process.exit(1);
}

function fill(page: string, text: string): string {
  const block = /(<!-- ([\w-]+)(?: ([\w-]+))?:start -->\n)[\s\S]*?(<!-- \2(?: \3)?:end -->)/g;
  return text.replaceAll(block, (_, start: string, name: string, argument: string | undefined, end: string) => {
    // An action's own page need not say which action it means.
    const subject = argument ?? /^actions\/([^/]+)\//.exec(page.replaceAll("\\", "/"))?.[1] ?? "";
    return `${start}${blockOf(name, subject, page)}\n${end}`;
  });
}

function firstDifference(before: string, after: string): string {
  const [old, fresh] = [before.split("\n"), after.split("\n")];
  const line = fresh.findIndex((text, index) => text !== old[index]);
  return `  line ${line + 1}\n  - ${old[line] ?? ""}\n  + ${fresh[line] ?? ""}`;
}
