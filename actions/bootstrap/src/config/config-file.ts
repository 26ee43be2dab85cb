import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { ActionError } from "@eks-actions/action";
import { extendedFile } from "@eks-actions/cluster-config";

const LIMIT_BYTES = 1024 * 1024;

/** The config that an input names, with the extension file if that is what it names. */
export interface ConfigFiles {
  readonly config: ConfigFile;
  readonly extension?: ConfigFile | undefined;
}

/**
 * A ClusterConfig, or an extension file and the ClusterConfig that it extends, by a path relative to it.
 * @throws ActionError `CONFIG_NOT_FOUND`, `CONFIG_PATH_REFUSED`, and what reading the YAML throws
 */
export function readConfigFiles(path: string, workspace: string): ConfigFiles {
  const first = readConfigFile(path, workspace, "input `config`");
  const extended = extendedFile({ text: first.text, file: first.path });
  if (extended === undefined) return { config: first };
  const from = `${first.path}: \`extends\``;
  const config = readConfigFile(
    resolve(realpathSync(workspace), dirname(first.path), extended),
    workspace,
    from,
    extended,
  );
  if (extendedFile({ text: config.text, file: config.path }) === undefined) return { config, extension: first };
  throw new ActionError("CONFIG_PATH_REFUSED", {
    message: `${from}: \`${extended.slice(0, 200)}\` is an extension itself`,
    hint: "extend the ClusterConfig directly: there is one level",
  });
}

/** Text of a file in the workspace. Symbolic links count as what they point to. */
export interface ConfigFile {
  readonly text: string;
  /** Relative to the workspace, with forward slashes. */
  readonly path: string;
}

/** @throws ActionError `CONFIG_NOT_FOUND`, `CONFIG_PATH_REFUSED`; never shows what the file holds */
export function readConfigFile(path: string, workspace: string, from: string, written: string = path): ConfigFile {
  const refuse = (why: string) =>
    new ActionError("CONFIG_PATH_REFUSED", {
      message: `${from}: \`${written.slice(0, 200)}\` ${why}`,
      hint: "give the path of a YAML file in the repository, like `clusters/shop.yaml`",
    });
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(written)) throw refuse("is a URL");
  const root = realpathSync(workspace);
  const wanted = isAbsolute(path) ? path : resolve(root, path);
  let real: string;
  try {
    real = realpathSync(wanted);
  } catch (cause) {
    throw new ActionError("CONFIG_NOT_FOUND", {
      message: `${from}: \`${written.slice(0, 200)}\` does not exist in the workspace`,
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
