import { readFileSync, statSync } from "node:fs";
import { relative } from "node:path";
import { ActionError } from "@eks-actions/action";
import { parseTrustDocument, type TrustDocument } from "./document.ts";

const LIMIT_BYTES = 64 * 1024;

/** A policy file and the path by which a person knows it. */
export interface TrustFile {
  readonly path: string;
  readonly document: TrustDocument;
}

/** @throws ActionError `TRUST_POLICY_FILE_INVALID` */
export function readTrustFile(path: string, workspace: string): TrustFile {
  const shown = shownPath(workspace, path);
  let text: string;
  try {
    const stat = statSync(path);
    if (!stat.isFile()) throw new Error("it is not a regular file");
    if (stat.size > LIMIT_BYTES) throw new Error(`${stat.size} bytes, at most ${LIMIT_BYTES}`);
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new ActionError("TRUST_POLICY_FILE_INVALID", {
      message: `${shown} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: "check the path; the file must be checked out before this step",
      cause,
    });
  }
  return { path: shown, document: parseTrustDocument(text, shown) };
}

/** As the repository has it; a path outside the workspace as it is. */
function shownPath(workspace: string, path: string): string {
  const inside = relative(workspace, path);
  return inside === "" || inside.startsWith("..") ? path : inside;
}
