import { lstatSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ActionError } from "@eks-actions/action";
import { KUBECONFIG_MARK } from "./kubeconfig.ts";
import type { NamedText } from "./profile.ts";

type Env = Readonly<Record<string, string | undefined>>;

const CONFIG_LIMIT_BYTES = 1024 * 1024;

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
  return { path, text: readFileSync(path, "utf8") };
}

/** Whether a kubeconfig may be written there. @throws ActionError `KUBECONFIG_EXISTS` */
export function checkKubeconfigPath(path: string): "free" | "ours" {
  const refuse = (why: string) =>
    new ActionError("KUBECONFIG_EXISTS", {
      message: `kubeconfig ${path} ${why}`,
      hint: "write `kubeconfig: auto` and join files with `:` in KUBECONFIG, or choose a free path",
    });
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return "free";
  if (!stat.isFile()) throw refuse("is a symbolic link, a folder or another special file");
  const start = readFileSync(path, "utf8").slice(0, KUBECONFIG_MARK.length);
  if (start !== KUBECONFIG_MARK) throw refuse("exists and was not written by this action");
  return "ours";
}
