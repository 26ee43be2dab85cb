import { readFileSync, realpathSync, statSync } from "node:fs";
import { join, resolve, sep } from "node:path";

const LIMIT_BYTES = 16 * 1024;

/** Text of a file inside the workspace, or inside the home folder for `~/…`; `undefined` where there is no such file. */
export function readKeyFile(path: string, workspace: string, home: string | undefined): string | undefined {
  const inHome = path.startsWith("~/");
  const root = inHome ? home : workspace;
  if (root === undefined || root === "") return undefined;
  try {
    const base = realpathSync(root);
    const real = realpathSync(inHome ? join(base, path.slice(2)) : resolve(base, path));
    const stat = statSync(real);
    if (!real.startsWith(base + sep) || !stat.isFile() || stat.size > LIMIT_BYTES) return undefined;
    return readFileSync(real, "utf8");
  } catch {
    // Whatever keeps it from being read, there is no key; the plan names the path and says what to do.
    return undefined;
  }
}
