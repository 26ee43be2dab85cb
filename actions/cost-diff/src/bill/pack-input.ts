import type { PackInput, PodGroup } from "@eks-actions/packing";
import { type Constraint, mindsZones } from "./constraint.ts";
import {
  admitsOffer,
  boundsOf,
  type Extras,
  type NodeOffer,
  type OfferContext,
  offersOf,
  toPackOffer,
} from "./offers.ts";
import { type Demand, demandsOf, type PodSet, type Sides } from "./placement.ts";
import type { Pool } from "./pools.ts";

export interface NodeProblem {
  readonly pods: readonly PodSet[];
  readonly pools: readonly Pool[];
  readonly context: Omit<OfferContext, "extras" | "zones">;
  /** Of the cluster, by name, sorted. */
  readonly zones: readonly string[];
  /** Node groups cost what they declare, whatever the pods need. */
  readonly isDeclared: boolean;
  readonly packing: "auto" | "steady" | "first-pass";
  readonly signal?: AbortSignal | undefined;
}

/** A problem in the packer's words, and what its names mean. */
export interface Prepared {
  readonly input: PackInput;
  readonly offers: ReadonlyMap<string, NodeOffer>;
  /** By group. */
  readonly owners: ReadonlyMap<string, GroupOwner>;
  readonly extras: Extras;
}

export interface GroupOwner {
  /** Workloads whose pods it holds. */
  readonly ids: readonly string[];
  /** How many pods one bundle has. */
  readonly pods: number;
  /** Its rules about zones leave no zone for it. */
  readonly isZoneless: boolean;
}

/** @param caps the most pods of a workload that one node may hold */
export function prepareNodes(problem: NodeProblem, caps: ReadonlyMap<string, number> = new Map()): Prepared {
  const { pods, pools, context } = problem;
  const isZoned = [...pods, ...context.daemonSets].some(({ constraint }) => mindsZones(constraint));
  const zones = isZoned ? problem.zones : [];
  const plain = isZoned ? pools.flatMap((pool) => offersOf(pool, { ...context, extras: [], zones })) : [];
  const takes = (constraint: Constraint, offer: NodeOffer) => admitsOffer(constraint, offer, context.defaultArch);
  const { demands, sides } = demandsOf(pods, (constraint) =>
    zones.filter((zone) => plain.some((offer) => offer.zone === zone && takes(constraint, offer))),
  );
  const extras = extrasOf(demands);
  const offers = pools
    .flatMap((pool) => offersOf(pool, { ...context, extras, zones }))
    .flatMap((offer) => onSides(offer, sides.length));
  // Demands of one class are taken by the same offers; offers that take the same classes are of one kind.
  const classes = new Map<string, readonly boolean[]>();
  for (const demand of demands) {
    const key = classOf(demand, sides);
    if (!classes.has(key)) classes.set(key, admitted(demand, offers, sides, takes));
  }
  const rows = [...classes.values()];
  const kinds = offers.map((_, o) => rows.map((row) => (row[o] === true ? "1" : "0")).join(""));
  const kindsOf = new Map(
    [...classes].map(([key, row]) => [key, [...new Set(kinds.filter((_, o) => row[o] === true))]]),
  );
  const owners = new Map<string, GroupOwner>();
  const groups = new Map<string, PodGroup>();
  for (const demand of demands) {
    const key = classOf(demand, sides);
    const group = groupOf(demand, key, kindsOf.get(key) ?? [], extras, caps);
    const ids = [...(owners.get(group.id)?.ids ?? []), ...demand.ids];
    owners.set(group.id, { ids, pods: demand.pods, isZoneless: demand.zone === "" });
    groups.set(group.id, { ...group, count: (groups.get(group.id)?.count ?? 0) + group.count });
  }
  return {
    extras,
    owners,
    offers: new Map(offers.map((offer) => [offer.name, offer])),
    input: {
      groups: [...groups.values()],
      offers: offers.map((offer, o) => toPackOffer(offer, kinds[o] ?? "")),
      bounds: boundsOf(problem.isDeclared ? pools.map((pool) => ({ ...pool, max: pool.desired ?? pool.max })) : pools),
      paid: paidNodes(problem, offers),
      signal: problem.signal,
    },
  };
}

