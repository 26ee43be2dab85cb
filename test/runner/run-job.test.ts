import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, vi } from "vitest";
import { createMachine, type JobOptions, type JobStep, runJob } from "./index.ts";

// Each test starts processes; a busy machine takes its time for them.
vi.setConfig({ testTimeout: 30_000 });

const fixtures = fileURLToPath(new URL("./fixtures", import.meta.url));
const probe = join(fixtures, "probe");
const stack = join(fixtures, "stack");

function js(script: string, more: Partial<JobStep> = {}): JobStep {
  return { uses: probe, ...more, with: { script, ...more.with } };
}

function job(steps: readonly JobStep[], options: JobOptions = {}) {
  return runJob(steps, { workflowTree: fixtures, trees: { "acme/actions@v1": fixtures }, ...options });
}

describe.concurrent("what one step hands to the next", () => {
  it("is environment, path, outputs by expression, and files", async () => {
    const result = await job([
      js(
        `append("GITHUB_ENV", "COLOUR=teal\\n"); append("GITHUB_PATH", env.RUNNER_TEMP + "/bin\\n");
          append("GITHUB_OUTPUT", "n=5\\n"); fs.mkdirSync(env.RUNNER_TEMP + "/bin");
          fs.writeFileSync(env.RUNNER_TEMP + "/bin/hello", "#!/bin/sh\\necho hello $1", { mode: 0o755 })`,
        { id: "one" },
      ),
      { run: 'hello "$COLOUR $N"', env: { N: "${{ steps.one.outputs.n }}-${{ env.COLOUR }}" } },
      js(`print(env.PATH.split(":")[0])`),
    ]);
    expect(result.outcome).toBe("success");
    expect(result.log).toContain("hello teal 5-teal");
    expect(result.log).toMatch(/\/temp\/bin$/m);
    expect(result.env).toMatchObject({ COLOUR: "teal" });
    expect(result.outputs["one"]).toEqual({ n: "5" });
  });

  it("is every mask, in logs and summaries of later steps and posts", async () => {
    const result = await job([
      js(`print("::add-mask::top-secret")`, { with: { "post-script": `print("in post top-secret")` } }),
      { run: `echo "later top-""secret"; echo "sum top-""secret" >> "$GITHUB_STEP_SUMMARY"` },
    ]);
    expect(result.log).toContain("later ***");
    expect(result.log).toContain("in post ***");
    expect(result.summary).toBe("sum ***\n");
  });

  it("is not what belongs to one step: its env, its files, its state", async () => {
    const result = await job([
      js(`append("GITHUB_STATE", "mine=1\\n")`, { env: { ONLY: "here" } }),
      js(`print(String(env.ONLY) + String(env.STATE_mine) + fs.readFileSync(env.GITHUB_STATE, "utf8"))`),
    ]);
    expect(result.log).toContain("undefinedundefined");
  });

  it("is not the machine's own environment, nor the id token's address: processes have them, no log shows them", async () => {
    const env = {
      ACTIONS_ID_TOKEN_REQUEST_URL: "http://127.0.0.1:1/x",
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "tok-123",
      MODE: "a",
    };
    const steps = [
      {
        run: 'echo "$AWS_ENDPOINT_URL $ACTIONS_ID_TOKEN_REQUEST_URL $ACTIONS_ID_TOKEN_REQUEST_TOKEN [${{ env.AWS_ENDPOINT_URL }}]"',
      },
    ];
    const result = await job(steps, { env, machineEnv: { AWS_ENDPOINT_URL: "http://127.0.0.1:2" } });
    const [head, body] = result.log.split("##[endgroup]\n");
    expect(head).toContain("env:\n  MODE: a");
    expect(head).not.toContain("http://");
    expect(body).toBe("http://127.0.0.1:2 http://127.0.0.1:1/x *** []");
  });

  it("cannot be a GITHUB_ variable, as the runner sets these itself", async () => {
    const result = await job([
      js(`append("GITHUB_ENV", "GITHUB_SHA=evil\\n")`),
      js("print('sha ' + env.GITHUB_SHA)", { env: { GITHUB_SHA: "worse" } }),
    ]);
    expect(result.log).toContain("sha 0123456789abcdef");
  });
});

