import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, vi } from "vitest";
import { createMachine, runStep, type StepOptions } from "./index.ts";

// Each test starts processes; a busy machine takes its time for them.
vi.setConfig({ testTimeout: 30_000 });

const probe = fileURLToPath(new URL("./fixtures/probe", import.meta.url));

function run(script: string, options: Partial<StepOptions> = {}) {
  return runStep({ action: probe, ...options, with: { script, ...options.with } });
}

/** What the step itself printed. */
function printed(result: { log: string }): string {
  return result.log.slice(result.log.indexOf("##[endgroup]\n") + 13);
}

const shortGrace = { sigintMs: 300, sigtermMs: 100 };

describe.concurrent("what the process gets", () => {
  it("is a clean environment, no stdin, and the workspace as its folder", async () => {
    process.env["SOMETHING_OF_MINE"] = "1";
    const result = await run(`print(JSON.stringify({ env, cwd: process.cwd(), stdin: fs.readFileSync(0, "utf8") }))`);
    const line = result.log.split("\n").find((text) => text.startsWith("{"));
    const seen = JSON.parse(line ?? "") as { env: Record<string, string>; cwd: string; stdin: string };
    expect(seen.env["SOMETHING_OF_MINE"]).toBeUndefined();
    expect(seen.env["NODE_OPTIONS"]).toBeUndefined();
    expect(seen.env["VITEST"]).toBeUndefined();
    expect(seen.env["PATH"]).not.toContain("node_modules");
    expect(seen.env["GITHUB_WORKSPACE"]).toBe(seen.cwd);
    expect(seen.env).toMatchObject({ CI: "true", GITHUB_ACTIONS: "true", GITHUB_REPOSITORY: "acme/shop" });
    expect(seen.stdin).toBe("");
  });

  it("is the repository's Node 24", async () => {
    const result = await run("print(process.version)");
    expect(result.log).toMatch(/^v24\./m);
  });

  it("is each input by its upper-case name with hyphens kept, defaults evaluated, absent ones empty", async () => {
    const result = await run(
      `print([env["INPUT_WHERE"], env["INPUT_PLAIN_INPUT"], env["INPUT_NOTHING"] === "", env["INPUT_POST-SCRIPT"] === ""].join("|"))`,
    );
    expect(result.log).toMatch(/^acme\/shop@Linux\|7\|true\|true$/m);
  });

  it("can tell a called workflow from the run's own by the job context alone, as on GitHub", async () => {
    const script = `print([env["GITHUB_WORKFLOW_REF"], env["INPUT_DEFINED-BY"]].join(" "))`;
    const own = "acme/shop/.github/workflows/ci.yml@refs/heads/main";
    expect(printed(await run(script))).toBe(`${own} ${own} .github/workflows/ci.yml `);
    const jobWorkflowRef = "acme/flows/.github/workflows/deploy.yml@v1";
    const called = await run(script, { jobWorkflowRef });
    expect(printed(called)).toBe(`${own} ${jobWorkflowRef} .github/workflows/deploy.yml `);
  });

  it("keeps undeclared inputs and warns of them and of deprecated ones", async () => {
    const result = await run(`print("got " + env["INPUT_ROLE-TO-ASUME"])`, {
      with: { "role-to-asume": "x", old: "y" },
    });
    expect(result.log).toContain("got x");
    const messages = result.annotations.map((annotation) => annotation.message);
    expect(messages).toContain("Input 'old' has been deprecated with message: use where");
    expect(messages.find((text) => text.startsWith("Unexpected input(s) 'role-to-asume'"))).toContain("'plain input'");
  });

  it("is the event as a file, and GITHUB_ variables of a stand-in as part of the context", async () => {
    const result = await run(
      `print(fs.readFileSync(env.GITHUB_EVENT_PATH, "utf8")); print(env.GITHUB_API_URL); print(env["INPUT_WHERE"])`,
      {
        github: { event_name: "pull_request", event: { number: 7 } },
        env: { GITHUB_API_URL: "http://127.0.0.1:1/", GITHUB_REPOSITORY: "other/repo", MORE: "yes" },
      },
    );
    expect(result.log).toContain(`"number": 7`);
    expect(result.log).toContain("http://127.0.0.1:1/");
    expect(result.log).toContain("other/repo@");
  });
});

it.concurrent("can run twice at once on one machine without sharing a file", async () => {
  using machine = createMachine();
  const one = (value: string) =>
    run(`for (let n = 0; n < 50; n++) { append("GITHUB_OUTPUT", "v${value}" + n + "=${value}\\n"); await wait(1); }`, {
      machine,
    });
  const [a, b] = await Promise.all([one("a"), one("b")]);
  expect(new Set(Object.values(a.outputs))).toEqual(new Set(["a"]));
  expect(Object.keys(a.outputs)).toHaveLength(50);
  expect(Object.keys(b.outputs)).toHaveLength(50);
});

