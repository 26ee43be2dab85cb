import type { ClusterConfig } from "@eks-actions/cluster-config";
import { HOURS_PER_MONTH, type Money, type PriceBook, parseDecimal, ratio, sum, times } from "@eks-actions/pricing";
import {
  type Assumptions,
  type ClusterSide,
  type ClusterSpec,
  type Item,
  LINE_IDS,
  type LineId,
  type Warning,
} from "../model.ts";
import { anywhere, namedZones, readConstraint } from "./constraint.ts";
import { type ControlPlane, controlPlane } from "./control-plane.ts";
import { fargateItems, fargateRefusal, fargateSize, profileOf } from "./fargate.ts";
import { loadBalancers } from "./load-balancers.ts";
import { CPU_RATIO, merge, type NodeAnswer, requirePools } from "./nodes.ts";
import type { NodeProblem } from "./pack-input.ts";
import type { PodSet } from "./placement.ts";
import { type Pool, readPools } from "./pools.ts";
import { storage } from "./storage.ts";
import type { Usage } from "./usage-file.ts";
import { readWorkloads, type Workload, type WorkloadOptions } from "./workloads.ts";

export interface CostOptions {
  readonly spec: ClusterSpec;
  readonly book: PriceBook;
  readonly assume: Assumptions;
  readonly usage: Usage;
  readonly asOf: string;
  readonly zones: number;
  readonly vmMemoryOverhead: number;
  readonly defaultArch: "amd64" | "arm64";
  readonly isDeclared: boolean;
  readonly packing: NodeProblem["packing"];
  readonly workloads: Omit<WorkloadOptions, "usage" | "asOf">;
  /** Nodes by requests alone, in place of packing. */
  readonly rates: { readonly cpuHour: Money; readonly gibHour: Money } | undefined;
  readonly markup: Money | undefined;
}

/** What a side is made of before nodes are bought. */
export interface SideParts {
  readonly control: ControlPlane;
  readonly workloads: readonly Workload[];
  /** Ids of workloads that run on Fargate. */
  readonly onFargate: ReadonlySet<string>;
  readonly pods: readonly PodSet[];
  readonly pools: readonly Pool[];
  readonly system: ReadonlySet<string>;
  readonly daemonSets: readonly Workload[];
  readonly problem: NodeProblem;
  readonly fixed: ReadonlyMap<LineId, readonly Item[]>;
  readonly usage: readonly { readonly key: string; readonly quantity: number | undefined }[];
  readonly warnings: readonly Warning[];
  readonly unschedulable: NodeAnswer["unschedulable"];
  readonly isNatRedundant: boolean;
  readonly internetFacing: number;
  readonly gp2Gib: number;
}

