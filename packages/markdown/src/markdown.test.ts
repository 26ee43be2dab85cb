import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bar,
  code,
  cutMiddle,
  details,
  entities,
  fitBody,
  footer,
  isWithin,
  oneLine,
  table,
  text,
  version,
} from "./index.ts";

const ZWSP = "\u200b";

describe("text", () => {
  it.each([
    ["plain name", "plain name"],
    ["a|b", "a&#124;b"],
    ["<img src=x>", "&lt;img src=x&gt;"],
    ["@acme/team", `@${ZWSP}acme/team`],
    ["#123", `\\#${ZWSP}123`],
    ["o/r#12", `o/r\\#${ZWSP}12`],
    ["GH-12", `GH-${ZWSP}12`],
    ["[x](y)", "\\[x\\](y)"],
    ["`x`", "\\`x\\`"],
    ["a_b_c *d*", "a\\_b\\_c \\*d\\*"],
    ["https://evil.example", `https:${ZWSP}//evil.example`],
    ["www.evil.example", `www${ZWSP}.evil.example`],
    ["line\nnext\r\n::error::x", "line next ::error::x"],
    ["- item", "\\- item"],
    ["1. item", "1\\. item"],
    ["&lt;", "&amp;lt;"],
    ["a\u202eb\u200bc\u0000d", "abc d"],
  ])("makes %j inert", (given, expected) => {
    expect(text(given)).toBe(expected);
  });

  it("never lets a pipe, a tag, a mention, a reference or a line break through", () => {
    const nasty = fc.string({
      unit: fc.constantFrom(
        "|",
        "`",
        "<",
        ">",
        "@",
        "#",
        "1",
        "a",
        "\n",
        "\r",
        "&",
        "[",
        "]",
        "\\",
        "/",
        ":",
        "!",
        "\u2028",
      ),
      maxLength: 40,
    });
    fc.assert(
      fc.property(nasty, (value) => {
        for (const safe of [text(value), entities(value)]) {
          expect(safe).not.toMatch(/[|\n\r<>\u2028]|@[a-z0-9]/i);
          expect(safe.replace(/&#\d+;/g, "")).not.toMatch(/#\d/);
          expect(safe).not.toMatch(/:\/\//);
        }
      }),
    );
  });
});

describe("code", () => {
  it.each([
    ["default/Deployment/web", "`default/Deployment/web`"],
    ["a|b", "<code>a&#124;b</code>"],
    ["a`b", "<code>a&#96;b</code>"],
    ["<img>", "`<img>`"],
    ["@team", "`@team`"],
    ["x\ny", "`x y`"],
    ["", ""],
  ])("wraps %j", (given, expected) => {
    expect(code(given)).toBe(expected);
  });

  it("opens and closes exactly once whatever the data holds", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 30 }), (value) => {
        const made = code(value);
        if (made === "") return;
        expect(made).toMatch(/^`[^`|\n]+`$|^<code>[^`|\n<>]+<\/code>$/);
      }),
    );
  });
});

describe("cutMiddle", () => {
  it("keeps short names and both ends of long ones", () => {
    expect(cutMiddle("web")).toBe("web");
    const cut = cutMiddle("checkout-service-with-a-very-long-name-indeed-7d9c4-x2k4p");
    expect(cut).toHaveLength(48);
    expect(cut).toMatch(/^checkout-service-.*….*-7d9c4-x2k4p$/);
  });

  it("never leaves half a character", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 80 }), fc.integer({ min: 2, max: 20 }), (value, max) => {
        const cut = cutMiddle(value, max);
        expect(cut.isWellFormed()).toBe(true);
        expect(cut.length).toBeLessThanOrEqual(Math.max(max, 0));
      }),
    );
  });
});

describe("blocks", () => {
  it("draws a table with alignments and fills short rows", () => {
    expect(table(["us-east-1", "Base", ""], ["left", "right", "left"], [["Nodes", "$1.00"]])).toBe(
      "| us-east-1 | Base | |\n|:--|--:|:--|\n| Nodes | $1.00 | |",
    );
  });

  it.each([
    [1, "██████████"],
    [0.023, "█░░░░░░░░░"],
    [0.5, "█████░░░░░"],
    [0, "░░░░░░░░░░"],
    [7, "██████████"],
    [Number.NaN, "░░░░░░░░░░"],
  ])("draws %d as %s", (share, drawn) => {
    expect(bar(share)).toBe(drawn);
  });

  it("folds a part with a blank line before the Markdown", () => {
    expect(details("Diff (2 objects)", "- a\n")).toBe(
      "<details><summary>Diff (2 objects)</summary>\n\n- a\n</details>",
    );
  });
});

describe("fitBody", () => {
  const parts = [
    { id: "head", markdown: "head" },
    { id: "rows", markdown: "r".repeat(50), drop: 2, instead: "rows: see the summary" },
    { id: "tips", markdown: "t".repeat(50), drop: 1 },
    { id: "foot", markdown: "foot" },
  ];

  it("keeps everything that fits", () => {
    expect(fitBody(parts)).toMatchObject({ dropped: [], fits: true });
  });

  it("drops in order and says what stands in", () => {
    expect(fitBody(parts, { units: 70, bytes: 1000 })).toMatchObject({ dropped: ["tips"], fits: true });
    const both = fitBody(parts, { units: 40, bytes: 1000 });
    expect(both).toMatchObject({ dropped: ["rows", "tips"], fits: true });
    expect(both.body).toBe("head\n\nrows: see the summary\n\nfoot\n");
  });

  it("counts bytes as well as units, and admits when nothing helps", () => {
    const wide = [
      { id: "a", markdown: "█".repeat(30), drop: 1 },
      { id: "b", markdown: "x" },
    ];
    expect(fitBody(wide, { units: 1000, bytes: 60 })).toMatchObject({ dropped: ["a"], body: "x\n" });
    expect(fitBody(wide, { units: 1, bytes: 1 }).fits).toBe(false);
    expect(isWithin("█", { units: 1, bytes: 3 })).toBe(true);
  });
});

it("oneLine replaces lone surrogates", () => {
  expect(oneLine("a\ud800b")).toBe("a\ufffdb");
});

describe("the footer", () => {
  it("says who wrote it, about which commits, in which run, from what, and when", () => {
    const sha = "0123456789012345678901234567890123456789";
    const run = { action: "rollout", runUrl: "https://github.com/acme/shop/actions/runs/7", endedAt: 0 };
    expect(footer({ ...run, commits: [sha], facts: ["3 requests"] })).toBe(
      `<sub>eks-actions/rollout v${version} · \`0123456\` · <a href="https://github.com/acme/shop/actions/runs/7">run</a> · 3 requests · 1970-01-01 00:00 UTC</sub>`,
    );
    expect(footer({ action: "auth", commits: ["", sha, "not a commit"], runUrl: "javascript:alert(1)" })).toBe(
      `<sub>eks-actions/auth v${version} · \`0123456\`</sub>`,
    );
    expect(footer({ action: "cost-diff", commits: [sha, sha.replace("0", "f")], runUrl: "" })).toContain(
      "`0123456` → `f123456`",
    );
  });
});
