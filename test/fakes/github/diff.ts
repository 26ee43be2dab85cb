import { createHash } from "node:crypto";
import type { Commit, RepoState } from "./state.ts";

export interface FileChange {
  readonly path: string;
  readonly status: "added" | "removed" | "modified";
  readonly additions: number;
  readonly deletions: number;
  readonly patch: string;
  readonly sha: string;
}

/** Changes of the whole tree from one commit to another, by path. */
export function changedFiles(from: Commit | undefined, to: Commit | undefined): readonly FileChange[] {
  const before = from?.files ?? {};
  const after = to?.files ?? {};
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return paths.filter((path) => before[path] !== after[path]).map((path) => change(path, before[path], after[path]));
}

function change(path: string, before: string | undefined, after: string | undefined): FileChange {
  const old = lines(before);
  const fresh = lines(after);
  // Whole-file hunks: nobody here reads patches line by line, but their counts must add up.
  const patch = [
    `@@ -${old.length === 0 ? 0 : 1},${old.length} +${fresh.length === 0 ? 0 : 1},${fresh.length} @@`,
    ...old.map((line) => `-${line}`),
    ...fresh.map((line) => `+${line}`),
  ].join("\n");
  return {
    path,
    status: before === undefined ? "added" : after === undefined ? "removed" : "modified",
    additions: fresh.length,
    deletions: old.length,
    patch,
    sha: blobSha(after ?? before ?? ""),
  };
}

function lines(text: string | undefined): readonly string[] {
  if (text === undefined || text === "") return [];
  return text.replace(/\n$/, "").split("\n");
}

/** As git names a blob. */
export function blobSha(content: string): string {
  const bytes = Buffer.from(content, "utf8");
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

/** Commits reachable from `sha`, nearest first. */
export function ancestors(repo: RepoState, sha: string): readonly string[] {
  const seen: string[] = [];
  const queue = [sha];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    if (seen.includes(next)) continue;
    seen.push(next);
    queue.push(...(repo.commits.get(next)?.parents ?? []));
  }
  return seen;
}

/** The nearest commit that both have. */
export function mergeBase(repo: RepoState, base: string, head: string): string | undefined {
  const ofBase = new Set(ancestors(repo, base));
  return ancestors(repo, head).find((sha) => ofBase.has(sha));
}
