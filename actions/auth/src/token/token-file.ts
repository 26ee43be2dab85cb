import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, realpathSync } from "node:fs";
import { dirname, sep } from "node:path";
import { ActionError } from "@eks-actions/action";
import { type IdToken, readIdToken } from "@eks-actions/aws";

const MAX_BYTES = 20_000;
// Without O_NONBLOCK, opening a pipe would wait for its writer for ever.
const NO_FOLLOW = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * The JWT of `web-identity-token-file`. Symlinks are refused, because whoever may write a folder of the job could point
 * one at another secret; kubelet's projected token (`token → ..data/token`, one folder) is the exception.
 * @throws ActionError `WEB_IDENTITY_FILE_INVALID`
 */
export function readTokenFile(path: string, nowMs: number): IdToken {
  const refuse = (why: string, cause?: unknown) =>
    new ActionError("WEB_IDENTITY_FILE_INVALID", {
      message: `web identity token file ${path}: ${why}`,
      hint: "give the path of a regular file of at most 20,000 bytes that holds one JWT",
      cause,
    });
  let text: string;
  try {
    const handle = openSync(target(path), NO_FOLLOW);
    try {
      const stat = fstatSync(handle);
      if (!stat.isFile()) throw new Error("it is not a regular file");
      if (stat.size > MAX_BYTES) throw new Error(`it has ${stat.size} bytes, at most ${MAX_BYTES}`);
      text = readFileSync(handle, "utf8").trim();
    } finally {
      closeSync(handle);
    }
  } catch (cause) {
    throw refuse(cause instanceof Error ? cause.message : String(cause), cause);
  }
  try {
    return readIdToken(text, { nowMs, what: "its content" });
  } catch (cause) {
    throw refuse(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function target(path: string): string {
  if (!lstatSync(path).isSymbolicLink()) return path;
  const real = realpathSync(path);
  const folder = realpathSync(dirname(path));
  if (real.startsWith(`${folder}${sep}..`) && dirname(dirname(real)) === folder) return real;
  throw new Error("it is a symbolic link");
}
