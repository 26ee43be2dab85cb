import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { validate } from "@actions/languageservice";
import { describe, expect, it } from "vitest";
import { TextDocument } from "vscode-languageserver-textdocument";
import { parseAllDocuments } from "yaml";

const pages = globSync("{*.md,actions/*/*.md,packages/*/README.md}").filter((file) => !file.startsWith("CHANGELOG"));

interface Block {
  readonly line: number;
  readonly text: string;
}

function yamlBlocks(markdown: string): Block[] {
  return [...markdown.matchAll(/^( *)```ya?ml\n([\s\S]*?)\n\1```/gm)].map((match) => ({
    line: markdown.slice(0, match.index).split("\n").length + 1,
    text: (match[2] ?? "").replaceAll(new RegExp(`^${match[1] ?? ""}`, "gm"), ""),
  }));
}

describe.each(pages)("%s", (page) => {
  const blocks = yamlBlocks(readFileSync(page, "utf8"));

  it("has only YAML that parses", () => {
    const faults = blocks.flatMap(({ line, text }) =>
      parseAllDocuments(text).flatMap((document) =>
        document.errors.map((error) => `${page}:${line}: ${error.message}`),
      ),
    );
    expect(faults).toEqual([]);
  });

  it("has only workflows that GitHub's own parser accepts", async () => {
    const faults: string[] = [];
    for (const { line, text } of blocks.filter((block) => /^on:/m.test(block.text) && /^jobs:/m.test(block.text))) {
      const document = TextDocument.create(`file:///.github/workflows/example-${line}.yml`, "yaml", 1, text);
      for (const entry of await validate(document)) {
        if (entry.severity !== 3) faults.push(`${page}:${line + entry.range.start.line}: ${entry.message}`);
      }
    }
    expect(faults).toEqual([]);
  });

  it("links only to files that are there", () => {
    const text = readFileSync(page, "utf8");
    const folder = page.includes("/") ? page.slice(0, page.lastIndexOf("/") + 1) : "";
    const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)]*)?\)/g)].map(
      ([, target]) => `${folder}${target}`,
    );
    expect(links.filter((link) => globSync(link).length === 0)).toEqual([]);
  });
});

describe("npm run docs", () => {
  it("has nothing to change", () => {
    execFileSync(process.execPath, [".github/scripts/docs.ts", "--check"], { stdio: "pipe" });
  });
});
