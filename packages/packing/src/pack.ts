import { describe } from "./describe.ts";
import { finish } from "./finish.ts";
import { firstPassDraft } from "./first-pass.ts";
import { demandOf, floorOf } from "./floor.ts";
import type { Floor, PackedNode, PackInput, Packing } from "./model.ts";
import {
  addPods,
  compareDrafts,
  costOf,
  type Draft,
  emptyNode,
  isWithinBounds,
  type Node,
  present,
  room,
} from "./nodes.ts";
import { type Solver, unusedPaid, withPaid } from "./paid.ts";
import { independentParts } from "./parts.ts";
import { at, byCodeUnit, createProblem, type Problem } from "./problem.ts";
import { createRandom } from "./random.ts";
import { ruinAndRecreate } from "./ruin.ts";
import { equalNodes, patternGreedy, sizeOrders } from "./starts.ts";

/**
 * The cheapest nodes that can be found for the pods, as a cluster with consolidation settles on them. The same input in
 * any order gives the same answer on every machine; there is no time limit in it.
 */
export function pack(input: PackInput): Packing {
  return solveParts(input, steady);
}

/** What Karpenter launches for the same pods from an empty cluster, without consolidation. */
export function firstPass(input: PackInput): Packing {
  return solveParts(input, (problem) => firstPassDraft(problem));
}

/** Adds up the lower bounds of the parts; the duals are those of the first. */
export function floorOfParts(input: PackInput): Floor {
  const floors = independentParts(input).map((part) => floorOf(createProblem(part)));
  return {
    lp: floors.reduce((sum, part) => sum + part.lp, 0),
    cost: floors.reduce((sum, part) => sum + part.cost, 0),
    duals: floors[0]?.duals ?? [],
  };
}

function solveParts(input: PackInput, solve: Solver): Packing {
  const solved = independentParts(input).map((part) => {
    const problem = createProblem(part);
    return describe(problem, withPaid(problem, part, solve), input);
  });
  const paidAlone = unusedPaid(input, solved);
  const dims = Math.max(
    3,
    ...input.offers.map((offer) => offer.capacity.length),
    ...input.groups.map((g) => g.request.length),
  );
  return {
    nodes: [...solved.flatMap((part) => part.nodes), ...paidAlone.nodes].sort(compareNodes),
    cost: solved.reduce((sum, part) => sum + part.cost, 0) + paidAlone.cost,
    free: Array.from({ length: dims }, (_, d) =>
      [...solved, paidAlone].reduce((sum, part) => sum + at(part.free, d), 0),
    ),
    unschedulable: solved.flatMap((part) => part.unschedulable).sort((a, b) => byCodeUnit(a.group, b.group)),
  };
}

function compareNodes(a: PackedNode, b: PackedNode): number {
  return byCodeUnit(a.offer, b.offer) || byCodeUnit(JSON.stringify(a.pods), JSON.stringify(b.pods));
}

function steady(problem: Problem, part: PackInput): Draft {
  const { signal } = part;
  if (problem.offers.length === 0 || problem.groups.length === 0)
    return { nodes: [], left: Int32Array.from(problem.count) };
  const { lp, cost: least, duals } = floorOf(problem);
  const demand = demandOf(problem);
  const waste = Float64Array.from(problem.offers, (_, o) => wasteOf(problem, o, duals));
  const value = Float64Array.from(problem.groups, (_, g) => worthOf(problem, g, duals));
  const better = (a: Draft, b: Draft | undefined) => (b !== undefined && compareDrafts(problem, b, a) < 0 ? b : a);
  let base = better(patternGreedy(problem, value), firstPassDraft(problem));
  const greedy = base;
  if (part.also !== undefined) base = better(base, repaired(problem, part.also, value));
  const effort = base === greedy ? 1 : CONTINUED;
  const orders = sizeOrders(problem, demand);
  for (let o = 0; o < problem.offers.length; o++) {
    for (const order of orders) base = better(base, equalNodes(problem, o, order));
  }
  const isBest = base.left.every((rest) => rest === 0) && costOf(problem, base.nodes) <= least + 0.5;
  if (isBest) return base;
  const random = createRandom(1);
  const improved = ruinAndRecreate(problem, base, { value, waste, random, effort, signal });
  const best = better(base, improved);
  return finish(problem, best, costOf(problem, best.nodes), lp, duals);
}

/** Share of the search that a start needs which was searched for already. */
const CONTINUED = 0.25;

function worthOf(problem: Problem, group: number, duals: readonly number[]): number {
  let worth = 0;
  for (let d = 0; d < problem.dims; d++) worth += at(duals, d) * at(problem.need, group * problem.dims + d);
  return worth;
}

function wasteOf(problem: Problem, offer: number, duals: readonly number[]): number {
  let waste = at(problem.price, offer);
  for (let d = 0; d < problem.dims; d++) waste -= at(duals, d) * at(problem.cap, offer * problem.dims + d);
  return Math.max(0, waste);
}

/** The other answer with this problem's counts: surplus pods go, missing ones fill the gaps, the rest gets new nodes. */
function repaired(problem: Problem, also: readonly PackedNode[], value: Float64Array): Draft | undefined {
  const offerAt = new Map(problem.offers.map((offer, o) => [offer.name, o]));
  const groupAt = new Map(problem.groups.map((group, g) => [group.id, g]));
  const left = Int32Array.from(problem.count);
  const nodes: Node[] = [];
  for (const packed of also) {
    const offer = offerAt.get(packed.offer);
    if (offer === undefined) continue;
    let node = emptyNode(problem, offer);
    for (const { group, count } of packed.pods) {
      const g = groupAt.get(group);
      if (g === undefined || problem.admits[g * problem.offers.length + offer] !== 1) continue;
      const pods = Math.min(count, at(left, g), room(problem, offer, node.load, 0, g, 0));
      if (pods <= 0) continue;
      node = addPods(problem, node, g, pods);
      left[g] = at(left, g) - pods;
    }
    if (node.groups.length > 0) nodes.push(node);
  }
  for (let g = 0; g < left.length; g++) {
    for (let n = 0; n < nodes.length && at(left, g) > 0; n++) {
      const node = nodes[n];
      if (node === undefined || problem.admits[g * problem.offers.length + node.offer] !== 1) continue;
      const pods = Math.min(at(left, g), room(problem, node.offer, node.load, 0, g, present(node, g)));
      if (pods <= 0) continue;
      nodes[n] = addPods(problem, node, g, pods);
      left[g] = at(left, g) - pods;
    }
  }
  return isWithinBounds(problem, nodes) ? patternGreedy(problem, value, nodes) : undefined;
}
