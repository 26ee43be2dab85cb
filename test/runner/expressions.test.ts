import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { evaluateToJson, fillTemplate, isWanted } from "./expressions.ts";
import { createMachine } from "./machine.ts";

const contexts = {
  github: { ref: "refs/heads/main", event: { pull_request: { labels: [{ name: "a" }, { name: "b" }] } } },
  inputs: { loud: true, count: 3, empty: "" },
  steps: { "my-step": { outputs: { text: "it's }} here" } } },
  env: {},
};

describe("a template", () => {
  it.each([
    ["plain text", "plain text"],
    ["${{ github.ref }}", "refs/heads/main"],
    ["<${{ inputs.loud }}|${{ inputs.count }}|${{ inputs.none }}|${{ inputs.empty }}>", "<true|3||>"],
    ["${{ format('}} {0}', inputs.count) }}!", "} 3!"],
    ["${{ steps.my-step.outputs.text }}", "it's }} here"],
    ["${{ steps['my-step'].outputs.text != '' && 'yes' || 'no' }}", "yes"],
    ["${{ join(github.event.pull_request.labels.*.name, ',') }}", "a,b"],
    ["${{ GITHUB.REF == 'REFS/HEADS/MAIN' }}", "true"],
    ["${{ toJSON(inputs.count) }}", "3"],
  ])("%s", (text, filled) => {
    expect(fillTemplate(text, contexts)).toBe(filled);
  });

  it("without its end, or with an unknown name, is an error that shows it", () => {
    expect(() => fillTemplate("a ${{ github.ref", contexts)).toThrow(
      'an expression in "a ${{ github.ref" has no closing }}',
    );
    expect(() => fillTemplate("${{ jobz.x }}", contexts)).toThrow("${{ jobz.x }}: ");
    expect(() => fillTemplate("${{ nofunc() }}", contexts)).toThrow("${{ nofunc() }}: ");
  });

  it("alone keeps its type", () => {
    expect(evaluateToJson("${{ fromJSON('[1,{\"a\":null}]') }}", contexts)).toEqual([1, { a: null }]);
    expect(evaluateToJson(" ${{ inputs.loud }} ", contexts)).toBe(true);
    expect(evaluateToJson("x${{ inputs.loud }}", contexts)).toBe("xtrue");
  });

  it("hashes files of the workspace, and nothing where there are none", () => {
    using machine = createMachine();
    writeFileSync(join(machine.workspace, "a.lock"), "1");
    const own = { ...contexts, github: { workspace: machine.workspace } };
    expect(fillTemplate("${{ hashFiles('*.lock') }}", own)).toMatch(/^[0-9a-f]{64}$/);
    expect(fillTemplate("${{ hashFiles('*.none') }}", own)).toBe("");
  });
});

describe("a condition", () => {
  const fine = { failed: false, cancelled: false };
  const failed = { failed: true, cancelled: false };
  const cancelled = { failed: false, cancelled: true };
  it.each([
    [undefined, [true, false, false]],
    ["", [true, false, false]],
    ["inputs.loud", [true, false, false]],
    ["${{ inputs.loud }}", [true, false, false]],
    ["inputs.empty", [false, false, false]],
    ["always()", [true, true, true]],
    ["failure()", [false, true, false]],
    ["cancelled()", [false, false, true]],
    ["!cancelled()", [true, true, false]],
    ["${{ !cancelled() && inputs.loud }}", [true, true, false]],
    ["success() || failure()", [true, true, false]],
    // A text around the expression makes it a text, which is always true: the classic mistake, kept as it is.
    ["${{ inputs.empty }} == 'x'", [true, false, false]],
  ])("%s", (condition, wanted) => {
    expect([fine, failed, cancelled].map((status) => isWanted(condition, contexts, status))).toEqual(wanted);
  });
});
