import { type Draft, leftByBounds, type Node, usedBounds } from "./nodes.ts";
import { at, type Problem } from "./problem.ts";

interface OpenNode {
  readonly load: Float64Array;
  readonly groups: number[];
  readonly pods: number[];
  offers: number[];
  total: number;
}

const LAUNCH_TYPES = 600;

/**
 * Karpenter's rule for pods that wait for nodes: by CPU and memory descending; the open node with the fewest pods that
 * still has a type for it, else a new one; at the end the cheapest of each node's types.
 * https://github.com/kubernetes-sigs/karpenter/blob/main/pkg/controllers/provisioning/scheduling/scheduler.go
 */
export function firstPassDraft(problem: Problem): Draft {
  const { groups, dims, need, offers, admits, perNode } = problem;
  const open: OpenNode[] = [];
  const left = new Int32Array(groups.length);
  // Groups are sorted by CPU, then memory, descending.
  for (let g = 0; g < groups.length; g++) {
    const admitted: number[] = [];
    for (let o = 0; o < offers.length; o++) if (admits[g * offers.length + o] === 1) admitted.push(o);
    if (admitted.length === 0) {
      left[g] = at(problem.count, g);
      continue;
    }
    // A node that refused one pod of the group refuses the next: it only fills up.
    const refused = new Set<OpenNode>();
    for (let pod = 0; pod < at(problem.count, g); pod++) {
      const node = choose(problem, open, refused, g);
      if (node === undefined) {
        open.unshift(createNode(problem, g, admitted));
        continue;
      }
      for (let d = 0; d < dims; d++) node.load[d] = at(node.load, d) + at(need, g * dims + d);
      node.offers = node.offers.filter((o) => admits[g * offers.length + o] === 1 && holds(problem, o, node.load));
      const place = node.groups.indexOf(g);
      if (place < 0) {
        node.groups.push(g);
        node.pods.push(1);
      } else node.pods[place] = at(node.pods, place) + 1;
      if (at(node.pods, node.groups.indexOf(g)) >= at(perNode, g)) refused.add(node);
      node.total++;
      settle(open, open.indexOf(node));
    }
  }
  return launch(problem, open, left);
}

function createNode(problem: Problem, group: number, admitted: readonly number[]): OpenNode {
  const { dims, need } = problem;
  return {
    load: need.slice(group * dims, group * dims + dims),
    groups: [group],
    pods: [1],
    offers: [...admitted],
    total: 1,
  };
}

function choose(
  problem: Problem,
  open: readonly OpenNode[],
  refused: Set<OpenNode>,
  group: number,
): OpenNode | undefined {
  const { dims, need, cap, offers, admits, perNode } = problem;
  for (const node of open) {
    if (refused.has(node)) continue;
    const place = node.groups.indexOf(group);
    const isFull = place >= 0 && at(node.pods, place) >= at(perNode, group);
    const takes =
      !isFull &&
      node.offers.some((o) => {
        if (admits[group * offers.length + o] !== 1) return false;
        for (let d = 0; d < dims; d++) {
          if (at(node.load, d) + at(need, group * dims + d) > at(cap, o * dims + d)) return false;
        }
        return true;
      });
    if (takes) return node;
    refused.add(node);
  }
  return undefined;
}

function holds(problem: Problem, offer: number, load: Float64Array): boolean {
  const { dims, cap } = problem;
  for (let d = 0; d < dims; d++) if (at(load, d) > at(cap, offer * dims + d)) return false;
  return true;
}

/** Moves the node at `index`, which got a pod, behind all nodes with no more pods. */
function settle(open: OpenNode[], index: number): void {
  const node = open[index];
  if (node === undefined) return;
  let to = index;
  while (to + 1 < open.length && (open[to + 1]?.total ?? 0) < node.total) to++;
  if (to === index) return;
  open.splice(index, 1);
  open.splice(to, 0, node);
}

// Bounds are kept by leaving pods over: a pool at its limit launches nothing more.
function launch(problem: Problem, open: readonly OpenNode[], left: Int32Array): Draft {
  const nodes: Node[] = [];
  for (const node of open) {
    const used = usedBounds(problem, nodes);
    const offer = node.offers.slice(0, LAUNCH_TYPES).find((o) => leftByBounds(problem, o, used) > 0);
    if (offer === undefined) {
      for (const [i, g] of node.groups.entries()) left[g] = at(left, g) + at(node.pods, i);
    } else nodes.push({ offer, load: node.load, groups: node.groups, pods: node.pods });
  }
  return { nodes, left };
}
