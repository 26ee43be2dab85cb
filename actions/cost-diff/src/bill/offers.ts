import { ActionError } from "@eks-actions/action";
import type { Offer } from "@eks-actions/packing";
import {
  allocatable,
  HOURS_PER_MONTH,
  type InstanceType,
  type PriceBook,
  sum,
  times,
  toMicros,
} from "@eks-actions/pricing";
import type { Item, RootVolume } from "../model.ts";
import { ATTACHMENTS } from "./attachments.ts";
import { admits, type Constraint, matches, ZONE_LABELS } from "./constraint.ts";
import { APART } from "./placement.ts";
import type { Pool } from "./pools.ts";
import { typeLabels } from "./type-labels.ts";
import type { Workload } from "./workloads.ts";

/** Resources beyond CPU, memory and pods that some pod of the cluster asks for. */
export type Extras = readonly string[];

/** A node of a pool: what it costs, and what of it is left for pods. */
export interface NodeOffer {
  readonly name: string;
  readonly pool: Pool;
  readonly type: InstanceType;
  readonly capacityType: "on-demand" | "spot";
  readonly labels: ReadonlyMap<string, string>;
  /** Absent where no pod minds zones. */
  readonly zone: string | undefined;
  /** For each pair of sets that avoid each other: true where it is for the second one. */
  readonly isOther: readonly boolean[];
  readonly capacity: readonly number[];
  /** A month of one node. */
  readonly items: {
    readonly instance: Item;
    readonly fee: readonly Item[];
    readonly volumes: readonly Item[];
    readonly ipv4: readonly Item[];
  };
  readonly price: number;
}

export interface OfferContext {
  readonly book: PriceBook;
  readonly extras: Extras;
  /** An offer is made for each; none: zones do not matter. */
  readonly zones: readonly string[];
  readonly daemonSets: readonly Workload[];
  /** Requests of agents that EKS puts on every node of its own making, `[cpuMillis, memoryMib]`. */
  readonly agents: readonly (readonly [number, number])[];
  readonly defaultArch: "amd64" | "arm64";
}

/** @throws ActionError `SPOT_PRICE_UNKNOWN`, `PRICE_UNKNOWN` */
export function offersOf(pool: Pool, context: OfferContext): readonly NodeOffer[] {
  const { book } = context;
  const zones = context.zones.filter((zone) =>
    pool.zoneRules.every((rule) => matches(rule, new Map([[rule.key, zone]]))),
  );
  return pool.types.flatMap((type) =>
    pool.capacityTypes.flatMap((capacityType) => {
      // Karpenter prefers Spot where it may; which Spot types have a price decides, but one must.
      if (capacityType === "spot" && !book.hasSpot(type.name) && pool.types.some(({ name }) => book.hasSpot(name)))
        return [];
      const items = monthOf(pool, type, capacityType, book);
      const all = [items.instance, ...items.fee, ...items.volumes, ...items.ipv4];
      const price = toMicros(sum(all.map((item) => times(item.price, item.quantity))));
      return (context.zones.length === 0 ? [undefined] : zones).map((zone): NodeOffer => {
        const labels = labelsOf(pool, type, capacityType, zone, book.region);
        const capacity = capacityOf(pool, type, labels, context);
        const name = `${pool.name}/${type.name}/${capacityType}${zone === undefined ? "" : `@${zone}`}`;
        return { name, pool, type, capacityType, labels, zone, isOther: [], capacity, items, price };
      });
    }),
  );
}

function labelsOf(
  pool: Pool,
  type: InstanceType,
  capacityType: NodeOffer["capacityType"],
  zone: string | undefined,
  region: string,
): ReadonlyMap<string, string> {
  return new Map([
    ...typeLabels(type),
    ["karpenter.sh/capacity-type", capacityType] as const,
    ["eks.amazonaws.com/capacityType", capacityType === "spot" ? "SPOT" : "ON_DEMAND"] as const,
    ["eks.amazonaws.com/compute-type", pool.isAutoMode ? "auto" : "ec2"] as const,
    ["topology.kubernetes.io/region", region] as const,
    ...(zone === undefined ? [] : ZONE_LABELS.map((label) => [label, zone] as const)),
    ...pool.labels,
  ]);
}

/** What one node costs a month. @throws ActionError `SPOT_PRICE_UNKNOWN`, `PRICE_UNKNOWN` */
function monthOf(
  pool: Pool,
  type: InstanceType,
  capacityType: NodeOffer["capacityType"],
  book: PriceBook,
): NodeOffer["items"] {
  const hourly = ({ key, price }: { readonly key: string; readonly price: bigint }): Item => ({
    key,
    price,
    quantity: HOURS_PER_MONTH,
  });
  return {
    instance: hourly(capacityType === "spot" ? book.spot(type.name) : book.ec2(type.name)),
    fee: pool.isAutoMode ? [hourly(book.autoMode(type.name))] : [],
    volumes: pool.volumes.flatMap((volume) => volumeItems(volume, book)),
    ipv4: pool.hasPublicIp ? [hourly(book.service("vpc.publicIpv4"))] : [],
  };
}

