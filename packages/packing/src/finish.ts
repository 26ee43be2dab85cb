import { type Draft, isWithinBounds, type Node } from "./nodes.ts";
import { at, type Problem, real } from "./problem.ts";

const MAX_PODS = 60;
const LISTING_STEPS = 150_000;
const MAX_SETS = 20_000;
const MAX_TRIED = 2_000;
const ASSIGN_STEPS = 50_000;
const ALL_STEPS = 1_000_000;

interface OfferSet {
  readonly offers: readonly number[];
  readonly cost: number;
}

/**
 * For small problems: lists the sets of nodes that are cheaper than the incumbent and large enough in sum, cheapest
 * first, and tries to place the pods on each exactly. The first that holds them is the answer.
 */
export function finish(problem: Problem, incumbent: Draft, cost: number, lp: number, duals: readonly number[]): Draft {
  if (problem.pods > MAX_PODS || incumbent.left.some((rest) => rest > 0)) return incumbent;
  if (cost <= lp + 0.5) return incumbent;
  const budget = { steps: ALL_STEPS };
  for (const set of listSets(problem, cost, lp, duals).slice(0, MAX_TRIED)) {
    const nodes = assign(problem, set.offers, budget);
    if (nodes !== undefined && isWithinBounds(problem, nodes)) return { nodes, left: incumbent.left };
  }
  return incumbent;
}

/** Σ (price − y·capacity) of a set is at most its cost minus the linear bound; that prunes most of the tree. */
function listSets(problem: Problem, incumbent: number, lp: number, duals: readonly number[]): readonly OfferSet[] {
  const { dims, offers, cap, price, groups, need, count } = problem;
  const demand = new Float64Array(dims);
  for (let g = 0; g < groups.length; g++) {
    for (let d = 0; d < dims; d++) demand[d] = at(demand, d) + at(need, g * dims + d) * at(count, g);
  }
  const reduced = offers.map((_, o) => {
    let worth = 0;
    for (let d = 0; d < dims; d++) worth += at(duals, d) * at(cap, o * dims + d);
    return Math.max(0, at(price, o) - worth);
  });
  const order = offers.map((_, o) => o).sort((a, b) => at(reduced, a) - at(reduced, b) || a - b);
  const sets: OfferSet[] = [];
  const chosen: number[] = [];
  const sum = new Float64Array(dims);
  let steps = 0;
  const walk = (from: number, cost: number, spare: number): void => {
    if (steps++ > LISTING_STEPS || sets.length >= MAX_SETS) return;
    let isEnough = true;
    for (let d = 0; d < dims && isEnough; d++) isEnough = real(sum, d) >= real(demand, d);
    if (isEnough) {
      sets.push({ offers: [...chosen].sort((a, b) => a - b), cost });
      return;
    }
    for (let i = from; i < order.length; i++) {
      const o = at(order, i);
      if (at(reduced, o) > spare) break;
      if (cost + at(price, o) >= incumbent) continue;
      chosen.push(o);
      for (let d = 0; d < dims; d++) sum[d] = at(sum, d) + at(cap, o * dims + d);
      walk(i, cost + at(price, o), spare - at(reduced, o));
      chosen.pop();
      for (let d = 0; d < dims; d++) sum[d] = at(sum, d) - at(cap, o * dims + d);
    }
  };
  walk(0, 0, incumbent - lp);
  return sets.sort((a, b) => a.cost - b.cost || a.offers.length - b.offers.length || compareLists(a.offers, b.offers));
}

function compareLists(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) if (at(a, i) !== at(b, i)) return at(a, i) - at(b, i);
  return 0;
}

/** Depth-first: group by group, biggest first, over the nodes; equal nodes in equal state are tried once. */
function assign(problem: Problem, set: readonly number[], budget: { steps: number }): readonly Node[] | undefined {
  const { dims, groups, offers, need, cap, count, admits, perNode } = problem;
  const free = set.map((o) => Float64Array.from({ length: dims }, (_, d) => at(cap, o * dims + d)));
  const held = set.map(() => new Int32Array(groups.length));
  const order = groups
    .map((_, g) => g)
    .filter((g) => at(count, g) > 0)
    .sort((a, b) => largest(problem, b, set) - largest(problem, a, set) || a - b);
  let steps = 0;
  const fits = (node: number, g: number): number => {
    const o = set[node] ?? 0;
    if (admits[g * offers.length + o] !== 1) return 0;
    let most = at(perNode, g);
    for (let d = 0; d < dims && most > 0; d++) {
      const unit = at(need, g * dims + d);
      if (unit > 0) most = Math.min(most, Math.floor(at(free[node] ?? [], d) / unit));
    }
    return Math.max(0, most);
  };
  const put = (node: number, g: number, pods: number): void => {
    const space = free[node];
    const own = held[node];
    if (space === undefined || own === undefined) return;
    for (let d = 0; d < dims; d++) space[d] = at(space, d) - at(need, g * dims + d) * pods;
    own[g] = at(own, g) + pods;
  };
  const place = (index: number, node: number, rest: number): boolean => {
    budget.steps--;
    if (steps++ > ASSIGN_STEPS || budget.steps < 0) return false;
    const g = order[index];
    if (g === undefined) return true;
    if (rest === 0) return place(index + 1, 0, at(count, order[index + 1] ?? -1));
    if (node === set.length) return false;
    // A node equal to the one before it may not take more than that one did: the mirror image was tried.
    const before =
      node > 0 && set[node - 1] === set[node] && sameBefore(held, node, g) ? at(held[node - 1] ?? [], g) : rest;
    for (let pods = Math.min(rest, fits(node, g), before); pods >= 0; pods--) {
      put(node, g, pods);
      if (place(index, node + 1, rest - pods)) return true;
      put(node, g, -pods);
      if (steps > ASSIGN_STEPS || budget.steps < 0) return false;
    }
    return false;
  };
  if (!place(0, 0, at(count, order[0] ?? -1))) return undefined;
  return set.map((offer, node) => {
    const own = held[node] ?? new Int32Array(0);
    const present = groups.map((_, g) => g).filter((g) => at(own, g) > 0);
    return {
      offer,
      groups: present,
      pods: present.map((g) => at(own, g)),
      load: Float64Array.from({ length: dims }, (_, d) => at(cap, offer * dims + d) - at(free[node] ?? [], d)),
    };
  });
}

function sameBefore(held: readonly Int32Array[], node: number, group: number): boolean {
  const a = held[node - 1];
  const b = held[node];
  return a?.every((pods, g) => g === group || pods === at(b ?? [], g)) ?? false;
}

/** The pod's largest share of a node of the set's mean size. */
function largest(problem: Problem, group: number, set: readonly number[]): number {
  const { dims, need, cap } = problem;
  let most = 0;
  for (let d = 0; d < dims; d++) {
    const total = set.reduce((sum, o) => sum + at(cap, o * dims + d), 0);
    if (total > 0) most = Math.max(most, at(need, group * dims + d) / total);
  }
  return most;
}