const MI = 2 ** 20;
const COREDNS = "kube-system/Deployment/coredns";
/** Everything of a cluster's side but the nodes. @throws ActionError of the parsers and the price book */
export function readSide(side: ClusterSide, options: CostOptions): SideParts {
  const { spec, book, assume, usage, asOf, zones } = options;
  const { config, manifests } = side;
  const read = readWorkloads(manifests, { ...options.workloads, asOf, usage: usage.workloads });
  const control = controlPlane({ cluster: spec.name, config, version: spec.version, book, asOf, usage });
  const profiles = config?.fargateProfiles ?? [];
  const onFargate = new Set(
    read.workloads.filter((one) => one.kind !== "DaemonSet" && profileOf(one, profiles)).map(({ id }) => id),
  );
  const pools = readPools({
    book,
    config,
    manifests,
    instanceTypes: spec.instanceTypes,
    autoMode: spec.autoMode,
    assume,
    vmMemoryOverhead: options.vmMemoryOverhead,
    where: `cluster ${spec.name}`,
  });
  const isAutoMode = pools.some((pool) => pool.isAutoMode);
  const daemonSets = read.workloads.filter(({ kind }) => kind === "DaemonSet");
  const dns = systemPods(config, read.workloads, pools, profiles);
  const pods = [...podsOf(read.workloads, onFargate, assume.jobsAtPeak), ...dns.onNodes];
  const system = new Set([COREDNS]);
  requirePools(pods, pools, spec.name, system);
  const disks = storage(manifests, read.workloads, assume, book);
  const balancers = loadBalancers(manifests, { isAutoMode, zones, usage, book });
  const fargate = fargateCost(read.workloads, onFargate, dns.onFargate, book);
  const gateways = natGateways(config, zones);
  const hourly = (key: string, count: number): readonly Item[] =>
    count === 0 ? [] : [{ key, price: book.service(key).price, quantity: HOURS_PER_MONTH * count }];
  const fixed = new Map<LineId, readonly Item[]>(control.lines);
  fixed.set("fargate", fargate.items);
  fixed.set("storage", merge(disks.items));
  fixed.set("loadBalancers", balancers.items);
  fixed.set("publicIpv4", merge([...balancers.publicIpv4, ...hourly("vpc.publicIpv4", gateways)]));
  fixed.set("nat", hourly("nat.hour", gateways));
  const uses = usageLines(balancers.usage, gateways, usage);
  fixed.set(
    "usage",
    uses.flatMap(({ key, quantity }) =>
      quantity === undefined || quantity === 0 ? [] : [{ key, price: book.service(key).price, quantity }],
    ),
  );
  return {
    control,
    workloads: read.workloads,
    onFargate,
    pods,
    pools,
    system,
    daemonSets,
    problem: {
      pods: pools.length === 0 ? [] : pods,
      pools,
      context: { book, daemonSets, agents: agentsOf(config), defaultArch: options.defaultArch },
      isDeclared: options.isDeclared,
      packing: options.packing,
      zones: zonesOf(config, read.workloads, pools, options),
    },
    fixed,
    usage: uses,
    warnings: [
      ...control.warnings,
      ...read.warnings,
      ...disks.warnings,
      ...balancers.warnings,
      ...addonWarnings(config),
    ],
    unschedulable: fargate.refused,
    isNatRedundant: config?.vpc.nat === "HighlyAvailable" && gateways > 1,
    internetFacing: balancers.internetFacing,
    gp2Gib: disks.gp2Gib,
  };
}

function podsOf(
  workloads: readonly Workload[],
  onFargate: ReadonlySet<string>,
  jobsAtPeak: boolean,
): readonly PodSet[] {
  return workloads
    .filter((one) => one.kind !== "DaemonSet" && !onFargate.has(one.id) && (one.job === undefined || jobsAtPeak))
    .filter(({ replicas }) => replicas > 0)
    .map((one) => podSetOf(one, one.replicas));
}

export function podSetOf({ id, request, constraint, namespace, labels }: Workload, count: number): PodSet {
  return { id, count, request, constraint, namespace, labels };
}

/** Zones of the cluster's nodes by name. What no config lists is taken to be the region's first, and those that are named. */
function zonesOf(
  config: ClusterConfig | undefined,
  workloads: readonly Workload[],
  pools: readonly Pool[],
  options: CostOptions,
): readonly string[] {
  const listed = config?.availabilityZones ?? [];
  if (listed.length > 0) return [...listed].sort();
  const first = [..."abcdef"].slice(0, options.zones).map((letter) => `${options.book.region}${letter}`);
  const named = [
    ...workloads.flatMap(({ constraint }) => namedZones(constraint)),
    ...pools.flatMap(({ zoneRules }) => zoneRules.flatMap(({ values }) => values)),
  ].filter((zone) => zone.startsWith(options.book.region));
  return [...new Set([...first, ...named])].sort();
}

/** CoreDNS runs wherever EKS does not keep it itself. */
function systemPods(
  config: ClusterConfig | undefined,
  workloads: readonly Workload[],
  pools: readonly Pool[],
  profiles: ClusterConfig["fargateProfiles"],
): { readonly onNodes: readonly PodSet[]; readonly onFargate: readonly PodSet[] } {
  const isManaged =
    config?.autoModeConfig.enabled === true || (pools.length > 0 && pools.every((pool) => pool.isAutoMode));
  if (isManaged || workloads.some(({ id }) => id === COREDNS)) return { onNodes: [], onFargate: [] };
  const dns: PodSet = {
    id: COREDNS,
    count: 2,
    request: { cpu: 100, memory: 70 * MI },
    constraint: { ...anywhere, tolerations: dnsTolerations },
    namespace: "kube-system",
    labels: { "k8s-app": "kube-dns" },
  };
  const profile = profileOf(
    { namespace: "kube-system", labels: { "k8s-app": "kube-dns", "eks.amazonaws.com/component": "coredns" } },
    profiles,
  );
  if (profile !== undefined) return { onNodes: [], onFargate: [dns] };
  return { onNodes: pools.length === 0 ? [] : [dns], onFargate: [] };
}

