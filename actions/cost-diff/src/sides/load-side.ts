import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { ActionError } from "@eks-actions/action";
import { type ClusterConfig, parseClusterConfig } from "@eks-actions/cluster-config";
import type { ClusterSide, ClusterSpec, Manifest, SideName, Target, Warning } from "../model.ts";
import { isGlob, type Tree } from "./files.ts";
import { objectId } from "./place.ts";
import type { Program } from "./program.ts";
import { readManifests } from "./read-manifests.ts";
import { render, type Tool } from "./render.ts";

export interface SideOptions {
  readonly side: SideName;
  readonly tree: Tree;
  readonly program: Program;
  readonly path: string | undefined;
  readonly tempDir: string;
  readonly allowRemote: boolean;
  readonly placeholders: ReadonlyMap<string, string>;
  /** Files that were read already, by path and text: most are equal on both sides. */
  readonly parsed: Map<string, readonly Manifest[]>;
  readonly signal: AbortSignal;
}

export interface LoadedSide {
  /** By cluster name; a cluster whose config is missing on this side is absent. */
  readonly clusters: ReadonlyMap<string, ClusterSide>;
  /** Targets that are there on this side, with the number of their objects. */
  readonly found: ReadonlyMap<string, number>;
  /** What rendered. */
  readonly tools: ReadonlySet<Tool>;
  readonly warnings: readonly Warning[];
}

