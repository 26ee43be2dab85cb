import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { ActionError } from "@eks-actions/action";
import { isRecord, readYaml } from "@eks-actions/manifest";
import type { SideName, Target } from "../model.ts";
import type { Tree } from "./files.ts";
import { digList, digText } from "./place.ts";
import type { Program, ProgramResult } from "./program.ts";

const TIME_MS = 60_000;
const OUTPUT_BYTES = 20_000_000;

export interface RenderContext {
  readonly program: Program;
  readonly tree: Tree;
  readonly side: SideName;
  readonly path: string | undefined;
  /** An empty folder: no configuration, plugins or caches of the runner take part. */
  readonly home: string;
  readonly allowRemote: boolean;
  readonly signal: AbortSignal;
}

export type Tool = "kustomize" | "kubectl" | "helm";

export interface Rendered {
  readonly text: string;
  readonly tool: Tool;
}

/**
 * Runs kustomize or helm on a folder of the tree, without plugins, post-renderers, a shell or any of the job's variables.
 * @throws ActionError `TOOL_MISSING`, `RENDER_FAILED`, `RENDER_LIMIT`, `REMOTE_REFUSED`, `PATH_OUTSIDE`
 */
export async function render(target: Target, kind: "kustomize" | "helm", context: RenderContext): Promise<Rendered> {
  const [path = "."] = target.paths;
  const folder = context.tree.find(path);
  if (folder === undefined) throw new Error(`${path} is not there`);
  refuseLinksOut(folder, context.tree.root, path);
  if (!context.allowRemote) refuseRemote(folder, kind, path);
  return kind === "kustomize" ? kustomize(target, folder, context) : helm(target, folder, context);
}

async function kustomize(target: Target, folder: string, context: RenderContext): Promise<Rendered> {
  const first = await run(context, "kustomize", ["build", folder], folder);
  const result = first.end === "missing" ? await run(context, "kubectl", ["kustomize", folder], folder) : first;
  if (result.end === "missing") {
    throw new ActionError("TOOL_MISSING", {
      message: `${target.id}: neither kustomize nor kubectl is on the runner`,
      hint: "run on `ubuntu-24.04`, or set up kustomize before this step",
    });
  }
  const tool = first.end === "missing" ? "kubectl" : "kustomize";
  return { tool, text: output(target, result, context.side, tool === "kubectl" ? "kubectl kustomize" : tool) };
}

async function helm(target: Target, folder: string, context: RenderContext): Promise<Rendered> {
  if (hasDependencies(folder) && !existsSync(join(folder, "charts"))) {
    const built = await run(context, "helm", ["dependency", "build", folder], folder);
    if (built.end === "done" && built.code !== 0) output(target, built, context.side, "helm dependency build");
  }
  const values = target.values.map((file) => {
    const found = context.tree.find(file) ?? context.tree.find(join(target.paths[0] ?? "", file));
    if (found !== undefined) return found;
    throw new ActionError("RENDER_FAILED", {
      message: `${target.id} (${context.side}): values file ${file} is not there`,
      hint: "write its path relative to the repository or to the chart",
    });
  });
  const args = [
    "template",
    target.release,
    folder,
    "--namespace",
    target.namespace,
    "--include-crds",
    "--skip-tests",
    ...values.flatMap((file) => ["--values", file]),
    ...target.set.flatMap((assignment) => ["--set", assignment]),
  ];
  const result = await run(context, "helm", args, folder);
  if (result.end === "missing") {
    throw new ActionError("TOOL_MISSING", {
      message: `${target.id}: helm is not on the runner`,
      hint: "run on `ubuntu-24.04`, or add `- uses: azure/setup-helm@v4` before this step",
    });
  }
  return { tool: "helm", text: output(target, result, context.side, "helm") };
}

const VERSION_ARGS: Readonly<Record<Tool, readonly string[]>> = {
  kustomize: ["version"],
  kubectl: ["version", "--client"],
  helm: ["version", "--short"],
};

/** Versions of the tools that rendered, for the report; `unknown` where a tool does not say. */
export async function toolVersions(
  tools: ReadonlySet<Tool>,
  context: Pick<RenderContext, "program" | "path" | "home" | "signal">,
): Promise<Readonly<Record<string, string>>> {
  const versions: [string, string][] = [];
  for (const tool of [...tools].sort()) {
    const { stdout } = await run(context, tool, VERSION_ARGS[tool], context.home);
    versions.push([tool, /\bv?(\d+\.\d+[\w.-]{0,40})/.exec(stdout)?.[1] ?? "unknown"]);
  }
  return Object.fromEntries(versions);
}

