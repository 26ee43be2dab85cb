import { mkdtempSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { ActionError, type RunContext } from "@eks-actions/action";
import { readYaml } from "@eks-actions/manifest";
import { type PriceFile, parsePriceFile, type StrictDocument } from "@eks-actions/pricing";
import { noUsage, readUsage, type Usage } from "./bill/usage-file.ts";
import type { Inputs } from "./inputs.ts";
import type { ClusterSpec, Manifest, Warning } from "./model.ts";
import type { Ports } from "./ports.ts";
import { jobKeys } from "./prices/job-keys.ts";
import { readCache, writeCache } from "./prices/price-cache.ts";
import { type FoundPrices, findPrices } from "./prices/prices.ts";
import { observeReports, type RenderFacts } from "./report-file/render-facts.ts";
import { chooseBase } from "./sides/base.ts";
import { openTree, type Tree } from "./sides/files.ts";
import { createGit } from "./sides/git.ts";
import { type LoadedSide, loadSide, treeWarnings } from "./sides/load-side.ts";
import { type PullEvent, pullEvent } from "./sides/pull-event.ts";
import { toolVersions } from "./sides/render.ts";
import { readSettings, type Settings, settingsFromInputs } from "./sides/settings.ts";
import { allowedFolder } from "./sides/workspace.ts";

/** Both sides of the change and all that prices them. */
export interface PriceFacts {
  readonly kind: "price";
  readonly run: RunContext;
  readonly pull: PullEvent | undefined;
  readonly settings: Settings;
  readonly clusters: readonly ClusterSpec[];
  readonly base: LoadedSide;
  readonly head: LoadedSide;
  readonly baseSha: string;
  readonly headSha: string;
  readonly configChanged: boolean;
  /** By region. */
  readonly prices: ReadonlyMap<string, FoundPrices>;
  readonly priceFile: PriceFile | undefined;
  readonly usage: Usage;
  /** Versions of what rendered, by tool. */
  readonly tools: Readonly<Record<string, string>>;
  readonly asOf: string;
  readonly generatedAt: string;
  readonly warnings: readonly Warning[];
}

export type Facts = PriceFacts | RenderFacts;

export async function observe(inputs: Inputs, ports: Ports, signal: AbortSignal): Promise<Facts> {
  if (inputs.mode === "render") return ports.log.group("Observe", () => observeReports(inputs, ports, signal));
  const { run } = ports;
  const temp = mkdtempSync(join(run.tempDir || run.workspace, "cost-diff-"));
  try {
    return await ports.log.group("Observe", () => observeSides(inputs, ports, temp, signal));
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
}

async function observeSides(inputs: Inputs, ports: Ports, temp: string, signal: AbortSignal): Promise<PriceFacts> {
  const { run, log } = ports;
  const pull = pullEvent(run);
  const headTree = openTree(allowedFolder(inputs.headPath ?? ".", run, "head-path"));
  const { settings, text } = readConfig(inputs, headTree);
  if (settings.targets.length === 0 && settings.clusters.every(({ config }) => config === undefined))
    throw nothingNamed();
  const { baseTree, baseSha, headSha } = await findBase(inputs, ports, pull, temp, signal);
  const warnings = baseTree === undefined ? [] : [...treeWarnings(baseTree)];
  const parsed = new Map<string, readonly Manifest[]>();
  const side = (name: "base" | "head", tree: Tree) =>
    loadSide(settings.targets, settings.clusters, {
      side: name,
      tree,
      program: ports.program,
      path: run.env["PATH"],
      tempDir: temp,
      allowRemote: inputs.allowRemote,
      placeholders: settings.assume.placeholders,
      parsed,
      signal,
    });
  const [base, head] = await Promise.all([side("base", baseTree), side("head", headTree)]);
  refuseEmpty(settings, base, head);
  const clusters = settings.clusters.map((spec) => resolveCluster(spec, inputs, base, head, run));
  log.info(`${settings.targets.length} targets, ${objects(base)} objects at base, ${objects(head)} at head`);
  const asOf = inputs.asOf ?? new Date(ports.clock.now()).toISOString().slice(0, 10);
  const [region = ""] = clusters.map((spec) => spec.region ?? "");
  const priceFile =
    inputs.priceFile === undefined ? undefined : readPriceFile(inputs.priceFile, headTree, region, asOf);
  const usage =
    inputs.usageFile === undefined
      ? noUsage
      : readUsage(readDocument(inputs.usageFile, headTree, "USAGE_FILE_INVALID"));
  const tools = await toolVersions(new Set([...base.tools, ...head.tools]), {
    program: ports.program,
    path: run.env["PATH"],
    home: temp,
    signal,
  });
  const prices = await findAllPrices(clusters, inputs, ports, signal);
  for (const found of prices.values()) warnings.push(...found.warnings);
  return {
    kind: "price",
    run,
    pull,
    settings,
    clusters,
    base,
    head,
    baseSha,
    headSha,
    configChanged: text !== undefined && configText(inputs, baseTree) !== text,
    prices,
    priceFile,
    usage,
    tools,
    asOf,
    generatedAt: `${new Date(ports.clock.now()).toISOString().slice(0, 19)}Z`,
    warnings: [...warnings, ...head.warnings, ...base.warnings],
  };
}

async function findBase(inputs: Inputs, ports: Ports, pull: PullEvent | undefined, temp: string, signal: AbortSignal) {
  const { run } = ports;
  const git = createGit({
    program: ports.program,
    workspace: run.workspace,
    env: run.env,
    serverUrl: run.serverUrl,
    token: inputs.githubToken,
    signal,
  });
  if (inputs.basePath !== undefined) {
    const headSha = pull?.headSha ?? (await git.head()) ?? "";
    return { baseTree: openTree(allowedFolder(inputs.basePath, run, "base-path")), baseSha: "", headSha };
  }
  const { base, head } = await chooseBase(git, ports.github, pull, inputs.baseRef, signal);
  ports.log.info(`base ${base.slice(0, 7)}, head ${head.slice(0, 7)}`);
  return { baseTree: openTree(await git.export(base, join(temp, "base"))), baseSha: base, headSha: head };
}

function readConfig(inputs: Inputs, tree: Tree): { settings: Settings; text: string | undefined } {
  const fromInputs = settingsFromInputs(inputs);
  const isDefault = inputs.config === undefined || inputs.config === ".github/cost.yaml";
  const text = configText(inputs, tree);
  if (text === undefined) {
    if (isDefault) return { settings: fromInputs, text };
    throw new ActionError("INPUT_INVALID", {
      message: `input \`config\`: ${inputs.config} is not there`,
      hint: "write a file of the repository",
    });
  }
  const settings = readSettings(documentOf(text, inputs.config ?? "", "CONFIG_INVALID"), inputs);
  if (fromInputs.targets.length > 0) {
    if (settings.targets.length > 0) {
      throw new ActionError("INPUT_CONFLICT", {
        message: `targets stand in the inputs and in ${inputs.config}`,
        hint: "write them in one place",
      });
    }
    return { settings: { ...fromInputs, assume: settings.assume }, text };
  }
  const named = new Set(settings.targets.map(({ cluster }) => cluster));
  const extra = [...named].filter((name) => !settings.clusters.some((spec) => spec.name === name));
  const [fallback] = fromInputs.clusters;
  const added = extra.flatMap((name) => (fallback === undefined ? [] : [{ ...fallback, key: name, name }]));
  const clusters = [...settings.clusters, ...added];
  return { settings: { ...settings, clusters: clusters.length === 0 ? fromInputs.clusters : clusters }, text };
}

function configText(inputs: Inputs, tree: Tree): string | undefined {
  const path = inputs.config ?? ".github/cost.yaml";
  return tree.find(path) === undefined ? undefined : tree.read(path);
}

/** Fills in what the cluster's own config says: name, region. @throws ActionError `REGION_UNKNOWN` */
function resolveCluster(
  spec: ClusterSpec,
  inputs: Inputs,
  base: LoadedSide,
  head: LoadedSide,
  run: RunContext,
): ClusterSpec {
  const config = head.clusters.get(spec.key)?.config ?? base.clusters.get(spec.key)?.config;
  const region =
    inputs.awsRegion ??
    spec.region ??
    config?.metadata.region ??
    run.env["AWS_REGION"] ??
    run.env["AWS_DEFAULT_REGION"];
  const name = spec.name === "" ? (config?.metadata.name ?? "default") : spec.name;
  if (region === undefined || region === "") {
    throw new ActionError("REGION_UNKNOWN", {
      message: `cluster ${name}: no region is given and none can be derived`,
      hint: "with:\n    aws-region: eu-west-1",
    });
  }
  return { ...spec, name, region };
}

async function findAllPrices(clusters: readonly ClusterSpec[], inputs: Inputs, ports: Ports, signal: AbortSignal) {
  // What makes no call needs no keys.
  const keys = inputs.priceSource === "embedded" ? undefined : await jobKeys(ports.run.env, ports.program, signal);
  const folder =
    inputs.priceCache === undefined ? undefined : allowedFolder(inputs.priceCache, ports.run, "price-cache", true);
  const found = new Map<string, FoundPrices>();
  for (const region of new Set(clusters.map((spec) => spec.region ?? ""))) {
    const cached = folder === undefined ? undefined : readCache(folder, region, ports.clock.now());
    const prices = await findPrices({
      region,
      source: inputs.priceSource,
      keys,
      live: ports.livePrices,
      cached: cached?.table,
      cacheAgeHours: cached?.ageHours ?? Number.POSITIVE_INFINITY,
      log: ports.log,
      signal,
    });
    if (folder !== undefined && prices.fresh !== undefined) writeCache(folder, prices.fresh, ports.clock.now());
    found.set(region, prices);
  }
  return found;
}

function readPriceFile(path: string, tree: Tree, region: string, asOf: string): PriceFile {
  const document = readDocument(path, tree, "PRICE_FILE_INVALID");
  const real = tree.find(path);
  const date = real === undefined ? asOf : statSync(real).mtime.toISOString().slice(0, 10);
  return parsePriceFile(document, region, date);
}

type FileCode = "CONFIG_INVALID" | "PRICE_FILE_INVALID" | "USAGE_FILE_INVALID";

function readDocument(path: string, tree: Tree, code: FileCode): StrictDocument {
  if (tree.find(path) === undefined) {
    throw new ActionError(code, { message: `${path} is not there`, hint: "write a file of the repository" });
  }
  return documentOf(tree.read(path), path, code);
}

function documentOf(text: string, file: string, code: FileCode): StrictDocument {
  const [first, ...others] = readYaml(text, file);
  if (first === undefined || others.length > 0) {
    throw new ActionError(code, {
      message: `${file} holds ${first === undefined ? "no document" : "several documents"}`,
      hint: "write one YAML document",
      file,
    });
  }
  if ("error" in first) throw first.error;
  const { document } = first;
  return { file, value: document.value, lineOf: (path) => document.placeOf(path)?.line };
}

function refuseEmpty(settings: Settings, base: LoadedSide, head: LoadedSide): void {
  for (const target of settings.targets) {
    if ((base.found.get(target.id) ?? 0) + (head.found.get(target.id) ?? 0) > 0) continue;
    const isThere = base.found.has(target.id) || head.found.has(target.id);
    throw new ActionError("TARGET_EMPTY", {
      message: `${target.id} ${isThere ? "holds no Kubernetes object" : "is neither at base nor at head"}`,
      hint: "name folders, files or globs with manifests, relative to the repository",
    });
  }
  for (const spec of settings.clusters) {
    if (spec.config === undefined || base.clusters.has(spec.key) || head.clusters.has(spec.key)) continue;
    throw new ActionError("TARGET_EMPTY", {
      message: `cluster config ${spec.config} is neither at base nor at head`,
      hint: "write its path relative to the repository",
    });
  }
}

function objects(side: LoadedSide): number {
  return [...side.found.values()].reduce((sum, count) => sum + count, 0);
}

function nothingNamed(): ActionError {
  return new ActionError("INPUT_MISSING", {
    message: "neither manifests nor a cluster config is named",
    hint: "with:\n    manifests: deploy/\n    cluster-config: infra/cluster.yaml",
  });
}
