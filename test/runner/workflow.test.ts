import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type JobIdentityRequest, runWorkflow, type WorkflowOptions } from "./index.ts";
import { expandMatrix } from "./matrix.ts";

// Each test starts processes; a busy machine takes its time for them.
vi.setConfig({ testTimeout: 30_000 });

const fixtures = fileURLToPath(new URL("./fixtures", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "workflow-"));
const source = join(folder, "source");
let commits: readonly string[] = [];

beforeAll(() => {
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
      cwd: source,
      encoding: "utf8",
    });
  execFileSync("git", ["init", "--quiet", "--initial-branch=main", source]);
  for (const name of ["one", "two", "three"]) {
    writeFileSync(join(source, name), name);
    git("add", "--all");
    git("commit", "--quiet", "--message", name);
  }
  commits = git("log", "--format=%H").trim().split("\n");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function called(options: Partial<WorkflowOptions> = {}) {
  return runWorkflow({
    file: join(fixtures, "workflows/called.yml"),
    workflowTree: fixtures,
    checkoutFrom: source,
    inputs: { who: "Ada" },
    ...options,
    github: { sha: commits[0], ...options.github },
  });
}

function written(text: string): string {
  const file = join(folder, `${text.length}-${Math.random()}.yml`);
  writeFileSync(file, text);
  return file;
}

