import { lstatSync, readFileSync, type Stats, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { ActionError } from "@eks-actions/action";
import { shellWord } from "../aws-names.ts";
import { KUBECONFIG_MARK } from "./kubeconfig.ts";
import type { NamedText } from "./profile.ts";

type Env = Readonly<Record<string, string | undefined>>;

const CONFIG_LIMIT_BYTES = 1024 * 1024;
// Twenty clusters, each with a certificate authority, are far below.
const KUBECONFIG_LIMIT_BYTES = 1024 * 1024;

/** The AWS files in force for later steps. They are read and never written. */
export function awsFiles(env: Env): { readonly config: NamedText; readonly credentials: NamedText } {
  const home = env["HOME"] || env["USERPROFILE"] || homedir();
  return {
    config: readNamed(env["AWS_CONFIG_FILE"] || join(home, ".aws", "config")),
    credentials: readNamed(env["AWS_SHARED_CREDENTIALS_FILE"] || join(home, ".aws", "credentials")),
  };
}

function readNamed(path: string): NamedText {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile()) return { path, text: "" };
  if (stat.size > CONFIG_LIMIT_BYTES) {
    throw new ActionError("PATH_UNSUPPORTED", {
      message: `${path} has ${stat.size} bytes, at most ${CONFIG_LIMIT_BYTES} are read`,
      hint: "use `credentials: env`, or point AWS_CONFIG_FILE at a smaller file",
    });
  }
  // One character a byte: whatever encoding the user's file has, it is handed on as it is.
  return { path, text: readFileSync(path, "latin1") };
}

/**
 * Whether a kubeconfig may be written there. Returns the text of an earlier auth step's, which post brings back;
 * `undefined` for a free path.
 * @throws ActionError `KUBECONFIG_EXISTS`, `INPUT_INVALID`
 */
export function checkKubeconfigPath(path: string): string | undefined {
  const refuse = (why: string) =>
    new ActionError("KUBECONFIG_EXISTS", {
      message: `kubeconfig ${path} ${why}`,
      hint: "write `kubeconfig: auto` and join files with `:` in KUBECONFIG, or choose a free path",
    });
  const stat = statOf(path);
  if (stat === undefined) {
    checkFolder(path);
    return undefined;
  }
  if (!stat.isFile()) throw refuse("is a symbolic link, a folder or another special file");
  const text = stat.size <= KUBECONFIG_LIMIT_BYTES ? readFileSync(path, "utf8") : "";
  if (!text.startsWith(KUBECONFIG_MARK)) throw refuse("exists and was not written by this action");
  return text;
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    throw new ActionError("INPUT_INVALID", {
      message: `input \`kubeconfig\`: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: "write `kubeconfig: auto`, or a path that this runner can reach",
      cause,
    });
  }
}

// Before the first request: a file that cannot be written there would be noticed only after the login.
function checkFolder(path: string): void {
  const folder = dirname(path);
  if (path.includes(delimiter)) {
    throw new ActionError("INPUT_INVALID", {
      message: `input \`kubeconfig\`: ${path} holds \`${delimiter}\`, which separates files in KUBECONFIG`,
      hint: "write `kubeconfig: auto`, or a path without it",
    });
  }
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new ActionError("INPUT_INVALID", {
    message: `input \`kubeconfig\`: ${folder} is no folder`,
    hint: `write \`kubeconfig: auto\`, or make the folder in an earlier step: mkdir -p ${shellWord(folder)}`,
  });
}
