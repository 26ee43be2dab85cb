import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ALLOWED_LICENCES } from "../../repo/licences.ts";
import type { WorkflowResult } from "../../runner/index.ts";
import { releaseLab } from "./release-lab.ts";
import { RELEASE } from "./scene.ts";

const changeset = (bump: string, text: string) => `---\n"@eks-actions/rollout-action": ${bump}\n---\n\n${text}\n`;

const ended = (result: WorkflowResult) =>
  Object.entries(result.jobs)
    .filter(([, job]) => job.result !== "skipped")
    .map(([id, job]) => `${id}: ${job.result}`);

it("a changeset becomes a version pull request, and merging that a release that nobody can change", async () => {
  await using lab = await releaseLab();
  const { github, git } = lab;

  lab.commit("rollout: wait less", { ".changeset/less.md": changeset("major", "Waits less.\n\nAnd says so.") });
  // What a push to the branch would be for GitHub.
  github.commit({ branch: "changeset-release/main", message: "release", files: { "CHANGELOG.md": "new" } });
  const versioned = await lab.push();
  expect(ended(versioned), versioned.log).toEqual(["state: success", "version: success"]);
  lab.commit("rollout: mend", { ".changeset/mend.md": changeset("patch", "Mends a wait.") });
  const again = await lab.push();
  expect(ended(again), again.log).toEqual(["state: success", "version: success"]);
  expect(github.repo.pulls.map((pull) => [pull.title, pull.state])).toEqual([["release: v1.0.0", "open"]]);
  expect(github.repo.pulls[0]?.body).toContain("- Waits less.\n\n  And says so.");
  expect(github.repo.pulls[0]?.body).toContain("### Mended\n\n- Mends a wait.");
  const changed = git("diff", "--name-only", "main", "changeset-release/main").split("\n");
  expect(changed).toEqual(
    expect.arrayContaining(["CHANGELOG.md", "actions/rollout/package.json", "package-lock.json"]),
  );
  expect(changed.filter((file) => /\/CHANGELOG\.md$/.test(file))).toEqual([]);

  expect(git("show", "changeset-release/main:packages/markdown/src/version.ts")).toContain('version = "1.0.0"');

  git("merge", "--quiet", "--ff-only", "changeset-release/main");
  const source = git("rev-parse", "main");
  const published = await lab.push();
  expect(ended(published), published.log).toEqual([
    "state: success",
    "build: success",
    "publish: success",
    "smoke: success",
  ]);
  expect(published.jobs["publish"]?.environment?.name).toBe("release");

  const [release] = github.repo.releases;
  expect(release).toMatchObject({ tag: "v1.0.0", draft: false, makeLatest: "legacy" });
  expect(release?.body).toContain("- Waits less.");
  expect(release?.assets.map((asset) => asset.name).sort()).toEqual(["sbom.spdx.json", "tree.tar.gz"]);
  expect(git("rev-parse", "v1.0.0")).toBe(git("rev-parse", "v1"));
  expect(git("rev-parse", "v1.0.0^")).toBe(source);
  sameTree(git);
  expect(missingFromBill(release?.assets.find((asset) => asset.name === "sbom.spdx.json")?.content)).toEqual([]);
  const [bundles, bill] = lab.attested;
  expect(bundles?.["subject-path"]).toMatch(/\/tree\/actions\/\*\/dist\/\*\*\n.*\/built\/\*/);
  expect(bill?.["sbom-path"]).toMatch(/\/built\/sbom\.spdx\.json$/);

  const idle = await lab.push();
  expect(ended(idle), idle.log).toEqual(["state: success"]);
}, 240_000);

/** The tag holds the bundles of the tree that the journeys use, byte for byte, and no source. */
function sameTree(git: (...args: readonly string[]) => string): void {
  const files = git("ls-tree", "-r", "--name-only", "v1.0.0").split("\n");
  expect(files.filter((file) => /\.ts$/.test(file))).toEqual([]);
  for (const file of globSync("actions/*/dist/**", { cwd: RELEASE, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const path = join(file.parentPath, file.name).slice(RELEASE.length + 1);
    const content = readFileSync(join(RELEASE, path), "utf8");
    expect(git("show", `v1.0.0:${path}`) === content.trim(), path).toBe(true);
  }
}

/** Packages whose code is in a bundle and that the bill of materials does not name with their version. */
function missingFromBill(bill: Buffer | undefined): readonly string[] {
  const { packages } = JSON.parse(String(bill)) as {
    packages: readonly { name: string; versionInfo: string; licenseDeclared: string }[];
  };
  const [, ...theirs] = packages;
  expect(theirs.filter((one) => !ALLOWED_LICENCES.has(one.licenseDeclared))).toEqual([]);
  const named = new Set(packages.map((one) => `${one.name}@${one.versionInfo}`));
  const bundled = globSync(join(RELEASE, "actions/*/dist/licenses.txt")).flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/^(?:@[\w.-]+\/)?[\w.-]+@\d+\.\d+\.\d+\S*$/gm)].map(String),
  );
  expect(bundled.length).toBeGreaterThan(40);
  return bundled.filter((name) => !named.has(name));
}
