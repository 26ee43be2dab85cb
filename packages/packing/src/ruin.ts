import { type Draft, isWithinBounds, type Node } from "./nodes.ts";
import { at, type Problem, real, whole } from "./problem.ts";
import { createTrial, type Loose, loosen, type Trial } from "./trial.ts";

export interface RuinOptions {
  /** Worth of one pod, by group. */
  readonly value: Float64Array;
  /** Price minus the worth of the capacity, by offer. */
  readonly waste: Float64Array;
  readonly random: () => number;
  /** Share of the usual steps, up to 1. */
  readonly effort: number;
  readonly signal?: AbortSignal | undefined;
}

/** More groups make each iteration dearer and gain less from it; small problems are finished exactly afterwards. */
function iterationsFor(groups: number, pods: number): number {
  if (pods <= MIXED_PODS) return 1500;
  if (groups <= 50) return 8000;
  return groups <= 150 ? 6000 : 3000;
}

/** About half a second on a runner; counted in steps so that the answer does not depend on the machine. */
const MAX_WORK = 8_000_000;

/** How often the same few nodes are taken apart. */
const MAX_TRIES = 24;

/** Offers that one repack tries. */
const SAMPLED_OFFERS = 12;

const MIXED_TRIALS = 16;
const MIXED_PODS = 60;

interface State {
  readonly nodes: Node[];
  /** Price minus the worth of the pods, by node. */
  readonly slack: number[];
}

/**
 * Takes a few badly used nodes apart and packs their pods anew, again and again; the new nodes stay when they cost no
 * more. A node's slack is its price minus the worth of its pods: no slack, nothing to gain.
 */
export function ruinAndRecreate(problem: Problem, start: Draft, options: RuinOptions): Draft {
  const { value, waste, random, effort, signal } = options;
  const iterations = effort * iterationsFor(problem.groups.length, problem.pods);
  const trial = createTrial(problem);
  const state: State = {
    nodes: [...start.nodes],
    slack: start.nodes.map((node) => slackOf(problem, node, value)),
  };
  const tries = new Map<string, number>();
  for (let i = 0; i < iterations && state.nodes.length > 0; i++) {
    if (i % 64 === 0) signal?.throwIfAborted();
    if (trial.work > effort * MAX_WORK) break;
    const picked = pick(state.slack, 1 + Math.floor(4 * random()), random);
    const gain = picked.reduce((sum, index) => sum + at(state.slack, index), 0);
    if (gain < 0.5) continue;
    const old = picked.flatMap((index) => state.nodes[index] ?? []);
    const limit = old.reduce((sum, node) => sum + real(problem.price, node.offer), 0);
    const loose = loosen(old);
    // The same pods again: only the random order can bring something new, and not forever.
    const key = `${limit}:${loose.groups}:${loose.pods}`;
    const before = tries.get(key) ?? 0;
    if (before >= MAX_TRIES) continue;
    tries.set(key, before + 1);
    const orders = ordersOf(problem, loose, value, random).slice(before > 0 ? 2 : 0);
    const offers = sample(promising(problem, waste, gain, limit), random);
    const fresh = repack(problem, trial, loose, { orders, offers, limit, random });
    if (fresh === undefined) continue;
    if (problem.limit.length > 0) {
      const kept = state.nodes.filter((_, index) => !picked.includes(index));
      if (!isWithinBounds(problem, [...kept, ...fresh])) continue;
    }
    replace(problem, state, picked, fresh, value);
  }
  return { nodes: state.nodes, left: start.left };
}

function slackOf(problem: Problem, node: Node, value: Float64Array): number {
  let worth = 0;
  for (const [i, group] of node.groups.entries()) worth += real(value, group) * at(node.pods, i);
  return real(problem.price, node.offer) - worth;
}

/** Different nodes, each the one with more slack of two drawn; after a repeat mostly again so, sometimes any. */
function pick(slack: readonly number[], count: number, random: () => number): readonly number[] {
  const picked: number[] = [];
  const draw = () => Math.floor(random() * slack.length);
  const duel = () => {
    const a = draw();
    const b = draw();
    return at(slack, a) >= at(slack, b) ? a : b;
  };
  let isRepeat = false;
  for (let tries = 0; picked.length < Math.min(count, slack.length) && tries < 4 * count; tries++) {
    const index = isRepeat && random() < 0.3 ? draw() : duel();
    isRepeat = picked.includes(index);
    if (!isRepeat) picked.push(index);
  }
  return picked;
}

/**
 * Offers not dearer than what is replaced, and the first dearer one. A node wastes at least its price minus the worth of
 * its capacity, so an offer that wastes more than there is to gain is left out.
 */
function promising(problem: Problem, waste: Float64Array, gain: number, limit: number): readonly number[] {
  const offers: number[] = [];
  for (let o = 0; o < problem.offers.length; o++) {
    if (real(waste, o) <= gain) offers.push(o);
    if (real(problem.price, o) > limit) break;
  }
  return offers;
}

/** A few of many: more tries with few offers each find more than few tries with all. */
function sample(offers: readonly number[], random: () => number): readonly number[] {
  if (offers.length <= SAMPLED_OFFERS) return offers;
  const chosen = new Set<number>();
  while (chosen.size < SAMPLED_OFFERS) chosen.add(offers[Math.floor(random() * offers.length)] ?? 0);
  return [...chosen].sort((a, b) => a - b);
}

interface Attempt {
  readonly orders: readonly Int32Array[];
  readonly offers: readonly number[];
  readonly limit: number;
  readonly random: () => number;
}

function repack(problem: Problem, trial: Trial, loose: Loose, attempt: Attempt): readonly Node[] | undefined {
  const { orders, offers, limit, random } = attempt;
  let bestCost = limit;
  let best: readonly Node[] | undefined;
  for (const offer of offers) {
    for (const order of orders) {
      const cost = trial.equal(loose, order, offer, bestCost);
      if (cost > bestCost || (cost === bestCost && best !== undefined)) continue;
      bestCost = cost;
      best = trial.take(loose);
    }
  }
  const order = orders.at(-1);
  if (problem.pods > MIXED_PODS || order === undefined) return best;
  for (let i = 0; i < MIXED_TRIALS; i++) {
    const cost = trial.mixed(loose, order, bestCost, random);
    if (cost >= bestCost) continue;
    bestCost = cost;
    best = trial.take(loose);
  }
  return best;
}

function ordersOf(problem: Problem, loose: Loose, value: Float64Array, random: () => number): readonly Int32Array[] {
  const { dims, need } = problem;
  const sorted = (measure: (group: number) => number) => {
    const size = new Float64Array(loose.groups.length);
    for (let i = 0; i < size.length; i++) size[i] = measure(whole(loose.groups, i));
    return Int32Array.from(loose.groups.keys()).sort((a, b) => real(size, b) - real(size, a) || a - b);
  };
  return [
    sorted((group) => real(value, group)),
    sorted((group) => real(need, group * dims + 1) / (real(need, group * dims) + 1)),
    sorted((group) => real(value, group) * (0.5 + random())),
  ];
}

/** Puts the new nodes in the places of the old. */
function replace(
  problem: Problem,
  state: State,
  picked: readonly number[],
  fresh: readonly Node[],
  value: Float64Array,
): void {
  const places = [...picked].sort((a, b) => a - b);
  for (const [i, node] of fresh.entries()) {
    const place = places[i] ?? state.nodes.length;
    state.nodes[place] = node;
    state.slack[place] = slackOf(problem, node, value);
  }
  for (const place of places.slice(fresh.length).reverse()) {
    state.nodes.splice(place, 1);
    state.slack.splice(place, 1);
  }
}
