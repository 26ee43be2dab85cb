import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createMachine, runStep } from "../../runner/index.ts";

const TREE = process.env["ACTIONS_TREE"] ?? ".";

describe("an input that the action does not have", () => {
  it.each([
    ["auth", "role-to-asume", "role-to-assume"],
    ["bootstrap", "confg", "config"],
    ["rollout", "manifest", "manifests"],
    ["cost-diff", "manifest", "manifests"],
  ])("of %s is warned of once, by the runner; the action adds which one was meant", async (name, misspelt, meant) => {
    using machine = createMachine();
    const result = await runStep({
      action: join(TREE, "actions", name),
      machine,
      with: { [misspelt]: "::error::planted", "wholly-unknown": "x" },
    });
    expect(result.outcome).toBe("failure");
    const warnings = result.annotations.filter(({ level }) => level === "warning");
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining(`Unexpected input(s) '${misspelt}', 'wholly-unknown', valid inputs are [`),
    ]);
    expect(result.log.match(/did you mean/g)).toHaveLength(1);
    expect(result.log).toContain(`input \`${misspelt}\` is unknown; did you mean \`${meant}\`?`);
    const errors = result.annotations.filter(({ level }) => level === "error");
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.map(({ title }) => title?.replace(/_.*/, ""))).toEqual(errors.map(() => "INPUT"));
    expect([result.env, result.state]).toEqual([{}, {}]);
  });
});
