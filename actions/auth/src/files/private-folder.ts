import { mkdtempSync, rmSync, statSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { ActionError } from "@eks-actions/action";
import { createPrivate, replacePrivate } from "@eks-actions/aws";

/** What a login laid on disk. */
export interface Written {
  readonly folder: string | undefined;
  /** A kubeconfig at a path of the user's. */
  readonly kubeconfigPath: string | undefined;
  /** What lay there: the kubeconfig of an earlier auth step. */
  readonly formerKubeconfig: string | undefined;
}

/** A folder of this step alone, mode 0700. The prefix is how post and later steps know it for ours. */
export function createFolder(tempDir: string): string {
  return orWriteFailed(tempDir, () => mkdtempSync(join(tempDir, FOLDER_PREFIX)));
}

export const FOLDER_PREFIX = "eks-actions-auth-";

export function writeNew(path: string, content: string | Buffer): void {
  orWriteFailed(path, () => createPrivate(path, content));
}

/** Writes where nothing is, or over a file of ours. */
export function writeKubeconfig(path: string, text: string, isOurs: boolean): void {
  orWriteFailed(path, () => (isOurs ? replacePrivate(path, text) : createPrivate(path, text)));
}

/** Takes back what was written; called when the login cannot be finished. */
export function removeWritten(written: Written): void {
  if (written.folder !== undefined) rmSync(written.folder, { recursive: true, force: true });
  const { kubeconfigPath: path, formerKubeconfig: former } = written;
  if (path === undefined) return;
  if (former !== undefined) writeKubeconfig(path, former, true);
  else if (statSync(path, { throwIfNoEntry: false }) !== undefined) unlinkSync(path);
}

/** What a full or read-only disk answers, as an error of this action. @throws ActionError `WRITE_FAILED` */
export function orWriteFailed<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (cause) {
    throw new ActionError("WRITE_FAILED", {
      message: `${path} could not be written: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: "nothing was exported; free disk space on the runner, or make RUNNER_TEMP writable",
      cause,
    });
  }
}
