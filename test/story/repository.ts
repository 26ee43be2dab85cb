import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The app team's repository, as a real git repository on disk. */
export interface AppRepository {
  readonly folder: string;
  /** A fresh folder with a ref checked out, as actions/checkout leaves it. */
  checkout(ref: string): string;
  /** Changes files on a branch off main, and merges it as GitHub's `refs/pull/N/merge` does. Returns that ref. */
  pullRequest(number: number, edit: (file: (path: string) => string, write: Write) => void): string;
}

type Write = (path: string, text: string) => void;

const STORY = fileURLToPath(new URL(".", import.meta.url));
// Fixed, so that commit ids are the same on every run.
const IDENTITY = {
  GIT_AUTHOR_NAME: "octocat",
  GIT_AUTHOR_EMAIL: "octocat@users.noreply.github.com",
  GIT_AUTHOR_DATE: "2026-11-23T10:00:00Z",
  GIT_COMMITTER_NAME: "octocat",
  GIT_COMMITTER_EMAIL: "octocat@users.noreply.github.com",
  GIT_COMMITTER_DATE: "2026-11-23T10:00:00Z",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_SYSTEM: "/dev/null",
};

export function createAppRepository(): AppRepository {
  const folder = mkdtempSync(join(tmpdir(), "eks-actions-story-"));
  const git = (args: readonly string[], cwd: string = folder) =>
    execFileSync("git", args, { cwd, env: { ...process.env, ...IDENTITY }, stdio: ["ignore", "pipe", "pipe"] });
  git(["init", "--quiet", "--initial-branch=main"]);
  mkdirSync(join(folder, "k8s"));
  cpSync(join(STORY, "app"), join(folder, "k8s"), { recursive: true });
  cpSync(join(STORY, "cluster.yaml"), join(folder, "cluster.yaml"));
  git(["add", "."]);
  git(["commit", "--quiet", "-m", "The shop"]);
  return {
    folder,
    checkout(ref) {
      const target = mkdtempSync(join(tmpdir(), "eks-actions-checkout-"));
      git(["clone", "--quiet", "--no-checkout", folder, target]);
      git(["fetch", "--quiet", "origin", "+refs/*:refs/remotes/all/*"], target);
      const commit = git(["rev-parse", `${ref}^{commit}`])
        .toString()
        .trim();
      git(["checkout", "--quiet", "--detach", commit], target);
      return target;
    },
    pullRequest(number, edit) {
      git(["checkout", "--quiet", "-B", `change-${number}`, "main"]);
      edit(
        (path) => readFileSync(join(folder, path), "utf8"),
        (path, text) => writeFileSync(join(folder, path), text),
      );
      git(["commit", "--quiet", "--all", "-m", `Change ${number}`]);
      git(["checkout", "--quiet", "--detach", "main"]);
      git(["merge", "--quiet", "--no-ff", "-m", `Merge change ${number}`, `change-${number}`]);
      git(["update-ref", `refs/pull/${number}/merge`, "HEAD"]);
      git(["checkout", "--quiet", "main"]);
      return `refs/pull/${number}/merge`;
    },
  };
}
