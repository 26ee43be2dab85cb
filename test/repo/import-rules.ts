import { posix } from "node:path";

/** One import statement: the file it stands in and what it names. */
export interface Import {
  readonly file: string;
  readonly line: number;
  readonly specifier: string;
}

const PURE = ["manifest", "cluster-config", "health", "pricing", "packing", "markdown"];
const PURE_STEPS = /^actions\/[^/]+\/src\/(inputs|plan|report)\.ts$/;
const SDK_OWNERS: readonly (readonly [RegExp, string])[] = [
  [/^@aws-sdk\//, "packages/aws"],
  [/^@smithy\//, "packages/aws"],
  [/^@kubernetes\/client-node$/, "packages/kube"],
  [/^@actions\/github$/, "packages/github"],
  [/^@octokit\//, "packages/github"],
  [/^@actions\/core$/, "packages/action"],
];
// Files are a computation over paths and bytes only when they never reach the disk, the network or another process.
const IO_MODULES = /^node:(fs|http|http2|https|net|tls|child_process|dgram|os|worker_threads|dns)(\/|$)/;

export function importsOf(file: string, text: string): Import[] {
  const found: Import[] = [];
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[\w*{][^;'"]*?\sfrom\s+)?["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)/g;
  for (const match of text.matchAll(pattern)) {
    const specifier = match[2] ?? match[3];
    if (specifier === undefined) continue;
    const line = text.slice(0, (match.index ?? 0) + match[0].lastIndexOf(specifier)).split("\n").length;
    found.push({ file, line, specifier });
  }
  return found;
}

/** Says which rule an import breaks, or nothing. Paths are relative to the repository. */
export function faultOf({ file, line, specifier }: Import): string | undefined {
  const broken = (rule: string) => `${file}:${line}: IMPORT_DIRECTION ${specifier}: ${rule}`;
  const test = /\.test\.ts$/.test(file);
  const [area, name] = file.split("/");
  const package_ = /^@eks-actions\/([a-z-]+?)(\/.*)?$/.exec(specifier);

  if (specifier.startsWith("@eks-actions/test/") || /\/test\//.test(specifier)) {
    return test || area === "test" ? undefined : broken("nothing imports tests");
  }
  if (test || area === "test") return undefined;
  if (specifier.startsWith(".")) {
    const [targetArea, targetName] = posix.join(posix.dirname(file), specifier).split("/");
    if (targetArea !== area || targetName !== name) return broken("folders are reached by their package name");
  }
  if (/^@eks-actions\/[a-z-]+-action$/.test(specifier) || /\/actions\//.test(specifier)) {
    return broken(area === "packages" ? "packages never import actions" : "actions never import each other");
  }
  for (const [sdk, owner] of SDK_OWNERS) {
    if (sdk.test(specifier) && !file.startsWith(`${owner}/`)) return broken(`only ${owner} imports it`);
  }
  if (area === "packages" && PURE.includes(name ?? "")) {
    if (IO_MODULES.test(specifier)) return broken("this package is pure");
    if (
      package_ !== null &&
      !PURE.includes(package_[1] ?? "") &&
      !/^@eks-actions\/action\/(error|edit-distance)$/.test(specifier)
    ) {
      return broken("this package is pure: other pure packages and the pure parts of @eks-actions/action only");
    }
  }
  if (area === "packages" && ["aws", "kube", "github"].includes(name ?? "") && package_ !== null) {
    if (["aws", "kube", "github"].includes(package_[1] ?? ""))
      return broken("the SDK packages never import each other");
  }
  if (PURE_STEPS.test(file)) {
    if (IO_MODULES.test(specifier)) return broken("inputs, plan and report do no IO");
  }
  return undefined;
}
