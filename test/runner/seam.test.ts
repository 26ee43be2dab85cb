import { fileURLToPath } from "node:url";
import * as core from "@actions/core";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { heredoc } from "../../packages/action/src/index.ts";
import { parseCommand } from "./commands.ts";
import { keyValuePairs } from "./file-commands.ts";
import { createMachine, runJob, runStep, type StepOptions } from "./index.ts";

// Each test starts processes; a busy machine takes its time for them.
vi.setConfig({ testTimeout: 30_000 });

const seam = fileURLToPath(new URL("./fixtures/seam", import.meta.url));

function run(inputs: Readonly<Record<string, string>>, options: Partial<StepOptions> = {}) {
  return runStep({ action: seam, ...options, with: inputs });
}

const hostile = "x\n::set-output name=stolen::y\n::add-mask::seam\n##[error]forged\n::stop-commands::z";

describe("hostile text", () => {
  it.each(["refuse", "print"])("in what the action says starts no command: %s", async (what) => {
    const result = await run({ do: what, text: hostile });
    expect(Object.keys(result.outputs)).toEqual(["result"]);
    expect(result.state).toEqual({ begun: "yes" });
    expect(result.masks).toEqual([]);
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

describe("what a failed run leaves", () => {
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
});

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