describe.concurrent("file commands", () => {
  it("hand over outputs, environment, path and state in both forms", async () => {
    const result = await run(`
      append("GITHUB_OUTPUT", "plain=a=b<<c\\nmany<<END\\none\\r\\n\\ntwo\\nEND\\nempty<<E\\nE\\n");
      append("GITHUB_ENV", "REGION=eu-west-1\\n");
      append("GITHUB_PATH", "/opt/a\\n\\n/opt/b\\n");
      append("GITHUB_STATE", "id=1\\n");
    `);
    expect(result.outcome).toBe("success");
    expect(result.outputs).toEqual({ plain: "a=b<<c", many: "one\r\n\ntwo", empty: "" });
    expect(result.env).toEqual({ REGION: "eu-west-1" });
    expect(result.path).toEqual(["/opt/a", "/opt/b"]);
    expect(result.state).toEqual({ id: "1" });
  });

  it.each([
    [
      "GITHUB_ENV",
      "NODE_OPTIONS=--require x\n",
      "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.",
    ],
    ["GITHUB_ENV", "node_options=x\n", "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command."],
    ["GITHUB_OUTPUT", "a<<END\nx\n", "Invalid value. Matching delimiter not found 'END'"],
    ["GITHUB_OUTPUT", "a<<END\nx", "Invalid value. EOF marker missing new line."],
    ["GITHUB_OUTPUT", "a<<\nx\n", "Invalid format 'a<<'. Name must not be empty and delimiter must not be empty"],
    [
      "GITHUB_STATE",
      "<<END\nx\nEND\n",
      "Invalid format '<<END'. Name must not be empty and delimiter must not be empty",
    ],
    ["GITHUB_OUTPUT", "=x\n", "Invalid format '=x'. Name must not be empty"],
    ["GITHUB_OUTPUT", "no separator\n", "Invalid format 'no separator'"],
  ])("fail the step in the runner's words: %s %j", async (variable, text, message) => {
    const result = await run(`append(${JSON.stringify(variable)}, ${JSON.stringify(`ok=1\n${text}`)})`);
    expect(result.exitCode).toBe(0);
    expect(result.outcome).toBe("failure");
    const file = variable.slice(7).toLowerCase();
    expect(result.annotations.map((annotation) => annotation.message)).toEqual([
      `Unable to process file command '${file}' successfully.`,
      message,
    ]);
    expect(result.env["NODE_OPTIONS"]).toBeUndefined();
    expect(result.findings[0]?.code).toBe("RUNNER_FILE_COMMAND_INVALID");
  });

  it("take a summary up to 1 MiB, masked line by line", async () => {
    const result = await run(`
      print("::add-mask::hunter2");
      append("GITHUB_STEP_SUMMARY", "## ok\\nthe word is hunter2\\n" + "x".repeat(1024 * 1024 - 30) + "\\n");
    `);
    expect(result.summary.startsWith("## ok\nthe word is ***\n")).toBe(true);
    expect(result.annotations).toEqual([]);
  });

  it("upload nothing of a summary over 1 MiB, with an error", async () => {
    const result = await run(`append("GITHUB_STEP_SUMMARY", "x".repeat(1024 * 1024 + 1))`);
    expect(result.summary).toBe("");
    expect(result.log).toContain(
      "##[error]$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k",
    );
    expect(result.findings[0]?.code).toBe("RUNNER_SUMMARY_TOO_LARGE");
  });
});

