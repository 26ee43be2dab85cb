import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluateCondition } from "./condition.ts";

describe("evaluateCondition", () => {
  const table: readonly (readonly [string, boolean, boolean, boolean])[] = [
    // operator, fits, does not fit, key absent
    ["StringEquals", true, false, false],
    ["StringNotEquals", false, true, true],
    ["StringEqualsIgnoreCase", true, false, false],
    ["StringNotEqualsIgnoreCase", false, true, true],
    ["StringLike", true, false, false],
    ["StringNotLike", false, true, true],
    ["StringEqualsIfExists", true, false, true],
    ["StringNotEqualsIfExists", false, true, true],
    ["StringLikeIfExists", true, false, true],
    ["StringEqualsIgnoreCaseIfExists", true, false, true],
    ["ForAnyValue:StringEquals", true, false, false],
    ["ForAnyValue:StringLike", true, false, false],
    ["ForAnyValue:StringNotEquals", false, true, false],
    ["ForAllValues:StringEquals", true, false, true],
    ["ForAllValues:StringLike", true, false, true],
    ["ForAllValues:StringNotEquals", false, true, true],
    ["ForAllValues:StringEqualsIfExists", true, false, true],
    ["ForAnyValue:StringEqualsIfExists", true, false, true],
  ];

  it.each(table)("%s: %s when it fits, %s when not, %s when absent", (operator, fits, differs, absent) => {
    const condition = (value: string) => ({ operator, key: "k", values: [value] });
    expect(evaluateCondition(condition("prod"), "prod", true).truth).toBe(fits);
    expect(evaluateCondition(condition("dev"), "prod", true).truth).toBe(differs);
    expect(evaluateCondition(condition("prod"), undefined, true).truth).toBe(absent);
  });

  it.each([
    ["StringEquals", "Prod", false],
    ["StringLike", "Prod", false],
    ["StringEqualsIgnoreCase", "PROD", true],
    ["stringequals", "prod", true],
    ["StringLike", "p*", true],
    ["StringLike", "pr?d", true],
    ["StringLike", "*", true],
    ["StringLike", "?", false],
    ["StringEquals", "p*", false],
    ["StringLike", "p*d*x", false],
  ])("%s %s against prod: %s", (operator, value, expected) => {
    expect(evaluateCondition({ operator, key: "k", values: [value] }, "prod", true).truth).toBe(expected);
  });

  it("takes values as alternatives, and a negation as none of them", () => {
    const values = ["dev", "prod"];
    expect(evaluateCondition({ operator: "StringEquals", key: "k", values }, "prod", true).truth).toBe(true);
    expect(evaluateCondition({ operator: "StringNotEquals", key: "k", values }, "prod", true).truth).toBe(false);
  });

  it.each([
    [["true"], undefined, true],
    [["true"], "x", false],
    [["false"], "x", true],
    [["false"], undefined, false],
    [["maybe"], "x", "unknown"],
  ] as const)("Null %j with %s: %s", (values, presented, expected) => {
    expect(evaluateCondition({ operator: "Null", key: "k", values }, presented, true).truth).toBe(expected);
  });

  it.each(["ArnLike", "DateLessThan", "Bool", "NumericEquals", "StringEqualz"])(
    "does not guess about %s",
    (operator) => {
      expect(evaluateCondition({ operator, key: "k", values: ["x"] }, "x", true).truth).toBe("unknown");
    },
  );

  it("reads IAM's own escapes as signs, other variables as unknown, and nothing of it in old policies", () => {
    const at = (value: string, presented: string, hasVariables = true) =>
      evaluateCondition({ operator: "StringEquals", key: "k", values: [value] }, presented, hasVariables).truth;
    expect(at("a${$}{b}${*}${?}", "a${b}*?")).toBe(true);
    expect(at("${aws:username}", "x")).toBe("unknown");
    expect(at("${aws:username}", "${aws:username}", false)).toBe(true);
  });

  it("matches wildcards as a regular expression would, in linear time", () => {
    const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*", "?", "/"), maxLength: 12 });
    const text = fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 12 });
    fc.assert(
      fc.property(pattern, text, (like, value) => {
        const regex = new RegExp(`^${like.replace(/\*/g, "[^]*").replace(/\?/g, "[^]")}$`);
        expect(evaluateCondition({ operator: "StringLike", key: "k", values: [like] }, value, true).truth).toBe(
          regex.test(value),
        );
      }),
    );
    const hard = { operator: "StringLike", key: "k", values: [`${"a*".repeat(200)}b`] };
    expect(evaluateCondition(hard, "a".repeat(2000), true).truth).toBe(false);
  });
});
