import { execFileSync } from "node:child_process";
import { env } from "node:process";

/** A git repository on disk: `git("rev-parse", "HEAD")` answers what git prints, without the last line break. */
export type Git = (...args: readonly string[]) => string;

export function gitIn(folder: string, more: Readonly<Record<string, string>> = {}): Git {
  return (...args) =>
    execFileSync("git", args, {
      cwd: folder,
      encoding: "utf8",
      env: { ...env, ...credentials(), ...more },
      stdio: ["ignore", "pipe", "pipe"],
    }).trim();
}

/** Author and committer of commits that a workflow makes. */
export const bot = { name: "github-actions[bot]", email: "41898282+github-actions[bot]@users.noreply.github.com" };

// By variables, so that the token is neither an argument, which other processes see, nor left in .git/config.
function credentials(): Readonly<Record<string, string>> {
  const token = env["GITHUB_TOKEN"];
  if (token === undefined || token === "") return {};
  const basic = Buffer.from(`x-access-token:${token}`).toString("base64");
  return {
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "http.https://github.com/.extraheader",
    GIT_CONFIG_VALUE_0: `AUTHORIZATION: basic ${basic}`,
  };
}
