import type { PackInput, Packing, Unschedulable } from "./model.ts";
import { costOf, type Draft } from "./nodes.ts";
import { at, byCodeUnit, type Problem } from "./problem.ts";

/** The draft by names instead of places. */
export function describe(problem: Problem, draft: Draft, input: PackInput): Packing {
  const { dims, groups, offers, cap } = problem;
  const free = new Array<number>(dims).fill(0);
  for (const node of draft.nodes) {
    for (let d = 0; d < dims; d++) free[d] = at(free, d) + at(cap, node.offer * dims + d) - at(node.load, d);
  }
  return {
    nodes: draft.nodes.map((node) => ({
      offer: offers[node.offer]?.name ?? "",
      pods: node.groups
        .map((g, i) => ({ group: groups[g]?.id ?? "", count: at(node.pods, i) }))
        .sort((a, b) => byCodeUnit(a.group, b.group)),
    })),
    cost: costOf(problem, draft.nodes),
    free,
    unschedulable: [...draft.left.entries()].flatMap(([g, count]) =>
      count === 0 ? [] : [whyNot(problem, g, count, input)],
    ),
  };
}

/** The offer that comes nearest to a pod that could not be placed, and what it lacks most. */
function whyNot(problem: Problem, g: number, count: number, input: PackInput): Unschedulable {
  const { dims, groups, offers, admits, need, cap } = problem;
  const group = groups[g];
  const id = group?.id ?? "";
  const taking = offers.find((_, o) => admits[g * offers.length + o] === 1);
  if (taking !== undefined) return { group: id, count, because: "bound", nearest: taking.name };
  let best: Unschedulable = { group: id, count, because: "admission" };
  let bestShare = -1;
  for (const [o, offer] of offers.entries()) {
    if (group?.kinds !== undefined && !group.kinds.includes(offer.kind)) continue;
    let share = Number.POSITIVE_INFINITY;
    let dimension = 0;
    for (let d = 0; d < dims; d++) {
      const unit = at(need, g * dims + d);
      if (unit === 0 || at(cap, o * dims + d) / unit >= share) continue;
      share = at(cap, o * dims + d) / unit;
      dimension = d;
    }
    if (share <= bestShare) continue;
    bestShare = share;
    best = { group: id, count, because: "size", nearest: offer.name, dimension };
  }
  return input.offers.length === 0 ? { group: id, count, because: "admission" } : best;
}
