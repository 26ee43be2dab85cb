import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { validate } from "@actions/languageservice";
import { describe, expect, it } from "vitest";
import { TextDocument } from "vscode-languageserver-textdocument";
import { faultsOf } from "./workflow-rules.ts";

const ours = readdirSync(".github/workflows").map((file) => `.github/workflows/${file}`);
const workflows = [...ours, ...globSync("test/story/repository/.github/workflows/*.yml")];
const actions = readdirSync("actions")
  .map((name) => `actions/${name}/action.yml`)
  .filter((file) => existsSync(file));

/** GitHub's own parser, as the editor extension runs it. */
async function diagnostics(file: string, text: string): Promise<string[]> {
  const document = TextDocument.create(`file:///${file}`, "yaml", 1, text);
  const found = await validate(document);
  return found
    .filter((entry) => entry.severity !== 3)
    .map((entry) => `${file}:${entry.range.start.line + 1}: ${entry.message}`);
}

describe.each([...workflows, ...actions])("%s", (file) => {
  it("is accepted by GitHub's own parser", async () => {
    expect(await diagnostics(file, readFileSync(file, "utf8"))).toEqual([]);
  });
});

describe.each(workflows)("%s", (file) => {
  it("keeps the rules for workflows that hold credentials", () => {
    expect(faultsOf(file, readFileSync(file, "utf8"))).toEqual([]);
  });
});

describe.each(actions)("%s", (file) => {
  it("runs on node24 and nothing older", () => {
    expect(readFileSync(file, "utf8")).toMatch(/^\s+using: "?node24"?$/m);
  });
});

describe("GitHub's parser", () => {
  it("would refuse a misspelt key and an unknown runtime", async () => {
    const workflow = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    stepz: []\n";
    expect(await diagnostics(".github/workflows/x.yml", workflow)).not.toEqual([]);
    const action = "name: x\ndescription: x\nruns:\n  using: node99\n  main: x.js\n";
    expect(await diagnostics("actions/x/action.yml", action)).not.toEqual([]);
  });
});

describe("workflow rules", () => {
  const head = "on: push\npermissions: {}\n";
  const job = (body: string) =>
    `${head}jobs:\n  a:\n    runs-on: x\n    timeout-minutes: 5\n    permissions:\n      contents: read # why\n    steps:\n${body}`;
  const sha = "0123456789012345678901234567890123456789";

  it.each([
    ["a tag in a third-party uses", job("      - uses: actions/cache@v4\n"), "x.yml:10: WORKFLOW_UNPINNED"],
    ["a pinned action without its version", job(`      - uses: actions/cache@${sha}\n`), "x.yml:10: WORKFLOW_UNPINNED"],
    [
      "an expression in run",
      job("      - run: echo ${{ github.event.pull_request.title }}\n"),
      "x.yml:10: WORKFLOW_EXPRESSION_IN_RUN",
    ],
    [
      "an expression in a run block",
      job("      - run: |\n          set -e\n          echo ${{ github.sha }}\n"),
      "x.yml:10: WORKFLOW_EXPRESSION_IN_RUN",
    ],
    ["no top-level permissions", "on: push\njobs: {}\n", "x.yml:1: WORKFLOW_PERMISSIONS_MISSING"],
    [
      "a grant without a reason",
      `${head}jobs:\n  a:\n    timeout-minutes: 5\n    permissions:\n      contents: write\n    steps: []\n`,
      "x.yml:7: WORKFLOW_PERMISSIONS_UNEXPLAINED",
    ],
    [
      "a checkout that keeps its token",
      job(`      - uses: actions/checkout@${sha} # v6\n`),
      "x.yml:10: WORKFLOW_CREDENTIALS_KEPT",
    ],
    [
      "inherited secrets",
      `${head}jobs:\n  a:\n    uses: ./.github/workflows/b.yml\n    secrets: inherit\n`,
      "x.yml:6: WORKFLOW_SECRETS_INHERITED",
    ],
    ["a job without a limit", `${head}jobs:\n  a:\n    steps: []\n`, "x.yml:4: WORKFLOW_TIMEOUT_MISSING"],
    [
      "pull-request code under a privileged trigger",
      `on: pull_request_target\npermissions: {}\njobs:\n  a:\n    timeout-minutes: 5\n    steps:\n      - uses: actions/checkout@${sha} # v6\n        with:\n          ref: \${{ github.event.pull_request.head.sha }}\n          persist-credentials: false\n`,
      "x.yml:7: WORKFLOW_RUNS_FORK_CODE",
    ],
  ])("find %s", (_, text, fault) => {
    expect(faultsOf("x.yml", text).map((found) => found.split(" ").slice(0, 2).join(" "))).toEqual([fault]);
  });

  it("pass our own actions by $/ and ./, and expressions in env", () => {
    const body =
      '      - uses: $/actions/auth\n      - uses: ./.release/actions/auth\n      - run: echo "$TITLE"\n        env:\n          TITLE: ${{ github.event.pull_request.title }}\n';
    expect(faultsOf("x.yml", job(body))).toEqual([]);
  });
});
