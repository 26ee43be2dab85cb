import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { readActionFile } from "./action-file.ts";
import type { ActionOrigin } from "./session.ts";

/** Where `uses:` finds actions; nothing is downloaded. */
export interface ActionSources {
  /** `owner/repo@ref` → folder of that tree. */
  readonly trees?: Readonly<Record<string, string>> | undefined;
  /** The tree of the repository whose workflow runs: `uses: $/path`. */
  readonly workflowTree?: string | undefined;
  /** The checked-out workspace: `uses: ./path`. */
  readonly workspace: string;
}

/** Splits `owner/repo/path@ref`. */
export function parseUses(uses: string): { repository: string; path: string; ref: string } | undefined {
  const match = /^([^/@\s]+\/[^/@\s]+)(?:\/([^@\s]*))?@([^\s]+)$/.exec(uses);
  if (match === null) return undefined;
  const [, repository = "", path = "", ref = ""] = match;
  return { repository, path, ref };
}

/** @throws Error in the runner's manner when the action cannot be found */
export function resolveAction(uses: string, sources: ActionSources): ActionOrigin {
  if (uses.startsWith("docker://")) throw new Error(`uses: ${uses}: this runner has no containers`);
  if (uses.startsWith("$/")) {
    if (sources.workflowTree === undefined) throw new Error(`uses: ${uses}: no workflowTree was given`);
    return { file: readActionFile(inside(sources.workflowTree, uses.slice(2), uses)), uses };
  }
  if (uses.startsWith("./")) return { file: readActionFile(inside(sources.workspace, uses.slice(2), uses)), uses };
  if (isAbsolute(uses)) return { file: readActionFile(uses), uses };
  const parsed = parseUses(uses);
  if (parsed === undefined) {
    throw new Error(`Expected format {org}/{repo}[/path]@ref. Actual '${uses}'`);
  }
  const tree = sources.trees?.[`${parsed.repository}@${parsed.ref}`];
  if (tree === undefined) {
    const known = Object.keys(sources.trees ?? {}).join(", ");
    throw new Error(
      `Unable to resolve action \`${uses}\`, unable to find version \`${parsed.ref}\` (known trees: ${known || "none"})`,
    );
  }
  const { repository, ref } = parsed;
  const folder = inside(tree, parsed.path, uses);
  if (!["action.yml", "action.yaml"].some((name) => existsSync(join(folder, name)))) {
    throw new Error(`Can't find 'action.yml', 'action.yaml' or 'Dockerfile' for action '${uses}'.`);
  }
  return { file: readActionFile(folder), uses, repository, ref };
}

function inside(tree: string, path: string, uses: string): string {
  if (path.split("/").includes("..")) throw new Error(`uses: ${uses}: '..' is not allowed`);
  return join(tree, path);
}
