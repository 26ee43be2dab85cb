import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ActionError } from "./error.ts";
import { duration, flag, integer, list, oneOf, parsed, required, text, withDefault } from "./input-kinds.ts";
import { defineInputs, rawInputs } from "./inputs.ts";

const table = defineInputs(
  {
    "role-to-assume": required(text({ pattern: /^arn:/, accepted: "an IAM role ARN" })),
    mode: oneOf(["apply", "plan"], "apply"),
    timeout: duration("10m", { min: "1s", max: "6h" }),
    "dry-run": flag(false),
    count: integer({ min: 1, max: 20 }, 3),
    items: list(),
    token: text({ secret: true, default: "${{ github.token }}" }),
    name: withDefault("web", text()),
  },
  { renamed: { role: "role-to-assume" } },
);

function faults(raw: Record<string, string>): string[] {
  try {
    table.read(raw);
    return [];
  } catch (error) {
    if (!(error instanceof ActionError)) throw error;
    return error.all().map((fault) => fault.describe());
  }
}

// The library's own `binary` unit takes seconds to set up.
const anyText = fc
  .array(fc.oneof(fc.nat(0x7f), fc.integer({ min: 0x80, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff })))
  .map((points) => String.fromCodePoint(...points));

describe("defineInputs", () => {
  it("gives typed values under camelCase names, with defaults", () => {
    expect(table.read({ "role-to-assume": " arn:aws:iam::1:role/x " })).toEqual({
      roleToAssume: "arn:aws:iam::1:role/x",
      mode: "apply",
      timeout: 600_000,
      dryRun: false,
      count: 3,
      items: [],
      token: undefined,
      name: "web",
    });
  });

  it("reports all faults of one run together", () => {
    expect(faults({ mode: "aply", timeout: "soon", count: "0" })).toEqual([
      "INPUT_REQUIRED: input `role-to-assume` is required\n→ add to the step:\n  with:\n    role-to-assume: …  # an IAM role ARN",
      "INPUT_INVALID: input `mode`: `aply` is not accepted (did you mean `apply`?)\n→ write one of `apply`, `plan`",
      "INPUT_INVALID: input `timeout`: `soon` is not accepted\n→ write a duration like `90s`, `10m` or `1h30m`, at least 1s, at most 6h",
      "INPUT_INVALID: input `count`: `0` is not accepted\n→ write a whole number from 1 to 20",
    ]);
  });

  it("names old and new name of a renamed input", () => {
    expect(faults({ role: "x", "role-to-assume": "arn:x" })).toEqual([
      "INPUT_RENAMED: `role` was renamed\n→ write `role-to-assume` in place of `role`",
    ]);
  });

  it("never repeats a secret value, not even one it refuses", () => {
    expect(faults({ "role-to-assume": "arn:x", token: "s3cr3t\u0007" })[0]).not.toContain("s3cr3t");
    const parse = (value: string) => {
      throw new Error(`${value} is too short`);
    };
    const { read } = defineInputs({ key: parsed({ secret: true, empty: "", parse }) });
    expect(() => read({ key: "s3cr3t" })).toThrow(/^input `key`: \(not shown\) is not accepted$/);
  });

  it("refuses control characters by position and prints them escaped", () => {
    expect(faults({ "role-to-assume": "arn:\u0000::set-output name=x::y" })[0]).toContain(
      "`arn:\\x00::set-output name=x::y` holds a control character at position 5",
    );
  });

  it("warns of a name that is one edit away from a known one", () => {
    expect(table.nearMisses({ "role-to-asume": "x", zone: "y" })).toEqual([["role-to-asume", "role-to-assume"]]);
  });

  it.each(["role_to_assume", "roletoassume", "role-ot-assume"])("knows what %s was meant to be", (name) => {
    expect(table.nearMisses({ [name]: "x" })).toEqual([[name, "role-to-assume"]]);
  });

  it("warns neither of declared nor of renamed names, nor of those no one can have meant", () => {
    const declared = Object.fromEntries(Object.keys(table.specs).map((name) => [name, "x"]));
    expect(table.nearMisses({ ...declared, role: "x", constructor: "x", "": "x" })).toEqual([]);
  });

  it.each([
    ["true", true],
    ["True", true],
    ["FALSE", false],
  ])("reads the boolean %s as the toolkit does", (given, value) => {
    expect(table.read({ "role-to-assume": "arn:x", "dry-run": given }).dryRun).toBe(value);
  });

  it.each(["yes", "1", "tRUE", "on"])("refuses %s as a boolean", (given) => {
    expect(faults({ "role-to-assume": "arn:x", "dry-run": given })).toHaveLength(1);
  });

  it("splits lists by newline and comma and drops empty items", () => {
    expect(table.read({ "role-to-assume": "arn:x", items: "a, b\n\nc,," }).items).toEqual(["a", "b", "c"]);
  });

  it("gives a value or INPUT_ errors for any text, and never a message with a line that looks like a command", () => {
    fc.assert(
      fc.property(anyText, fc.string(), (mode, count) => {
        for (const fault of faults({ "role-to-assume": "arn:x", mode, count })) {
          expect(fault).toMatch(/^INPUT_(INVALID|REQUIRED)/);
          expect(fault.split(/[\r\n]/).some((line) => line.trimStart().startsWith("::"))).toBe(false);
        }
      }),
    );
  });
});

describe("rawInputs", () => {
  it("keeps hyphens and lowers the case, as the runner raised it", () => {
    expect(rawInputs({ "INPUT_ROLE-TO-ASSUME": "x", PATH: "/bin" })).toEqual({ "role-to-assume": "x" });
  });
});