function classOf({ constraint, zone, ids }: Demand, sides: readonly Sides[]): string {
  const { selector, terms, tolerations } = constraint;
  const membership = sides.map(({ one, other }) => [ids.some((id) => one.has(id)), ids.some((id) => other.has(id))]);
  return JSON.stringify([Object.entries(selector).sort(), terms, tolerations, zone, membership]);
}

/** Pods of one group differ in nothing that matters; those with a cap of their own are not mixed with others. */
function groupOf(
  demand: Demand,
  key: string,
  kinds: readonly string[],
  extras: Extras,
  caps: ReadonlyMap<string, number>,
): PodGroup {
  const { request, constraint, isOnePerNode, ids, pods, count } = demand;
  const vector = [
    request["cpu"] ?? 0,
    Math.ceil((request["memory"] ?? 0) / 1024),
    pods,
    ...extras.map((resource) => request[resource] ?? 0),
  ];
  const isOwnGroup = isOnePerNode || constraint.hostSkew !== undefined || pods > 1;
  return {
    id: JSON.stringify([vector, key, ...(isOwnGroup ? ids : [])]),
    count,
    request: vector,
    kinds,
    perNode: isOnePerNode ? 1 : ids.map((id) => caps.get(id)).find((cap) => cap !== undefined),
  };
}

/** Which offers take the pods: by labels, taints, zone and side; of NodePools only those of the highest weight. */
function admitted(
  { constraint, zone, ids }: Demand,
  offers: readonly NodeOffer[],
  sides: readonly Sides[],
  takes: (constraint: Constraint, offer: NodeOffer) => boolean,
): readonly boolean[] {
  const isAllowed = offers.map(
    (offer) =>
      (zone === undefined || offer.zone === zone) &&
      sides.every(
        ({ one, other }, index) => !ids.some((id) => (offer.isOther[index] === true ? one : other).has(id)),
      ) &&
      takes(constraint, offer),
  );
  const weights = offers.flatMap((offer, o) =>
    isAllowed[o] === true && offer.pool.kind === "nodePool" ? [offer.pool.weight] : [],
  );
  const highest = weights.reduce((most, weight) => Math.max(most, weight), 0);
  return offers.map(
    (offer, o) => isAllowed[o] === true && (offer.pool.kind !== "nodePool" || offer.pool.weight === highest),
  );
}

/** The offer once for each way to choose between pods that avoid each other. */
function onSides(offer: NodeOffer, sides: number): readonly NodeOffer[] {
  if (sides === 0) return [offer];
  return Array.from({ length: 2 ** sides }, (_, choice) => ({
    ...offer,
    name: `${offer.name}#${choice}`,
    isOther: Array.from({ length: sides }, (_side, bit) => ((choice >> bit) & 1) === 1),
  }));
}

/** The minimum of each node group, or what it declares, dealt out over its zones. */
function paidNodes(problem: NodeProblem, offers: readonly NodeOffer[]): NonNullable<PackInput["paid"]> {
  return problem.pools
    .filter(({ kind }) => kind === "nodeGroup")
    .flatMap((pool) => {
      const count = problem.isDeclared ? (pool.desired ?? pool.min) : pool.min;
      const own = offers.filter((offer) => offer.pool === pool && !offer.isOther.includes(true));
      return own.map(({ name }, index) => ({
        offer: name,
        count: Math.floor(count / own.length) + (index < count % own.length ? 1 : 0),
      }));
    });
}

const CORE = new Set(["cpu", "memory", "pods"]);

function extrasOf(demands: readonly Demand[]): Extras {
  const names = new Set(demands.flatMap(({ request }) => Object.keys(request)).filter((name) => !CORE.has(name)));
  return [...names].sort();
}
