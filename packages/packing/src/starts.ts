import {
  addPods,
  cheapest,
  type Draft,
  emptyNode,
  isWithinBounds,
  leftByBounds,
  type Node,
  room,
  usedBounds,
} from "./nodes.ts";
import { at, type Problem, real, whole } from "./problem.ts";

/** Equal nodes with equal content. */
interface Run {
  readonly node: Node;
  readonly times: number;
}

/** Orders in which first fit takes the groups, biggest first by different measures of size. */
export function sizeOrders(problem: Problem, demand: Float64Array): readonly (readonly number[])[] {
  const { dims, groups, need } = problem;
  const share = (g: number, d: number) => (real(demand, d) > 0 ? real(need, g * dims + d) / real(demand, d) : 0);
  const all = (g: number) => Array.from({ length: dims }, (_, d) => share(g, d));
  const measures: ((g: number) => number)[] = [
    (g) => share(g, 0),
    (g) => share(g, 1),
    (g) => all(g).reduce((a, b) => a + b, 0),
    (g) => Math.max(...all(g)),
    (g) => all(g).reduce((a, b) => a + b * b, 0),
  ];
  return measures.map((measure) => {
    const size = groups.map((_, g) => measure(g));
    return groups.map((_, g) => g).sort((a, b) => at(size, b) - at(size, a) || a - b);
  });
}

/** First fit into equal nodes of one offer, then each node becomes the cheapest that fits. `undefined`: not all fit. */
export function equalNodes(problem: Problem, offer: number, order: readonly number[]): Draft | undefined {
  let runs: Run[] = [];
  for (const group of order) {
    let rest = whole(problem.count, group);
    if (rest === 0) continue;
    if (problem.admits[group * problem.offers.length + offer] !== 1) return undefined;
    const next: Run[] = [];
    for (const run of runs) {
      const fit = rest === 0 ? 0 : room(problem, offer, run.node.load, 0, group, 0);
      rest -= spread(problem, run, group, fit, rest, next);
    }
    const fresh: Run = { node: emptyNode(problem, offer), times: Number.MAX_SAFE_INTEGER };
    const fit = room(problem, offer, fresh.node.load, 0, group, 0);
    if (rest > 0 && fit === 0) return undefined;
    if (rest > 0) {
      const full = Math.floor(rest / fit);
      if (full > 0) next.push({ node: addPods(problem, fresh.node, group, fit), times: full });
      if (rest % fit > 0) next.push({ node: addPods(problem, fresh.node, group, rest % fit), times: 1 });
    }
    runs = next;
  }
  const nodes = runs.flatMap((run) => {
    const best = cheapest(problem, run.node.load, 0, run.node.groups);
    const node: Node = { ...run.node, offer: best };
    return Array.from({ length: run.times }, () => node);
  });
  return isWithinBounds(problem, nodes) ? { nodes, left: new Int32Array(problem.groups.length) } : undefined;
}

/** Puts up to `rest` pods on the nodes of a run, `fit` on each; pushes what the run becomes; returns how many it took. */
function spread(problem: Problem, run: Run, group: number, fit: number, rest: number, next: Run[]): number {
  if (fit === 0) {
    next.push(run);
    return 0;
  }
  const full = Math.min(run.times, Math.floor(rest / fit));
  const partial = full < run.times ? Math.min(fit, rest - full * fit) : 0;
  if (full > 0) next.push({ node: addPods(problem, run.node, group, fit), times: full });
  if (partial > 0) next.push({ node: addPods(problem, run.node, group, partial), times: 1 });
  const untouched = run.times - full - (partial > 0 ? 1 : 0);
  if (untouched > 0) next.push({ node: run.node, times: untouched });
  return full * fit + partial;
}

/**
 * Fills one node of each offer by the best match with what is left of it, keeps the one with the lowest price per value
 * and repeats it as often as the pods allow, until nothing is left or no offer remains.
 */
