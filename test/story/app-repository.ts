import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The app team's repository, as a real git repository on disk. */
export interface AppRepository extends Disposable {
  readonly folder: string;
  /** Commit of main. */
  head(): string;
  commit(message: string, edit: Edit): string;
  /** Changes files on a branch off main and merges it as GitHub's `refs/pull/N/merge` does. */
  pullRequest(number: number, edit: Edit): { readonly head: string; readonly merge: string };
}

type Edit = (file: { read(path: string): string; write(path: string, text: string): void }) => void;

const CONTENT = fileURLToPath(new URL("repository", import.meta.url));
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
  const git = (...args: readonly string[]) =>
    execFileSync("git", args, {
      cwd: folder,
      env: { ...process.env, ...IDENTITY },
      stdio: ["ignore", "pipe", "pipe"],
      encoding: "utf8",
    }).trim();
  const file = {
    read: (path: string) => readFileSync(join(folder, path), "utf8"),
    write: (path: string, text: string) => writeFileSync(join(folder, path), text),
  };
  git("init", "--quiet", "--initial-branch=main");
  cpSync(CONTENT, folder, { recursive: true });
  git("add", ".");
  git("commit", "--quiet", "-m", "The shop");
  return {
    folder,
    head: () => git("rev-parse", "main"),
    commit(message, edit) {
      edit(file);
      git("commit", "--quiet", "--all", "-m", message);
      return git("rev-parse", "main");
    },
    pullRequest(number, edit) {
      git("checkout", "--quiet", "-B", `change-${number}`, "main");
      edit(file);
      git("commit", "--quiet", "--all", "-m", `Change ${number}`);
      const head = git("rev-parse", "HEAD");
      git("checkout", "--quiet", "--detach", "main");
      git("merge", "--quiet", "--no-ff", "-m", `Merge change ${number}`, `change-${number}`);
      const merge = git("rev-parse", "HEAD");
      git("update-ref", `refs/pull/${number}/merge`, merge);
      git("checkout", "--quiet", "main");
      return { head, merge };
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
