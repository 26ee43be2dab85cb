import { lstatSync, readFileSync, rmSync, unlinkSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import type { BasePorts, FileCommands } from "@eks-actions/action";
import { FOLDER_PREFIX, writeKubeconfig } from "../files/private-folder.ts";
import { parseRestoreState, type RestoreState, restoredVariables, SECRET_VARIABLES, sha256 } from "./restore.ts";

/** The post step: brings variables back and deletes files. Problems are warnings; a job never fails by its clean-up. */
export function takeBack(
  state: Readonly<Record<string, string>>,
  { log, run }: Pick<BasePorts, "log" | "run">,
): FileCommands | undefined {
  const saved = parseRestoreState(state["restore"]);
  if (saved === undefined) return undefined;
  for (const name of SECRET_VARIABLES) {
    const former = saved.variables[name]?.former ?? "";
    if (former !== "") log.mask(former);
  }
  if (saved.onPost === "keep") {
    log.info("💤 on-post is keep: credentials stay until the job ends");
    return undefined;
  }
  const warn = (message: string) => log.annotate({ level: "warning", title: "AUTH_POST", message });
  removeFolder(saved, run.tempDir, warn);
  takeBackKubeconfig(saved, warn);
  const env = restoredVariables(saved, run.env);
  const count = Object.keys(env).length;
  log.info(`↩️ ${count} ${count === 1 ? "variable" : "variables"} ${saved.onPost === "clear" ? "emptied" : "restored"}`);
  return { env };
}

function removeFolder({ folder }: RestoreState, tempDir: string, warn: (message: string) => void): void {
  if (folder === undefined) return;
  // State is only as trustworthy as the runner's files: nothing but our own kind of folder is ever deleted.
  if (resolve(dirname(folder)) !== resolve(tempDir) || !basename(folder).startsWith(FOLDER_PREFIX)) {
    warn(`${folder} is not a folder of this action and stays`);
    return;
  }
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    warn(`${folder} could not be deleted: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function takeBackKubeconfig({ kubeconfig, onPost }: RestoreState, warn: (message: string) => void): void {
  if (kubeconfig === undefined) return;
  const { path } = kubeconfig;
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return;
    if (!stat.isFile() || sha256(readFileSync(path, "utf8")) !== kubeconfig.sha256) {
      warn(`${path} was changed since login and stays`);
    } else if (kubeconfig.former !== undefined && onPost === "restore") {
      writeKubeconfig(path, kubeconfig.former, true);
    } else unlinkSync(path);
  } catch (error) {
    warn(`${path} could not be deleted: ${error instanceof Error ? error.message : String(error)}`);
  }
}
