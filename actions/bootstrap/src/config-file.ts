import { readFileSync, realpathSync, statSync } from "node:fs";
import { isAbsolute, relative, resolve, sep } from "node:path";
import { ActionError } from "@eks-actions/action";

const LIMIT_BYTES = 1024 * 1024;

/** Text of a file in the workspace. Symbolic links count as what they point to. */
export interface ConfigFile {
  readonly text: string;
  /** Relative to the workspace, with forward slashes. */
  readonly path: string;
}

/** @throws ActionError `CONFIG_NOT_FOUND`, `CONFIG_PATH_REFUSED`; never shows what the file holds */
export function readConfigFile(path: string, workspace: string): ConfigFile {
  const refuse = (why: string) =>
    new ActionError("CONFIG_PATH_REFUSED", {
      message: `input \`config\`: \`${path.slice(0, 200)}\` ${why}`,
      hint: "give the path of a YAML file in the repository, like `clusters/shop.yaml`",
    });
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(path)) throw refuse("is a URL");
  const root = realpathSync(workspace);
  const wanted = isAbsolute(path) ? path : resolve(root, path);
  let real: string;
  try {
    real = realpathSync(wanted);
  } catch (cause) {
    throw new ActionError("CONFIG_NOT_FOUND", {
      message: `input \`config\`: \`${path.slice(0, 200)}\` does not exist in the workspace`,
      hint: "check the path, and that the job checks the repository out first:\n  - uses: actions/checkout@v5",
      cause,
    });
  }
  if (real !== root && !real.startsWith(root + sep)) throw refuse("leads out of the workspace");
  const stat = statSync(real);
  if (!stat.isFile()) throw refuse("is no file");
  if (stat.size > LIMIT_BYTES) throw refuse("is larger than 1 MiB");
  return { text: readFileSync(real, "utf8"), path: relative(root, real).split(sep).join("/") };
}
