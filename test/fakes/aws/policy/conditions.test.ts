import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { conditionsHold, isOperator, matchesPattern, requestContext } from "./conditions.ts";
import { parsePolicy } from "./document.ts";

function holds(condition: object, keys: Record<string, string | string[]>): boolean {
  const text = JSON.stringify({ Statement: [{ Effect: "Allow", Action: "*", Resource: "*", Condition: condition }] });
  const [statement] = parsePolicy(text) ?? [];
  if (statement === undefined) throw new Error("no statement");
  return conditionsHold(statement, requestContext(keys));
}

describe("conditions", () => {
  it.each([
    ["values OR", { StringEquals: { "a:k": ["x", "y"] } }, { "a:k": "y" }, true],
    ["keys AND", { StringEquals: { "a:k": "x", "a:l": "y" } }, { "a:k": "x", "a:l": "z" }, false],
    ["operators AND", { StringEquals: { "a:k": "x" }, Null: { "a:l": "true" } }, { "a:k": "x" }, true],
    ["negated values NOR", { StringNotEquals: { "a:k": ["x", "y"] } }, { "a:k": "y" }, false],
    ["ForAllValues over a subset", { "ForAllValues:StringEquals": { "a:k": ["x", "y"] } }, { "a:k": ["x"] }, true],
    [
      "ForAllValues over a stranger",
      { "ForAllValues:StringEquals": { "a:k": ["x", "y"] } },
      { "a:k": ["x", "z"] },
      false,
    ],
    ["ForAnyValue on an absent key", { "ForAnyValue:StringLike": { "a:k": "*" } }, {}, false],
    ["ForAnyValue with IfExists", { "ForAnyValue:StringLikeIfExists": { "a:k": "x" } }, {}, true],
    ["a literal star", { StringLike: { "a:k": "a${*}b" } }, { "a:k": "a*b" }, true],
    ["a literal star against anything", { StringLike: { "a:k": "a${*}b" } }, { "a:k": "axb" }, false],
    ["a literal dollar in StringEquals", { StringEquals: { "a:k": "${$}{x}" } }, { "a:k": "${x}" }, true],
    ["a star in StringEquals", { StringEquals: { "a:k": "a*" } }, { "a:k": "ab" }, false],
    ["a policy variable", { StringEquals: { "a:k": "${aws:user}" } }, { "a:k": "me", "aws:user": "me" }, true],
    ["an absent policy variable", { StringLike: { "a:k": "${aws:user}*" } }, { "a:k": "me" }, false],
    ["Bool", { Bool: { "a:k": "TRUE" } }, { "a:k": "true" }, true],
    ["a number", { NumericLessThanEquals: { "a:k": "3600" } }, { "a:k": "900" }, true],
    ["an unknown operator", { StringEqual: { "a:k": "x" } }, { "a:k": "x" }, false],
  ])("judge %s", (_name, condition, keys, expected) => {
    expect(holds(condition, keys)).toBe(expected);
  });

  it("know operators with prefix and suffix", () => {
    expect(["StringLikeIfExists", "ForAnyValue:ArnLike", "Null"].every(isOperator)).toBe(true);
    expect(["StringMatches", "ForSomeValues:StringEquals"].some(isOperator)).toBe(false);
  });
});

describe("patterns", () => {
  it("without wildcards match exactly themselves", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (pattern, text) => {
        fc.pre(!/[*?$]/.test(pattern));
        expect(matchesPattern(pattern, text)).toBe(pattern === text);
        expect(matchesPattern(pattern, pattern)).toBe(true);
      }),
    );
  });

  it("with stars match whatever lies between", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (before, between, after) => {
        fc.pre(!/[*?$]/.test(before + after));
        expect(matchesPattern(`${before}*${after}`, before + between + after)).toBe(true);
      }),
    );
  });
});
