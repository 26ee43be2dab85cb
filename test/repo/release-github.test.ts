import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it, vi } from "vitest";
// @boundaries-ignore programs of the repository itself, which are no package
import { addSection, changelogSection, notesOf, readChangeset } from "../../.github/scripts/changelog.ts";
// @boundaries-ignore the same
import { isReleased, publishRelease } from "../../.github/scripts/release-github.ts";
import { startGitHub } from "../fakes/github/index.ts";

vi.setConfig({ testTimeout: 30_000 });

const folder = mkdtempSync(join(tmpdir(), "eks-actions-release-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const tree = join(folder, "tree.tar.gz");
writeFileSync(tree, Buffer.from([0x1f, 0x8b, 0, 255]));

it("a release that broke off is finished, and a finished one is left alone", async () => {
  await using github = await startGitHub({ repo: "acme/eks-actions", permissions: { contents: "write" } });
  const repository = { apiUrl: github.url, fullName: "acme/eks-actions", token: github.token };
  const spec = { tag: "v1.2.0", notes: "- Waits less.", assets: [tree] };
  // The first attempt made its draft; then GitHub lost the upload's answer, and the job ended.
  github.fault({ operation: "repos/upload-release-asset", kind: { type: "lost-answer" } });
  await expect(publishRelease(repository, spec)).rejects.toThrow("fetch failed");
  expect(github.repo.releases).toMatchObject([{ draft: true, assets: [{ name: "tree.tar.gz" }] }]);
  expect(await isReleased(repository, "v1.2.0")).toBe(false);

  github.fault({ operation: "repos/update-release", kind: { type: "status", status: 503 } });
  expect(await publishRelease(repository, spec)).toContain("/releases/tag/v1.2.0");
  expect(github.repo.releases).toMatchObject([
    { draft: false, body: "- Waits less.", assets: [{ state: "uploaded" }] },
  ]);
  expect(github.repo.releases[0]?.assets[0]?.content).toEqual(Buffer.from([0x1f, 0x8b, 0, 255]));
  expect(await isReleased(repository, "v1.2.0")).toBe(true);

  const before = github.requests.length;
  await publishRelease(repository, spec);
  expect(github.requests.slice(before).map(({ method }) => method)).toEqual(["GET"]);
});

it("a refusal names the request, what GitHub said, and the request id", async () => {
  await using github = await startGitHub({ repo: "acme/eks-actions", permissions: { contents: "read" } });
  const repository = { apiUrl: github.url, fullName: "acme/eks-actions", token: github.token };
  await expect(publishRelease(repository, { tag: "v1.0.0", notes: "", assets: [] })).rejects.toThrow(
    /^POST \/repos\/acme\/eks-actions\/releases: 403 .*not accessible by integration.*\(request id \S+, attempt 1\)$/,
  );
});

it("the changelog has a section for each version, the furthest bump of a change decides its group", () => {
  const change = readChangeset(
    '---\n"@eks-actions/auth-action": patch\n"@eks-actions/rollout-action": major\n---\n\nRenames `a`.\n\nUse `b`.\n',
  );
  expect(change).toEqual({ bump: "major", text: "Renames `a`.\n\nUse `b`." });
  expect(() => readChangeset("---\n---\n\nNothing.\n")).toThrow("names no package");
  const mended = { bump: "patch", text: "Mends." } as const;
  const first = addSection("# Changelog\n", changelogSection("1.0.0", "2026-11-24", [mended]));
  const second = addSection(first, changelogSection("2.0.0", "2026-12-01", [mended, change]));
  expect(second).toBe(`# Changelog

## 2.0.0 (2026-12-01)

### What you must change

- Renames \`a\`.

  Use \`b\`.

### Mended

- Mends.

## 1.0.0 (2026-11-24)

### Mended

- Mends.
`);
  expect(notesOf(second, "1.0.0")).toBe("### Mended\n\n- Mends.");
  expect(notesOf(second, "3.0.0")).toBe("");
});
