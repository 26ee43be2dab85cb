import { execFileSync } from "node:child_process";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { shellWord } from "./shell-word.ts";

it("is one word to a shell, and exactly this text", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0")),
      (text) => {
        expect(execFileSync("sh", ["-c", `printf %s ${shellWord(text)}`], { encoding: "utf8" })).toBe(text);
      },
    ),
    { numRuns: 30 },
  );
});

it("leaves names of AWS as they are", () => {
  expect(shellWord("arn:aws:iam::111122223333:role/team/x+y=z,@w")).toBe(
    "arn:aws:iam::111122223333:role/team/x+y=z,@w",
  );
  expect(shellWord("/a;$(rm)/")).toBe("'/a;$(rm)/'");
});
