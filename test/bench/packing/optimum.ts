import { type Offer, type PodGroup, pack } from "@eks-actions/packing";
import highsLoader from "highs";
import { createRandom, type Random } from "../random.ts";

interface Solver {
  solve(model: string, options: object): { readonly ObjectiveValue: number; readonly Status: string };
}

export interface OptimumResult {
  readonly cases: number;
  readonly optimal: number;
  /** By how much the others are dearer, as a share. */
  readonly misses: readonly number[];
  readonly ms: readonly number[];
  /** Drawn, but too large for the exact solver. */
  readonly skipped: number;
}

const MOST_COLUMNS = 6_000;

/** Share of seeded cases with at most 50 pods in which `pack` finds the exact optimum, by HiGHS on all node fillings. */
export async function matchOptimum(offers: readonly Offer[], cases: number): Promise<OptimumResult> {
  const solver = await loadSolver();
  const random = createRandom(7);
  const misses: number[] = [];
  const ms: number[] = [];
  let skipped = 0;
  while (ms.length < cases) {
    const groups = drawGroups(random);
    const columns = offers.flatMap((offer) => fillings(groups, offer).map((filling) => ({ offer, filling })));
    if (columns.length > MOST_COLUMNS) {
      skipped++;
      continue;
    }
    const optimum = solve(solver, groups, columns);
    const startedAt = performance.now();
    const { cost } = pack({ groups, offers });
    ms.push(performance.now() - startedAt);
    if (cost < optimum) throw new Error(`pack says ${cost}, which is less than the optimum ${optimum}`);
    if (cost > optimum) misses.push(cost / optimum - 1);
  }
  return { cases, optimal: cases - misses.length, misses, ms, skipped };
}

// The types of the package say CommonJS, its module is ESM: the loader is the default export of one or the other.
async function loadSolver(): Promise<Solver> {
  const loader: unknown = typeof highsLoader === "function" ? highsLoader : Reflect.get(highsLoader, "default");
  if (typeof loader !== "function") throw new Error("highs exports no loader");
  return loader();
}

function drawGroups(random: Random): readonly PodGroup[] {
  const groups = Array.from({ length: random.between(1, 6) }, (_, index) => ({
    id: `g${index}`,
    count: random.between(1, 12),
    request: [random.between(3, 24) * 100, random.between(3, 80) * 128, 1],
  }));
  let room = 50;
  return groups.flatMap((group) => {
    const count = Math.min(room, group.count);
    room -= count;
    return count > 0 ? [{ ...group, count }] : [];
  });
}

/** Every way to fill a node to the brim. */
function fillings(groups: readonly PodGroup[], { capacity }: Offer): readonly (readonly number[])[] {
  const found: number[][] = [];
  const fit = (group: PodGroup, free: readonly number[]) =>
    group.request.reduce((most, unit, d) => Math.min(most, Math.floor((free[d] ?? 0) / unit)), group.count);
  const walk = (free: readonly number[], taken: readonly number[]): void => {
    if (found.length > MOST_COLUMNS) return;
    const next = groups[taken.length];
    if (next === undefined) {
      const isFull = groups.every((group, g) => taken[g] === group.count || fit(group, free) === 0);
      if (isFull && taken.some((count) => count > 0)) found.push([...taken]);
      return;
    }
    for (let pods = fit(next, free); pods >= 0; pods--) {
      walk(
        free.map((amount, d) => amount - pods * (next.request[d] ?? 0)),
        [...taken, pods],
      );
    }
  };
  walk(capacity, []);
  return found;
}

interface Column {
  readonly offer: Offer;
  readonly filling: readonly number[];
}

function solve(solver: Solver, groups: readonly PodGroup[], columns: readonly Column[]): number {
  const row = (weight: (column: Column) => number) =>
    columns
      .map((column, i) => [weight(column), i])
      .filter(([amount]) => amount !== 0)
      .map(([amount, i]) => `${amount} x${i}`)
      .join(" + ");
  const model = [
    "Minimize",
    ` cost: ${row(({ offer }) => offer.price)}`,
    "Subject To",
    ...groups.map((group, g) => ` c${g}: ${row(({ filling }) => filling[g] ?? 0)} >= ${group.count}`),
    "General",
    ` ${columns.map((_, i) => `x${i}`).join(" ")}`,
    "End",
  ].join("\n");
  const { Status, ObjectiveValue } = solver.solve(model, { mip_rel_gap: 0 });
  if (Status !== "Optimal") throw new Error(`HiGHS says ${Status}`);
  return Math.round(ObjectiveValue);
}
