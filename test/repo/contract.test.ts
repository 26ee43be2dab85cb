import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { InputSpec } from "@eks-actions/action";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

interface ActionYaml {
  readonly name: string;
  readonly description: string;
  readonly inputs: Readonly<Record<string, { description?: string; required?: boolean; default?: string }>>;
  readonly outputs: Readonly<Record<string, { description?: string }>>;
  readonly runs: Readonly<Record<string, string>>;
}

const actions = readdirSync("actions");

async function contract(action: string) {
  const yaml = parse(readFileSync(`actions/${action}/action.yml`, "utf8")) as ActionYaml;
  const module = (await import(`../../actions/${action}/src/inputs.ts`)) as {
    inputs: { specs: Readonly<Record<string, InputSpec<unknown>>> };
  };
  return { yaml, specs: module.inputs.specs };
}

describe.each(actions)("actions/%s", (action) => {
  it("reads exactly the inputs that action.yml declares, in its order", async () => {
    const { yaml, specs } = await contract(action);
    expect(Object.keys(specs)).toEqual(Object.keys(yaml.inputs));
  });

  it("agrees with action.yml on what is required and on every default", async () => {
    const { yaml, specs } = await contract(action);
    const declared = Object.entries(yaml.inputs).map(([name, input]) => [
      name,
      input.required === true,
      String(input.default ?? ""),
    ]);
    const read = Object.entries(specs).map(([name, spec]) => [name, spec.required, spec.default ?? ""]);
    expect(read).toEqual(declared);
  });

  it("describes every input and output", async () => {
    const { yaml } = await contract(action);
    for (const [name, { description }] of [...Object.entries(yaml.inputs), ...Object.entries(yaml.outputs)]) {
      expect(description, name).toMatch(/\S{2,}/);
    }
  });

  it("accepts its own defaults", async () => {
    const { specs } = await contract(action);
    for (const [name, spec] of Object.entries(specs)) {
      if (spec.default === undefined || spec.default.includes("${{")) continue;
      expect(spec.parse(spec.default), name).not.toBeUndefined();
    }
  });

  it("names entries that the bundle has", async () => {
    const { yaml } = await contract(action);
    expect(yaml.runs["main"]).toBe("dist/index.js");
    const post = existsSync(`actions/${action}/src/post.ts`);
    expect(yaml.runs["post"]).toBe(post ? "dist/post/index.js" : undefined);
  });

  it("wires its ports in an index of at most 15 lines", () => {
    const lines = readFileSync(`actions/${action}/src/index.ts`, "utf8").trim().split("\n");
    expect(lines.length).toBeLessThanOrEqual(15);
  });

  it.each(["inputs", "observe", "plan", "apply", "report"])("has %s.ts, as all actions have", (file) => {
    expect(existsSync(`actions/${action}/src/${file}.ts`)).toBe(true);
  });
});
