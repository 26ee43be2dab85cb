import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitSummary } from "./summary.ts";

const details = (title: string, size: number) =>
  `<details><summary>${title}</summary>\n\n${"x".repeat(size)}\n</details>\n`;

describe("fitSummary", () => {
  it("leaves a small summary as it is", () => {
    expect(fitSummary("## ok\n")).toEqual({ markdown: "## ok\n", leftOut: [] });
  });

  it("drops the biggest folded part first and says which", () => {
    const text = `## title\n\n${details("Events (3)", 500)}${details("Diff (12 objects)", 5000)}tail\n`;
    const fitted = fitSummary(text, 2000);
    expect(fitted.leftOut).toEqual(["Diff (12 objects)"]);
    expect(fitted.markdown).toContain("Events (3)");
    expect(fitted.markdown).toContain("_Left out for size: Diff (12 objects)_");
    expect(fitted.markdown).toContain("tail");
  });

  it("cuts lines at last, closes what is open, and stays below the limit", () => {
    const text = `## title\n\n<details><summary>a</summary>\n\`\`\`\n${"line\n".repeat(2000)}`;
    const fitted = fitSummary(text, 4000);
    expect(Buffer.byteLength(fitted.markdown)).toBeLessThanOrEqual(4000);
    expect(fitted.markdown.match(/^```$/gm)).toHaveLength(2);
    expect(fitted.markdown.match(/<\/details>/g)).toHaveLength(1);
    expect(fitted.leftOut).toEqual(["text"]);
  });

  it("fits whatever it is given, and leaves no fold or fence open", () => {
    const part = fc.constantFrom(
      "<details><summary>t</summary>\n\n",
      "</details>\n",
      "```\n",
      "| a | b |\n",
      "⏳ text\n",
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 200, maxLength: 600 }), (parts) => {
        const { markdown, leftOut } = fitSummary(parts.join(""), 2_000);
        expect(Buffer.byteLength(markdown)).toBeLessThanOrEqual(2_000);
        if (!leftOut.includes("text")) return;
        expect((markdown.match(/^```$/gm)?.length ?? 0) % 2).toBe(0);
        expect(markdown.split("<details>").length).toBeLessThanOrEqual(markdown.split("</details>").length);
      }),
    );
  });

  it("holds 3 MiB of multi-byte text below 1 MiB", () => {
    const fitted = fitSummary(`## ⏳\n${"⏳ web 3/5\n".repeat(300_000)}`);
    expect(Buffer.byteLength(fitted.markdown)).toBeLessThan(1024 * 1024);
    expect(fitted.markdown).toContain("Shortened to the runner's limit");
  });
});
