import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
// @boundaries-ignore a program of the repository itself, which is no package
import { compareTrees, digestOf, moveMajor, publishTag, type Release } from "../../.github/scripts/release-commit.ts";

interface Lab extends Disposable {
  readonly origin: string;
  readonly release: Release;
  git(...args: readonly string[]): string;
  write(path: string, text: string): void;
}

/** A repository with one commit, its origin, and a built tree whose bundle main ignores. */
function lab(): Lab {
  const folder = mkdtempSync(join(tmpdir(), "eks-actions-release-test-"));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const identity = { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" };
  const run = (cwd: string, args: readonly string[]) =>
    execFileSync("git", args, { cwd, encoding: "utf8", env: { ...process.env, ...identity } }).trim();
  const repository = join(folder, "main");
  const git = (...args: readonly string[]) => run(repository, args);
  write("main/.gitignore", "dist/\n");
  write("main/src.ts", "source\n");
  write("tree/actions/auth/action.yml", "name: auth\n");
  write("tree/actions/auth/dist/index.js", "bundle\n");
  run(folder, ["init", "--quiet", "--bare", "origin.git"]);
  git("init", "--quiet", "--initial-branch=main");
  git("remote", "add", "origin", join(folder, "origin.git"));
  git("add", ".");
  git("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "-m", "Source");
  return {
    origin: join(folder, "origin.git"),
    release: { repository, tree: join(folder, "tree"), version: "1.4.0", source: git("rev-parse", "HEAD") },
    git: (...args) => run(join(folder, "origin.git"), args),
    write,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

describe("a release", () => {
  it("is the tree and nothing else, on top of its source, under its tag and its major", () => {
    using scene = lab();
    const commit = publishTag(scene.release);
    expect(moveMajor(scene.release, commit)).toBe(true);
    expect(scene.git("rev-parse", "v1.4.0", "refs/heads/v1")).toBe(`${commit}\n${commit}`);
    expect(scene.git("ls-tree", "-r", "--name-only", "v1.4.0")).toBe(
      "actions/auth/action.yml\nactions/auth/dist/index.js",
    );
    expect(scene.git("show", "--no-patch", "--format=%P %B", commit)).toBe(
      `${scene.release.source} v1.4.0\n\nSource: ${scene.release.source}`,
    );
  });

  it("that was interrupted after the tag goes on, with the same commit", () => {
    using scene = lab();
    const commit = publishTag(scene.release);
    expect(publishTag(scene.release)).toBe(commit);
    expect(moveMajor(scene.release, commit)).toBe(true);
    expect(moveMajor(scene.release, commit)).toBe(false);
  });

  it("never moves a tag: other content under it is RELEASE_TAG_EXISTS", () => {
    using scene = lab();
    const commit = publishTag(scene.release);
    scene.write("tree/actions/auth/dist/index.js", "other bundle\n");
    expect(() => publishTag(scene.release)).toThrow(/^RELEASE_TAG_EXISTS: v1\.4\.0 is [0-9a-f]{7} already/);
    expect(scene.git("rev-parse", "v1.4.0")).toBe(commit);
  });

  it("of an older version leaves the major on the newer one", () => {
    using scene = lab();
    const newer = { ...scene.release, version: "1.10.0" };
    const commit = publishTag(newer);
    moveMajor(newer, commit);
    const older = { ...scene.release, version: "1.9.1" };
    expect(moveMajor(older, publishTag(older))).toBe(false);
    expect(scene.git("rev-parse", "refs/heads/v1")).toBe(commit);
  });

  it("with a version that is none is refused before anything is pushed", () => {
    using scene = lab();
    expect(() => publishTag({ ...scene.release, version: "1.4" })).toThrow("RELEASE_VERSION_INVALID");
    expect(scene.git("for-each-ref")).toBe("");
  });
});

describe("two builds", () => {
  it("are equal byte for byte, or RELEASE_TREE_DIFFERS names the files", () => {
    using scene = lab();
    const { tree } = scene.release;
    const other = `${tree}-2`;
    scene.write("tree-2/actions/auth/action.yml", "name: auth\n");
    scene.write("tree-2/actions/auth/dist/index.js", "bundle\n");
    expect(() => compareTrees(tree, other)).not.toThrow();
    expect(digestOf(other)).toBe(digestOf(tree));
    scene.write("tree-2/actions/auth/dist/index.js", "bundle, 12:01\n");
    scene.write("tree-2/extra.js", "");
    expect(() => compareTrees(tree, other)).toThrow(
      "RELEASE_TREE_DIFFERS: two builds of one commit differ in actions/auth/dist/index.js, extra.js",
    );
    expect(digestOf(other)).not.toBe(digestOf(tree));
  });
});