describe("a reusable workflow", () => {
  it("is told with the lane in which GitHub would queue it", async () => {
    const jobs = "jobs: {}\n";
    const named = written(`on: push\nconcurrency: deploy-\${{ github.ref_name }}\n${jobs}`);
    const lane = (file: string) => runWorkflow({ file, github: { ref_name: "main" } });
    expect((await lane(named)).concurrency).toEqual({
      group: "deploy-main",
      cancelInProgress: false,
      queue: "single",
    });
    const mapped = written(
      `on: push\nconcurrency:\n  group: x\n  cancel-in-progress: \${{ github.ref_name == 'main' }}\n  queue: max\n${jobs}`,
    );
    expect((await lane(mapped)).concurrency).toEqual({ group: "x", cancelInProgress: true, queue: "max" });
    expect((await lane(written(`on: push\n${jobs}`))).concurrency).toBeUndefined();
  });

  it("runs its jobs in order, with checkout, artifacts, outputs, environment and secrets", async () => {
    const result = await called({ workflowSecrets: { key: "k-987654" } });
    expect(result.outcome).toBe("success");
    expect(Object.entries(result.jobs).map(([id, job]) => `${id} ${job.result}`)).toEqual([
      "greet success",
      "after success",
      "never skipped",
      "beyond skipped",
    ]);
    expect(result.outputs).toEqual({ text: "hi Ada from hello Ada" });
    expect(result.jobs["greet"]?.environment).toEqual({
      name: "env-Ada",
      url: "https://hi Ada from hello Ada.example",
    });
    expect(result.log).toContain(commits[1]);
    expect(result.log).toContain(
      "./out.txt\n./reports/a.json\n./reports/deep/b.json\n. ***\nneeds success hi Ada from hello Ada []",
    );
  });

  it("checks out exactly as deep as asked, and a named ref", async () => {
    const file = written(`on: push
jobs:
  a:
    runs-on: x
    steps:
      - uses: actions/checkout@v6
      - run: git log --format=%s
      - uses: actions/checkout@v6
        with: { ref: "${commits[2]}", path: old }
      - run: ls old
`);
    const result = await called({ file, inputs: {} });
    const [, depth, , listing] = result.jobs["a"]?.runs[0]?.steps ?? [];
    expect(depth?.log.split("##[endgroup]\n")[1]).toBe("three");
    expect(listing?.log.split("##[endgroup]\n")[1]).toBe("one");
  });

  it("asks for each job's identity with its permissions and environment", async () => {
    const asked: JobIdentityRequest[] = [];
    const result = await called({
      identity: (job) => {
        asked.push(job);
        return { env: { WHO: job.id }, github: { token: `token-of-${job.id}` } };
      },
      calledAs: "acme/flows/workflows/called.yml@v1",
    });
    expect(result.outcome).toBe("success");
    expect(asked).toEqual([
      {
        id: "greet",
        permissions: { contents: "read" },
        environment: "env-Ada",
        jobWorkflowRef: "acme/flows/workflows/called.yml@v1",
      },
      { id: "after", permissions: {}, environment: undefined, jobWorkflowRef: "acme/flows/workflows/called.yml@v1" },
    ]);
  });

  it("tells its jobs by which workflow they are defined", async () => {
    const step = "- run: echo ${{ job.workflow_ref }} in ${{ github.workflow_ref }}";
    const file = written(`on: workflow_call\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      ${step}\n`);
    const calledAs = "acme/flows/workflows/called.yml@v1";
    const { log } = await called({ file, inputs: {}, calledAs });
    expect(log.split("##[endgroup]\n")[1]).toBe(`${calledAs} in acme/shop/.github/workflows/ci.yml@refs/heads/main`);
  });

  it.each([
    [{}, "Input who is required"],
    [{ who: "x", more: 1 }, "Invalid input, more is not defined"],
    [{ who: "x", loud: "yes" }, "Unexpected value 'yes' of input loud, which is a boolean"],
  ])("refuses wrong inputs: %j", async (inputs, message) => {
    await expect(called({ inputs })).rejects.toThrow(message);
  });

  it("that asks for more than its caller grants does not start", async () => {
    await expect(called({ callerPermissions: {} })).rejects.toThrow(
      "The nested job 'greet' is requesting 'contents: read', but is only allowed 'contents: none'.",
    );
  });

  it.each([
    [
      "a job that would be skipped asks for more",
      "if: false\n    permissions: { contents: write }",
      "'contents: write'",
    ],
    ["a secret is not declared", "secrets: { other: x }", "Invalid secret, other is not defined"],
  ])("is not called when %s: no job of the caller runs", async (_, fields, message) => {
    const file = written(`on: push
permissions: { contents: read }
jobs:
  first: { runs-on: x, steps: [{ run: "echo first" }] }
  call:
    needs: first
    uses: acme/flows/workflows/called.yml@v1
    with: { who: Ada }
    ${fields}
`);
    const lines: string[] = [];
    const onLine = (line: string) => lines.push(line);
    const trees = { "acme/flows@v1": fixtures };
    await expect(called({ file, inputs: {}, trees, onLine, callerPermissions: { contents: "read" } })).rejects.toThrow(
      message,
    );
    expect(lines).toEqual([]);
  });

  it("is not called when it is none, nor without a secret that it requires", async () => {
    const job = "jobs:\n  a: { runs-on: x, steps: [{ run: 'true' }] }\n";
    const plain = written(`on: push\n${job}`);
    const strict = written(`on:\n  workflow_call:\n    secrets:\n      key: { required: true }\n${job}`);
    const caller = (path: string) => written(`on: push\njobs:\n  c: { uses: "./${path.slice(folder.length + 1)}" }\n`);
    const run = (path: string) => called({ file: caller(path), workflowTree: folder, inputs: {} });
    await expect(run(plain)).rejects.toThrow("is not reusable as it is missing a `on.workflow_call` trigger");
    await expect(run(strict)).rejects.toThrow("Secret key is required, but not provided while calling");
  });

  it("is called by another one at a ref, with matrix, needs and secrets", async () => {
    const result = await called({
      file: join(fixtures, "workflows/caller.yml"),
      inputs: {},
      trees: { "acme/flows@v1": fixtures },
      workflowSecrets: { KEY: "k-987654" },
    });
    expect(result.outcome).toBe("success");
    expect(result.jobs["fan"]?.runs).toHaveLength(3);
    expect(result.log).toMatch(/^eu small true$[\s\S]*^us small $[\s\S]*^ap tiny $/m);
    expect(result.jobs["call"]?.outputs).toEqual({ text: "hi Ada from hello Ada" });
    expect(result.log).toContain("! ***");
  });
});

