import { firstPass, floor, type Offer, type PodGroup, pack } from "@eks-actions/packing";
import type { BenchOptions, Section, SectionResult, Table } from "../section.ts";
import { shown, spread } from "../spread.ts";
import { matchOptimum, type OptimumResult } from "./optimum.ts";
import { type Flavour, offersOf, type Pool, podsOf, workload } from "./workloads.ts";

/** One packing beside its bounds and what others would say. */
interface Packed {
  readonly pods: number;
  readonly groups: number;
  readonly pool: Pool;
  readonly flavour: Flavour;
  readonly ms: number;
  /** Over the linear floor, as shares. */
  readonly gap: number;
  readonly firstPassGap: number;
  readonly firstPassMs: number;
  /** The one type whose number of nodes, rounded up by dimension, costs least; no packing is looked at. */
  readonly ceilGap: number;
}

const SCALES = [
  [233, 20],
  [500, 40],
  [2069, 60],
  [5286, 100],
  [5000, 300],
  [5301, 20],
] as const;
const POOLS: readonly Pool[] = ["one type", "pool of 4", "c, m, r, generation > 2", "any amd64"];
const FLAVOURS: readonly Flavour[] = ["mixed", "CPU", "memory", "tiny"];
const WORKLOADS_A_POOL = 15;
const EXACT_CASES = 200;
// With more types the exact solver takes seconds a case.
const FEWER_CASES = 50;

/** packages/packing against the linear floor, Karpenter's first pass and the exact optimum. Prices of us-east-1. */
export const packing: Section = {
  name: "packing",
  async run(options): Promise<SectionResult> {
    const large = scales(options);
    options.print(`packing: ${large.length} large packings done`);
    const many = workloads();
    options.print(`packing: ${many.length} workloads done`);
    const exact = new Map<Pool, OptimumResult>();
    for (const pool of ["pool of 4", "c, m, r, generation > 2"] as const) {
      exact.set(
        pool,
        await matchOptimum(smallest(offersOf(pool), 12), pool === "pool of 4" ? EXACT_CASES : FEWER_CASES),
      );
    }
    const tables = [scaleTable(large), workloadTable(many), exactTable(exact)];
    return { tables, figures: { large, many, exact: Object.fromEntries(exact) } };
  },
};

function scales({ rounds }: BenchOptions): readonly Packed[] {
  const offers = offersOf("c, m, r, generation > 2");
  // The first one pays for the engine's compilation; an action's run does so once as well, so it is shown in cost-diff.
  measure(workload(99, 300, 20, "mixed"), offers, "c, m, r, generation > 2", "mixed");
  return SCALES.flatMap(([pods, groups]) =>
    Array.from({ length: rounds ?? 5 }, (_, index) =>
      measure(workload(index + 1, pods, groups, "mixed"), offers, "c, m, r, generation > 2", "mixed"),
    ),
  );
}

function workloads(): readonly Packed[] {
  return POOLS.flatMap((pool) => {
    const offers = offersOf(pool);
    return Array.from({ length: WORKLOADS_A_POOL }, (_, index) => {
      const share = index / (WORKLOADS_A_POOL - 1);
      const pods = Math.round(20 * 250 ** share);
      const groups = Math.min(pods, Math.round(5 * 60 ** share));
      const flavour = FLAVOURS[index % FLAVOURS.length] ?? "mixed";
      return measure(workload(1000 + index, pods, groups, flavour), offers, pool, flavour);
    });
  });
}

function measure(groups: readonly PodGroup[], offers: readonly Offer[], pool: Pool, flavour: Flavour): Packed {
  const { lp } = floor({ groups, offers });
  const startedAt = performance.now();
  const steady = pack({ groups, offers });
  const ms = performance.now() - startedAt;
  const firstAt = performance.now();
  const first = firstPass({ groups, offers });
  const firstPassMs = performance.now() - firstAt;
  if (steady.unschedulable.length > 0) throw new Error(`${pool}: ${steady.unschedulable.length} groups do not fit`);
  return {
    pods: podsOf(groups),
    groups: groups.length,
    pool,
    flavour,
    ms,
    gap: steady.cost / lp - 1,
    firstPassGap: first.cost / lp - 1,
    firstPassMs,
    ceilGap: ceilOf(groups, offers) / lp - 1,
  };
}

