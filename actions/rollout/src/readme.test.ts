import { readFileSync } from "node:fs";
import { causes } from "@eks-actions/health";
import { describe, expect, it } from "vitest";
import { inputs } from "./inputs.ts";
import { hints } from "./report/hints.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

/** Cells of the table under a heading. */
function tableUnder(heading: string): readonly (readonly string[])[] {
  const section = readme.slice(readme.indexOf(`\n## ${heading}\n`) + 1).split(/\n## /)[0] ?? "";
  return section
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "")));
}

describe("the README's table of causes", () => {
  const rows = tableUnder("Causes");

  it("names every cause, the strongest first, with the fix that the annotation gives", () => {
    expect(rows.map(([cause, , , fix]) => [cause, fix])).toEqual(causes.map((cause) => [`\`${cause}\``, hints[cause]]));
  });

  it("names only inputs that there are", () => {
    const words = rows.flatMap(([, , borne]) => [...(borne ?? "").matchAll(/`([a-z-]+)`/g)].map(([, word]) => word));
    expect(words.length).toBeGreaterThan(10);
    expect(words.filter((word) => word === undefined || !(word in inputs.specs))).toEqual([]);
  });
});