describe("jobs", () => {
  it("skip what needs a failed one, unless it says otherwise", async () => {
    const file = written(`on: push
jobs:
  bad: { runs-on: x, steps: [{ run: "exit 1" }] }
  usual: { runs-on: x, needs: bad, steps: [{ run: "echo usual" }] }
  rescue: { runs-on: x, needs: usual, if: "failure() || always()", steps: [{ run: "echo \${{ needs.usual.result }}" }] }
`);
    const result = await called({ file, inputs: {} });
    expect(result.outcome).toBe("failure");
    expect(Object.values(result.jobs).map((job) => job.result)).toEqual(["failure", "skipped", "success"]);
    expect(result.log).toContain("\nskipped");
  });

  it("with if: failure() run for a failed ancestor, not for a skipped one", async () => {
    const file = written(`on: push
jobs:
  off: { runs-on: x, if: "false", steps: [{ run: "echo off" }] }
  calm: { runs-on: x, needs: off, if: "failure()", steps: [{ run: "echo calm" }] }
  bad: { runs-on: x, steps: [{ run: "exit 1" }] }
  usual: { runs-on: x, needs: bad, steps: [{ run: "echo usual" }] }
  rescue: { runs-on: x, needs: usual, if: "failure()", steps: [{ run: "echo rescue" }] }
`);
    const { jobs } = await called({ file, inputs: {} });
    expect(Object.values(jobs).map((job) => job.result)).toEqual([
      "skipped",
      "skipped",
      "failure",
      "skipped",
      "success",
    ]);
  });

  it.each([
    ["", 3],
    ["max-parallel: 1", 1],
    ["max-parallel: 2", 2],
    ["max-parallel: 1, fail-fast: false", 3],
  ])("of a matrix are not started any more after a failure, unless they may: %s", async (strategy, started) => {
    const file = written(`on: push
jobs:
  a:
    runs-on: x
    strategy: { matrix: { n: [1, 2, 3] }, ${strategy} }
    outputs: { last: "\${{ steps.s.outputs.last }}" }
    steps:
      - id: s
        run: test "\${{ matrix.n }}" = 3 || { echo "last=\${{ matrix.n }}" >> "$GITHUB_OUTPUT"; exit 1; }
`);
    const { jobs } = await called({ file, inputs: {} });
    expect(jobs["a"]).toMatchObject({ result: "failure", outputs: { last: String(Math.min(started, 2)) } });
    expect(jobs["a"]?.runs).toHaveLength(started);
  });

  it("of an empty matrix fail, as GitHub has no job to run", async () => {
    const matrix = "${{ fromJSON('{\"n\":[]}') }}";
    const file = written(
      `on: push\njobs:\n  a: { runs-on: x, strategy: { matrix: "${matrix.replaceAll('"', '\\"')}" }, steps: [{ run: "true" }] }\n`,
    );
    const result = await called({ file, inputs: {} });
    expect(result.outcome).toBe("failure");
    expect(result.log).toContain("Matrix vector 'n' does not contain any values");
  });

  it("lose outputs that hold a secret", async () => {
    const file = written(`on: push
jobs:
  a:
    runs-on: x
    outputs: { open: "\${{ steps.s.outputs.open }}", key: "\${{ steps.s.outputs.key }}" }
    steps:
      - id: s
        run: |
          echo "::add-mask::top-secret"
          printf 'open=1\\nkey=top-secret\\n' >> "$GITHUB_OUTPUT"
`);
    const result = await called({ file, inputs: {} });
    expect(result.jobs["a"]?.outputs).toEqual({ open: "1" });
  });

  it("keep an artifact's folders below what was searched, and leave hidden files behind", async () => {
    const file = written(`on: push
jobs:
  a:
    runs-on: x
    steps:
      - run: mkdir -p .out/deep/.cache && touch .out/deep/a .out/deep/.b .out/deep/.cache/c
      - { uses: actions/upload-artifact@v7, with: { name: folder, path: .out/deep } }
      - { uses: actions/upload-artifact@v7, with: { name: below, path: ".out/**/a" , include-hidden-files: true } }
      - { uses: actions/upload-artifact@v7, with: { name: named, path: .out/deep/a } }
      - { uses: actions/upload-artifact@v7, with: { name: all, path: .out, include-hidden-files: true } }
      - { uses: actions/upload-artifact@v7, with: { name: none, path: .out } }
      - { uses: actions/upload-artifact@v7, with: { name: "a/b", path: .out/deep/a } }
`);
    const result = await called({ file, inputs: {} });
    expect([...result.artifacts].map(([name, files]) => `${name}: ${[...files.keys()].sort().join(" ")}`)).toEqual([
      "folder: a",
      "below: deep/a",
      "named: a",
      "all: deep/.b deep/.cache/c deep/a",
    ]);
    expect(result.log).toContain("No files were found with the provided path: .out.");
    expect(result.log).toContain('The artifact name is not valid: a/b. Contains the following character: "/"');
  });

  it("fail on an artifact that is not there, and on one uploaded twice", async () => {
    const file = written(`on: push
jobs:
  a:
    runs-on: x
    steps:
      - uses: actions/download-artifact@v8
        with: { name: none }
      - if: always()
        run: echo x > f
      - { if: always(), uses: actions/upload-artifact@v7, with: { name: n, path: f } }
      - { if: always(), uses: actions/upload-artifact@v7, with: { name: n, path: f } }
`);
    const result = await called({ file, inputs: {} });
    expect(result.log).toContain("##[error]Unable to download artifact(s): Artifact not found for name: none");
    expect(result.log).toContain("an artifact with this name already exists on the workflow run: n");
  });
});

