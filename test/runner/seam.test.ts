import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import * as core from "@actions/core";
import fc from "fast-check";
// @boundaries-ignore the bundler is a tool of the repository, as it is for .github/scripts/bundle.ts
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
// @boundaries-ignore the writer is no public API; this is where it meets the runner's grammar
import { heredoc, writeFileCommands } from "../../packages/action/src/files.ts";
import { parseCommand } from "./commands.ts";
import { createStepFiles, keyValuePairs, readStepFiles } from "./file-commands.ts";
import { createMachine, runJob, runStep, type StepOptions } from "./index.ts";
import { createMasks } from "./masks.ts";

// Each test starts processes; a busy machine takes its time for them.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const source = fileURLToPath(new URL("./fixtures/seam", import.meta.url));
const seam = mkdtempSync(join(tmpdir(), "seam-"));

// One file starts ten times as fast as the packages' sources, and most of these tests are starts.
beforeAll(async () => {
  const input = { main: join(source, "main.ts"), post: join(source, "post.ts") };
  const bundle = await rolldown({ input, platform: "node", resolve: { conditionNames: ["source", "import", "node"] } });
  await bundle.write({ dir: seam, format: "esm", entryFileNames: "[name].js" });
  await bundle.close();
  writeFileSync(join(seam, "package.json"), JSON.stringify({ type: "module" }));
  const declared = readFileSync(join(source, "action.yml"), "utf8");
  writeFileSync(join(seam, "action.yml"), declared.replaceAll(/(main|post)\.ts$/gm, "$1.js"));
});

afterAll(() => rmSync(seam, { recursive: true }));

function run(inputs: Readonly<Record<string, string>>, options: Partial<StepOptions> = {}) {
  return runStep({ action: seam, ...options, with: inputs });
}

