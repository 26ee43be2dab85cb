import { execFileSync } from "node:child_process";
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { validate } from "@actions/languageservice";
import { describe, expect, it } from "vitest";
import { TextDocument } from "vscode-languageserver-textdocument";
import { parse, parseAllDocuments } from "yaml";
import { asWorkflow, blocksOf, pages, tableRows } from "./markdown.ts";

describe.each(pages)("%s", (page) => {
  const text = readFileSync(page, "utf8");
  const blocks = blocksOf(text, "ya?ml");

  it("has only YAML that parses", () => {
    const faults = blocks.flatMap((block) =>
      parseAllDocuments(block.text).flatMap((document) =>
        document.errors.map((error) => `${page}:${block.line}: ${error.message}`),
      ),
    );
    expect(faults).toEqual([]);
  });

  it("has only workflows and steps that GitHub's own parser accepts", async () => {
    const faults: string[] = [];
    for (const block of blocks) {
      const workflow = asWorkflow(block.text);
      if (!/^jobs:/m.test(workflow) || !/^on:/m.test(workflow)) continue;
      const document = TextDocument.create(`file:///.github/workflows/example-${block.line}.yml`, "yaml", 1, workflow);
      for (const entry of await validate(document)) {
        // Of a workflow elsewhere the parser cannot know the outputs; the next test does.
        const isUnknowable =
          /OWNER\/.*\/workflows\//.test(workflow) && String(entry.message).startsWith("Context access might");
        if (entry.severity !== 3 && !isUnknowable)
          faults.push(`${page}:${block.line + entry.range.start.line}: ${entry.message}`);
      }
    }
    expect(faults).toEqual([]);
  });

  it("uses only inputs and outputs that our actions and workflows have, and gives all that they require", () => {
    expect(
      blocks.flatMap((block) => contractFaults(block.text).map((fault) => `${page}:${block.line}: ${fault}`)),
    ).toEqual([]);
  });

  it("links only to files and headings that are there", () => {
    const links = [...text.matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)]*))?\)/g)].map(
      ([, target = "", anchor]) => ({
        target: target === "" ? page : normalize(join(dirname(page), target)),
        anchor,
      }),
    );
    const dead = links.filter(
      ({ target, anchor }) => !existsSync(target) || (anchor && !anchorsOf(target).has(anchor)),
    );
    expect(dead).toEqual([]);
  });
});

describe("npm run docs", () => {
  it("has nothing to change", () => {
    execFileSync(process.execPath, [".github/scripts/docs.ts", "--check"], { stdio: "pipe" });
  });

  it("shows the caller of every reusable workflow, which the journeys run, and the Korean page the way to a first deploy", () => {
    const callers = readdirSync("test/story/repository/.github/workflows").map((file) => file.replace(".yml", ""));
    expect(examplesIn("docs/workflows.md")).toEqual(callers.sort());
    expect(examplesIn("README.ko.md")).toEqual(["cluster", "cost", "release"]);
  });
});

describe("docs/migration.md", () => {
  const text = readFileSync("docs/migration.md", "utf8");
  it.each([
    ["From configure-aws-credentials to auth", "auth"],
    ["From eksctl to bootstrap", "bootstrap"],
    ["From kubectl apply to rollout", "rollout"],
    ["From helm upgrade --wait to rollout", "rollout"],
    ["From infracost to cost-diff", "cost-diff"],
  ])("%s names only inputs that are there", (heading, action) => {
    const rows = tableRows(text, heading);
    const known = Object.keys(actionYaml(action).inputs);
    const named = rows.flatMap(([, ours = ""]) => [...ours.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name));
    expect(rows.length).toBeGreaterThan(8);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });
});

