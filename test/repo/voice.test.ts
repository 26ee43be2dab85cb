import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isOutcome, logFaults, markdownFaults } from "./voice-rules.ts";

const goldens = globSync("{actions/*/src/**,test/journeys/**}/golden/*.md").sort();
/** Parts that stand in the middle of a summary. */
const isPart = (file: string) => file.includes("/explain/");

describe.each(goldens)("%s", (file) => {
  const text = readFileSync(file, "utf8");

  it("speaks with the suite's one voice", () => {
    expect(markdownFaults(text)).toEqual([]);
  });

  if (isPart(file)) return;
  it("begins with a title that has a symbol, and ends with the footer", () => {
    const lines = text.trim().split("\n");
    const title = lines.find((line) => line.startsWith("#")) ?? "";
    expect(title).toMatch(/^## /);
    expect(isOutcome(title.slice(3))).toBe(true);
    expect(lines.at(-1)).toMatch(/^<sub>eks-actions\/[a-z-]+ v\d.*<\/sub>$/);
  });
});

describe("the voice rules", () => {
  it.each([
    ["🎉 Deployed", "symbol 🎉 is none of the suite's"],
    ["✅ done ❌ failed", "more than one symbol"],
    ["Deployed successfully", "says successfully"],
    ["Please wait", "says please"],
    ["Deployed!", "exclamation mark"],
    ["after 12 seconds", "a duration in words"],
    ["after 1.5 s", "a duration with decimals"],
    ["read 3 MB", "bytes not in KiB, MiB or GiB"],
  ])("find fault with %j", (line, fault) => {
    expect(logFaults(line)).toEqual([`${fault}: ${line}`]);
    expect(markdownFaults(line)).toEqual([`1: ${fault}: ${line}`]);
  });

  it("leave names and values of users alone, and see the shape", () => {
    expect(markdownFaults("`Deployed!` by <code>🎉 please</code>")).toEqual([]);
    expect(markdownFaults("| a | b | c | d | e | f | g |")).toEqual([
      "1: more than six columns: | a | b | c | d | e | f | g |",
    ]);
    expect(markdownFaults("<details><summary>a</summary>\n<details>\n</details>\n</details>")).toHaveLength(1);
    expect(markdownFaults("```mermaid\n```")).toHaveLength(1);
  });
});
