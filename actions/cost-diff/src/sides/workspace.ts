import { mkdirSync, realpathSync } from "node:fs";
import { isAbsolute, join, sep } from "node:path";
import { ActionError, type RunContext } from "@eks-actions/action";

/**
 * A folder that an input names: inside the workspace or RUNNER_TEMP by its real path.
 * @throws ActionError `PATH_OUTSIDE`, `INPUT_INVALID`
 */
export function allowedFolder(path: string, run: RunContext, input: string, isCreated = false): string {
  const full = isAbsolute(path) ? path : join(run.workspace, path);
  if (isCreated) mkdirSync(full, { recursive: true });
  let real: string;
  try {
    real = realpathSync(full);
  } catch (cause) {
    throw new ActionError("INPUT_INVALID", {
      message: `input \`${input}\`: ${path} is not there`,
      hint: "write an existing directory",
      cause,
    });
  }
  const roots = [run.workspace, run.tempDir].filter((root) => root !== "").map((root) => realpathSync(root));
  if (roots.some((root) => real === root || real.startsWith(root + sep))) return real;
  throw new ActionError("PATH_OUTSIDE", {
    message: `input \`${input}\`: ${path} leads out of the workspace, to ${real}`,
    hint: "write a path inside the workspace or RUNNER_TEMP",
  });
}