describe.concurrent("conditions", () => {
  it("skip what follows a failure unless it asks for it", async () => {
    const result = await job([
      { id: "bad", run: "exit 4" },
      { id: "usual", run: "echo usual" },
      { id: "on-failure", if: "failure() && steps.bad.outcome == 'failure'", run: "echo caught" },
      { id: "always", if: "${{ always() }}", run: "echo finally" },
      { id: "never", if: "${{ always() && false }}", run: "echo no" },
    ]);
    expect(result.outcome).toBe("failure");
    expect(result.steps.map((step) => step.outcome)).toEqual(["failure", "skipped", "success", "success", "skipped"]);
    expect(result.log).toContain("##[error]Process completed with exit code 4.");
  });

  it("go on after an error that may be", async () => {
    const result = await job([
      { id: "bad", run: "exit 1", continueOnError: "${{ github.repository == 'acme/shop' }}" },
      { run: "echo outcome ${{ steps.bad.outcome }} conclusion ${{ steps.bad.conclusion }}" },
    ]);
    expect(result.outcome).toBe("success");
    expect(result.log).toContain("outcome failure conclusion success");
  });

  it("see the step's own variables, which are evaluated first", async () => {
    const result = await job([
      { id: "own", if: "env.MODE == 'on'", env: { MODE: "on" }, run: "echo wanted" },
      { id: "broken", if: "false", env: { X: "${{ fromJSON('') }}" }, run: "echo no" },
    ]);
    expect(result.steps.map((step) => step.outcome)).toEqual(["success", "failure"]);
  });

  it("let a step that asked for it run through a cancel, and end one that did not", async () => {
    const waiting = (more: Partial<JobStep>): JobStep => ({
      run: "echo waiting; sleep 0.3; echo done",
      cancelAt: /^waiting/,
      ...more,
    });
    const [through, cut] = await Promise.all([job([waiting({ if: "always()" })]), job([waiting({})])]);
    expect(through.steps[0]).toMatchObject({ outcome: "success", signalsSent: [] });
    expect(through.outcome).toBe("cancelled");
    expect(cut.steps[0]).toMatchObject({ outcome: "cancelled", signalsSent: ["SIGINT"] });
  });

  it("see inputs, needs, matrix, vars and secrets, secrets being masked", async () => {
    const result = await job(
      [
        {
          if: "inputs.deploy && matrix.region == 'eu' && contains(fromJSON(needs.plan.outputs.list), 'web')",
          run: "echo ${{ vars.NAME }} ${{ secrets.KEY }} ${{ secrets.NONE }}.",
        },
      ],
      {
        inputs: { deploy: true },
        matrix: { region: "eu" },
        needs: { plan: { outputs: { list: '["web","api"]' } } },
        vars: { NAME: "shop" },
        workflowSecrets: { KEY: "k-123456" },
      },
    );
    expect(result.log).toContain("\nshop *** .");
  });

  it("that cannot be read fail the step with the expression named", async () => {
    const result = await job([{ run: "echo ${{ nonsense.x }}" }]);
    expect(result.outcome).toBe("failure");
    expect(result.annotations[0]?.message).toContain("nonsense.x");
  });
});

describe.concurrent("posts", () => {
  it("run in reverse order with the state of their own main", async () => {
    const post = (name: string) =>
      js(`append("GITHUB_STATE", "who=${name}\\n")`, {
        name,
        with: { "post-script": `print("post of " + env.STATE_who)` },
      });
    const started: string[] = [];
    const onStep = (step: { name: string }) => started.push(step.name);
    const result = await job([post("a"), post("b")], { onStep });
    expect(started).toEqual(["a", "b", "Post b", "Post a"]);
    expect(result.posts.map((step) => step.log)).toEqual([
      "Post job cleanup.\npost of b",
      "Post job cleanup.\npost of a",
    ]);
    expect(result.posts.map((step) => step.name)).toEqual(["Post b", "Post a"]);
  });

  it("run for a main that failed, not for one that was skipped", async () => {
    const result = await job([
      js("process.exit(1)", { with: { "post-script": "print('cleanup')" } }),
      js("", { with: { "post-script": "print('never')" } }),
    ]);
    expect(result.posts.map((step) => step.log)).toEqual(["Post job cleanup.\ncleanup"]);
  });

  it("get their inputs anew, so that one can tell how the job ended, and may fail where their step may", async () => {
    const tell = js("", { with: { old: "${{ job.status }}", "post-script": "print('ended in ' + env.INPUT_OLD)" } });
    const excused = js("", { continueOnError: "true", with: { "post-script": "process.exit(1)" } });
    const [broken, fine] = await Promise.all([job([tell, { run: "false" }]), job([excused])]);
    expect(broken.posts[0]?.log).toContain("ended in failure");
    expect(fine.posts[0]).toMatchObject({ outcome: "failure", conclusion: "success" });
    expect(fine.outcome).toBe("success");
  });

  it("obey post-if", async () => {
    const fine = await job([{ uses: stack, with: { name: "x" } }]);
    expect(fine.posts).toEqual([]);
    const broken = await job([{ uses: stack, with: { name: "x" } }, { run: "false" }]);
    expect(broken.posts.map((step) => step.log)).toEqual(["Post job cleanup.\ncleaning up x"]);
  });

  it("run after a cancel, and steps that ask for it too", async () => {
    const result = await job([
      { uses: stack, with: { name: "x" } },
      js(`process.on("SIGINT", () => process.exit(0)); print("waiting"); await wait(60000)`, {
        cancelAt: /^waiting/,
        id: "cut",
      }),
      { run: "echo usual" },
      { if: "cancelled()", run: "echo tidy" },
    ]);
    expect(result.outcome).toBe("cancelled");
    expect(result.steps.map((step) => step.outcome)).toEqual(["success", "cancelled", "skipped", "success"]);
    expect(result.posts.map((step) => step.name)).toEqual([`Post ${probe}`, `Post ${stack}`]);
  });
});