/** The action without a runner around it, for what the runner never does. */
function start(inputs: Readonly<Record<string, string>>, folder: string, more: Readonly<Record<string, string>> = {}) {
  const env: Record<string, string> = { PATH: process.env["PATH"] ?? "", ...more };
  for (const [name, value] of Object.entries(inputs)) env[`INPUT_${name.toUpperCase()}`] = value;
  for (const name of ["GITHUB_STATE", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_ENV", "GITHUB_STEP_SUMMARY"]) {
    env[name] = join(folder, name);
  }
  const entry = join(seam, "main.js");
  return spawn(process.execPath, [entry], { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
}

// First, because its longest case waits five seconds beside the others.
describe.concurrent("a cancelled run", () => {
  it.each(["wait", "ignore"])(
    "has its report on disk within 7 s and its post runs: %s",
    async (what) => {
      const job = await runJob([{ uses: seam, with: { do: what }, cancelAt: /^waiting/ }]);
      const [main] = job.steps;
      // SIGTERM would have come after 7.5 s.
      expect(main).toMatchObject({ outcome: "cancelled", exitCode: 1, signal: null, signalsSent: ["SIGINT"], env: {} });
      expect(main?.summary).toBe("## ❌ seam: cancelled\n");
      expect(main?.outputs).toEqual({ result: "failed" });
      expect(job.posts[0]?.log).toBe("Post job cleanup.\npost sees begun=yes");
    },
    20_000,
  );

  it("is no bug for work that nobody waited for and that stops as told", async () => {
    const result = await run({ do: "forget" }, { cancelAt: /^waiting/ });
    expect(result.annotations.map((annotation) => annotation.title ?? "")).toEqual(["CANCELLED", ""]);
    expect(result.summary).toBe("## ❌ seam: cancelled\n");
  });

  it("has its report too when it hangs before anything was planned", async () => {
    const result = await run({ do: "hang-observe" }, { cancelAt: /^waiting/, env: { SEAM_GRACE_MS: "100" } });
    expect(result).toMatchObject({ outcome: "cancelled", exitCode: 1, signal: null, signalsSent: ["SIGINT"] });
    expect(result).toMatchObject({ outputs: { result: "failed" }, summary: "## ❌ seam: cancelled\n", state: {} });
  });

  it("has its report though SIGTERM and more come before its work has ended", async () => {
    const folder = mkdtempSync(join(tmpdir(), "seam-"));
    const child = start({ do: "ignore" }, folder, { SEAM_GRACE_MS: "1000" });
    child.stdout.on("data", async (chunk) => {
      if (!String(chunk).includes("waiting")) return;
      for (const signal of ["SIGINT", "SIGTERM", "SIGINT", "SIGTERM"] as const) {
        child.kill(signal);
        // Signals of one kind that come at once count as one.
        await setTimeout(150);
      }
    });
    expect(await once(child, "exit")).toEqual([1, null]);
    expect(readFileSync(join(folder, "GITHUB_STEP_SUMMARY"), "utf8")).toBe("## ❌ seam: cancelled\n");
    rmSync(folder, { recursive: true });
  });
});

const hostile = "x\n::set-output name=stolen::y\n::add-mask::seam\n##[error]forged\n::stop-commands::z";

describe.concurrent("hostile text", () => {
  it.each(["refuse", "print"])("in what the action says starts no command: %s", async (what) => {
    const result = await run({ do: what, text: hostile });
    expect(Object.keys(result.outputs)).toEqual(["result"]);
    expect(result.state).toEqual({ begun: "yes" });
    // Only the token with which the seam stops commands, which the runner masks itself.
    expect(result.masks).toEqual(what === "print" ? [expect.stringMatching(/^[0-9a-f-]{36}$/)] : []);
    expect(result.annotations.map((annotation) => annotation.message).join()).not.toBe("forged");
    expect(result.annotations).toHaveLength(what === "refuse" ? 1 : 0);
    expect(result.log).toMatch(what === "refuse" ? /INPUT_CONFLICT/ : /seam: done$/);
  });

  it("with a lone carriage return is refused, and the refusal starts no command either", async () => {
    const result = await run({ do: "print", text: "x\r::set-output name=stolen::y" });
    expect(result.annotations.map((annotation) => annotation.title)).toEqual(["INPUT_INVALID"]);
    expect(result.outputs).toEqual({ result: "failed" });
  });

  it("in an output is read back to the letter, delimiters and all", async () => {
    const value = "a<<ghadelimiter_x\nb=c\nghadelimiter_x\n\r\nEOF\n";
    const result = await run({ do: "output", text: `<${value}>` });
    expect(result.outputs["value"]).toBe(`<${value}>`);
    expect(result.env).toEqual({ SEAM: "ran" });
  });
});

describe.concurrent("what a failed run leaves", () => {
  it("is no variable, but the outputs that tell of it", async () => {
    const result = await run({ do: "refuse", text: "k8s/web.yaml" });
    expect(result).toMatchObject({ outcome: "failure", exitCode: 1, env: {}, outputs: { result: "failed" } });
    expect(result.annotations[0]).toMatchObject({ title: "INPUT_CONFLICT", file: "k8s/web.yaml", line: 3 });
  });

  it("shows no secret, not even one in the cause of a bug", async () => {
    const token = "first-half-of-it\nsecond-half-of-it";
    const result = await run({ do: "leak", token });
    expect(result.log.split("##[endgroup]").slice(1).join()).not.toContain("half-of-it");
    expect(result.log).toContain("INTERNAL");
  });

  it("is every fault of the inputs at once, and nothing done", async () => {
    using machine = createMachine();
    const result = await run({ mode: "sideways", to: "x" }, { machine });
    const titles = result.annotations.map((annotation) => annotation.title);
    expect(titles).toContain("INPUT_REQUIRED");
    expect(titles).toContain("INPUT_INVALID");
    expect(result.state).toEqual({});
  });
});

describe("the job summary", () => {
  it("of 3 MiB arrives below the limit, folded parts whole, and says what is missing", async () => {
    const result = await run({ do: "long-summary" });
    expect(Buffer.byteLength(result.summary)).toBeLessThan(1024 * 1024);
    expect(result.summary).toContain("Left out for size");
    expect(result.summary.split("<details>").length).toBe(result.summary.split("</details>").length);
    expect(result.findings).toEqual([]);
  });
});

describe.concurrent("a bug that nobody caught", () => {
  it.each([
    ["throw", "nobody caught RangeError: thrown in a timer", /RangeError: thrown in a timer\n +at /],
    ["reject", "nobody caught TypeError: rejected on the side", /TypeError: rejected on the side\n +at /],
    ["stall", "nobody caught Error: the run waits for something that can no longer come", /This is a bug/],
  ])("ends in a report as any other: %s", async (what, message, stack) => {
    const result = await run({ do: what }, { env: { SEAM_GRACE_MS: "200" } });
    expect(result).toMatchObject({ outcome: "failure", exitCode: 1, env: {} });
    expect(result.outputs["result"]).toBe("failed");
    // The fixture's summary of a cancelled run.
    expect(result.summary).toBe("");
    expect(result.annotations).toMatchObject([{ level: "error", title: "INTERNAL", message }]);
    expect(result.log).toMatch(stack);
  });
});

it.concurrent("goes on to its end when nobody reads its log any more", async () => {
  const folder = mkdtempSync(join(tmpdir(), "seam-"));
  const child = start({ do: "chatter" }, folder);
  child.stdout.once("data", () => child.stdout.destroy());
  const [exitCode] = await once(child, "exit");
  expect(exitCode).toBe(0);
  expect(readFileSync(join(folder, "GITHUB_STEP_SUMMARY"), "utf8")).toBe("## told\n");
  expect([...keyValuePairs(readFileSync(join(folder, "GITHUB_OUTPUT"), "utf8"))]).toEqual([["result", "done"]]);
  rmSync(folder, { recursive: true });
});

// The library's own `binary` unit takes seconds to set up.
const anyText = fc
  .array(fc.oneof(fc.nat(0x7f), fc.integer({ min: 0x80, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff })))
  .map((points) => String.fromCodePoint(...points));

describe("two writers, one grammar", () => {
  it("the seam's entries are read back as they were written", () => {
    const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,20}$/);
    const entry = fc.tuple(name, fc.string({ unit: fc.constantFrom("a", "=", "<", "\n", "\r", "<<EOF", "é") }));
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        const text = entries.map(([key, value]) => heredoc(key, value)).join("");
        expect([...keyValuePairs(text)]).toEqual(entries);
      }),
    );
  });

  it("whatever the seam hands over arrives, in each of the runner's files", () => {
    using machine = createMachine();
    const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,20}$/).filter((text) => !/^node_options$/i.test(text));
    const values = fc.dictionary(name, anyText, { noNullPrototype: true });
    const folders = fc.array(fc.stringMatching(/^\/[^\r\n]{1,20}$/));
    fc.assert(
      fc.property(values, values, values, folders, (outputs, state, env, path) => {
        const files = createStepFiles(machine.temp);
        const variables = {
          GITHUB_OUTPUT: files.output,
          GITHUB_STATE: files.state,
          GITHUB_ENV: files.env,
          GITHUB_PATH: files.path,
        };
        writeFileCommands(variables, { outputs, state, env, path });
        expect(readStepFiles(files, createMasks())).toEqual({ outputs, state, env, path, summary: "", errors: [] });
      }),
    );
  });

  it("the toolkit's commands are read back as they were given", () => {
    const write = process.stdout.write.bind(process.stdout);
    const issued = (annotate: () => void) => {
      let line = "";
      process.stdout.write = (chunk: string | Uint8Array) => {
        line += String(chunk);
        return true;
      };
      try {
        annotate();
      } finally {
        process.stdout.write = write;
      }
      return line.trimEnd();
    };
    const text = fc.string({
      unit: fc.constantFrom("a", ":", ",", "%", "=", "\n", "\r", "%0A", "::", "]"),
      minLength: 1,
    });
    fc.assert(
      fc.property(text, text, (message, title) => {
        const command = parseCommand(issued(() => core.error(message, { title, startLine: 7 })));
        expect(command).toEqual({ name: "error", properties: { title, line: "7" }, data: message });
      }),
    );
  });
});
