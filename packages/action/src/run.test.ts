import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { virtualClock } from "@eks-actions/test/fakes/clock.ts";
import { recordingConsole } from "@eks-actions/test/fakes/log.ts";
import { describe, expect, it } from "vitest";
import type { Action, BasePorts, Story } from "./action.ts";
import { ActionError, collect } from "./error.ts";
import { errorAnnotations } from "./finish.ts";
import { oneOf, required, text } from "./input-kinds.ts";
import { defineInputs } from "./inputs.ts";
import { createLog } from "./log.ts";
import { runAction, runPost } from "./run.ts";

type Inputs = { readonly name: string; readonly mode: "apply" | "plan" };
type Toy = Action<Inputs, string, string[], string, BasePorts>;

const inputs = defineInputs({
  name: required(text()),
  mode: oneOf(["apply", "plan"], "apply"),
  token: text({ secret: true }),
});

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
  const { console, lines: log, annotations } = recordingConsole();
  const clock = virtualClock();
  const options = { env: { ...files, ...env }, log: createLog(console, clock), clock, signal, graceMs: 20 };
  const exitCode = await runAction(action, options);
  return { exitCode, log, annotations, read: (name: string) => readFileSync(files[name] ?? "", "utf8") };
}

const named = { INPUT_NAME: "web" };

