import { ActionError } from "@eks-actions/action";
import type { ClusterConfig, ManagedNodeGroup } from "@eks-actions/cluster-config";
import { placeOf } from "@eks-actions/cluster-config";
import { groupOf, quantityMillis, quantityUnits } from "@eks-actions/manifest";
import type { InstanceType, KubeletOptions, PriceBook } from "@eks-actions/pricing";
import type { Assumptions, Manifest, RootVolume } from "../model.ts";
import { globExpression } from "../sides/files.ts";
import { dig, digList, digText, digTexts } from "../sides/place.ts";
import { type Expression, matches, readExpression, readTaint, type Taint, ZONE_LABELS } from "./constraint.ts";
import { typeLabels } from "./type-labels.ts";

/** A source of nodes: a node group, a NodePool, Auto Mode, or a list of types. */
export interface Pool {
  readonly name: string;
  readonly kind: "nodeGroup" | "nodePool" | "types";
  readonly types: readonly InstanceType[];
  /** The types were chosen one by one. */
  readonly isNamed: boolean;
  readonly capacityTypes: readonly ("on-demand" | "spot")[];
  readonly labels: ReadonlyMap<string, string>;
  /** Zones in which it makes nodes; none: in all of the cluster's. */
  readonly zoneRules: readonly Expression[];
  readonly taints: readonly Taint[];
  /** NodePools of the highest weight that admit a pod get it. */
  readonly weight: number;
  readonly min: number;
  readonly max: number | undefined;
  readonly desired: number | undefined;
  readonly limits: { readonly cpuMillis?: number | undefined; readonly memoryKib?: number | undefined };
  readonly volumes: readonly RootVolume[];
  readonly kubelet: KubeletOptions;
  /** AWS runs the node agents and takes a fee. */
  readonly isAutoMode: boolean;
  readonly hasPublicIp: boolean;
  /** Nodes are replaced by cheaper ones when pods move. */
  readonly consolidates: boolean;
}

export interface PoolContext {
  readonly book: PriceBook;
  readonly config: ClusterConfig | undefined;
  readonly manifests: readonly Manifest[];
  readonly instanceTypes: readonly string[];
  readonly autoMode: boolean;
  readonly assume: Assumptions;
  readonly vmMemoryOverhead: number;
  readonly where: string;
}

const GIB = 2 ** 30;

/** All pools of a cluster, in the order in which they are named. @throws ActionError `INSTANCE_TYPE_UNKNOWN`, `NO_CANDIDATE_TYPES` */
export function readPools(context: PoolContext): readonly Pool[] {
  const { config } = context;
  const groups = (config?.managedNodeGroups ?? []).map((group) => nodeGroup(group, context));
  const own = context.manifests.filter(isNodePool).map((manifest) => nodePool(manifest, context));
  const builtIn = context.autoMode || config?.autoModeConfig.enabled === true ? autoModePools(context) : [];
  const pools = [...groups, ...own, ...builtIn];
  if (pools.length > 0 || context.instanceTypes.length === 0) return pools;
  const types = namedTypes(context.instanceTypes, context);
  return [{ ...basePool(context), name: "instance-types", kind: "types", types, capacityTypes: ["on-demand"] }];
}

function basePool(context: PoolContext): Pool {
  const volume: RootVolume = context.assume.rootVolume ?? { type: "gp3", gib: 20 };
  return {
    name: "",
    kind: "types",
    types: [],
    isNamed: false,
    capacityTypes: ["on-demand"],
    labels: new Map(),
    zoneRules: [],
    taints: [],
    weight: 0,
    min: 0,
    max: undefined,
    desired: undefined,
    limits: {},
    volumes: [volume],
    kubelet: {
      vmMemoryOverhead: context.vmMemoryOverhead,
      prefixDelegation: usesPrefixes(context),
      customNetworking: context.assume.customNetworking,
      rootVolumeGib: volume.gib,
    },
    isAutoMode: false,
    hasPublicIp: false,
    consolidates: true,
  };
}

