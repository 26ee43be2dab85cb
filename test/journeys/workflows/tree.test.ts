import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { RELEASE } from "./scene.ts";

// Away from the checkout, where Node would find what the tree forgot.
const tree = mkdtempSync(join(tmpdir(), "eks-actions-tree-"));
cpSync(RELEASE, tree, { recursive: true });
afterAll(() => rmSync(tree, { recursive: true, force: true }));

const files = readdirSync(tree, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(tree.length + 1))
  .sort();

describe("the release tree", () => {
  it("holds all that a consumer calls or reads, and nothing else", () => {
    const tracked = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
      encoding: "utf8",
    });
    const wanted = tracked
      .trim()
      .split("\n")
      .filter((file) =>
        /^actions\/[^/]+\/(action\.yml|README\.md|(iam|rbac|schema)\/.*|src\/.*\.schema\.json)$|^docs\/|^[A-Z][\w.]*\.md$|^LICENSE$/.test(
          file,
        ),
      );
    const called = ["cluster", "cost-fork", "cost", "deploy", "drift", "reconcile"].map(
      (name) => `.github/workflows/${name}.yml`,
    );
    expect(files.filter((file) => !/^actions\/[^/]+\/dist\//.test(file))).toEqual([...wanted, ...called].sort());
  });

  it("has what every action.yml, workflow and page of it points to", () => {
    const missing = files.flatMap((file) =>
      pointersOf(file)
        .filter((target) => !existsSync(join(tree, target)))
        .map((target) => `${file} → ${target}`),
    );
    expect(missing).toEqual([]);
  });

  it.each(files.filter((file) => /\/dist\/([^/]+\/)?index\.js$/.test(file) && !file.includes("/program/")))(
    "starts %s without a node_modules folder",
    (file) => {
      const { stdout, stderr } = spawnSync(process.execPath, [join(tree, file)], {
        encoding: "utf8",
        env: { PATH: process.env["PATH"] ?? "", RUNNER_TEMP: tree },
      });
      expect(stdout + stderr).not.toMatch(/ERR_MODULE_NOT_FOUND|Cannot find (module|package)|INTERNAL/);
    },
  );
});

/** Paths that a file of the tree names: entries of actions, actions of workflows, links of pages. */
function pointersOf(file: string): readonly string[] {
  const text = readFileSync(join(tree, file), "utf8");
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, target = ""]) => target);
  if (file.endsWith("/action.yml"))
    return all(/^ {2}(?:main|post|pre): (\S+)$/gm).map((path) => join(dirname(file), path));
  if (file.endsWith(".yml")) return all(/uses: \$\/(\S+)/g).map((path) => `${path}/action.yml`);
  if (!file.endsWith(".md")) return [];
  return all(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g).map((path) => normalize(join(dirname(file), path)));
}