const dnsTolerations = readConstraint(
  { tolerations: [{ key: "CriticalAddonsOnly", operator: "Exists" }] },
  { namespace: "kube-system", labels: {} },
).tolerations;

/** `[cpuMillis, memoryMib]` of aws-node, kube-proxy and, where the add-on is listed, ebs-csi-node. */
function agentsOf(config: ClusterConfig | undefined): readonly (readonly [number, number])[] {
  const hasEbs = config?.addons.some(({ name }) => name === "aws-ebs-csi-driver") === true;
  return [[50, 0], [100, 0], ...(hasEbs ? [[30, 120] as const] : [])];
}

const SIZED = new Set([
  "vpc-cni",
  "kube-proxy",
  "coredns",
  "aws-ebs-csi-driver",
  "eks-pod-identity-agent",
  "metrics-server",
]);

function addonWarnings(config: ClusterConfig | undefined): readonly Warning[] {
  return (config?.addons ?? [])
    .filter(({ name, isDefault }) => !isDefault && !SIZED.has(name))
    .map(({ name }) => ({ code: "ADDON_UNSIZED", args: { addon: name }, file: config?.file }));
}

/** eksctl makes gateways only in a VPC of its own. */
function natGateways(config: ClusterConfig | undefined, zones: number): number {
  if (config === undefined || config.vpc.id !== undefined) return 0;
  if ([...config.vpc.subnets.private, ...config.vpc.subnets.public].some(({ id }) => id !== undefined)) return 0;
  switch (config.vpc.nat) {
    case "Disable":
      return 0;
    case "Single":
      return 1;
    case "HighlyAvailable":
      return zones;
    default:
      return config.vpc.nat satisfies never;
  }
}

function fargateCost(
  workloads: readonly Workload[],
  onFargate: ReadonlySet<string>,
  system: readonly PodSet[],
  book: PriceBook,
) {
  const items: Item[] = [];
  const refused: { id: string; count: number; reason: string }[] = [];
  for (const { id, count, request } of system) {
    const size = fargateSize(request);
    if (size !== undefined) items.push(...fargateItems(size, HOURS_PER_MONTH * count, book), ...(id === "" ? [] : []));
  }
  for (const workload of workloads) {
    if (!onFargate.has(workload.id)) continue;
    const refusal = fargateRefusal(workload);
    const size = fargateSize(workload.request);
    if (refusal !== undefined || size === undefined) {
      refused.push({ id: workload.id, count: workload.replicas, reason: `fargate:${refusal ?? "size"}` });
      continue;
    }
    const { job } = workload;
    // A run is billed from its start for at least a minute.
    const hours =
      job === undefined
        ? HOURS_PER_MONTH * workload.replicas
        : (job.runs * Math.max(60, job.seconds) * workload.replicas) / 3600;
    items.push(...fargateItems(size, hours, book));
  }
  return { items: merge(items), refused };
}

function usageLines(balancers: SideParts["usage"], gateways: number, usage: Usage): SideParts["usage"] {
  const lines = new Map(balancers.map(({ key, quantity }) => [key, quantity]));
  if (gateways > 0) lines.set("nat.gb", usage.services.get("nat.gb"));
  for (const [key, quantity] of usage.services) lines.set(key, quantity);
  return [...lines].sort((a, b) => (a[0] < b[0] ? -1 : 1)).map(([key, quantity]) => ({ key, quantity }));
}