/** What DaemonSets and agents leave of a node, in the packer's units: millicores, KiB, pods, extras. */
function capacityOf(
  pool: Pool,
  type: InstanceType,
  labels: ReadonlyMap<string, string>,
  context: OfferContext,
): readonly number[] {
  const node = allocatable(type, pool.kubelet);
  const own = context.daemonSets.filter(({ constraint }) => admits(constraint, labels, pool.taints));
  const agents = pool.isAutoMode ? [] : context.agents;
  const taken = (resource: string) => own.reduce((total, { request }) => total + (request[resource] ?? 0), 0);
  const agentSum = (index: 0 | 1) => agents.reduce((total, agent) => total + agent[index], 0);
  const left = [
    node.cpuMillis - taken("cpu") - agentSum(0),
    (node.memoryMib - agentSum(1)) * 1024 - Math.ceil(taken("memory") / 1024),
    node.pods - own.length - agents.length,
    ...context.extras.map((resource) => extraOf(resource, pool, type, node.ephemeralMib) - taken(resource)),
  ];
  return left.map((amount) => Math.max(0, amount));
}

function extraOf(resource: string, pool: Pool, type: InstanceType, ephemeralMib: number): number {
  switch (resource) {
    case "nvidia.com/gpu":
      return type.gpuName.startsWith("NVIDIA") ? type.gpus : 0;
    case "amd.com/gpu":
      return type.gpuName.startsWith("AMD") ? type.gpus : 0;
    case "aws.amazon.com/neuron":
      return type.neurons;
    case "ephemeral-storage":
      return ephemeralMib * 2 ** 20;
    case "vpc.amazonaws.com/pod-eni":
      return type.hasEniTrunking ? Math.max(0, type.enis * 6) : 0;
    case ATTACHMENTS:
      return attachable(pool, type);
    default:
      return resource.startsWith("port:") || resource.startsWith(APART) ? 1 : 0;
  }
}

/**
 * EBS volumes that a node can attach: on Nitro, 28 slots shared with root volumes, the first network interface and local
 * disks, as the EBS CSI driver counts them. https://docs.aws.amazon.com/ebs/latest/userguide/volume_limits.html
 */
function attachable(pool: Pool, type: InstanceType): number {
  if (!type.isNitro) return 39;
  return 28 - 1 - pool.volumes.length - (type.nvmeGb > 0 ? 1 : 0);
}

/** A month of one EBS volume. https://aws.amazon.com/ebs/pricing/ */
export function volumeItems(volume: RootVolume, book: PriceBook): readonly Item[] {
  const { type, gib, iops = 0, throughput = 0 } = volume;
  const item = (key: string, quantity: number): readonly Item[] =>
    quantity <= 0 ? [] : [{ key, price: book.service(key).price, quantity }];
  switch (type) {
    case "gp3":
      return [
        ...item("ebs.gp3.gb", gib),
        ...item("ebs.gp3.iops", iops - 3000),
        ...item("ebs.gp3.throughput", throughput - 125),
      ];
    case "io1":
    case "io2":
      return [...item(`ebs.${type}.gb`, gib), ...item(`ebs.${type}.iops`, iops)];
    case "st1":
    case "sc1":
      return item(`ebs.${type}.gb`, Math.max(125, gib));
    case "gp2":
    case "standard":
      return item(`ebs.${type}.gb`, gib);
    default:
      throw new ActionError("PRICE_UNKNOWN", {
        message: `no price of EBS volumes of type ${type}`,
        hint: "use gp3, gp2, io1, io2, st1, sc1 or standard",
      });
  }
}

/** The arch a pod gets where it does not choose and the pool leaves both open. */
export function admitsOffer(constraint: Constraint, offer: NodeOffer, defaultArch: string): boolean {
  if (!admits(constraint, offer.labels, offer.pool.taints)) return false;
  if (choosesArch(constraint) || isArchFixed(offer.pool)) return true;
  return offer.type.arch === defaultArch;
}

function choosesArch(constraint: Constraint): boolean {
  const keys = [...Object.keys(constraint.selector), ...constraint.terms.flat().map(({ key }) => key)];
  return keys.some((key) => /(^|\.)kubernetes\.io\/(arch|instance-type)$|instance-family$/.test(key));
}

function isArchFixed(pool: Pool): boolean {
  return pool.types.every(({ arch }) => arch === pool.types[0]?.arch);
}

export function toPackOffer(offer: NodeOffer, kind: string): Offer {
  const { pool, type } = offer;
  const bounds = [
    ...(pool.max === undefined ? [] : [{ name: `${pool.name}/nodes`, weight: 1 }]),
    ...(pool.limits.cpuMillis === undefined ? [] : [{ name: `${pool.name}/cpu`, weight: type.vcpu * 1000 }]),
    ...(pool.limits.memoryKib === undefined ? [] : [{ name: `${pool.name}/memory`, weight: type.memoryMib * 1024 }]),
  ];
  return { name: offer.name, price: offer.price, capacity: offer.capacity, kind, bounds };
}

export function boundsOf(pools: readonly Pool[]): ReadonlyMap<string, number> {
  return new Map(
    pools.flatMap((pool) => [
      ...(pool.max === undefined ? [] : [[`${pool.name}/nodes`, pool.max] as const]),
      ...(pool.limits.cpuMillis === undefined ? [] : [[`${pool.name}/cpu`, pool.limits.cpuMillis] as const]),
      ...(pool.limits.memoryKib === undefined ? [] : [[`${pool.name}/memory`, pool.limits.memoryKib] as const]),
    ]),
  );
}