describe.concurrent("uses", () => {
  it("finds an action in a tree by owner/repo/path@ref, in the workflow's repository and in the workspace", async () => {
    using machine = createMachine();
    mkdirSync(join(machine.workspace, "mine/dist"), { recursive: true });
    writeFileSync(join(machine.workspace, "mine/action.yml"), "name: m\nruns:\n  using: node24\n  main: dist/i.js\n");
    writeFileSync(join(machine.workspace, "mine/dist/i.js"), "console.log('mine', process.env.GITHUB_ACTION_PATH)");
    const result = await job(
      [
        { id: "a", uses: "acme/actions/stack@v1", with: { name: "tree" } },
        { id: "b", uses: "$/stack", with: { name: "own" } },
        { uses: "./mine" },
        { run: "echo ${{ steps.a.outputs.greeting }}, ${{ steps.b.outputs.greeting }}" },
      ],
      { machine },
    );
    expect(result.log).toContain("hello tree, hello own");
    expect(result.log).toContain(`mine ${machine.workspace}/mine`);
  });

  it.each([
    ["acme/actions/stack@v9", "unable to find version `v9` (known trees: acme/actions@v1)"],
    [
      "acme/actions/none@v1",
      "Can't find 'action.yml', 'action.yaml' or 'Dockerfile' for action 'acme/actions/none@v1'.",
    ],
    ["$/none", "Can't find 'action.yml'"],
    ["stack@v1", "Expected format {org}/{repo}[/path]@ref. Actual 'stack@v1'"],
  ])(
    "fails the job before its first step when %s cannot be had, even for a step that would be skipped",
    async (uses, message) => {
      const result = await job([{ run: "echo first" }, { uses, if: "false" }]);
      expect(result.outcome).toBe("failure");
      expect(result.steps.map((step) => step.name)).toEqual(["Set up job"]);
      expect(result.annotations.map((annotation) => annotation.message).join()).toContain(message);
      expect(result.log).not.toContain("first");
    },
  );

  it("looks for an action of the workspace only when its step comes, after the checkout", async () => {
    const result = await job([{ run: "echo first" }, { uses: "./none" }]);
    expect(result.steps.map((step) => step.outcome)).toEqual(["success", "failure"]);
    expect(result.annotations[0]?.message).toContain("Did you forget to run actions/checkout");
  });

  it("runs a composite action: inputs, own step results, outputs, exported variables, nested posts", async () => {
    const result = await job([
      { id: "c", uses: "$/composite", with: { who: "Ada" } },
      { run: 'echo "${{ steps.c.outputs.text }}; said $said"' },
      { run: "false" },
    ]);
    expect(result.log).toContain("hi Ada from hello Ada; said yes");
    expect(result.steps[0]?.steps.map((step) => step.id)).toEqual(["inner", "say"]);
    expect(result.posts.map((step) => step.log)).toEqual(["Post job cleanup.\ncleaning up Ada"]);
  });

  it("takes stand-ins for GitHub's own actions", async () => {
    const result = await job([{ id: "co", uses: "actions/checkout@v5", with: { ref: "${{ github.sha }}" } }], {
      builtIns: {
        "actions/checkout": (call) => ({ outputs: { commit: call.with["ref"] ?? "" }, lines: [`ref ${call.ref}`] }),
      },
    });
    expect(result.outputs["co"]?.["commit"]).toMatch(/^0123/);
    expect(result.log).toContain("ref v5");
  });
});

