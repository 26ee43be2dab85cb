import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ActionError } from "@eks-actions/action";
import { isRecord, readYaml } from "@eks-actions/manifest";
import { insidePath, type Places } from "./sources.ts";

const FILES = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
const LISTS = [
  "resources",
  "bases",
  "components",
  "crds",
  "configurations",
  "generators",
  "transformers",
  "validators",
];
// What kustomize takes for a repository or a URL: https://github.com/kubernetes-sigs/kustomize/blob/master/examples/remoteBuild.md
const REMOTE =
  /^[a-z][a-z0-9+.-]*:\/\/|^git@|^(www\.)?(github|gitlab|bitbucket)\.[a-z]+[/:]|[?&]ref=|\.git(\/|\?|$)|^git::/i;

/**
 * Refuses kustomizations that would fetch something: what is deployed must not change without a commit.
 * @throws ActionError `RENDER_FAILED`, `PATH_OUTSIDE`
 */
export function refuseRemoteBases(directory: string, places: Places, seen: Set<string> = new Set()): void {
  const path = insidePath(directory, places);
  if (seen.has(path) || !statSync(path).isDirectory()) return;
  seen.add(path);
  const name = FILES.find((file) => existsSync(join(path, file)));
  if (name === undefined) return;
  const file = join(path, name);
  for (const result of readYaml(readFileSync(file, "utf8"), file)) {
    if ("error" in result) throw result.error;
    for (const { entry, line } of entriesOf(result.document.value, (at) => result.document.placeOf(at)?.line)) {
      if (REMOTE.test(entry)) {
        throw new ActionError("RENDER_FAILED", {
          message: `${directory}/${name}:${line}: \`${entry}\` is fetched from elsewhere`,
          hint: "copy it into the repository, or allow it: `allow-remote: true`",
          file: `${directory}/${name}`,
          line,
        });
      }
      if (existsSync(join(path, entry))) refuseRemoteBases(join(path, entry), places, seen);
    }
  }
}

function entriesOf(value: unknown, lineOf: (path: readonly (string | number)[]) => number | undefined) {
  if (!isRecord(value)) return [];
  return LISTS.flatMap((list) => {
    const items = value[list];
    if (!Array.isArray(items)) return [];
    return items.flatMap((entry: unknown, index) =>
      typeof entry === "string" && !entry.includes("\n") ? [{ entry, line: lineOf([list, index]) ?? 1 }] : [],
    );
  });
}