/** The vpc-cni add-on's own configuration, an IPv6 cluster, or what is assumed. */
function usesPrefixes({ config, assume }: PoolContext): boolean {
  if (assume.prefixDelegation !== undefined) return assume.prefixDelegation;
  if (config?.kubernetesNetworkConfig.ipFamily === "IPv6") return true;
  const values = config?.addons.find(({ name }) => name === "vpc-cni")?.configurationValues ?? "";
  return /["']?ENABLE_PREFIX_DELEGATION["']?\s*:\s*["']?true/.test(values);
}

function nodeGroup(group: ManagedNodeGroup, context: PoolContext): Pool {
  const base = basePool(context);
  const name = group.instanceTypes[0] ?? "m5.large";
  const place = context.config === undefined ? undefined : placeOf(context.config, group.source);
  const type = known(name, context, `node group ${group.name}`, context.config?.file, place?.line);
  const { size, type: volumeType, iops, throughput } = group.volume;
  return {
    ...base,
    name: group.name,
    kind: "nodeGroup",
    types: [type],
    isNamed: true,
    capacityTypes: [group.spot || group.marketType === "spot" ? "spot" : "on-demand"],
    labels: new Map([...Object.entries(group.labels), ["eks.amazonaws.com/nodegroup", group.name]]),
    zoneRules:
      group.availabilityZones.length === 0
        ? []
        : [{ key: "topology.kubernetes.io/zone", operator: "In", values: group.availabilityZones }],
    taints: group.taints,
    min: group.minSize,
    max: group.maxSize,
    desired: group.desiredCapacity,
    volumes: [{ type: volumeType, gib: size, iops, throughput }],
    kubelet: { ...base.kubelet, maxPods: group.maxPodsPerNode, reserveForStandardPods: true, rootVolumeGib: size },
    hasPublicIp: !group.privateNetworking,
    consolidates: true,
  };
}

function isNodePool({ object }: Manifest): boolean {
  return object.kind === "NodePool" && groupOf(object.apiVersion) === "karpenter.sh";
}

/** https://karpenter.sh/docs/concepts/nodepools/ */
function nodePool(manifest: Manifest, context: PoolContext): Pool {
  const { object } = manifest;
  const template = dig(object, "spec", "template");
  const requirements = digList(template, "spec", "requirements").map(readExpression);
  const ref = dig(template, "spec", "nodeClassRef");
  const isAutoMode = digText(ref, "group") === "eks.amazonaws.com" || digText(ref, "kind") === "NodeClass";
  const nodeClass = context.manifests.find(
    (one) =>
      (one.object.kind === "EC2NodeClass" || one.object.kind === "NodeClass") &&
      one.object.metadata.name === digText(ref, "name"),
  );
  const name = object.metadata.name;
  const labels = new Map<string, string>([
    ...Object.entries(digTexts(template, "metadata", "labels")),
    ...customLabels(requirements),
    ["karpenter.sh/nodepool", name],
  ]);
  const consolidation = digText(object, "spec", "disruption", "consolidationPolicy");
  const volumes = nodeClassVolumes(nodeClass, isAutoMode, context);
  const base = basePool(context);
  const maxPods = dig(nodeClass?.object, "spec", "kubelet", "maxPods");
  const weight = dig(object, "spec", "weight");
  return {
    ...base,
    name,
    kind: "nodePool",
    types: requiredTypes(manifest, requirements, isAutoMode, context),
    isNamed: requirements.some(({ key, operator }) => key === "node.kubernetes.io/instance-type" && operator === "In"),
    capacityTypes: capacityTypes(requirements),
    labels,
    zoneRules: requirements.filter(({ key }) => ZONE_LABELS.includes(key)),
    taints: digList(template, "spec", "taints").map(readTaint),
    weight: typeof weight === "number" ? weight : 0,
    limits: {
      cpuMillis: quantityMillis(dig(object, "spec", "limits", "cpu")),
      memoryKib: toKib(quantityUnits(dig(object, "spec", "limits", "memory"))),
    },
    volumes,
    kubelet: {
      ...base.kubelet,
      prefixDelegation: isAutoMode ? true : base.kubelet.prefixDelegation,
      maxPods: typeof maxPods === "number" ? maxPods : undefined,
      rootVolumeGib: Math.max(...volumes.map(({ gib }) => gib)),
    },
    isAutoMode,
    hasPublicIp: dig(nodeClass?.object, "spec", "associatePublicIPAddress") === true,
    consolidates:
      consolidation !== "WhenEmpty" && digText(object, "spec", "disruption", "consolidateAfter") !== "Never",
  };
}

