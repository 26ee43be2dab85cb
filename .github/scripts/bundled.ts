import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A package of somebody else whose code is in a bundle. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** As its package.json states it, an SPDX expression. */
  readonly licence: string;
  /** Actions that hold it. */
  readonly actions: readonly string[];
}

/** What the bundles of a release tree hold, by the licence texts that they carry: those of the shaken module graph. */
export function bundledPackages(tree: string): readonly BundledPackage[] {
  const found = new Map<string, BundledPackage>();
  for (const file of globSync(join(tree, "actions/*/dist/licenses.txt")).sort()) {
    const action = file.split(/[\\/]/).at(-3) ?? "";
    for (const entry of readFileSync(file, "utf8").split(`\n${"-".repeat(72)}\n`)) {
      const [id = "", licence = ""] = entry.trim().split("\n");
      const at = id.lastIndexOf("@");
      const one = { name: id.slice(0, at), version: id.slice(at + 1), licence };
      found.set(id, { ...one, actions: [...(found.get(id)?.actions ?? []), action] });
    }
  }
  return [...found.values()].sort((a, b) => (a.name === b.name ? 0 : a.name < b.name ? -1 : 1));
}