/** Reads all targets and cluster configs of one side. Rendering runs up to four at a time. */
export async function loadSide(
  targets: readonly Target[],
  clusters: readonly ClusterSpec[],
  options: SideOptions,
): Promise<LoadedSide> {
  const found = new Map<string, number>();
  const byCluster = new Map<string, Manifest[]>();
  const queue = [...targets];
  const results = new Map<Target, readonly Manifest[] | undefined>();
  const warnings: Warning[] = [];
  const tools = new Set<Tool>();
  const worker = async () => {
    for (let target = queue.shift(); target !== undefined; target = queue.shift()) {
      results.set(target, await loadOrWarn(target, options, warnings, tools));
    }
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  for (const target of targets) {
    const manifests = results.get(target);
    if (manifests === undefined) continue;
    found.set(target.id, manifests.length);
    byCluster.set(target.cluster, [...(byCluster.get(target.cluster) ?? []), ...manifests]);
  }
  const sides = new Map<string, ClusterSide>();
  for (const spec of clusters) {
    const config = spec.config === undefined ? undefined : readConfig(spec.config, options.tree);
    if (spec.config !== undefined && config === undefined) continue;
    const manifests = byCluster.get(spec.key) ?? [];
    refuseTwice(manifests, spec.name);
    sides.set(spec.key, { config, manifests });
  }
  return { clusters: sides, found, tools, warnings };
}

/** A base that cannot be rendered any more must not keep head's price from being shown. */
async function loadOrWarn(
  target: Target,
  options: SideOptions,
  warnings: Warning[],
  tools: Set<Tool>,
): Promise<readonly Manifest[] | undefined> {
  try {
    return await loadTarget(target, options, tools);
  } catch (error) {
    if (options.side === "head" || !(error instanceof ActionError) || error.code !== "RENDER_FAILED") throw error;
    warnings.push({ code: "RENDER_FAILED_BASE", args: { target: target.id } });
    return undefined;
  }
}

/** @throws ActionError `CLUSTER_CONFIG_INVALID` */
function readConfig(path: string, tree: Tree): ClusterConfig | undefined {
  if (tree.find(path) === undefined) return undefined;
  try {
    return parseClusterConfig(tree.read(path), { file: path, convertSelfManaged: true });
  } catch (error) {
    if (!(error instanceof ActionError) || error.code === "INTERNAL") throw error;
    const [first, ...others] = error.all().map(configFault);
    if (first === undefined) throw error;
    throw new ActionError("CLUSTER_CONFIG_INVALID", {
      ...first,
      also: others.map((fault) => new ActionError("CLUSTER_CONFIG_INVALID", fault)),
    });
  }
}

function configFault({ message, hint, file, line, column, cause }: ActionError) {
  return { message, hint, file, line, column, cause };
}

async function loadTarget(
  target: Target,
  options: SideOptions,
  tools: Set<Tool>,
): Promise<readonly Manifest[] | undefined> {
  const { tree } = options;
  const [path = ""] = target.paths;
  const kind = target.type === "detect" ? detect(path, tree) : target.type;
  if (kind === "files") return readFiles(target, options);
  if (tree.find(path) === undefined) return undefined;
  const home = join(options.tempDir, `home-${options.side}`);
  mkdirSync(home, { recursive: true });
  const { text, tool } = await render(target, kind, { ...options, home });
  tools.add(tool);
  return inNamespace(readManifests(text, path), target.namespace).map((manifest) => ({
    ...manifest,
    line: undefined,
    lineOf: () => undefined,
  }));
}

function detect(path: string, tree: Tree): "files" | "kustomize" | "helm" {
  if (isGlob(path) || !tree.isFolder(path)) return "files";
  const has = (name: string) => tree.find(join(path, name)) !== undefined;
  if (has("kustomization.yaml") || has("kustomization.yml") || has("Kustomization")) return "kustomize";
  return has("Chart.yaml") ? "helm" : "files";
}

function readFiles(target: Target, options: SideOptions): readonly Manifest[] | undefined {
  const { tree, placeholders } = options;
  let isThere = false;
  const files = target.paths.flatMap((path) => {
    if (isGlob(path)) {
      const matched = tree.glob(path);
      isThere ||= matched.length > 0;
      return matched.filter(isManifestFile);
    }
    if (tree.find(path) === undefined) return [];
    isThere = true;
    return tree.isFolder(path) ? tree.list(path, target.isRecursive).filter(isManifestFile) : [path];
  });
  if (!isThere) return undefined;
  const manifests = [...new Set(files)].flatMap((file) => {
    const text = fill(tree.read(file), placeholders);
    const known = options.parsed.get(`${file}\0${text}`);
    if (known !== undefined) return known;
    const found = readManifests(text, file);
    options.parsed.set(`${file}\0${text}`, found);
    return found;
  });
  return inNamespace(manifests, target.namespace);
}

function isManifestFile(file: string): boolean {
  return /\.(ya?ml|json)$/i.test(file);
}

/** `${NAME}` of the settings' placeholders; others stay and are refused where a number is needed. */
function fill(text: string, placeholders: ReadonlyMap<string, string>): string {
  return text.replace(/\$\{([A-Za-z_]\w*)\}/g, (whole, name: string) => placeholders.get(name) ?? whole);
}

const CLUSTER_SCOPED = new Set([
  "APIService",
  "ClusterRole",
  "ClusterRoleBinding",
  "EC2NodeClass",
  "GatewayClass",
  "IngressClass",
  "IngressClassParams",
  "MutatingWebhookConfiguration",
  "Namespace",
  "NodeClass",
  "NodePool",
  "PersistentVolume",
  "PriorityClass",
  "RuntimeClass",
  "StorageClass",
  "ValidatingWebhookConfiguration",
]);

function inNamespace(manifests: readonly Manifest[], namespace: string): readonly Manifest[] {
  return manifests.map((manifest) => {
    const { object } = manifest;
    if (CLUSTER_SCOPED.has(object.kind)) {
      return { ...manifest, object: { ...object, metadata: { ...object.metadata, namespace: undefined } } };
    }
    if (object.metadata.namespace !== undefined) return manifest;
    return { ...manifest, object: { ...object, metadata: { ...object.metadata, namespace } } };
  });
}

function refuseTwice(manifests: readonly Manifest[], cluster: string): void {
  const seen = new Map<string, Manifest>();
  for (const manifest of manifests) {
    const group = manifest.object.apiVersion.split("/").length > 1 ? manifest.object.apiVersion.split("/")[0] : "";
    const key = `${group}|${objectId(manifest)}`;
    const before = seen.get(key);
    if (before === undefined) {
      seen.set(key, manifest);
      continue;
    }
    const place = (one: Manifest) => (one.line === undefined ? one.file : `${one.file}:${one.line}`);
    throw new ActionError("OBJECT_DUPLICATE", {
      message: `cluster ${cluster}: ${objectId(manifest)} stands in ${place(before)} and in ${place(manifest)}`,
      hint: "remove one of them, or name the targets more narrowly",
      file: manifest.file,
      line: manifest.line,
    });
  }
}

/** Submodules and LFS pointers of the exported tree are not followed. */
export function treeWarnings(tree: Tree): readonly Warning[] {
  const warnings: Warning[] = [];
  if (existsSync(join(tree.root, ".gitmodules"))) warnings.push({ code: "SUBMODULES_NOT_FOLLOWED", args: {} });
  const attributes = tree.find(".gitattributes") === undefined ? "" : tree.read(".gitattributes");
  if (/\bfilter=lfs\b/.test(attributes)) warnings.push({ code: "LFS_NOT_FOLLOWED", args: {} });
  return warnings;
}
