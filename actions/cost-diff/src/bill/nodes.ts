import { ActionError } from "@eks-actions/action";
import { firstPass, floor, type PackedNode, type Packing, pack } from "@eks-actions/packing";
import type { Item } from "../model.ts";
import type { Extras, NodeOffer } from "./offers.ts";
import { type NodeProblem, type Prepared, prepareNodes } from "./pack-input.ts";
import type { PodSet } from "./placement.ts";
import type { Pool } from "./pools.ts";

export interface NodeCount {
  readonly pool: string;
  readonly type: string;
  readonly capacityType: "on-demand" | "spot";
  readonly count: number;
}

export interface NodeAnswer {
  readonly answer: "steady" | "first-pass" | "declared";
  readonly counts: readonly NodeCount[];
  readonly packed: readonly PackedNode[];
  /** Micro-units a month. */
  readonly cost: number;
  readonly floor: number;
  readonly lpFloor: number;
  readonly firstPass: number;
  readonly free: { readonly cpuMillis: number; readonly memMiB: number };
  readonly unschedulable: readonly { readonly id: string; readonly count: number; readonly reason: string }[];
  readonly items: {
    readonly nodes: readonly Item[];
    readonly fee: readonly Item[];
    readonly volumes: readonly Item[];
    readonly ipv4: readonly Item[];
  };
  /** Σ (vCPU · ratio + GiB + GPU · ratio) over the nodes, and what the instances cost, for shares. */
  readonly weight: number;
}

/** OpenCost's ratios of CPU and GPU prices to the price of a GiB. */
export const CPU_RATIO = 0.031611 / 0.004237;
export const GPU_RATIO = 224.2;

/** The nodes for the pods. @param also another side's nodes, as one more start */
export function solveNodes(
  problem: NodeProblem,
  also?: readonly PackedNode[],
  caps: ReadonlyMap<string, number> = new Map(),
): NodeAnswer {
  const { input, offers, owners, extras } = prepareNodes(problem, caps);
  const isFirstPass =
    problem.packing === "first-pass" ||
    (problem.packing === "auto" && problem.pools.some((pool) => !pool.consolidates));
  const first = firstPass(input);
  const packing = isFirstPass ? first : pack({ ...input, also });
  const uneven = caps.size > 0 ? new Map<string, number>() : unevenPods(problem, packing, owners);
  if (uneven.size > 0) return solveNodes(problem, also, uneven);
  const bound = floor(input);
  const bought = packing.nodes.flatMap((node) => offers.get(node.offer) ?? []);
  return {
    answer: problem.isDeclared ? "declared" : isFirstPass ? "first-pass" : "steady",
    counts: countNodes(bought),
    packed: packing.nodes,
    cost: packing.cost,
    floor: bound.cost,
    lpFloor: bound.lp,
    firstPass: first.cost,
    free: { cpuMillis: packing.free[0] ?? 0, memMiB: Math.floor((packing.free[1] ?? 0) / 1024) },
    unschedulable: whyUnschedulable(packing, owners, extras),
    items: {
      nodes: merge(bought.map(({ items }) => items.instance)),
      fee: merge(bought.flatMap(({ items }) => items.fee)),
      volumes: merge(bought.flatMap(({ items }) => items.volumes)),
      ipv4: merge(bought.flatMap(({ items }) => items.ipv4)),
    },
    weight: bought.reduce(
      (sum, { type }) => sum + type.vcpu * CPU_RATIO + type.memoryMib / 1024 + type.gpus * GPU_RATIO,
      0,
    ),
  };
}