function toKib(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : Math.floor(bytes / 1024);
}

/** Requirements on labels that no instance has by itself define them. */
function customLabels(requirements: readonly Expression[]): readonly (readonly [string, string])[] {
  return requirements.flatMap(({ key, operator, values }) =>
    operator === "In" && values[0] !== undefined && !isWellKnown(key) ? [[key, values[0]] as const] : [],
  );
}

function isWellKnown(key: string): boolean {
  return /^(karpenter\.k8s\.aws|eks\.amazonaws\.com|karpenter\.sh|node\.kubernetes\.io|kubernetes\.io|topology\.)/.test(
    key,
  );
}

function capacityTypes(requirements: readonly Expression[]): readonly ("on-demand" | "spot")[] {
  const rule = requirements.filter(({ key }) => /^(karpenter\.sh|eks\.amazonaws\.com)\/capacity-type$/.test(key));
  const allowed = (["on-demand", "spot"] as const).filter((value) =>
    rule.every((expression) => matches(expression, new Map([[expression.key, value]]))),
  );
  // Karpenter takes on-demand where a NodePool says nothing.
  return rule.length === 0 ? ["on-demand"] : allowed;
}

/** @throws ActionError `NO_CANDIDATE_TYPES`, `INSTANCE_TYPE_UNKNOWN` */
function requiredTypes(
  manifest: Manifest,
  requirements: readonly Expression[],
  isAutoMode: boolean,
  context: PoolContext,
): readonly InstanceType[] {
  const { book } = context;
  const rules = requirements.filter(({ key }) => isWellKnown(key) && !/capacity-type|^topology\./.test(key));
  const named = rules.find(({ key, operator }) => key === "node.kubernetes.io/instance-type" && operator === "In");
  for (const [index, name] of (named?.values ?? []).entries()) {
    const path = [
      "spec",
      "template",
      "spec",
      "requirements",
      requirements.indexOf(named ?? { key: "", operator: "", values: [] }),
      "values",
      index,
    ];
    known(
      name,
      context,
      `NodePool ${manifest.object.metadata.name}`,
      manifest.file,
      manifest.lineOf(path) ?? manifest.line,
    );
  }
  let types = (named?.values ?? book.offered).flatMap((name) => usable(name, named !== undefined, isAutoMode, book));
  for (const rule of rules) {
    const left = types.filter((type) => matches(rule, typeLabels(type)));
    if (left.length === 0) {
      const index = requirements.indexOf(rule);
      const path = ["spec", "template", "spec", "requirements", index];
      throw new ActionError("NO_CANDIDATE_TYPES", {
        message: `NodePool ${manifest.object.metadata.name}: no instance type of ${book.region} is left after \`${rule.key} ${rule.operator} ${rule.values.join(", ")}\``,
        hint: "widen the requirement, or add prices of the types to the price file",
        file: manifest.file,
        line: manifest.lineOf(path) ?? manifest.line,
      });
    }
    types = left;
  }
  return types;
}

function usable(name: string, isNamed: boolean, isAutoMode: boolean, book: PriceBook): readonly InstanceType[] {
  // Prices outlive types: 22 priced ones have no facts any more.
  if (!book.hasFacts(name)) return [];
  const type = book.facts(name);
  if (type.arch === "mac" || (type.isMetal && !isNamed)) return [];
  if (isAutoMode && (!book.hasAutoMode(name) || !isAutoModeType(type))) return [];
  return [type];
}

/** https://docs.aws.amazon.com/eks/latest/userguide/automode-learn-instances.html */
function isAutoModeType(type: InstanceType): boolean {
  return type.vcpu > 1 && !/^(nano|micro|small)$/.test(type.size);
}

