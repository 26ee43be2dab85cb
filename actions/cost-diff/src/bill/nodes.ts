import { ActionError } from "@eks-actions/action";
import type { Resources } from "@eks-actions/manifest";
import {
  firstPass,
  floor,
  type PackedNode,
  type PackInput,
  type Packing,
  type PodGroup,
  pack,
} from "@eks-actions/packing";
import type { Item } from "../model.ts";
import type { Constraint } from "./constraint.ts";
import {
  admitsOffer,
  boundsOf,
  type Extras,
  type NodeOffer,
  type OfferContext,
  offersOf,
  toPackOffer,
} from "./offers.ts";
import type { Pool } from "./pools.ts";

/** Pods that wait for nodes: a workload's, or a system add-on's. */
export interface PodSet {
  readonly id: string;
  readonly count: number;
  readonly request: Resources;
  readonly constraint: Constraint;
}

export interface NodeProblem {
  readonly pods: readonly PodSet[];
  readonly pools: readonly Pool[];
  readonly context: Omit<OfferContext, "extras">;
  /** Node groups cost what they declare, whatever the pods need. */
  readonly isDeclared: boolean;
  readonly packing: "auto" | "steady" | "first-pass";
  readonly signal?: AbortSignal | undefined;
}

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

/** Prepares offers and groups once; answers may be asked with another's nodes as a start. */
export function prepareNodes(
  problem: NodeProblem,
  caps: ReadonlyMap<string, number> = new Map(),
): {
  readonly input: PackInput;
  readonly offers: ReadonlyMap<string, NodeOffer>;
  readonly owners: ReadonlyMap<string, readonly string[]>;
  readonly extras: Extras;
} {
  const extras = extrasOf(problem.pods);
  const context: OfferContext = { ...problem.context, extras };
  const offers = problem.pools.flatMap((pool) => offersOf(pool, context));
  const constraints = new Map<string, Constraint>();
  for (const { constraint } of problem.pods) constraints.set(keyOf(constraint), constraint);
  const keys = [...constraints.keys()].sort();
  const table = keys.map((key) => admitted(constraints.get(key), offers, problem.context.defaultArch));
  // Offers that admit the same constraints are of one kind.
  const kinds = offers.map((_, o) => table.map((row) => (row[o] === true ? "1" : "0")).join(""));
  const groups = new Map<string, PodGroup>();
  const owners = new Map<string, string[]>();
  for (const pods of problem.pods) {
    const index = keys.indexOf(keyOf(pods.constraint));
    const request = vectorOf(pods.request, extras);
    const { isOnePerNode, hostSkew } = pods.constraint;
    const isOwnGroup = isOnePerNode || hostSkew !== undefined;
    const id = JSON.stringify([request, keys[index], ...(isOwnGroup ? [pods.id] : [])]);
    owners.set(id, [...(owners.get(id) ?? []), pods.id]);
    groups.set(id, {
      id,
      count: (groups.get(id)?.count ?? 0) + pods.count,
      request,
      kinds: [...new Set(kinds.filter((kind) => kind[index] === "1"))],
      perNode: isOnePerNode ? 1 : caps.get(pods.id),
    });
  }
  const paid = problem.pools
    .filter(({ kind }) => kind === "nodeGroup")
    .map((pool) => ({ pool, count: problem.isDeclared ? (pool.desired ?? pool.min) : pool.min }))
    .flatMap(({ pool, count }) =>
      offers.filter((offer) => offer.pool === pool).map(({ name }) => ({ offer: name, count })),
    );
  const pools = problem.isDeclared
    ? problem.pools.map((pool) => ({ ...pool, max: pool.desired ?? pool.max }))
    : problem.pools;
  return {
    extras,
    offers: new Map(offers.map((offer) => [offer.name, offer])),
    owners,
    input: {
      groups: [...groups.values()],
      offers: offers.map((offer, o) => toPackOffer(offer, kinds[o] ?? "")),
      bounds: boundsOf(pools),
      paid,
      signal: problem.signal,
    },
  };
}

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
      fee: merge(bought.flatMap(({ items }) => items.fee ?? [])),
      volumes: merge(bought.flatMap(({ items }) => items.volumes)),
      ipv4: merge(bought.flatMap(({ items }) => items.ipv4 ?? [])),
    },
    weight: bought.reduce(
      (sum, { type }) => sum + type.vcpu * CPU_RATIO + type.memoryMib / 1024 + type.gpus * GPU_RATIO,
      0,
    ),
  };
}

/** Workloads whose spread by host does not hold, with the most a node may have of them: then no two nodes can differ by more. */
function unevenPods(
  problem: NodeProblem,
  packing: Packing,
  owners: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, number> {
  const skews = new Map(
    problem.pods.flatMap(({ id, constraint }) =>
      constraint.hostSkew === undefined ? [] : [[id, constraint.hostSkew] as const],
    ),
  );
  const uneven = new Map<string, number>();
  if (skews.size === 0) return uneven;
  for (const [group, ids] of owners) {
    const [id = ""] = ids;
    const skew = skews.get(id);
    if (skew === undefined) continue;
    const counts = packing.nodes.map(({ pods }) => pods.find((one) => one.group === group)?.count ?? 0);
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

function admitted(
  constraint: Constraint | undefined,
  offers: readonly NodeOffer[],
  defaultArch: string,
): readonly boolean[] {
  if (constraint === undefined) return [];
  const plain = offers.map((offer) => admitsOffer(constraint, offer, defaultArch));
  const weights = offers.flatMap((offer, o) =>
    plain[o] === true && offer.pool.kind === "nodePool" ? [offer.pool.weight] : [],
  );
  const highest = Math.max(...weights, 0);
  return offers.map(
    (offer, o) => plain[o] === true && (offer.pool.kind !== "nodePool" || offer.pool.weight === highest),
  );
}

function keyOf({ selector, terms, tolerations }: Constraint): string {
  return JSON.stringify([Object.entries(selector).sort(), terms, tolerations]);
}

const CORE = new Set(["cpu", "memory", "pods"]);

function extrasOf(pods: readonly PodSet[]): Extras {
  const names = new Set(pods.flatMap(({ request }) => Object.keys(request)).filter((name) => !CORE.has(name)));
  return [...names].sort();
}

function vectorOf(request: Resources, extras: Extras): readonly number[] {
  return [
    request["cpu"] ?? 0,
    Math.ceil((request["memory"] ?? 0) / 1024),
    1,
    ...extras.map((resource) => request[resource] ?? 0),
  ];
}

function countNodes(bought: readonly NodeOffer[]): readonly NodeCount[] {
  const counts = new Map<string, NodeCount>();
  for (const { name, pool, type, capacityType } of bought) {
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

function whyUnschedulable(
  packing: Packing,
  owners: ReadonlyMap<string, readonly string[]>,
  extras: Extras,
): NodeAnswer["unschedulable"] {
  return packing.unschedulable.flatMap(({ group, count, because, nearest, dimension }) => {
    const ids = owners.get(group) ?? [];
    const what = dimension === undefined ? "" : (DIMENSIONS[dimension] ?? extras[dimension - 3] ?? "");
    const reason =
      because === "admission" ? "no-pool" : because === "bound" ? `limit:${nearest ?? ""}` : `${what}:${nearest ?? ""}`;
    return [{ id: ids.join(", "), count, reason }];
  });
}