describe("docs/policies.md", () => {
  it("names only policy files that a test uses", () => {
    const text = readFileSync("docs/policies.md", "utf8");
    const files = [...text.matchAll(/\]\(\.\.\/actions\/([^)]+\.(?:json|yaml))\)/g)].map(([, file = ""]) => file);
    const tests = globSync("{actions/*/src/**/*.test.ts,test/{journeys,story}/**/*.ts}").map((file) =>
      readFileSync(file, "utf8"),
    );
    expect(new Set(files).size).toBeGreaterThan(8);
    const unused = files.filter((file) => {
      const [, folder = "", name = ""] = /\/(iam|rbac)\/(.*?)(\.json)?$/.exec(file) ?? [];
      const named = new RegExp(`["\`/]${name}["\`.]`);
      return !tests.some((test) => test.includes(`${folder}/`) && named.test(test));
    });
    expect(unused).toEqual([]);
  });
});

/** What a reader is told to type, and what runs it in the tests or in CI. */
const COMMANDS: Readonly<Record<string, string>> = {
  "npm ci": ".ci/run",
  "npm test": ".ci/run",
  "npm run demo": ".github/workflows/ci.yml",
  "npm run bench": ".github/workflows/ci.yml",
};

describe("commands", () => {
  it.each(["README.md", "README.ko.md", "CONTRIBUTING.md", ...globSync("docs/*.md")])("of %s are run", (page) => {
    const lines = blocksOf(readFileSync(page, "utf8"), "sh").flatMap((block) => block.text.split("\n"));
    for (const line of lines) {
      const runner = COMMANDS[line];
      expect(runner, `${page}: \`${line}\` is in no list of what is run`).toBeDefined();
      expect(readFileSync(runner ?? "", "utf8"), `${runner} does not run \`${line}\``).toContain(line);
    }
  });
});

interface ActionYaml {
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, { readonly required?: boolean } | null>>;
}

interface Step {
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

function actionYaml(action: string): ActionYaml {
  return parse(readFileSync(`actions/${action}/action.yml`, "utf8")) as ActionYaml;
}

/** What is called by a `uses:` of ours; `undefined` for anybody else's. */
function calledBy(uses: string): ActionYaml | undefined {
  const [, kind, name = ""] =
    /^OWNER\/eks-actions\/(actions|\.github\/workflows)\/([\w-]+)(?:\.yml)?@/.exec(uses) ?? [];
  if (kind === undefined) return undefined;
  if (kind === "actions") return actionYaml(name);
  const workflow = parse(readFileSync(`.github/workflows/${name}.yml`, "utf8")) as {
    on: { workflow_call: ActionYaml };
  };
  return workflow.on.workflow_call;
}

function contractFaults(text: string): readonly string[] {
  const root = parse(asWorkflow(text)) as {
    readonly jobs?: Readonly<Record<string, Step & { steps?: readonly Step[] }>>;
  };
  if (typeof root !== "object" || root === null || root.jobs === undefined) return [];
  const outputs = Object.entries(root.jobs).flatMap(([id, { uses = "" }]) => {
    const called = calledBy(uses);
    const read = [...text.matchAll(new RegExp(`needs\\.${id}\\.outputs\\.([\\w-]+)`, "g"))].map(
      ([, name = ""]) => name,
    );
    return called === undefined ? [] : read.filter((name) => !(name in (called.outputs ?? {})));
  });
  const inputs = Object.values(root.jobs)
    .flatMap((job) => [job, ...(job.steps ?? [])])
    .flatMap(({ uses = "", with: given = {} }) => {
      const called = calledBy(uses);
      if (called === undefined) return [];
      const required = Object.entries(called.inputs).filter(([, input]) => input?.required === true);
      return [
        ...Object.keys(given)
          .filter((name) => !(name in called.inputs))
          .map((name) => `${uses} has no input ${name}`),
        ...required.filter(([name]) => !(name in given)).map(([name]) => `${uses} needs ${name}`),
      ];
    });
  return [...inputs, ...outputs.map((name) => `no output ${name}`)];
}

/** GitHub's anchors of a page's headings. */
function anchorsOf(page: string): ReadonlySet<string> {
  const headings = readFileSync(page, "utf8").matchAll(/^#{1,6} (.+)$/gm);
  return new Set(
    [...headings].map(([, title = ""]) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(/\s/g, "-"),
    ),
  );
}

function examplesIn(page: string): readonly string[] {
  return [...readFileSync(page, "utf8").matchAll(/<!-- example ([\w-]+):start -->/g)]
    .map(([, name = ""]) => name)
    .sort();
}