/** The general-purpose and system NodePools that come with Auto Mode. */
export function autoModePools(context: PoolContext): readonly Pool[] {
  const pools = context.config?.autoModeConfig.nodePools ?? [];
  const wanted = context.config?.autoModeConfig.enabled === true ? pools : ["general-purpose"];
  const base = basePool(context);
  const types = context.book.offered
    .flatMap((name) => usable(name, false, true, context.book))
    .filter((type) => /^[cmr]$/.test(type.category) && type.generation >= 5);
  const common: Pool = {
    ...base,
    kind: "nodePool",
    volumes: [{ type: "gp3", gib: 80 }],
    kubelet: { vmMemoryOverhead: context.vmMemoryOverhead, prefixDelegation: true, rootVolumeGib: 80 },
    isAutoMode: true,
  };
  const amd64 = types.filter(({ arch }) => arch === "amd64");
  const all: readonly Pool[] = [
    {
      ...common,
      name: "general-purpose",
      types: amd64,
      labels: new Map([["karpenter.sh/nodepool", "general-purpose"]]),
    },
    {
      ...common,
      name: "system",
      types,
      labels: new Map([["karpenter.sh/nodepool", "system"]]),
      taints: [{ key: "CriticalAddonsOnly", value: "", effect: "NoSchedule" }],
    },
  ];
  return all.filter(({ name }) => wanted.includes(name));
}

function nodeClassVolumes(
  nodeClass: Manifest | undefined,
  isAutoMode: boolean,
  context: PoolContext,
): readonly RootVolume[] {
  const spec = dig(nodeClass?.object, "spec");
  if (isAutoMode) {
    const bytes = quantityUnits(dig(spec, "ephemeralStorage", "size"));
    return [{ type: "gp3", gib: bytes === undefined ? 80 : Math.ceil(bytes / GIB) }];
  }
  const mapped = digList(spec, "blockDeviceMappings").flatMap((mapping) => {
    const ebs = dig(mapping, "ebs");
    const bytes = quantityUnits(dig(ebs, "volumeSize"));
    if (bytes === undefined) return [];
    const number = (field: string) => {
      const value = dig(ebs, field);
      return typeof value === "number" ? value : undefined;
    };
    const type = digText(ebs, "volumeType") ?? "gp3";
    return [{ type, gib: Math.ceil(bytes / GIB), iops: number("iops"), throughput: number("throughput") }];
  });
  if (mapped.length > 0) return mapped;
  const alias = digText(spec, "amiSelectorTerms", 0, "alias") ?? digText(spec, "amiFamily") ?? "";
  if (/^bottlerocket/i.test(alias))
    return [
      { type: "gp3", gib: 4 },
      { type: "gp3", gib: 20 },
    ];
  return [context.assume.rootVolume ?? { type: "gp3", gib: 20 }];
}

/** Names and globs of the input or the settings. @throws ActionError `INSTANCE_TYPE_UNKNOWN`, `NO_CANDIDATE_TYPES` */
export function namedTypes(
  patterns: readonly string[],
  context: Pick<PoolContext, "book" | "where">,
): readonly InstanceType[] {
  const { book, where } = context;
  const found = new Map<string, InstanceType>();
  for (const pattern of patterns) {
    if (!pattern.includes("*")) {
      book.ec2(pattern);
      found.set(pattern, book.facts(pattern));
      continue;
    }
    const expression = globExpression(pattern);
    const matched = book.offered
      .filter((name) => expression.test(name))
      .flatMap((name) => usable(name, false, false, book));
    if (matched.length === 0) {
      throw new ActionError("NO_CANDIDATE_TYPES", {
        message: `${where}: no instance type of ${book.region} matches ${pattern}`,
        hint: "with:\n    instance-types: m7i.*",
      });
    }
    for (const type of matched) found.set(type.name, type);
  }
  return [...found.values()];
}

function known(
  name: string,
  context: PoolContext,
  where: string,
  file: string | undefined,
  line: number | undefined,
): InstanceType {
  try {
    context.book.ec2(name);
    return context.book.facts(name);
  } catch (error) {
    if (!(error instanceof ActionError)) throw error;
    throw new ActionError(error.code, {
      message: `${where}: ${error.message}`,
      hint: error.hint,
      file,
      line,
      cause: error,
    });
  }
}