function ceilOf(groups: readonly PodGroup[], offers: readonly Offer[]): number {
  const demand = [0, 1, 2].map((d) => groups.reduce((sum, { count, request }) => sum + count * (request[d] ?? 0), 0));
  const costs = offers.map(({ price, capacity }) => {
    const nodes = Math.max(...demand.map((amount, d) => Math.ceil(amount / (capacity[d] ?? 1))));
    const holdsEach = groups.every(({ request }) => request.every((unit, d) => unit <= (capacity[d] ?? 0)));
    return holdsEach ? nodes * price : Number.POSITIVE_INFINITY;
  });
  return Math.min(...costs);
}

/** Exact solvers list every filling of a node, which large nodes have too many of. */
function smallest(offers: readonly Offer[], count: number): readonly Offer[] {
  return [...offers]
    .sort((a, b) => a.price - b.price || (a.name < b.name ? -1 : 1))
    .filter(({ capacity }) => (capacity[0] ?? 0) >= 3_500)
    .slice(0, count);
}

function scaleTable(packed: readonly Packed[]): Table {
  const groups = [...Map.groupBy(packed, (one) => one.groups * 100_000 + Math.round(one.pods / 100)).values()];
  const types = offersOf("c, m, r, generation > 2").length;
  return {
    title: `pods on ${types} types (c, m, r, generation > 2, amd64)`,
    note: "Gaps to the linear floor as median (min–max) over seeds.",
    headers: ["pods / groups", "gap %", "ms", "first pass gap %", "first pass ms", "one type, rounded up: gap %"],
    rows: groups.map((same) => [
      `${same[0]?.pods} / ${same[0]?.groups}`,
      shown(spread(same.map(({ gap }) => gap * 100)), 2),
      shown(spread(same.map(({ ms }) => ms))),
      shown(spread(same.map(({ firstPassGap }) => firstPassGap * 100)), 1),
      shown(spread(same.map(({ firstPassMs }) => firstPassMs))),
      shown(spread(same.map(({ ceilGap }) => ceilGap * 100)), 1),
    ]),
  };
}

function workloadTable(packed: readonly Packed[]): Table {
  return {
    title: `${packed.length} seeded workloads, 20 to 5,000 pods, 5 to 300 groups`,
    note:
      "Gap to the linear floor, which small workloads cannot reach: a node cannot be bought in parts. " +
      "One type rounded up looks at no pod, so it can be below what is possible.",
    headers: ["pool", "types", "gap %", "ms", "p95 ms", "first pass gap %", "one type, rounded up: gap %"],
    rows: [...Map.groupBy(packed, ({ pool }) => pool)].map(([pool, same]) => [
      pool,
      String(offersOf(pool).length),
      shown(spread(same.map(({ gap }) => gap * 100)), 2),
      shown(spread(same.map(({ ms }) => ms))),
      spread(same.map(({ ms }) => ms)).p95.toFixed(0),
      shown(spread(same.map(({ firstPassGap }) => firstPassGap * 100)), 1),
      shown(spread(same.map(({ ceilGap }) => ceilGap * 100)), 1),
    ]),
  };
}

function exactTable(exact: ReadonlyMap<Pool, OptimumResult>): Table {
  return {
    title: "the exact optimum by HiGHS, seeded cases with at most 50 pods",
    headers: ["offers", "cases", "optimal", "misses: dearer by %", "ms", "drawn, too large to solve"],
    rows: [...exact].map(([pool, { cases, optimal, misses, ms, skipped }]) => [
      pool === "pool of 4" ? pool : `the 12 cheapest of ${pool} with 4 CPUs or more`,
      String(cases),
      `${((optimal / cases) * 100).toFixed(1)} %`,
      shown(spread(misses.map((share) => share * 100)), 2),
      shown(spread(ms)),
      String(skipped),
    ]),
  };
}