describe("workflow files", () => {
  it("that GitHub's parser refuses are refused with line and column", async () => {
    const file = written("on: push\njobs:\n  a:\n    runs-on: x\n    stepz: []\n");
    await expect(called({ file })).rejects.toThrow(/Invalid workflow file[\s\S]*\(Line: 5, Col: 5\).*stepz/);
  });

  it.each(["ci", "deploy", "cost"])("of this repository can be read: %s.yml", async (name) => {
    const { readWorkflowFile } = await import("./workflow-file.ts");
    const file = fileURLToPath(new URL(`../../.github/workflows/${name}.yml`, import.meta.url));
    expect((await readWorkflowFile(file, `${name}.yml`)).jobs.length).toBeGreaterThan(0);
  });
});

describe("a matrix", () => {
  it.each([
    [undefined, [{}]],
    [
      { a: [1, 2], b: ["x"] },
      [
        { a: 1, b: "x" },
        { a: 2, b: "x" },
      ],
    ],
    [{ a: [1, 2], exclude: [{ a: 1 }] }, [{ a: 2 }]],
    [{ a: [1], include: [{ a: 1, c: 3 }, { a: 9 }] }, [{ a: 1, c: 3 }, { a: 9 }]],
    [{ include: [{ z: 1 }] }, [{ z: 1 }]],
    ["${{ fromJSON('{\"a\":[5]}') }}", [{ a: 5 }]],
  ])("%j", (matrix, combinations) => {
    expect(expandMatrix(matrix, {})).toEqual(combinations);
  });

  it("of more than 256 combinations is refused", () => {
    const axis = Array.from({ length: 17 }, (_, n) => n);
    expect(() => expandMatrix({ a: axis, b: axis }, {})).toThrow("more than 256 jobs");
  });
});
