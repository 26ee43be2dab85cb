import { existsSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import { codesByArea } from "../../packages/action/src/codes/index.ts";

interface Field {
  readonly description?: string;
  readonly default?: unknown;
  readonly required?: boolean;
}

type Fields = Readonly<Record<string, Field>>;

interface ActionFile {
  readonly inputs?: Fields;
  readonly outputs?: Fields;
}

interface WorkflowFile {
  readonly on: { readonly workflow_call: ActionFile };
}

interface Report {
  readonly date: string;
  readonly machine: string;
  readonly rows: readonly Readonly<Record<"what" | "korean" | "ours" | "against" | "ratio", string>>[];
}

/** Workflow that a consumer's repository calls → file of the example that the journeys run. */
const EXAMPLES = "test/story/repository/.github/workflows";
const REPORT = "test/bench/report.json";

const AREAS: Readonly<Record<string, keyof typeof codesByArea>> = {
  auth: "auth",
  bootstrap: "bootstrap",
  rollout: "rollout",
  "cost-diff": "cost",
};

const blocks: Readonly<Record<string, (subject: string, page: string) => string>> = {
  inputs: (action) => inputsTable(actionFile(action).inputs ?? {}),
  outputs: (action) => outputsTable(actionFile(action).outputs ?? {}),
  errors: (action) => errorsTable(action),
  "workflow-inputs": (workflow) => inputsTable(workflowFile(workflow).inputs ?? {}),
  "workflow-outputs": (workflow) => outputsTable(workflowFile(workflow).outputs ?? {}),
  example: (name) => fenced(readFileSync(`${EXAMPLES}/${name}.yml`, "utf8")),
  "example-config": () => fenced(readFileSync("test/story/repository/cluster.yaml", "utf8")),
  codes: () => codesTable(),
  bench: (_, page) => benchTable(page.includes(".ko.")),
};

/** Text of one generated block. @throws Error for a name that nobody makes: a misspelt marker would never be filled */
export function blockOf(name: string, subject: string, page: string): string {
  const block = blocks[name];
  if (block === undefined)
    throw new Error(`${page}: no block is called ${name}; there are ${Object.keys(blocks).join(", ")}`);
  return block(subject, page);
}

function actionFile(action: string): ActionFile {
  return parse(readFileSync(`actions/${action}/action.yml`, "utf8")) as ActionFile;
}

function workflowFile(workflow: string): ActionFile {
  return (parse(readFileSync(`.github/workflows/${workflow}.yml`, "utf8")) as WorkflowFile).on.workflow_call;
}

function inputsTable(inputs: Fields): string {
  const rows = Object.entries(inputs).map(([name, input]) => {
    const fallback = input.required === true ? "**required**" : input.default ? code(String(input.default)) : "";
    return `| ${code(name)} | ${fallback} | ${cell(input.description ?? "")} |`;
  });
  return ["| input | default | meaning |", "|:--|:--|:--|", ...rows].join("\n");
}

function outputsTable(outputs: Fields): string {
  const rows = Object.entries(outputs).map(([name, output]) => `| ${code(name)} | ${cell(output.description ?? "")} |`);
  return ["| output | value |", "|:--|:--|", ...rows].join("\n");
}

function errorsTable(action: string): string {
  const area = AREAS[action];
  const codes = { ...(area === undefined ? {} : codesByArea[area]), ...codesByArea.suite };
  const rows = Object.entries(codes).map(([name, sentence]) => `| ${code(name)} | ${cell(sentence)} |`);
  return ["| code | when |", "|:--|:--|", ...rows].join("\n");
}

/** Every code of the suite by name, since a reader comes with a name. One that two actions have says so. */
function codesTable(): string {
  const rows = Object.entries({ ...AREAS, all: "suite" as const }).flatMap(([action, area]) =>
    Object.entries(codesByArea[area]).map(([name, sentence]) => ({ name, action, sentence })),
  );
  const lines = rows
    .sort((a, b) => (a.name === b.name ? 0 : a.name < b.name ? -1 : 1))
    .map(({ name, action, sentence }) => {
      const where = action === "all" ? "all" : `[${action}](../actions/${action}/README.md)`;
      return `| ${code(name)} | ${where} | ${cell(sentence)} |`;
    });
  return ["| code | action | when |", "|:--|:--|:--|", ...lines].join("\n");
}

/** Figures of the last kept bench, with the day they were taken. */
function benchTable(isKorean: boolean): string {
  if (!existsSync(REPORT)) return isKorean ? "아직 측정하지 않았습니다." : "Not measured yet.";
  const { date, machine, rows } = JSON.parse(readFileSync(REPORT, "utf8")) as Report;
  const head = isKorean
    ? ["| 무엇을 | 이 프로젝트 | 비교 대상 | 비율 |", "|:--|--:|--:|--:|"]
    : ["| what | ours | against | ratio |", "|:--|--:|--:|--:|"];
  const day = date.slice(0, 10);
  const note = isKorean
    ? `${day}에 ${machine}에서 측정했습니다. 중앙값(최솟값–최댓값)이며, 비교 대상과 번갈아 가며 쟀습니다.`
    : `Measured on ${day} on ${machine}: median (min–max) of interleaved runs.`;
  const lines = rows.map(({ what, korean, ours, against, ratio }) => [isKorean ? korean : what, ours, against, ratio]);
  return [...head, ...lines.map((cells) => `| ${cells.map(cell).join(" | ")} |`), "", note].join("\n");
}

/** An example as a reader would paste it: `OWNER` stands for whoever holds this repository. */
function fenced(yaml: string): string {
  return `\`\`\`yaml\n${yaml.trim().replaceAll("acme/eks-actions/", "OWNER/eks-actions/")}\n\`\`\``;
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