describe("runAction", () => {
  it("reads, observes, plans, prints the plan, applies and writes everything once", async () => {
    const seen: string[] = [];
    const result = await run(toy({}, seen), named);
    expect(seen).toEqual(["ports", "observe", "plan", "apply"]);
    expect(result.log).toEqual(["::group::Plan", "create because web is absent", "::endgroup::", "created"]);
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

  it("reports a bug that apply made part of its outcome with its stack, and never as a success", async () => {
    const bug = new ActionError("INTERNAL", { message: "TypeError: x", cause: new TypeError("x") });
    const other = new ActionError("GITHUB_API", { message: "no", also: [bug] });
    const calm = toy({
      report: () => ({ exitCode: 0, lastLine: "done", summary: "", annotations: [], errors: [other, bug] }),
    });
    const result = await run(calm, named);
    expect(result.exitCode).toBe(1);
    expect(result.log.filter((line) => line.includes("TypeError: x"))).toHaveLength(1);
    expect(result.log.join("\n")).toMatch(/TypeError: x\n[\s\S]*run\.test\.ts/);
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

  it("goes no further when the cancel came while it observed", async () => {
    const cancel = new AbortController();
    const seen: string[] = [];
    const observe = async () => {
      cancel.abort(new Error("SIGINT"));
      return "all is well";
    };
    const result = await run(toy({ observe }, seen), named, cancel.signal);
    expect(seen).toEqual(["ports"]);
    expect(result.read("GITHUB_OUTPUT")).toContain("\nCANCELLED\n");
  });

  it.each(["ports", "observe", "apply"] as const)("reports a cancel though %s never ends", async (hanging) => {
    const cancel = new AbortController();
    const hang = () => {
      cancel.abort(new Error("SIGINT"));
      return new Promise<never>(() => undefined);
    };
    const result = await run(toy({ [hanging]: hang }), named, cancel.signal);
    expect(result.exitCode).toBe(1);
    expect(result.read("GITHUB_STEP_SUMMARY")).toBe("## CANCELLED\n");
    expect(result.read("GITHUB_OUTPUT")).toContain("\nCANCELLED\n");
    expect(result.read("GITHUB_ENV")).toBe("");
  });

  it("prints its end outside of the group that hanging work left open", async () => {
    const cancel = new AbortController();
    const apply: Toy["apply"] = (_plan, { log }) =>
      log.group("Apply", () => {
        log.info("web is being created");
        cancel.abort(new Error("SIGINT"));
        return new Promise<never>(() => undefined);
      });
    const { log } = await run(toy({ apply }), named, cancel.signal);
    expect(log.slice(-5)).toEqual([
      "::group::Apply",
      "web is being created",
      "::endgroup::",
      "CANCELLED: the run was cancelled",
      "→ run the workflow again",
    ]);
  });

  it("masks secrets before it says a word, even where other inputs are wrong", async () => {
    const { log } = await run(toy(), { INPUT_TOKEN: "one\ntwo", INPUT_ZONE: "x" });
    expect(log.slice(0, 3)).toEqual(["::add-mask::one\ntwo", "::add-mask::one", "::add-mask::two"]);
  });

  it.each([
    [10, 10, "fault 10"],
    [13, 14, "4 more of this kind are in the log of the step"],
  ])(
    "of %i faults prints %i annotations, the tenth being %s, as GitHub keeps no more",
    async (faults, printed, tenth) => {
      const errors = Array.from(
        { length: faults },
        (_, n) => new ActionError("INPUT_INVALID", { message: `fault ${n + 1}` }),
      );
      const readInputs = () => {
        throw collect(errors);
      };
      const { annotations } = await run(toy({ readInputs }), named);
      expect(annotations).toHaveLength(printed);
      expect(annotations[9]?.message).toBe(tenth);
      expect(annotations.at(-1)?.message).toBe(`fault ${faults}`);
    },
  );

  it("annotates files by their path in the workspace, wherever they were found", async () => {
    const place = async (file: string) => {
      const mistake = new ActionError("INPUT_INVALID", { message: "x", file, line: 3, column: 5 });
      const readInputs = () => {
        throw mistake;
      };
      return (await run(toy({ readInputs }), { ...named, GITHUB_WORKSPACE: "/ws/shop" })).annotations[0];
    };
    expect(await place("/ws/shop/k8s/web.yaml")).toMatchObject({ file: "k8s/web.yaml", line: 3, column: 5 });
    expect(await place("./k8s/web.yaml")).toMatchObject({ file: "k8s/web.yaml" });
    expect(await place("/tmp/rendered.yaml")).toMatchObject({ file: "/tmp/rendered.yaml" });
  });

  it("tells of runner files that cannot be written as of any failure, and takes back what apply left", async () => {
    const undone: string[] = [];
    const broken = { ...named, GITHUB_ENV: "/dev/null/x" };
    const result = await run(toy({ undo: (outcome) => undone.push(outcome) }), broken);
    expect(undone).toEqual(["created"]);
    expect(result.exitCode).toBe(1);
    expect(result.read("GITHUB_OUTPUT")).toContain("\nWRITE_FAILED\n");
    expect(result.read("GITHUB_STATE")).toBe("");
    expect(result.read("GITHUB_STEP_SUMMARY")).toBe("## WRITE_FAILED\n");
    expect(result.annotations.map((annotation) => annotation.title)).toEqual(["WRITE_FAILED"]);
  });

  it("still ends when taking back fails, and says so", async () => {
    const undo = () => {
      throw new Error("disk gone");
    };
    const result = await run(toy({ undo }), { ...named, GITHUB_ENV: "/dev/null/x" });
    expect(result.exitCode).toBe(1);
    expect(result.annotations.map((annotation) => annotation.message)).toContain("Error: disk gone");
  });

  it("keeps telling what apply did where nothing can be taken back", async () => {
    const result = await run(toy(), { ...named, GITHUB_ENV: "/dev/null/x" });
    expect(result.read("GITHUB_STEP_SUMMARY")).toBe("## created\n");
    expect(result.annotations.map((annotation) => annotation.title)).toEqual(["WRITE_FAILED"]);
  });

  it("prints the summary in the log, once warned, when there is no summary file", async () => {
    const result = await run(toy(), { ...named, GITHUB_STEP_SUMMARY: "" });
    expect(result.exitCode).toBe(0);
    expect(result.log).toContain("## created");
    expect(result.annotations.filter((annotation) => annotation.title === "SUMMARY_IN_LOG")).toHaveLength(1);
  });

  it("names the input that a misspelt one is closest to, and leaves the warning to the runner", async () => {
    const result = await run(toy(), { ...named, INPUT_ZONE: "x", INPUT_MODES: "plan" });
    expect(result.annotations).toEqual([]);
    expect(result.log[0]).toBe("input `modes` is unknown; did you mean `mode`?");
  });

  it("still reports when report itself has a bug, with the error that came before", async () => {
    const broken = toy({
      observe: () => Promise.reject(new ActionError("GITHUB_API", { message: "no answer" })),
      report: (_: Story<Inputs, string, string[], string>) => {
        throw new TypeError("in report");
      },
    });
    const result = await run(broken, named);
    expect(result.exitCode).toBe(1);
    expect(result.annotations).toMatchObject([
      { title: "GITHUB_API", message: "no answer" },
      { title: "INTERNAL", message: "TypeError: in report" },
    ]);
    expect(result.log.join("\n")).toMatch(/TypeError: in report\n +at /);
  });

  it("never ends a bug with 0, shows the stacks of its causes, and says where to report it", async () => {
    const bug = new Error("outer", { cause: new RangeError("inner") });
    const calm = toy({
      apply: () => Promise.reject(bug),
      report: () => ({ exitCode: 0, lastLine: "fine", summary: "", annotations: [], env: { TOY: "1" } }),
    });
    const where = { GITHUB_ACTION_REPOSITORY: "acme/eks-actions", GITHUB_ACTION_REF: "v1" };
    const result = await run(calm, { ...named, ...where });
    expect(result.exitCode).toBe(1);
    expect((await run({ ...calm, apply: async () => "" }, { ...named, GITHUB_ENV: "/dev/null/x" })).exitCode).toBe(1);
    expect(result.read("GITHUB_ENV")).toBe("");
    expect(result.log.join("\n")).toMatch(/Error: outer\n[\s\S]*caused by RangeError: inner\n/);
    expect(result.log).toContain("This is a bug in acme/eks-actions@v1. Please report it with the lines above:");
    expect(result.log).toContain("→ https://github.com/acme/eks-actions/issues/new");
  });
});

describe("runPost", () => {
  it("ends within its grace when it is cancelled and does not listen", async () => {
    const { console, annotations } = recordingConsole();
    const log = createLog(console);
    const cancel = new AbortController();
    const post = () => {
      cancel.abort(new Error("SIGINT"));
      return new Promise<never>(() => undefined);
    };
    expect(await runPost({ name: "toy", post }, { env: {}, log, signal: cancel.signal, graceMs: 20 })).toBe(0);
    expect(annotations).toMatchObject([{ level: "warning", title: "CANCELLED" }]);
  });

  it("hands over what main saved and never fails the job", async () => {
    const seen: unknown[] = [];
    const { console, annotations } = recordingConsole();
    const log = createLog(console);
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
