import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { virtualClock } from "@eks-actions/test/fakes/clock.ts";
import { describe, expect, it } from "vitest";
import { ActionError } from "./error.ts";
import { defineInputs, oneOf, required, text } from "./inputs.ts";
import { type Annotation, createLog } from "./log.ts";
import { type Action, type BasePorts, errorAnnotations, runAction, runPost, type Story } from "./run.ts";

type Inputs = { readonly name: string; readonly mode: "apply" | "plan" };
type Toy = Action<Inputs, string, string[], string, BasePorts>;

const inputs = defineInputs({ name: required(text()), mode: oneOf(["apply", "plan"], "apply") });

function toy(change: Partial<Toy> = {}, seen: string[] = []): Toy {
  return {
    name: "toy",
    inputs,
    readInputs: (raw) => inputs.read(raw),
    ports: (base) => {
      seen.push("ports");
      return base;
    },
    observe: async (given) => {
      seen.push("observe");
      return `${given.name} is absent`;
    },
    plan: (_, facts) => {
      seen.push("plan");
      return [`create because ${facts}`];
    },
    describe: (plan) => plan,
    isPlanOnly: (given) => given.mode === "plan",
    apply: async () => {
      seen.push("apply");
      return "created";
    },
    report: (story) => ({
      exitCode: story.error === undefined ? 0 : 1,
      lastLine: story.error?.describe() ?? story.outcome ?? "planned",
      summary: `## ${story.outcome ?? story.error?.code ?? "planned"}`,
      annotations: story.error === undefined ? [] : errorAnnotations(story.error),
      outputs: { result: story.outcome ?? story.error?.code ?? "planned" },
      env: { TOY: "1" },
      state: { undo: "toy" },
    }),
    ...change,
  };
}

