import type { Draft, Node } from "./nodes.ts";
import { isWithinBounds } from "./nodes.ts";
import { at, type Problem, real, whole } from "./problem.ts";

const MAX_PODS = 60;
/** Fillings looked at: a fraction of a second, counted so that the answer does not depend on the machine. */
const MAX_FILLINGS = 100_000;

/**
 * For small problems: looks for something cheaper than the incumbent, node by node, exactly as far as the limit allows.
 * What a packing costs above the linear bound is the sum of what its nodes waste: price minus the worth of the pods by
 * the bound's duals. So only fillings that waste less than what is left to gain are followed.
 */
export function finish(problem: Problem, incumbent: Draft, cost: number, lp: number, duals: readonly number[]): Draft {
  if (problem.pods > MAX_PODS || incumbent.left.some((rest) => rest > 0)) return incumbent;
  if (cost <= lp + 0.5) return incumbent;
  const nodes = cheaperCover(problem, cost, lp, duals);
  return nodes !== undefined && isWithinBounds(problem, nodes) ? { nodes, left: incumbent.left } : incumbent;
}

/** Nodes that hold all pods for less than `cost`, the least that the search comes across. */
function cheaperCover(
  problem: Problem,
  cost: number,
  lp: number,
  duals: readonly number[],
): readonly Node[] | undefined {
  const { groups, dims, need, count } = problem;
  const worth = Float64Array.from(groups, (_, g) => {
    let sum = 0;
    for (let d = 0; d < dims; d++) sum += at(duals, d) * real(need, g * dims + d);
    return sum;
  });
  const left = Int32Array.from(count);
  const chosen: Node[] = [];
  const seen = new Map<string, number>();
  const budget = { fillings: MAX_FILLINGS };
  let best: readonly Node[] | undefined;
  // All prices are whole, so something cheaper is cheaper by one at least.
  let spare = cost - 1 - lp;
  const search = (wasted: number): void => {
    const first = left.findIndex((rest) => rest > 0);
    if (first < 0) {
      best = [...chosen];
      spare = wasted - 1;
      return;
    }
    const key = left.join();
    const before = seen.get(key);
    if (before !== undefined && before <= wasted) return;
    seen.set(key, wasted);
    for (const { node, waste } of fillings(problem, first, left, worth, spare - wasted, budget)) {
      if (wasted + waste > spare + EPSILON) break;
      for (const [i, g] of node.groups.entries()) left[g] = whole(left, g) - at(node.pods, i);
      chosen.push(node);
      search(wasted + waste);
      chosen.pop();
      for (const [i, g] of node.groups.entries()) left[g] = whole(left, g) + at(node.pods, i);
    }
  };
  search(0);
  return best;
}

// Micro-units; the duals carry rounding errors far below one.
const EPSILON = 1e-3;

interface Filling {
  readonly node: Node;
  /** Price minus the worth of the pods. */
  readonly waste: number;
}

/**
 * Every way to fill a node to the brim with at least one pod of `first`, by ascending waste up to `most`. Nodes that are
 * not full need no look: pods of later nodes could move in.
 */
function fillings(
  problem: Problem,
  first: number,
  left: Int32Array,
  worth: Float64Array,
  most: number,
  budget: { fillings: number },
): readonly Filling[] {
  const { groups, offers, dims, need, cap, price, admits, perNode } = problem;
  const found: Filling[] = [];
  const taken = new Int32Array(groups.length);
  const free = new Float64Array(dims);
  // Worth of all pods from a group on: what a node could still gain.
  const toCome = new Float64Array(groups.length + 1);
  for (let g = groups.length - 1; g >= 0; g--) toCome[g] = real(toCome, g + 1) + real(worth, g) * whole(left, g);
  for (let offer = 0; offer < offers.length; offer++) {
    if (admits[first * offers.length + offer] !== 1) continue;
    for (let d = 0; d < dims; d++) free[d] = real(cap, offer * dims + d);
    const room = (g: number): number => {
      if (admits[g * offers.length + offer] !== 1) return 0;
      let fit = Math.min(real(perNode, g), whole(left, g));
      for (let d = 0; d < dims && fit > 0; d++) {
        const unit = real(need, g * dims + d);
        if (unit > 0) fit = Math.min(fit, Math.floor(real(free, d) / unit));
      }
      return fit;
    };
    const put = (g: number, pods: number): void => {
      taken[g] = whole(taken, g) + pods;
      for (let d = 0; d < dims; d++) free[d] = real(free, d) - real(need, g * dims + d) * pods;
    };
    const isFull = (): boolean => {
      for (let g = first; g < groups.length; g++) {
        const isOpen = whole(taken, g) < Math.min(whole(left, g), real(perNode, g));
        if (isOpen && room(g) > 0) return false;
      }
      return true;
    };
    const walk = (g: number, waste: number): void => {
      if (budget.fillings <= 0 || waste - real(toCome, g) > most + EPSILON) return;
      if (g === groups.length) {
        budget.fillings--;
        if (waste > most + EPSILON || !isFull()) return;
        const used = groups.map((_, i) => i).filter((i) => whole(taken, i) > 0);
        const load = Float64Array.from({ length: dims }, (_, d) => real(cap, offer * dims + d) - real(free, d));
        found.push({ node: { offer, groups: used, pods: used.map((i) => whole(taken, i)), load }, waste });
        return;
      }
      for (let pods = room(g); pods >= (g === first ? 1 : 0); pods--) {
        put(g, pods);
        walk(g + 1, waste - real(worth, g) * pods);
        put(g, -pods);
      }
    };
    walk(first, real(price, offer));
  }
  // Equal waste: the cheaper, earlier offer stays first, since sorting keeps the order.
  return found.sort((a, b) => a.waste - b.waste);
}
