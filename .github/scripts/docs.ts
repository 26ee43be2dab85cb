// Rewrites the generated tables of each action's README: inputs and outputs from action.yml, error codes from the
// closed union. With --check it changes nothing and fails on drift.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { parse } from "yaml";
import { codesByArea } from "../../packages/action/src/codes/index.ts";

interface ActionYaml {
  readonly inputs?: Readonly<Record<string, { description?: string; default?: string; required?: boolean }>>;
  readonly outputs?: Readonly<Record<string, { description?: string }>>;
}

const AREA: Readonly<Record<string, keyof typeof codesByArea>> = {
  auth: "auth",
  bootstrap: "bootstrap",
  rollout: "rollout",
  "cost-diff": "cost",
};

const check = process.argv.includes("--check");
const stale: string[] = [];
for (const action of readdirSync("actions").sort()) {
  const readme = `actions/${action}/README.md`;
  if (!existsSync(readme) || !existsSync(`actions/${action}/action.yml`)) continue;
  const yaml = parse(readFileSync(`actions/${action}/action.yml`, "utf8")) as ActionYaml;
  const before = readFileSync(readme, "utf8");
  const area = AREA[action];
  let after = fill(before, "inputs", inputsTable(yaml));
  after = fill(after, "outputs", outputsTable(yaml));
  after = fill(after, "errors", errorsTable(area));
  if (after === before) continue;
  if (check) stale.push(`${readme}\n${firstDifference(before, after)}`);
  else writeFileSync(readme, after);
}
if (stale.length > 0) {
  console.error(`DOCS_STALE: run \`npm run docs\`\n${stale.join("\n")}`);
  process.exit(1);
}

function fill(text: string, marker: string, table: string): string {
  const block = new RegExp(`(<!-- ${marker}:start -->)[\\s\\S]*?(<!-- ${marker}:end -->)`);
  return text.replace(block, (_, start: string, end: string) => `${start}\n${table}\n${end}`);
}

function inputsTable(yaml: ActionYaml): string {
  const rows = Object.entries(yaml.inputs ?? {}).map(([name, input]) => {
    const fallback = input.required === true ? "**required**" : input.default ? code(input.default) : "";
    return `| ${code(name)} | ${fallback} | ${cell(input.description ?? "")} |`;
  });
  return ["| input | default | meaning |", "|:--|:--|:--|", ...rows].join("\n");
}

function outputsTable(yaml: ActionYaml): string {
  const rows = Object.entries(yaml.outputs ?? {}).map(
    ([name, output]) => `| ${code(name)} | ${cell(output.description ?? "")} |`,
  );
  return ["| output | value |", "|:--|:--|", ...rows].join("\n");
}

function errorsTable(area: keyof typeof codesByArea | undefined): string {
  const codes = { ...(area === undefined ? {} : codesByArea[area]), ...codesByArea.suite };
  const rows = Object.entries(codes).map(([name, sentence]) => `| ${code(name)} | ${cell(sentence)} |`);
  return ["| code | when |", "|:--|:--|", ...rows].join("\n");
}

/** Text that keeps its table cell whatever it holds. */
function cell(text: string): string {
  return text
    .trim()
    .replace(/\s*\n\s*/g, " ")
    .replaceAll("|", "\\|");
}

function code(text: string): string {
  const flat = cell(text);
  return flat.includes("`") ? `\`\` ${flat} \`\`` : `\`${flat}\``;
}

function firstDifference(before: string, after: string): string {
  const [old, fresh] = [before.split("\n"), after.split("\n")];
  const line = fresh.findIndex((text, index) => text !== old[index]);
  return `  line ${line + 1}\n  - ${old[line] ?? ""}\n  + ${fresh[line] ?? ""}`;
}
