import type { PackedNode, PackInput, Packing } from "./model.ts";
import { addPods, compareDrafts, type Draft, emptyNode, isWithinBounds, type Node, room } from "./nodes.ts";
import { at, type Problem, withCounts } from "./problem.ts";

export type Solver = (problem: Problem, part: PackInput) => Draft;

/**
 * Node groups with a minimum: their nodes are paid in any case. Either they are filled first and the rest is bought, or
 * the answer without them uses as many of them anyway; the cheaper of both.
 */
export function withPaid(problem: Problem, part: PackInput, solve: Solver): Draft {
  const paid = (part.paid ?? []).flatMap(({ offer, count }) => {
    const index = problem.offers.findIndex(({ name }) => name === offer);
    return index < 0 ? [] : [{ offer: index, count }];
  });
  const free = solve(problem, part);
  if (paid.every(({ count }) => count === 0)) return free;
  const padded: Draft = { nodes: [...free.nodes, ...missing(problem, free.nodes, paid)], left: free.left };
  const filled = fillPaid(problem, paid);
  const limit = problem.limit.map((max, b) =>
    filled.nodes.reduce((rest, node) => rest - at(problem.weight, node.offer * problem.limit.length + b), max),
  );
  const rest = solve(withCounts(problem, filled.left, limit), { ...part, also: undefined });
  const bought: Draft = { nodes: [...filled.nodes, ...rest.nodes], left: rest.left };
  const candidates = isWithinBounds(problem, padded.nodes) ? [padded, bought] : [bought];
  return candidates.reduce((a, b) => (compareDrafts(problem, b, a) < 0 ? b : a));
}

function missing(problem: Problem, nodes: readonly Node[], paid: readonly { offer: number; count: number }[]): Node[] {
  return paid.flatMap(({ offer, count }) => {
    const present = nodes.filter((node) => node.offer === offer).length;
    return Array.from({ length: Math.max(0, count - present) }, () => emptyNode(problem, offer));
  });
}

function fillPaid(problem: Problem, paid: readonly { offer: number; count: number }[]): Draft {
  const left = Int32Array.from(problem.count);
  const nodes = paid.flatMap(({ offer, count }) => Array.from({ length: count }, () => emptyNode(problem, offer)));
  for (let g = 0; g < left.length; g++) {
    for (const [n, node] of nodes.entries()) {
      if (problem.admits[g * problem.offers.length + node.offer] !== 1) continue;
      const pods = Math.min(at(left, g), room(problem, node.offer, node.load, 0, g, 0));
      if (pods <= 0) continue;
      nodes[n] = addPods(problem, node, g, pods);
      left[g] = at(left, g) - pods;
    }
  }
  return { nodes, left };
}

/** Paid nodes whose kind no pod of any part may use: paid all the same. */
export function unusedPaid(input: PackInput, solved: readonly Packing[]): Packing {
  const nodes: PackedNode[] = [];
  let cost = 0;
  const free: number[] = [];
  for (const { offer: name, count } of input.paid ?? []) {
    const offer = input.offers.find((candidate) => candidate.name === name);
    if (offer === undefined) continue;
    const present = solved.flatMap((part) => part.nodes).filter((node) => node.offer === name).length;
    for (let i = present; i < count; i++) {
      nodes.push({ offer: name, pods: [] });
      cost += offer.price;
      for (const [d, amount] of offer.capacity.entries()) free[d] = at(free, d) + amount;
    }
  }
  return { nodes, cost, free, unschedulable: [] };
}