describe.concurrent("annotations", () => {
  it("are ten of a level for a composite action as a whole, and fifty for a job", async () => {
    using machine = createMachine();
    const twelve = 'for n in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "::error::e$n"; echo "::notice::n$n"; done';
    mkdirSync(join(machine.workspace, "loud"));
    const steps = [1, 2].map(() => `    - { shell: bash, run: ${JSON.stringify(twelve)} }`).join("\n");
    writeFileSync(
      join(machine.workspace, "loud/action.yml"),
      `name: loud\nruns:\n  using: composite\n  steps:\n${steps}\n`,
    );
    const result = await job([{ uses: "./loud" }, { run: twelve }, { run: twelve }], { machine });
    expect(result.steps.map((step) => step.annotations.length)).toEqual([20, 20, 20]);
    expect(result.annotations).toHaveLength(50);
  });
});

describe.concurrent("what a job hands on", () => {
  const outputs = {
    open: "${{ steps.s.outputs.open }}",
    empty: "${{ steps.s.outputs.none }}",
    key: "x ${{ steps.s.outputs.key }}",
  };
  const step = {
    id: "s",
    run: "echo '::add-mask::top-secret'; printf 'open=1\\nkey=top-secret\\n' >> \"$GITHUB_OUTPUT\"",
  };

  it("is neither empty nor secret, and a warning tells what was dropped", async () => {
    const environmentUrl = "https://example/${{ steps.s.outputs.key }}";
    const result = await job([step], { jobOutputs: outputs, environmentUrl });
    expect(result).toMatchObject({ outcome: "success", jobOutputs: { open: "1" }, environmentUrl: "" });
    expect(result.log).toContain("##[warning]Skip output 'key' since it may contain secret.");
    expect(result.annotations.map((annotation) => annotation.level)).toEqual(["warning", "warning"]);
  });

  it.each([
    ["cannot be evaluated", "${{ fromJSON('') }}", "Fail to evaluate job outputs"],
    ["is above 1 MB", "x".repeat(1024 * 1024 + 1), "Output 'a' is larger than 1 MB."],
  ])("fails the job when it %s", async (_, a, message) => {
    const result = await job([], { jobOutputs: { a } });
    expect(result.outcome).toBe("failure");
    expect(result.annotations[0]?.message).toBe(message);
  });
});

describe.concurrent("shell steps", () => {
  it("stop at the first error, and in pipes only with shell: bash", async () => {
    const loose = await job([{ run: "false | true\necho reached" }]);
    expect(loose.outcome).toBe("success");
    const strict = await job([{ shell: "bash", run: "false | true\necho reached" }]);
    expect(strict.outcome).toBe("failure");
    const first = await job([{ run: "false\necho reached" }]);
    expect(first.log.split("##[endgroup]")[1]).not.toContain("reached");
  });

  it("run in their working directory and fail in the runner's words when it is absent", async () => {
    const result = await job([
      { run: "mkdir -p a/b" },
      { run: "pwd", workingDirectory: "a/b" },
      { run: "pwd", workingDirectory: "c" },
    ]);
    expect(result.log).toMatch(/\/a\/b$/m);
    expect(result.annotations[0]?.message).toContain("An error occurred trying to start process 'bash'");
  });
});

it.concurrent("reports processes that outlive the job, after its posts", async () => {
  const result = await job([{ run: "sleep 300 > /dev/null 2>&1 &" }, { run: "echo next" }], {
    tolerate: ["LEFTOVERS"],
  });
  expect(result.findings.map((finding) => finding.code)).toEqual(["LEFTOVERS"]);
});

it.concurrent("reports files that stay in the system's temporary folder, which no one empties", async () => {
  const leave = js(`fs.writeFileSync(env.TMPDIR + "/stays", "x"); fs.writeFileSync(env.RUNNER_TEMP + "/goes", "x")`);
  await expect(job([leave])).rejects.toThrow(/LEFTOVERS: \S+\/tmp\/stays lies in the system's temporary folder/);
  const tidy = await job([
    js(leave.with?.["script"] ?? "", { with: { "post-script": `fs.rmSync(env.TMPDIR + "/stays")` } }),
  ]);
  expect(tidy.filesLeft.map((path) => path.split("/").at(-1))).toEqual(["goes"]);
});
