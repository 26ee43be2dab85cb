import type { Floor, PackInput } from "./model.ts";
import { at, createProblem, type Problem } from "./problem.ts";

/** A lower bound for every packing of the pods that some offer takes, and what a unit of each dimension is worth. */
export function floor(input: PackInput): Floor {
  return floorOf(createProblem(input));
}

export function floorOf(problem: Problem): Floor {
  const { dims, offers, price, cap } = problem;
  const demand = demandOf(problem);
  if (demand.every((amount) => amount === 0) || offers.length === 0) {
    return { lp: 0, cost: 0, duals: new Array<number>(dims).fill(0) };
  }
  const duals = solveDual(problem, demand);
  const lp = duals.reduce((sum, dual, d) => sum + dual * at(demand, d), 0);
  let nodes = 0;
  for (let d = 0; d < dims; d++) {
    let largest = 0;
    for (let o = 0; o < offers.length; o++) largest = Math.max(largest, at(cap, o * dims + d));
    if (largest > 0) nodes = Math.max(nodes, Math.ceil(at(demand, d) / largest));
  }
  return { lp, cost: Math.max(lp, nodes * at(price, 0)), duals };
}

/** Requests of all pods that fit somewhere, by dimension. */
export function demandOf(problem: Problem): Float64Array {
  const { dims, groups, offers, need, count, admits } = problem;
  const demand = new Float64Array(dims);
  for (let g = 0; g < groups.length; g++) {
    let isTaken = false;
    for (let o = 0; o < offers.length && !isTaken; o++) isTaken = admits[g * offers.length + o] === 1;
    if (!isTaken) continue;
    for (let d = 0; d < dims; d++) demand[d] = at(demand, d) + at(need, g * dims + d) * at(count, g);
  }
  return demand;
}

/**
 * max demand·y with capacity·y ≤ price for every offer, y ≥ 0: the dual of buying fractions of nodes. It has as many
 * variables as there are dimensions, so the simplex method runs on a tableau of offers × dimensions, from y = 0.
 */
function solveDual(problem: Problem, demand: Float64Array): readonly number[] {
  const { dims, offers, cap, price } = problem;
  const rows = offers.length;
  const width = dims + 1;
  // Capacities in shares of the demand keep all numbers near one another.
  const scale = Float64Array.from(demand, (amount) => (amount > 0 ? amount : 0));
  const tableau = new Float64Array((rows + 1) * width);
  for (let o = 0; o < rows; o++) {
    for (let d = 0; d < dims; d++) {
      const unit = at(scale, d);
      tableau[o * width + d] = unit > 0 ? at(cap, o * dims + d) / unit : 0;
    }
    tableau[o * width + dims] = at(price, o);
  }
  for (let d = 0; d < dims; d++) tableau[rows * width + d] = at(scale, d) > 0 ? -1 : 0;
  // Entry < dims: the variable y; else the slack of an offer.
  const columns = Array.from({ length: dims }, (_, d) => d);
  const basis = Array.from({ length: rows }, (_, o) => dims + o);
  for (let step = 0; step < 50 * dims; step++) {
    const column = entering(tableau, rows, width, columns);
    if (column < 0) break;
    const row = leaving(tableau, rows, width, column, basis);
    if (row < 0) break;
    pivot(tableau, rows, width, row, column);
    const out = at(basis, row);
    basis[row] = at(columns, column);
    columns[column] = out;
  }
  const y = new Array<number>(dims).fill(0);
  for (let o = 0; o < rows; o++) {
    const variable = at(basis, o);
    if (variable < dims) y[variable] = Math.max(0, at(tableau, o * width + dims));
  }
  return y.map((value, d) => (at(scale, d) > 0 ? value / at(scale, d) : 0));
}

const EPSILON = 1e-12;

// Bland's rule: the smallest variable, so that no cycle can arise.
function entering(tableau: Float64Array, rows: number, width: number, columns: readonly number[]): number {
  let best = -1;
  for (let c = 0; c < width - 1; c++) {
    if (at(tableau, rows * width + c) < -EPSILON && (best < 0 || at(columns, c) < at(columns, best))) best = c;
  }
  return best;
}

function leaving(tableau: Float64Array, rows: number, width: number, column: number, basis: readonly number[]): number {
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  for (let r = 0; r < rows; r++) {
    const cell = at(tableau, r * width + column);
    if (cell <= EPSILON) continue;
    const bound = at(tableau, r * width + width - 1) / cell;
    if (bound < least || (bound === least && at(basis, r) < at(basis, best))) {
      best = r;
      least = bound;
    }
  }
  return best;
}

function pivot(tableau: Float64Array, rows: number, width: number, row: number, column: number): void {
  const cell = at(tableau, row * width + column);
  for (let c = 0; c < width; c++) {
    if (c !== column) tableau[row * width + c] = at(tableau, row * width + c) / cell;
  }
  tableau[row * width + column] = 1 / cell;
  for (let r = 0; r <= rows; r++) {
    if (r === row) continue;
    const factor = at(tableau, r * width + column);
    if (factor === 0) continue;
    for (let c = 0; c < width; c++) {
      if (c !== column) tableau[r * width + c] = at(tableau, r * width + c) - factor * at(tableau, row * width + c);
    }
    tableau[r * width + column] = -factor / cell;
  }
}
