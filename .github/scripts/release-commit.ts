// Puts a built release tree on a tag, and the moving major branch on it. Every step may be repeated: a release that was
// interrupted goes on where it stopped, and nothing that was published is ever changed.
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { bot, gitIn } from "./git.ts";

export type ReleaseCode = "RELEASE_TAG_EXISTS" | "RELEASE_TREE_DIFFERS" | "RELEASE_VERSION_INVALID";

/** Why a release stops; the message begins with the code. */
export class ReleaseError extends Error {
  readonly code: ReleaseCode;

  constructor(code: ReleaseCode, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

export interface Release {
  /** A git repository whose `origin` gets the tag, and that has the commit `source`. */
  readonly repository: string;
  /** The folder that `npm run release:tree` made. */
  readonly tree: string;
  /** `1.4.0`. */
  readonly version: string;
  /** Commit that the tree was built from. */
  readonly source: string;
}

/** SHA-256 over names and contents, sorted, as `release:tree` prints it: equal digests are equal trees. */
export function digestOf(tree: string): string {
  const hash = createHash("sha256");
  for (const file of filesOf(tree)) hash.update(`${file}\0`).update(readFileSync(join(tree, file)));
  return hash.digest("hex");
}

/** @throws ReleaseError RELEASE_TREE_DIFFERS, which names the files */
export function compareTrees(first: string, second: string): void {
  const contents = (tree: string) => new Map(filesOf(tree).map((file) => [file, readFileSync(join(tree, file))]));
  const [one, other] = [contents(first), contents(second)];
  const names = [...new Set([...one.keys(), ...other.keys()])].sort();
  const differing = names.filter((name) => {
    const [a, b] = [one.get(name), other.get(name)];
    return a === undefined || b === undefined || !a.equals(b);
  });
  if (differing.length === 0) return;
  throw new ReleaseError("RELEASE_TREE_DIFFERS", `two builds of one commit differ in ${differing.join(", ")}`);
}

/**
 * Commits the tree on top of its source and pushes the tag. The commit has the source's own date, so that a second
 * attempt makes the same commit.
 * @returns the release commit
 * @throws ReleaseError RELEASE_TAG_EXISTS when the tag holds something else
 */
export function publishTag(release: Release): string {
  const git = gitIn(release.repository);
  const tag = tagOf(release.version);
  const commit = commitTree(release);
  const published = remoteRef(release.repository, `refs/tags/${tag}`);
  if (published === commit) return commit;
  if (published !== undefined) {
    const what = `${tag} is ${published.slice(0, 7)} already, and this build is ${commit.slice(0, 7)}`;
    throw new ReleaseError("RELEASE_TAG_EXISTS", `${what}; a tag is never moved: release the next version`);
  }
  // Without force: should another run have made the tag meanwhile, git refuses.
  git("push", "--quiet", "origin", `${commit}:refs/tags/${tag}`);
  return commit;
}

/** Moves branch `v1` to the release, unless a newer release is there. @returns whether it moved */
export function moveMajor(release: Release, commit: string): boolean {
  const git = gitIn(release.repository);
  const branch = `refs/heads/v${numbersOf(release.version)[0]}`;
  const before = remoteRef(release.repository, branch);
  if (before === commit) return false;
  if (before !== undefined) {
    git("fetch", "--quiet", "origin", before);
    const subject = git("show", "--no-patch", "--format=%s", before);
    if (/^v\d+\.\d+\.\d+$/.test(subject) && isNewer(subject.slice(1), release.version)) return false;
  }
  // With the lease, a branch that moved since we looked is not overwritten.
  git("push", "--quiet", `--force-with-lease=${branch}:${before ?? ""}`, "origin", `${commit}:${branch}`);
  return true;
}

function commitTree({ repository, tree, version, source }: Release): string {
  const folder = mkdtempSync(join(tmpdir(), "eks-actions-release-"));
  const index = { GIT_INDEX_FILE: join(folder, "index") };
  try {
    const git = gitIn(repository, index);
    // Forced, because bundles are ignored on main.
    git(`--work-tree=${resolve(tree)}`, "add", "--force", "--all", ".");
    const written = git("write-tree");
    const date = git("show", "--no-patch", "--format=%cI", source);
    const author = Object.fromEntries(
      ["AUTHOR", "COMMITTER"].flatMap((role) => [
        [`GIT_${role}_NAME`, bot.name],
        [`GIT_${role}_EMAIL`, bot.email],
        [`GIT_${role}_DATE`, date],
      ]),
    );
    const message = `${tagOf(version)}\n\nSource: ${source}`;
    return gitIn(repository, author)("commit-tree", written, "-p", source, "-m", message);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function remoteRef(repository: string, ref: string): string | undefined {
  const line = gitIn(repository)("ls-remote", "origin", ref);
  return line === "" ? undefined : line.split("\t")[0];
}

function tagOf(version: string): string {
  return `v${numbersOf(version).join(".")}`;
}

function numbersOf(version: string): readonly [number, number, number] {
  const found = /^(\d+)\.(\d+)\.(\d+)$/.exec(version);
  if (found === null) throw new ReleaseError("RELEASE_VERSION_INVALID", `\`${version}\` is not like 1.4.0`);
  return [Number(found[1]), Number(found[2]), Number(found[3])];
}

function isNewer(one: string, other: string): boolean {
  const [a, b] = [numbersOf(one), numbersOf(other)];
  const index = a.findIndex((number, place) => number !== b[place]);
  return index >= 0 && (a[index] ?? 0) > (b[index] ?? 0);
}

function filesOf(tree: string): readonly string[] {
  return readdirSync(tree, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(tree, join(entry.parentPath, entry.name)))
    .sort();
}

/** `compare A B`, `digest TREE`, `tag TREE VERSION SOURCE DIGEST` (prints the release commit), `major` (the same, after it). */
function main([command, first = "", second = "", source = "", digest = ""]: readonly string[]): void {
  if (command === "compare") {
    compareTrees(first, second);
    return;
  }
  const found = digestOf(first);
  if (command === "digest") {
    console.log(found);
    return;
  }
  if (command !== "tag" && command !== "major") throw new Error(`unknown command ${command}`);
  if (found !== digest) {
    throw new ReleaseError(
      "RELEASE_TREE_DIFFERS",
      `the tree that arrived is ${found}, the one that was built ${digest}`,
    );
  }
  const release: Release = { repository: process.cwd(), tree: first, version: second, source };
  const commit = publishTag(release);
  if (command === "major") moveMajor(release, commit);
  console.log(commit);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof ReleaseError)) throw error;
    console.error(`::error title=${error.code}::${error.message}`);
    process.exit(1);
  }
}
