import type { Offer, PackInput, PodGroup } from "./model.ts";

/** A problem in flat arrays, sorted so that the order of the input cannot matter. */
export interface Problem {
  readonly dims: number;
  readonly groups: readonly PodGroup[];
  readonly offers: readonly Offer[];
  /** groups × dims */
  readonly need: Float64Array;
  readonly count: Int32Array;
  readonly perNode: Float64Array;
  /** offers × dims; offers by ascending price */
  readonly cap: Float64Array;
  readonly price: Float64Array;
  /** groups × offers: 1 where the offer takes a pod of the group */
  readonly admits: Uint8Array;
  /** offers × bounds */
  readonly weight: Float64Array;
  readonly limit: Float64Array;
  readonly pods: number;
}

export function createProblem(input: PackInput): Problem {
  const dims = Math.max(3, ...input.groups.map((g) => g.request.length), ...input.offers.map((o) => o.capacity.length));
  const groups = merged(input.groups).sort(
    (a, b) => at(b.request, 0) - at(a.request, 0) || at(b.request, 1) - at(a.request, 1) || byCodeUnit(a.id, b.id),
  );
  const bounds = [...(input.bounds ?? new Map<string, number>())].sort((a, b) => byCodeUnit(a[0], b[0]));
  const paid = new Set(input.paid?.map(({ offer }) => offer));
  const offers = undominated(
    [...input.offers].sort((a, b) => a.price - b.price || byCodeUnit(a.name, b.name)),
    groups,
    dims,
    paid,
  );
  return {
    dims,
    groups,
    offers,
    need: matrix(groups, dims, (group, d) => at(group.request, d)),
    count: Int32Array.from(groups, (group) => group.count),
    perNode: Float64Array.from(groups, (group) => group.perNode ?? Number.POSITIVE_INFINITY),
    cap: matrix(offers, dims, (offer, d) => at(offer.capacity, d)),
    price: Float64Array.from(offers, (offer) => offer.price),
    admits: admission(groups, offers, dims),
    weight: matrix(offers, bounds.length, (offer, b) => weightOf(offer, bounds[b]?.[0] ?? "")),
    limit: Float64Array.from(bounds, ([, limit]) => limit),
    pods: groups.reduce((sum, group) => sum + group.count, 0),
  };
}

/** The same problem with other counts; groups and offers keep their places. */
export function withCounts(problem: Problem, count: Int32Array, limit = problem.limit): Problem {
  return { ...problem, count, limit, pods: count.reduce((a, b) => a + b, 0) };
}

function merged(groups: readonly PodGroup[]): PodGroup[] {
  const byId = new Map<string, PodGroup>();
  for (const group of groups) {
    if (group.count <= 0) continue;
    const known = byId.get(group.id);
    byId.set(group.id, known === undefined ? group : { ...known, count: known.count + group.count });
  }
  return [...byId.values()];
}

/**
 * Drops an offer when another costs no more, holds no less, takes all pods that it takes and is bounded by no more. Sorted
 * input: of two equal ones the smaller name stays.
 */
function undominated(
  offers: readonly Offer[],
  groups: readonly PodGroup[],
  dims: number,
  paid: ReadonlySet<string>,
): readonly Offer[] {
  const takesAll = kindsThatTakeAll(offers, groups);
  const kept: Offer[] = [];
  for (const offer of offers) {
    const stronger = takesAll.get(offer.kind);
    const isDominated = kept.some(
      (other) =>
        stronger?.has(other.kind) === true && holdsNoLess(other, offer, dims) && isBoundedNoTighter(other, offer),
    );
    if (!isDominated || paid.has(offer.name)) kept.push(offer);
  }
  return kept;
}

/** By kind: the kinds that take every group which it takes, itself among them. */
function kindsThatTakeAll(
  offers: readonly Offer[],
  groups: readonly PodGroup[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const kinds = [...new Set(offers.map(({ kind }) => kind))];
  const lists = [...new Set(groups.map((group) => group.kinds?.join("\0")))].map((list) =>
    list === undefined ? undefined : new Set(list.split("\0")),
  );
  const takes = (kind: string) => lists.map((list) => list === undefined || list.has(kind));
  const rows = new Map(kinds.map((kind) => [kind, takes(kind)]));
  return new Map(
    kinds.map((kind) => {
      const own = rows.get(kind) ?? [];
      return [kind, new Set(kinds.filter((other) => own.every((is, i) => !is || rows.get(other)?.[i] === true)))];
    }),
  );
}

function holdsNoLess(a: Offer, b: Offer, dims: number): boolean {
  for (let d = 0; d < dims; d++) if (at(a.capacity, d) < at(b.capacity, d)) return false;
  return true;
}

function isBoundedNoTighter(a: Offer, b: Offer): boolean {
  return (a.bounds ?? []).every((bound) => bound.weight <= weightOf(b, bound.name));
}

function admission(groups: readonly PodGroup[], offers: readonly Offer[], dims: number): Uint8Array {
  const table = new Uint8Array(groups.length * offers.length);
  for (const [g, group] of groups.entries()) {
    for (const [o, offer] of offers.entries()) {
      const isAdmitted = group.kinds === undefined || group.kinds.includes(offer.kind);
      if (isAdmitted && fitsOne(group, offer, dims)) table[g * offers.length + o] = 1;
    }
  }
  return table;
}

function fitsOne(group: PodGroup, offer: Offer, dims: number): boolean {
  if (group.perNode !== undefined && group.perNode < 1) return false;
  for (let d = 0; d < dims; d++) if (at(group.request, d) > at(offer.capacity, d)) return false;
  return true;
}

function weightOf(offer: Offer, bound: string): number {
  return offer.bounds?.find(({ name }) => name === bound)?.weight ?? 0;
}

function matrix<T>(rows: readonly T[], columns: number, cell: (row: T, column: number) => number): Float64Array {
  const flat = new Float64Array(rows.length * columns);
  for (const [r, row] of rows.entries()) for (let c = 0; c < columns; c++) flat[r * columns + c] = cell(row, c);
  return flat;
}

/** As `at` for one kind of array each: hot loops stay fast only where one place sees one kind. */
export function real(values: Float64Array, index: number): number {
  return values[index] ?? 0;
}

export function whole(values: Int32Array, index: number): number {
  return values[index] ?? 0;
}

/** Reads an array that is known to be long enough; beyond its end stands 0. */
export function at(values: ArrayLike<number>, index: number): number {
  return values[index] ?? 0;
}

export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
