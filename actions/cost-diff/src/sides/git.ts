import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ActionError } from "@eks-actions/action";
import type { Program } from "./program.ts";

/** The repository in the workspace, read with git's plumbing: it registers nothing, so a killed run leaves nothing. */
export interface Git {
  /** The commit that HEAD names; `undefined` outside a repository. */
  head(): Promise<string | undefined>;
  /** Parents as the commit itself names them, also those that a shallow clone lacks. */
  parents(commit: string): Promise<readonly string[]>;
  resolve(ref: string): Promise<string | undefined>;
  has(commit: string): Promise<boolean>;
  /** True when the commit could be fetched alone from origin. */
  fetch(commit: string): Promise<boolean>;
  /** Writes the commit's files into `folder/tree` and returns that path. @throws ActionError `INTERNAL` */
  export(commit: string, folder: string): Promise<string>;
}

export interface GitOptions {
  readonly program: Program;
  readonly workspace: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly serverUrl: string;
  readonly token: string | undefined;
  readonly signal: AbortSignal;
}

export function createGit(options: GitOptions): Git {
  const { program, workspace, signal } = options;
  const git = (args: readonly string[], extra: Readonly<Record<string, string>> = {}, timeoutMs = 60_000) =>
    program("git", ["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", ...args], {
      cwd: workspace,
      env: { ...baseEnv(options.env, workspace), ...extra },
      timeoutMs,
      signal,
    });
  const line = async (args: readonly string[]): Promise<string | undefined> => {
    const { code, stdout } = await git(args);
    return code === 0 ? stdout.trim() : undefined;
  };
  return {
    head: () => line(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]),
    resolve: (ref) => line(["rev-parse", "--verify", "--quiet", `${ref}^{commit}`]),
    async parents(commit) {
      const text = (await line(["cat-file", "-p", commit])) ?? "";
      const [header = ""] = text.split("\n\n", 1);
      return [...header.matchAll(/^parent ([0-9a-f]{40,64})$/gm)].map((match) => match[1] ?? "");
    },
    async has(commit) {
      return (await git(["cat-file", "-e", `${commit}^{commit}`])).code === 0;
    },
    async fetch(commit) {
      const auth = authEnv(options.serverUrl, options.token);
      const args = ["fetch", "--no-tags", "--no-recurse-submodules", "--depth=1", "origin", commit];
      return (await git(args, auth, 120_000)).code === 0;
    },
    async export(commit, folder) {
      const target = join(folder, "tree");
      mkdirSync(target, { recursive: true });
      const env = { GIT_INDEX_FILE: join(folder, "index"), GIT_LFS_SKIP_SMUDGE: "1" };
      for (const args of [
        ["read-tree", commit],
        ["checkout-index", "--all", `--prefix=${target}/`],
      ]) {
        const { code, stderr } = await git(args, env, 120_000);
        if (code !== 0) {
          throw new ActionError("INTERNAL", {
            message: `git ${args[0]} of ${commit} failed: ${stderr.trim().slice(0, 300)}`,
          });
        }
      }
      return target;
    },
  };
}

function baseEnv(env: Readonly<Record<string, string | undefined>>, workspace: string): Record<string, string> {
  return {
    PATH: env["PATH"] ?? "",
    HOME: env["HOME"] ?? workspace,
    LC_ALL: "C",
    GIT_TERMINAL_PROMPT: "0",
    GIT_CONFIG_COUNT: "1",
    // In a container job the workspace belongs to another user, and git refuses it without this.
    GIT_CONFIG_KEY_0: "safe.directory",
    GIT_CONFIG_VALUE_0: workspace,
  };
}

/** The token goes through the environment: an argument would show in the process list. */
function authEnv(serverUrl: string, token: string | undefined): Record<string, string> {
  if (token === undefined || token === "") return {};
  const basic = Buffer.from(`x-access-token:${token}`).toString("base64");
  return {
    GIT_CONFIG_COUNT: "2",
    GIT_CONFIG_KEY_1: `http.${serverUrl}/.extraheader`,
    GIT_CONFIG_VALUE_1: `AUTHORIZATION: basic ${basic}`,
  };
}