async function run(action: Toy, env: Record<string, string> = {}, signal = new AbortController().signal) {
  const folder = mkdtempSync(join(tmpdir(), "run-"));
  const files: Record<string, string> = {};
  for (const name of ["GITHUB_STATE", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_ENV", "GITHUB_STEP_SUMMARY"]) {
    files[name] = join(folder, name);
    writeFileSync(join(folder, name), "");
  }
  const log: string[] = [];
  const annotations: Annotation[] = [];
  const sink = createLog(
    {
      line: (line) => log.push(line),
      startGroup: (title) => log.push(`▸ ${title}`),
      endGroup: () => undefined,
      annotate: (annotation) => annotations.push(annotation),
      mask: (secret) => log.push(`mask ${secret}`),
      debug: () => undefined,
      stopCommands: () => undefined,
      resumeCommands: () => undefined,
    },
    virtualClock(),
  );
  const exitCode = await runAction(action, { env: { ...files, ...env }, log: sink, clock: virtualClock(), signal });
  return { exitCode, log, annotations, read: (name: string) => readFileSync(files[name] ?? "", "utf8") };
}

const named = { INPUT_NAME: "web" };

describe("runAction", () => {
  it("reads, observes, plans, prints the plan, applies and writes everything once", async () => {
    const seen: string[] = [];
    const result = await run(toy({}, seen), named);
    expect(seen).toEqual(["ports", "observe", "plan", "apply"]);
    expect(result.log).toEqual(["▸ Plan", "create because web is absent", "created"]);
    expect(result.exitCode).toBe(0);
    expect(result.read("GITHUB_OUTPUT")).toContain("\ncreated\n");
    expect(result.read("GITHUB_ENV")).toContain("TOY<<");
    expect(result.read("GITHUB_STEP_SUMMARY")).toBe("## created\n");
  });

  it("stops after the plan in plan mode", async () => {
    const seen: string[] = [];
    const result = await run(toy({}, seen), { ...named, INPUT_MODE: "plan" });
    expect(seen).not.toContain("apply");
    expect(result.log.at(-1)).toBe("planned");
  });

  it("refuses bad input before it builds a port", async () => {
    const seen: string[] = [];
    const result = await run(toy({}, seen));
    expect(seen).toEqual([]);
    expect(result.exitCode).toBe(1);
    expect(result.annotations).toMatchObject([{ level: "error", title: "INPUT_REQUIRED" }]);
  });

  it("exports nothing when it failed, but still writes the outputs that say why", async () => {
    const failing = toy({ apply: () => Promise.reject(new ActionError("GITHUB_API", { message: "no" })) });
    const result = await run(failing, named);
    expect(result.exitCode).toBe(1);
    expect(result.read("GITHUB_ENV")).toBe("");
    expect(result.read("GITHUB_STATE")).toBe("");
    expect(result.read("GITHUB_OUTPUT")).toContain("\nGITHUB_API\n");
  });

  it("reports a bug with its stack and a user's mistake without one", async () => {
    const bug = await run(
      toy({ plan: () => null as unknown as string[], describe: (plan) => plan.map(String) }),
      named,
    );
    expect(bug.log.join("\n")).toMatch(/TypeError[\s\S]*run\.test\.ts/);
    expect(bug.log.join("\n")).toContain("This is a bug");
    const mistake = await run(
      toy({ observe: () => Promise.reject(new ActionError("INPUT_INVALID", { message: "x" })) }),
      named,
    );
    expect(mistake.log.join("\n")).not.toContain("run.ts");
  });

  it("turns a cancel in mid-apply into a written report", async () => {
    const cancel = new AbortController();
    const waiting = toy({
      apply: (_plan, _ports, signal) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
          cancel.abort(new Error("SIGINT"));
        }),
    });
    const result = await run(waiting, named, cancel.signal);
    expect(result.exitCode).toBe(1);
    expect(result.read("GITHUB_STEP_SUMMARY")).toBe("## CANCELLED\n");
  });

  it("takes back what apply left when the runner's files cannot be written", async () => {
    const undone: string[] = [];
    const result = await run(toy({ undo: (outcome) => undone.push(outcome) }), { ...named, GITHUB_ENV: "/dev/null/x" });
    expect(undone).toEqual(["created"]);
    expect(result.exitCode).toBe(1);
    expect(result.read("GITHUB_OUTPUT")).toBe("");
    expect(result.annotations.map((annotation) => annotation.title)).toContain("WRITE_FAILED");
  });

  it("prints the summary in the log, once warned, when there is no summary file", async () => {
    const result = await run(toy(), { ...named, GITHUB_STEP_SUMMARY: "" });
    expect(result.exitCode).toBe(0);
    expect(result.log).toContain("## created");
    expect(result.annotations.filter((annotation) => annotation.title === "SUMMARY_IN_LOG")).toHaveLength(1);
  });

  it("warns of an input name that is one edit away", async () => {
    const result = await run(toy(), { ...named, INPUT_NMAE: "x", INPUT_MODES: "plan" });
    expect(result.annotations).toMatchObject([
      { level: "warning", message: "input `modes` is unknown; did you mean `mode`?" },
    ]);
  });

  it("still reports when report itself has a bug", async () => {
    const broken = toy({
      report: (_: Story<Inputs, string, string[], string>) => {
        throw new TypeError("in report");
      },
    });
    const result = await run(broken, named);
    expect(result.exitCode).toBe(1);
    expect(result.annotations).toMatchObject([{ title: "INTERNAL", message: "TypeError: in report" }]);
  });
});

describe("runPost", () => {
  it("hands over what main saved and never fails the job", async () => {
    const seen: unknown[] = [];
    const annotations: Annotation[] = [];
    const log = createLog({
      line: () => undefined,
      startGroup: () => undefined,
      endGroup: () => undefined,
      annotate: (annotation) => annotations.push(annotation),
      mask: () => undefined,
      debug: () => undefined,
      stopCommands: () => undefined,
      resumeCommands: () => undefined,
    });
    const post = {
      name: "toy",
      post: async (state: Readonly<Record<string, string>>) => {
        seen.push(state);
        throw new ActionError("GITHUB_API", { message: "no answer" });
      },
    };
    const signal = new AbortController().signal;
    expect(await runPost(post, { env: { STATE_undo: "toy", OTHER: "x" }, log, signal })).toBe(0);
    expect(seen).toEqual([{ undo: "toy" }]);
    expect(annotations).toMatchObject([{ level: "warning", title: "GITHUB_API", message: "post: no answer" }]);
  });
});