/** A side with its nodes: every line of the bill, each with its arithmetic. */
export interface SideCost {
  readonly parts: SideParts;
  readonly nodes: NodeAnswer | undefined;
  readonly lines: ReadonlyMap<LineId, readonly Item[]>;
  readonly total: Money;
  /** Price of a GiB of memory on the side's nodes, a month, in whole micro-units with fractions. */
  readonly gibMicros: number;
  readonly unschedulable: NodeAnswer["unschedulable"];
}

export function costSide(parts: SideParts, nodes: NodeAnswer | undefined, options: CostOptions): SideCost {
  const lines = new Map(parts.fixed);
  let gibMicros = 0;
  if (options.rates !== undefined) lines.set("nodes", rateItems(parts, options.rates));
  else if (nodes !== undefined) {
    lines.set("nodes", nodes.items.nodes);
    lines.set("autoModeFee", nodes.items.fee);
    lines.set("nodeVolumes", nodes.items.volumes);
    lines.set("nodeIpv4", nodes.items.ipv4);
    const instances = nodes.items.nodes.reduce(
      (total, item) => total + Number(times(item.price, item.quantity)) / 1e6,
      0,
    );
    gibMicros = nodes.weight === 0 ? 0 : instances / nodes.weight;
    lines.set("jobs", jobItems(parts, gibMicros));
  }
  const before = totalOf(lines);
  if (options.markup !== undefined) {
    const one = parseDecimal("1") ?? 1n;
    lines.set("markup", [{ key: "markup", price: ratio(before, options.markup - one, one), quantity: 1 }]);
  }
  return {
    parts,
    nodes,
    lines,
    total: totalOf(lines),
    gibMicros,
    unschedulable: [...parts.unschedulable, ...(nodes?.unschedulable ?? [])],
  };
}

export function totalOf(lines: ReadonlyMap<LineId, readonly Item[]>): Money {
  return sum(LINE_IDS.map((id) => lineCost(lines.get(id) ?? [])));
}

export function lineCost(items: readonly Item[]): Money {
  return sum(items.map((item) => times(item.price, item.quantity)));
}

function rateItems(parts: SideParts, rates: { readonly cpuHour: Money; readonly gibHour: Money }): readonly Item[] {
  const cpu = parts.pods.reduce((total, { count, request }) => total + (count * (request["cpu"] ?? 0)) / 1000, 0);
  const gib = parts.pods.reduce((total, { count, request }) => total + (count * (request["memory"] ?? 0)) / 2 ** 30, 0);
  return [
    { key: "rates.cpuHour", price: rates.cpuHour, quantity: cpu * HOURS_PER_MONTH },
    { key: "rates.gibHour", price: rates.gibHour, quantity: gib * HOURS_PER_MONTH },
  ];
}

/** Jobs on nodes cost their share of the time they run; they buy no nodes. */
function jobItems(parts: SideParts, gibMicros: number): readonly Item[] {
  if (gibMicros === 0) return [];
  const jobs = parts.workloads.filter(({ job, id }) => job !== undefined && !parts.onFargate.has(id));
  const perHour = (micros: number): Money => BigInt(Math.round((micros * 1e6) / HOURS_PER_MONTH));
  const cpuHours = jobs.reduce(
    (total, { job, request }) => total + ((job?.podHours ?? 0) * (request["cpu"] ?? 0)) / 1000,
    0,
  );
  const gibHours = jobs.reduce(
    (total, { job, request }) => total + ((job?.podHours ?? 0) * (request["memory"] ?? 0)) / 2 ** 30,
    0,
  );
  const items = [
    { key: "jobs.cpuHour", price: perHour(gibMicros * CPU_RATIO), quantity: cpuHours },
    { key: "jobs.gibHour", price: perHour(gibMicros), quantity: gibHours },
  ];
  return items.filter(({ quantity }) => quantity > 0);
}

/** A workload's part of the nodes' price by what it asks for, in micro-units a month. */
export function shareMicros(request: Readonly<Record<string, number>>, replicas: number, gibMicros: number): number {
  const perPod =
    ((request["cpu"] ?? 0) / 1000) * gibMicros * CPU_RATIO + ((request["memory"] ?? 0) / 2 ** 30) * gibMicros;
  return perPod * replicas;
}
