import type { Node } from "./nodes.ts";
import { at, type Problem, real, whole } from "./problem.ts";

const MAX_NODES = 12;

/** Pods without a node: `pods[i]` of group `groups[i]`. */
export interface Loose {
  readonly groups: Int32Array;
  readonly pods: Int32Array;
}

/**
 * Repacks a few pods by first fit; reuses its arrays because it runs a million times. A trial returns its cost, or
 * infinity when the pods do not fit or it is dearer than allowed; `take` makes the last trial's nodes.
 */
export interface Trial {
  /** Steps done so far: what the trials cost, the same on every machine. */
  readonly work: number;
  equal(loose: Loose, order: Int32Array, offer: number, limit: number): number;
  mixed(loose: Loose, order: Int32Array, limit: number, random: () => number): number;
  take(loose: Loose): readonly Node[];
}

export function createTrial(problem: Problem): Trial {
  const { dims, need, cap, price, admits, perNode, offers } = problem;
  const total = offers.length;
  const loads = new Float64Array(MAX_NODES * dims);
  const chosen = new Int32Array(MAX_NODES);
  let held: Int32Array = new Int32Array(0);
  let width = 0;
  let used = 0;
  let work = 0;

  function room(offer: number, node: number, item: number, group: number): number {
    let fit = real(perNode, group) - whole(held, node * width + item);
    for (let d = 0; d < dims && fit > 0; d++) {
      const unit = real(need, group * dims + d);
      if (unit === 0) continue;
      const more = Math.floor((real(cap, offer * dims + d) - real(loads, node * dims + d)) / unit);
      if (more < fit) fit = more;
    }
    return fit;
  }

  function put(node: number, item: number, group: number, pods: number): void {
    held[node * width + item] = whole(held, node * width + item) + pods;
    for (let d = 0; d < dims; d++) {
      loads[node * dims + d] = real(loads, node * dims + d) + real(need, group * dims + d) * pods;
    }
  }

  function begin(loose: Loose): void {
    width = loose.groups.length;
    if (held.length < MAX_NODES * width) held = new Int32Array(MAX_NODES * width);
    else held.fill(0, 0, MAX_NODES * width);
    loads.fill(0);
    used = 0;
  }

  /** Opens a node and returns how many pods it may take; 0 when there is no more. */
  function open(offer: number, item: number, group: number): number {
    if (used === MAX_NODES || admits[group * total + offer] !== 1) return 0;
    chosen[used] = offer;
    used++;
    return room(offer, used - 1, item, group);
  }

  /** Each node becomes the cheapest that holds what it got. */
  function rightSize(loose: Loose, limit: number): number {
    let cost = 0;
    for (let node = 0; node < used; node++) {
      const best = smallest(loose, node);
      if (best < 0) return Number.POSITIVE_INFINITY;
      chosen[node] = best;
      cost += real(price, best);
      if (cost > limit) return Number.POSITIVE_INFINITY;
    }
    return cost;
  }

  function smallest(loose: Loose, node: number): number {
    const highest = whole(chosen, node);
    search: for (let o = 0; o < highest; o++) {
      for (let d = 0; d < dims; d++) if (real(cap, o * dims + d) < real(loads, node * dims + d)) continue search;
      for (let i = 0; i < width; i++) {
        if (whole(held, node * width + i) > 0 && admits[whole(loose.groups, i) * total + o] !== 1) continue search;
      }
      return o;
    }
    return highest;
  }

  return {
    get work() {
      return work;
    },
    equal(loose, order, offer, limit) {
      begin(loose);
      work += order.length;
      for (const item of order) {
        const group = whole(loose.groups, item);
        let rest = whole(loose.pods, item);
        work += used;
        if (admits[group * total + offer] !== 1) return Number.POSITIVE_INFINITY;
        for (let node = 0; node < used && rest > 0; node++) {
          const fit = Math.min(rest, room(offer, node, item, group));
          if (fit <= 0) continue;
          put(node, item, group, fit);
          rest -= fit;
        }
        while (rest > 0) {
          const fit = Math.min(rest, open(offer, item, group));
          if (fit <= 0) return Number.POSITIVE_INFINITY;
          put(used - 1, item, group, fit);
          rest -= fit;
        }
      }
      return rightSize(loose, limit);
    },
    mixed(loose, order, limit, random) {
      begin(loose);
      let spent = 0;
      for (const item of order) {
        const group = whole(loose.groups, item);
        let rest = whole(loose.pods, item);
        for (let node = 0; node < used && rest > 0; node++) {
          if (admits[group * total + whole(chosen, node)] !== 1) continue;
          const fit = Math.min(rest, room(whole(chosen, node), node, item, group));
          if (fit <= 0) continue;
          put(node, item, group, fit);
          rest -= fit;
        }
        while (rest > 0) {
          let fit = 0;
          for (let draw = 0; draw < 6 && fit <= 0; draw++) {
            const offer = Math.floor(random() * total);
            if (spent + real(price, offer) > limit || admits[group * total + offer] !== 1) continue;
            fit = Math.min(rest, open(offer, item, group));
            if (used === MAX_NODES && fit <= 0) return Number.POSITIVE_INFINITY;
            if (fit > 0) spent += real(price, offer);
            else if (used > 0 && isEmpty(used - 1)) used--;
          }
          if (fit <= 0) return Number.POSITIVE_INFINITY;
          put(used - 1, item, group, fit);
          rest -= fit;
        }
      }
      return rightSize(loose, limit);
    },
    take(loose) {
      return Array.from({ length: used }, (_, node) => {
        const items = Array.from(loose.groups.keys()).filter((i) => whole(held, node * width + i) > 0);
        return {
          offer: whole(chosen, node),
          load: loads.slice(node * dims, (node + 1) * dims),
          groups: items.map((i) => whole(loose.groups, i)),
          pods: items.map((i) => whole(held, node * width + i)),
        };
      });
    },
  };

  function isEmpty(node: number): boolean {
    for (let i = 0; i < width; i++) if (whole(held, node * width + i) > 0) return false;
    return true;
  }
}

/** All pods of some nodes, by group. */
export function loosen(nodes: readonly Node[]): Loose {
  const pods = new Map<number, number>();
  for (const node of nodes) {
    for (const [i, group] of node.groups.entries()) pods.set(group, (pods.get(group) ?? 0) + at(node.pods, i));
  }
  const groups = Int32Array.from(pods.keys()).sort();
  return { groups, pods: groups.map((group) => pods.get(group) ?? 0) };
}