describe.concurrent("workflow commands", () => {
  it("become annotations with their properties unescaped and the file relative to the workspace", async () => {
    const result = await run(`
      print("  ::error file=" + process.cwd() + "/k8s/web.yaml,line=12,col=3,endLine=14,title=A%2C B%3A 100%25::first%0Asecond %2525");
      print("::warning::careful");
      print("##[notice]older form%3B");
      console.error("::notice title=from stderr::also read");
    `);
    expect(result.annotations).toEqual([
      {
        level: "error",
        message: "first\nsecond %25",
        title: "A, B: 100%",
        file: "k8s/web.yaml",
        line: 12,
        column: 3,
        endLine: 14,
      },
      { level: "warning", message: "careful" },
      { level: "notice", message: "older form;" },
      { level: "notice", message: "also read", title: "from stderr" },
    ]);
    expect(result.log).toContain("##[error]first\nsecond %25\n##[warning]careful");
  });

  it("keep ten annotations of a level, as GitHub does, but all of them in the log", async () => {
    const result = await run(`for (let n = 1; n <= 12; n++) print("::error::fault " + n); print("::warning::w")`);
    expect(result.annotations).toHaveLength(11);
    expect(result.log).toContain("##[error]fault 12");
  });

  it("are cut at 4,096 characters, in the log too", async () => {
    const result = await run(`print("::error::" + "x".repeat(5000) + "the end")`);
    expect(result.annotations[0]?.message).toBe("x".repeat(4096));
    expect(printed(result)).toBe(`##[error]${"x".repeat(4096)}`);
  });

  it("fold groups, hide debug lines unless debugging, and leave unknown commands as text", async () => {
    const script = `print("::group::Plan"); print("::debug::inner"); print("::endgroup::"); print("::unknown::x")`;
    const quiet = await run(script);
    expect(quiet.log).toMatch(/##\[group\]Plan\n##\[endgroup\]\n::unknown::x$/);
    const loud = await run(`${script}; print("debug is " + env.RUNNER_DEBUG)`, { debug: true });
    expect(loud.log).toContain("##[debug]inner");
    expect(loud.log).toContain("debug is 1");
  });

  it("mask every line of a secret of several lines, and its encodings", async () => {
    const result = await run(`
      print("::add-mask::first-line%0Asecond-line");
      print("one first-line"); print("two second-line");
      print(Buffer.from("second-line").toString("base64"));
      print(Buffer.from("x:second-line").toString("base64"));
      print("::error::second-line");
      console.error("first-line");
    `);
    expect(result.masks).toContain("first-line\nsecond-line");
    expect(printed(result)).not.toMatch(/first-line|second-line|c2Vjb25k/);
    expect(printed(result)).toMatch(/^\*\*\*\n\S+\*\*\*$/m);
    expect(result.log).toContain("one ***\ntwo ***");
    expect(result.annotations[0]?.message).toBe("***");
  });

  it("warn of an empty mask and leave the log readable", async () => {
    const result = await run(`print("::add-mask::"); print("plain")`);
    expect(result.log).toContain("Can't add secret mask for empty string in ##[add-mask] command.\nplain");
  });

  it("are text between stop-commands and its resume token", async () => {
    const result = await run(`
      print("::stop-commands::tok-1");
      print("::set-output name=a::b"); print("::add-mask::harmless"); print("##[error]x"); print("harmless stays");
      print("::tok-1::");
      print("::notice::on again");
    `);
    expect(result.outputs).toEqual({});
    expect(result.log).toContain("::set-output name=a::b\n::add-mask::harmless\n##[error]x\nharmless stays");
    expect(result.masks).toEqual([]);
    expect(result.annotations).toEqual([{ level: "notice", message: "on again" }]);
  });

  it("hide a resume token of more than six characters, so that the text it guards against cannot repeat it", async () => {
    const result = await run(`print("::stop-commands::tok-1234"); print("x tok-1234"); print("::tok-1234::")`);
    expect(printed(result)).toBe("::stop-commands::***\nx ***\n::***::");
  });

  it.each(["", "pause-logging", "error"])("refuse the resume token %j", async (token) => {
    const result = await run(`print("::stop-commands::${token}"); print("::notice::still on")`);
    expect(result.outcome).toBe("failure");
    expect(result.annotations.map((annotation) => annotation.level)).toEqual(["error", "error", "notice"]);
  });

  it("are read behind a lone carriage return, as the runner's line reader does", async () => {
    const result = await run(`process.stdout.write("progress\\r::notice::hidden\\r\\nend\\n")`);
    expect(result.annotations).toEqual([{ level: "notice", message: "hidden" }]);
  });

  it("refuse set-env and add-path, and still take set-output and save-state with a warning", async () => {
    const refused = await run(`print("::set-env name=A::b"); print("::add-path::/x")`);
    expect(refused.outcome).toBe("failure");
    expect(refused.log).toContain("The `set-env` command is disabled.");
    expect(refused.env).toEqual({});
    const old = await run(
      `print("::set-output name=a::1%0A2"); print("::save-state name=s::3"); print("::set-output::x")`,
    );
    expect(old.outputs).toEqual({ a: "1\n2" });
    expect(old.state).toEqual({ s: "3" });
    expect(old.outcome).toBe("failure");
    expect(old.log).toContain("Required field 'name' is missing in ##[set-output] command.");
  });

  it("are echoed between echo on and echo off, secrets not", async () => {
    const result = await run(`
      print("::echo::on"); print("::add-mask::s3cret"); print("::save-state name=a::b"); print("::echo::off");
      print("::save-state name=c::d"); print("::echo::maybe");
    `);
    expect(result.log).toContain("::add-mask::***");
    expect(printed(result)).toContain("::save-state name=a::b");
    expect(printed(result)).not.toContain("::save-state name=c::d");
    expect(result.log).toContain("Invalid echo command value.");
  });

  it("reach the live callback line by line, masked", async () => {
    const lines: string[] = [];
    await run(`print("::add-mask::s3cret"); print("a s3cret")`, { onLine: (line) => lines.push(line) });
    expect(lines.at(-1)).toBe("a ***");
  });
});

describe.concurrent("the end of a step", () => {
  it("is a failure for any other exit code", async () => {
    const result = await run("process.exit(3)");
    expect(result).toMatchObject({ outcome: "failure", exitCode: 3, signal: null });
  });

  it("comes after SIGINT when the step listens, and post still gets its state", async () => {
    const result = await run(
      `process.on("SIGINT", () => { append("GITHUB_STATE", "cut=yes\\n"); append("GITHUB_STEP_SUMMARY", "cut\\n"); process.exit(1); });
       print("waiting"); await wait(60000)`,
      { cancelAt: /^waiting/ },
    );
    expect(result).toMatchObject({
      outcome: "cancelled",
      exitCode: 1,
      signalsSent: ["SIGINT"],
      state: { cut: "yes" },
      summary: "cut\n",
    });
    expect(result.log).toContain("##[error]The operation was canceled.");
  });

  it("comes by SIGTERM when SIGINT is ignored", async () => {
    const result = await run(`process.on("SIGINT", () => print("no")); print("waiting"); await wait(60000)`, {
      cancelAt: /^waiting/,
      grace: { sigintMs: 300, sigtermMs: 10_000 },
    });
    expect(result).toMatchObject({ outcome: "cancelled", exitCode: null, signal: "SIGTERM" });
  });

  it("is told to the test when the step had to be killed", async () => {
    const script = `process.on("SIGINT", () => 0); process.on("SIGTERM", () => 0); print("waiting"); await wait(60000)`;
    await expect(run(script, { cancelAt: /^waiting/, grace: shortGrace })).rejects.toThrow(
      /RUNNER_CANCEL_IGNORED: process \d+ outlived SIGINT and SIGTERM/,
    );
  });

  it("is a failure after the step's time limit", async () => {
    const result = await run("await wait(60000)", { timeoutMs: 200, grace: shortGrace });
    expect(result.outcome).toBe("failure");
    expect(result.log).toContain("##[error]The action 'Probe' has timed out after 1 minutes.");
  });

  it("runs post with the state of main and says so", async () => {
    const result = await run("", {
      stage: "post",
      state: { id: "42" },
      with: { "post-script": `print("id " + env.STATE_id)` },
    });
    expect(result.log).toBe("Post job cleanup.\nid 42");
  });

  it("names the missing bundle and the command that makes it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "action-"));
    writeFileSync(join(folder, "action.yml"), "name: x\nruns:\n  using: node24\n  main: dist/index.js\n");
    await expect(runStep({ action: folder })).rejects.toThrow(/RUNNER_ENTRY_MISSING: .*dist\/index.js.*npm run bundle/);
    mkdirSync(join(folder, "dist"));
    writeFileSync(join(folder, "action.yml"), "name: x\nruns:\n  using: node20\n  main: dist/index.js\n");
    await expect(runStep({ action: folder })).rejects.toThrow("node20");
  });
});

// On its own, as the timers of the whole process stand still here.
it("sends SIGTERM 7.5 s after SIGINT, and SIGKILL 2.5 s after that, to the millisecond", async () => {
  const heard = { SIGINT: Promise.withResolvers(), SIGTERM: Promise.withResolvers() };
  const script = `for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => print(signal)); print("waiting"); await wait(60000)`;
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const onLine = (line: string) => {
      if (line === "SIGINT" || line === "SIGTERM") heard[line].resolve(undefined);
    };
    const running = run(script, { cancelAt: /^waiting/, onLine, tolerate: ["RUNNER_CANCEL_IGNORED"] });
    await heard.SIGINT.promise;
    vi.advanceTimersByTime(7_499);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(1);
    await heard.SIGTERM.promise;
    vi.advanceTimersByTime(2_499);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(1);
    const result = await running;
    expect(result).toMatchObject({ outcome: "cancelled", signal: "SIGKILL" });
    expect(result.signalsSent).toEqual(["SIGINT", "SIGTERM", "SIGKILL"]);
    expect(result.findings[0]?.message).toContain("last line: SIGTERM");
  } finally {
    vi.useRealTimers();
  }
});