function run(
  context: Pick<RenderContext, "program" | "path" | "home" | "signal">,
  command: string,
  args: readonly string[],
  cwd: string,
): Promise<ProgramResult> {
  return context.program(command, args, {
    cwd,
    env: { PATH: context.path ?? "", HOME: context.home, LC_ALL: "C.UTF-8" },
    timeoutMs: TIME_MS,
    maxBytes: OUTPUT_BYTES,
    signal: context.signal,
  });
}

function output(target: Target, result: ProgramResult, side: SideName, tool: string): string {
  if (result.end === "time" || result.end === "output") {
    throw new ActionError("RENDER_LIMIT", {
      message: `${target.id} (${side}): ${tool} ${result.end === "time" ? "ran longer than 60 s" : "printed more than 20 MB"}`,
      hint: "price a smaller part, or give rendered files with `head-path` and `base-path`",
    });
  }
  if (result.code !== 0) {
    const tail = result.stderr.trim().split("\n").slice(-20).join("\n");
    throw new ActionError("RENDER_FAILED", {
      message: `${target.id} (${side}): ${tool} ended with ${result.code}: ${tail.slice(-1500)}`,
      hint: `run \`${tool === "helm" ? "helm template" : tool} ${target.paths[0] ?? "."}\` locally`,
    });
  }
  return result.stdout;
}

/** A link in the folder that leads out of the tree would be read by the tool, whatever it is. */
function refuseLinksOut(folder: string, root: string, shown: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const full = join(entry.parentPath, entry.name);
    if (!lstatSync(full).isSymbolicLink()) continue;
    const aim = existsSync(full) ? realpathSync(full) : resolve(dirname(full), readlinkSync(full));
    if (aim === root || aim.startsWith(root + sep)) continue;
    throw new ActionError("PATH_OUTSIDE", {
      message: `${shown}: the link ${entry.name} leads out of the repository, to ${aim}`,
      hint: "put the file itself into the repository",
    });
  }
}

function refuseRemote(folder: string, kind: "kustomize" | "helm", shown: string): void {
  const seen = new Set<string>();
  const visit = (at: string): void => {
    if (seen.has(at)) return;
    seen.add(at);
    const file = ["kustomization.yaml", "kustomization.yml", "Kustomization"]
      .map((name) => join(at, name))
      .find(existsSync);
    if (file === undefined) return;
    const value = firstDocument(file);
    const fields = ["resources", "bases", "components", "crds", "configurations", "generators", "transformers"];
    for (const field of fields) {
      for (const entry of digList(value, field)) {
        if (typeof entry !== "string") continue;
        if (isRemote(entry)) throw remote(shown, entry);
        const next = resolve(at, entry);
        if (existsSync(next) && lstatSync(next).isDirectory()) visit(next);
      }
    }
    for (const chart of digList(value, "helmCharts")) throw remote(shown, digText(chart, "repo") ?? "helmCharts");
  };
  if (kind === "kustomize") visit(folder);
  else {
    for (const dependency of digList(firstDocument(join(folder, "Chart.yaml")), "dependencies")) {
      const repository = digText(dependency, "repository");
      if (repository !== undefined && !repository.startsWith("file://")) throw remote(shown, repository);
    }
  }
}

function isRemote(entry: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/|^git@|^git::|^(www\.)?(github|gitlab|bitbucket)\.(com|org)[/:]|\?(ref|version)=/i.test(
    entry,
  );
}

function remote(shown: string, url: string): ActionError {
  return new ActionError("REMOTE_REFUSED", {
    message: `${shown} refers to ${url.slice(0, 200)}, outside the repository`,
    hint: "with:\n    allow-remote: true",
  });
}

function hasDependencies(folder: string): boolean {
  return digList(firstDocument(join(folder, "Chart.yaml")), "dependencies").length > 0;
}

function firstDocument(file: string): unknown {
  if (!existsSync(file)) return undefined;
  const [result] = readYaml(readFileSync(file, "utf8"), file);
  return result !== undefined && "document" in result && isRecord(result.document.value)
    ? result.document.value
    : undefined;
}