/** Workloads whose spread by host does not hold, with the most a node may have of them: then no two nodes can differ by more. */
function unevenPods(problem: NodeProblem, packing: Packing, owners: Prepared["owners"]): ReadonlyMap<string, number> {
  const skews = new Map(
    problem.pods.flatMap(({ id, constraint }) =>
      constraint.hostSkew === undefined ? [] : [[id, constraint.hostSkew] as const],
    ),
  );
  const uneven = new Map<string, number>();
  if (skews.size === 0) return uneven;
  for (const [id, skew] of skews) {
    const own = new Set([...owners].filter(([, { ids }]) => ids.includes(id)).map(([group]) => group));
    const counts = packing.nodes.map(({ pods }) =>
      pods.reduce((sum, { group, count }) => sum + (own.has(group) ? count : 0), 0),
    );
    if (Math.max(...counts, 0) - Math.min(...counts) > skew) uneven.set(id, skew);
  }
  return uneven;
}

/**
 * Head starts from base's nodes too, and base from head's where head came out cheaper: an added pod never lowers the bill,
 * and a removed one never raises it.
 */
export function solveBoth(
  base: NodeProblem | undefined,
  head: NodeProblem | undefined,
): { base: NodeAnswer | undefined; head: NodeAnswer | undefined } {
  const before = base === undefined ? undefined : solveNodes(base);
  const after = head === undefined ? undefined : solveNodes(head, before?.packed);
  if (before === undefined || after === undefined || base === undefined) return { base: before, head: after };
  if (after.cost >= before.cost && missing(after) >= missing(before)) return { base: before, head: after };
  const again = solveNodes(base, after.packed);
  const isBetter = missing(again) < missing(before) || (missing(again) === missing(before) && again.cost < before.cost);
  return { base: isBetter ? again : before, head: after };
}

export function missing(answer: NodeAnswer): number {
  return answer.unschedulable.reduce((sum, { count }) => sum + count, 0);
}

/** @throws ActionError `NODES_UNKNOWN` */
export function requirePools(
  pods: readonly PodSet[],
  pools: readonly Pool[],
  cluster: string,
  system: ReadonlySet<string>,
): void {
  const first = pods.find(({ id }) => !system.has(id));
  if (pools.length > 0 || first === undefined) return;
  throw new ActionError("NODES_UNKNOWN", {
    message: `cluster ${cluster}: nothing says on which nodes ${first.id} runs`,
    hint: "name a cluster config with node groups, add a NodePool, or give types:\n  with:\n    instance-types: m7i.large, m7i.xlarge",
  });
}

function countNodes(bought: readonly NodeOffer[]): readonly NodeCount[] {
  const counts = new Map<string, NodeCount>();
  for (const { pool, type, capacityType } of bought) {
    const name = `${pool.name}/${type.name}/${capacityType}`;
    const before = counts.get(name)?.count ?? 0;
    counts.set(name, { pool: pool.name, type: type.name, capacityType, count: before + 1 });
  }
  return [...counts].sort((a, b) => (a[0] < b[0] ? -1 : 1)).map(([, count]) => count);
}

/** Adds up items of one key and price. */
export function merge(items: readonly Item[]): readonly Item[] {
  const merged = new Map<string, Item>();
  for (const item of items) {
    const key = `${item.key}@${item.price}`;
    const before = merged.get(key);
    merged.set(key, before === undefined ? item : { ...before, quantity: before.quantity + item.quantity });
  }
  return [...merged.values()].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : Number(a.price - b.price)));
}

const DIMENSIONS = ["cpu", "memory", "pods"];

function whyUnschedulable(packing: Packing, owners: Prepared["owners"], extras: Extras): NodeAnswer["unschedulable"] {
  return packing.unschedulable.flatMap(({ group, count, because, nearest, dimension }) => {
    const { ids, pods, isZoneless } = owners.get(group) ?? { ids: [], pods: 1, isZoneless: false };
    const what = dimension === undefined ? "" : (DIMENSIONS[dimension] ?? extras[dimension - 3] ?? "");
    // People know the pool, the type and how it is bought; zone and side are the packer's.
    const offer = nearest?.replace(/[@#].*$/, "") ?? "";
    const reason =
      because === "admission"
        ? isZoneless
          ? "no-zone"
          : "no-pool"
        : `${because === "bound" ? "limit" : what}:${offer}`;
    return [{ id: ids.join(", "), count: count * pods, reason }];
  });
}
