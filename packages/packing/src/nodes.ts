import { at, byCodeUnit, type Problem, real } from "./problem.ts";

/** One node under construction. `pods[i]` pods of group `groups[i]`. */
export interface Node {
  readonly offer: number;
  readonly groups: readonly number[];
  readonly pods: readonly number[];
  readonly load: Float64Array;
}

/** Nodes and what could not be placed, by group. */
export interface Draft {
  readonly nodes: readonly Node[];
  readonly left: Int32Array;
}

export function costOf(problem: Problem, nodes: readonly Node[]): number {
  let cost = 0;
  for (const node of nodes) cost += real(problem.price, node.offer);
  return cost;
}

/** How many more pods of a group an offer holds beside a load. */
export function room(
  problem: Problem,
  offer: number,
  load: Float64Array,
  loadAt: number,
  group: number,
  present: number,
): number {
  const { dims, need, cap, perNode } = problem;
  let fit = real(perNode, group) - present;
  for (let d = 0; d < dims && fit > 0; d++) {
    const unit = real(need, group * dims + d);
    if (unit === 0) continue;
    const more = Math.floor((real(cap, offer * dims + d) - real(load, loadAt + d)) / unit);
    if (more < fit) fit = more;
  }
  return fit > 0 ? fit : 0;
}

/** The cheapest offer that holds the load and admits the groups; offers are sorted by price. -1: none. */
export function cheapest(
  problem: Problem,
  load: Float64Array,
  loadAt: number,
  groups: readonly number[],
  below = problem.offers.length,
): number {
  const { dims, cap, offers, admits } = problem;
  const total = offers.length;
  search: for (let o = 0; o < below; o++) {
    for (let d = 0; d < dims; d++) if (real(cap, o * dims + d) < real(load, loadAt + d)) continue search;
    for (const group of groups) if (admits[group * total + o] !== 1) continue search;
    return o;
  }
  return -1;
}

export function addPods(problem: Problem, node: Node, group: number, pods: number, offer = node.offer): Node {
  const { dims, need } = problem;
  const load = Float64Array.from(node.load);
  for (let d = 0; d < dims; d++) load[d] = real(load, d) + real(need, group * dims + d) * pods;
  const place = node.groups.indexOf(group);
  if (place < 0) return { offer, load, groups: [...node.groups, group], pods: [...node.pods, pods] };
  return { offer, load, groups: node.groups, pods: node.pods.map((n, i) => (i === place ? n + pods : n)) };
}

export function emptyNode(problem: Problem, offer: number): Node {
  return { offer, groups: [], pods: [], load: new Float64Array(problem.dims) };
}

export function present(node: Node, group: number): number {
  const place = node.groups.indexOf(group);
  return place < 0 ? 0 : at(node.pods, place);
}

/** True when the nodes together keep every bound. */
export function isWithinBounds(problem: Problem, nodes: readonly Node[]): boolean {
  const bounds = problem.limit.length;
  if (bounds === 0) return true;
  const used = usedBounds(problem, nodes);
  for (let b = 0; b < bounds; b++) if (real(used, b) > real(problem.limit, b)) return false;
  return true;
}

export function usedBounds(problem: Problem, nodes: readonly Node[]): Float64Array {
  const bounds = problem.limit.length;
  const used = new Float64Array(bounds);
  for (const node of nodes) {
    for (let b = 0; b < bounds; b++) used[b] = real(used, b) + real(problem.weight, node.offer * bounds + b);
  }
  return used;
}

/** How many more nodes of an offer the bounds leave. */
export function leftByBounds(problem: Problem, offer: number, used: Float64Array): number {
  const bounds = problem.limit.length;
  let left = Number.POSITIVE_INFINITY;
  for (let b = 0; b < bounds; b++) {
    const weight = real(problem.weight, offer * bounds + b);
    if (weight > 0) left = Math.min(left, Math.floor((real(problem.limit, b) - real(used, b)) / weight));
  }
  return Math.max(0, left);
}

/** Fewer pods left over, then lower cost, then fewer nodes, then the smaller list of types: negative when `a` is better. */
export function compareDrafts(problem: Problem, a: Draft, b: Draft): number {
  return (
    sumOf(a.left) - sumOf(b.left) ||
    costOf(problem, a.nodes) - costOf(problem, b.nodes) ||
    a.nodes.length - b.nodes.length ||
    byCodeUnit(typeList(problem, a.nodes), typeList(problem, b.nodes))
  );
}

function typeList(problem: Problem, nodes: readonly Node[]): string {
  const counts = new Map<string, number>();
  for (const node of nodes) {
    const name = problem.offers[node.offer]?.name ?? "";
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .sort((a, b) => byCodeUnit(a[0], b[0]))
    .map(([name, count]) => `${name}=${String(count).padStart(6, "0")}`)
    .join(",");
}

export function sumOf(values: Int32Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