export function patternGreedy(problem: Problem, value: Float64Array, start: readonly Node[] = []): Draft {
  const { groups, offers } = problem;
  const left = Int32Array.from(problem.count);
  for (const node of start) for (const [i, g] of node.groups.entries()) left[g] = whole(left, g) - at(node.pods, i);
  const nodes: Node[] = [...start];
  const used = usedBounds(problem, nodes);
  const fills: (Node | undefined)[] = new Array(offers.length);
  for (;;) {
    let best: Node | undefined;
    let bestRatio = Number.POSITIVE_INFINITY;
    for (let o = 0; o < offers.length; o++) {
      if (leftByBounds(problem, o, used) === 0) continue;
      let fill = fills[o];
      if (fill === undefined || !isCovered(fill, left)) {
        fill = fillNode(problem, o, left);
        fills[o] = fill;
      }
      const worth = worthOf(fill, value);
      if (worth === 0) continue;
      const ratio = real(problem.price, o) / worth;
      if (ratio < bestRatio) {
        best = fill;
        bestRatio = ratio;
      }
    }
    if (best === undefined) break;
    let times = leftByBounds(problem, best.offer, used);
    for (const [i, g] of best.groups.entries()) times = Math.min(times, Math.floor(whole(left, g) / at(best.pods, i)));
    for (const [i, g] of best.groups.entries()) left[g] = whole(left, g) - at(best.pods, i) * times;
    // The last nodes are seldom full: a smaller offer may hold the same pods.
    const fitting = problem.limit.length === 0 ? cheapest(problem, best.load, 0, best.groups) : best.offer;
    const node = { ...best, offer: fitting < 0 ? best.offer : fitting };
    for (let i = 0; i < times; i++) nodes.push(node);
    for (let b = 0; b < used.length; b++) {
      used[b] = real(used, b) + real(problem.weight, node.offer * used.length + b) * times;
    }
    if (groups.every((_, g) => whole(left, g) === 0)) break;
  }
  return { nodes, left };
}

function isCovered(node: Node, left: Int32Array): boolean {
  if (node.groups.length === 0) return false;
  for (const [i, g] of node.groups.entries()) if (whole(left, g) < at(node.pods, i)) return false;
  return true;
}

function worthOf(node: Node, value: Float64Array): number {
  let worth = 0;
  for (const [i, g] of node.groups.entries()) worth += real(value, g) * at(node.pods, i);
  return worth;
}

function fillNode(problem: Problem, offer: number, left: Int32Array): Node {
  const { dims, groups, offers, need, cap, admits } = problem;
  const load = new Float64Array(dims);
  const taken = new Int32Array(groups.length);
  const match = new Float64Array(dims);
  const chosen: number[] = [];
  let open: number[] = [];
  for (let g = 0; g < groups.length; g++) {
    if (whole(left, g) > 0 && admits[g * offers.length + offer] === 1) open.push(g);
  }
  for (;;) {
    for (let d = 0; d < dims; d++) {
      const size = real(cap, offer * dims + d);
      match[d] = size > 0 ? (size - real(load, d)) / (size * size) : 0;
    }
    let best = -1;
    let bestScore = -1;
    let bestFit = 0;
    let isStale = false;
    for (const g of open) {
      let score = 0;
      for (let d = 0; d < dims; d++) score += real(need, g * dims + d) * real(match, d);
      if (score <= bestScore) continue;
      const fit = Math.min(whole(left, g) - whole(taken, g), room(problem, offer, load, 0, g, whole(taken, g)));
      if (fit === 0) {
        isStale = true;
        continue;
      }
      best = g;
      bestScore = score;
      bestFit = fit;
    }
    if (best < 0) break;
    const pods = Math.ceil(bestFit / 2);
    if (whole(taken, best) === 0) chosen.push(best);
    taken[best] = whole(taken, best) + pods;
    for (let d = 0; d < dims; d++) load[d] = real(load, d) + real(need, best * dims + d) * pods;
    // A node only fills up: what does not fit now will not fit later.
    if (isStale) {
      open = open.filter(
        (g) => whole(left, g) > whole(taken, g) && room(problem, offer, load, 0, g, whole(taken, g)) > 0,
      );
    }
  }
  return { offer, load, groups: chosen, pods: chosen.map((g) => whole(taken, g)) };
}
