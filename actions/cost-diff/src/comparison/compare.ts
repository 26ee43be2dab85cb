import { fromMicros, type Money, sum, times, toNumber } from "@eks-actions/pricing";
import { mindsZones, selects } from "../bill/constraint.ts";
import { type NodeAnswer, solveBoth, solveNodes } from "../bill/nodes.ts";
import type { NodeProblem } from "../bill/pack-input.ts";
import {
  type CostOptions,
  costSide,
  lineCost,
  podSetOf,
  type SideCost,
  type SideParts,
  shareMicros,
} from "../bill/side-cost.ts";
import type { Workload } from "../bill/workloads.ts";
import { type ClusterSpec, LINE_IDS } from "../model.ts";
import type {
  Amounts,
  ClusterReport,
  LineReport,
  PackingReport,
  Status,
  WorkloadReport,
} from "../report-file/report-model.ts";

/** One cluster on both sides, bought and added up. */
export interface ClusterCost {
  readonly spec: ClusterSpec;
  readonly region: string;
  readonly status: Status;
  readonly base: SideCost | undefined;
  readonly head: SideCost | undefined;
  readonly options: CostOptions;
  /** Head's total with all scalers at their fewest and at their most. */
  readonly range: { readonly min: Money; readonly max: Money } | undefined;
}

export function costCluster(
  options: CostOptions,
  base: SideParts | undefined,
  head: SideParts | undefined,
  isPackable = options.rates === undefined,
): ClusterCost {
  const problemOf = (parts: SideParts | undefined): NodeProblem | undefined =>
    parts === undefined || parts.pools.length === 0 || !isPackable ? undefined : parts.problem;
  const isSame = base !== undefined && head !== undefined && fingerprint(base) === fingerprint(head);
  const solved = isSame ? solveOnce(problemOf(head)) : solveBoth(problemOf(base), problemOf(head));
  const cost = (parts: SideParts | undefined, nodes: NodeAnswer | undefined) =>
    parts === undefined ? undefined : costSide(parts, nodes, options);
  const costs = { base: cost(base, solved.base), head: cost(head, solved.head) };
  return {
    spec: options.spec,
    region: options.book.region,
    status: statusOf(costs.base, costs.head, isSame),
    ...costs,
    options,
    range: head === undefined || isSame ? undefined : rangeOf(head, options, problemOf(head) !== undefined),
  };
}

function solveOnce(problem: NodeProblem | undefined): { base: NodeAnswer | undefined; head: NodeAnswer | undefined } {
  const answer = problem === undefined ? undefined : solveNodes(problem);
  return { base: answer, head: answer };
}

/** Equal when nothing that costs money differs. */
function fingerprint(parts: SideParts): string {
  const pools = parts.pools.map((pool) => ({
    ...pool,
    types: pool.types.map(({ name }) => name),
    labels: [...pool.labels],
  }));
  const workloads = parts.workloads.map((one) => [
    one.id,
    one.replicas,
    one.range,
    one.request,
    one.constraint,
    one.job,
    one.kind,
  ]);
  const fixed = [...parts.fixed].map(([id, items]) => [
    id,
    items.map(({ key, price, quantity }) => [key, String(price), quantity]),
  ]);
  const system = parts.pods.filter(({ id }) => parts.system.has(id)).map(({ count, request }) => [count, request]);
  return JSON.stringify([pools, workloads, [...parts.onFargate], fixed, system, placementOf(parts)]);
}

/** What rules between pods and about zones depend on: labels matter only as far as a rule selects them. */
function placementOf({ workloads, problem }: SideParts): unknown {
  const selected = workloads.flatMap(({ constraint }) =>
    [...constraint.apart, ...constraint.beside].map((rule) =>
      workloads.filter((one) => selects(rule, one)).map(({ id }) => id),
    ),
  );
  return [selected, workloads.some(({ constraint }) => mindsZones(constraint)) ? problem.zones : []];
}

function statusOf(base: SideCost | undefined, head: SideCost | undefined, isSame: boolean): Status {
  if (base === undefined) return "new";
  if (head === undefined) return "removed";
  return isSame ? "unchanged" : "changed";
}

function rangeOf(head: SideParts, options: CostOptions, isPackable: boolean): ClusterCost["range"] {
  if (!head.workloads.some(({ range }) => range !== undefined)) return undefined;
  const at = (end: "min" | "max"): Money => {
    const workloads = head.workloads.map((one) =>
      one.range === undefined ? one : { ...one, replicas: one.range[end] },
    );
    const counts = new Map(workloads.map(({ id, replicas }) => [id, replicas]));
    const pods = head.workloads
      .filter(({ id }) => head.problem.pods.some((pod) => pod.id === id) || counts.get(id) !== 0)
      .filter(({ kind, job, id }) => kind !== "DaemonSet" && job === undefined && !head.onFargate.has(id))
      .map((one) => podSetOf(one, counts.get(one.id) ?? 0))
      .filter(({ count }) => count > 0);
    const system = head.problem.pods.filter(({ id }) => head.system.has(id));
    const problem = { ...head.problem, pods: [...pods, ...system] };
    return costSide(
      { ...head, workloads, pods: problem.pods, problem },
      isPackable ? solveNodes(problem) : undefined,
      options,
    ).total;
  };
  return { min: at("min"), max: at("max") };
}

/** The cluster's part of the report, without tips and alternatives. */
export function reportCluster(cost: ClusterCost): Omit<ClusterReport, "tips" | "alternatives"> {
  const { base, head, options } = cost;
  const workloads = workloadReports(base, head);
  const changed = workloads.filter(({ status }) => status !== "unchanged");
  return {
    name: cost.spec.name,
    region: cost.region,
    version: head?.parts.control.version ?? base?.parts.control.version ?? "",
    support: { base: base?.parts.control.support ?? null, head: head?.parts.control.support ?? null },
    status: cost.status,
    total: amounts(base?.total, head?.total),
    range: cost.range === undefined ? null : { min: toNumber(cost.range.min), max: toNumber(cost.range.max) },
    lines: LINE_IDS.flatMap((id) => lineReport(id, base, head)),
    packing: { base: packingReport(base), head: packingReport(head) },
    workloads: [...changed, ...workloads.filter(({ status }) => status === "unchanged")],
    unchangedWorkloads: workloads.length - changed.length,
    idle: { base: round6(idleMicros(base) / 1e6), head: round6(idleMicros(head) / 1e6) },
    requestsOnly: round6(requestsOnlyMicros(base, head) / 1e6),
    future: (head?.parts.control.future ?? []).map(({ code, date, item }) => ({
      code,
      date,
      diff: toNumber(times(item.price, item.quantity)),
    })),
    unschedulable: unschedulableReports(base, head),
    usage:
      (head ?? base)?.parts.usage.map(({ key, quantity }) => ({
        key,
        unitPrice: toNumber(options.book.service(key).price, 12),
        quantity: quantity === undefined ? null : round6(quantity),
      })) ?? [],
  };
}

function amounts(base: Money | undefined, head: Money | undefined): Amounts {
  return {
    base: base === undefined ? null : toNumber(base),
    head: head === undefined ? null : toNumber(head),
    diff: toNumber((head ?? 0n) - (base ?? 0n)),
  };
}

function lineReport(
  id: LineReport["id"],
  base: SideCost | undefined,
  head: SideCost | undefined,
): readonly LineReport[] {
  const before = base?.lines.get(id) ?? [];
  const after = head?.lines.get(id) ?? [];
  if (lineCost(before) === 0n && lineCost(after) === 0n) return [];
  const items = new Map<string, { key: string; price: Money; base: number; head: number }>();
  for (const [side, list] of [
    ["base", before],
    ["head", after],
  ] as const) {
    for (const { key, price, quantity } of list) {
      const place = `${key}@${price}`;
      const entry = items.get(place) ?? { key, price, base: 0, head: 0 };
      items.set(place, { ...entry, [side]: entry[side] + quantity });
    }
  }
  return [
    {
      id,
      base: base === undefined ? null : toNumber(lineCost(before)),
      head: head === undefined ? null : toNumber(lineCost(after)),
      diff: toNumber(lineCost(after) - lineCost(before)),
      items: [...items.values()]
        .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : Number(a.price - b.price)))
        .map(({ key, price, ...quantities }) => ({
          key,
          unitPrice: toNumber(price, 12),
          base: round6(quantities.base),
          head: round6(quantities.head),
        })),
    },
  ];
}

function packingReport(side: SideCost | undefined): PackingReport | null {
  if (side === undefined) return null;
  const { nodes } = side;
  if (nodes === undefined) {
    const cost = toNumber(lineCost(side.lines.get("nodes") ?? []));
    return cost === 0
      ? null
      : {
          answer: "rates",
          cost,
          floor: cost,
          lpFloor: cost,
          firstPass: cost,
          free: { cpuMillis: 0, memMiB: 0 },
          nodes: [],
        };
  }
  const money = (micros: number) => toNumber(fromMicros(micros));
  return {
    answer: nodes.answer,
    cost: money(nodes.cost),
    floor: money(nodes.floor),
    lpFloor: money(nodes.lpFloor),
    firstPass: money(nodes.firstPass),
    free: nodes.free,
    nodes: nodes.counts,
  };
}

interface Share {
  readonly replicas: number;
  /** Micro-units a month. */
  readonly micros: number;
  readonly isOnNodes: boolean;
}

/** DaemonSets run a pod on each node; Fargate pods and Jobs have prices of their own. */
function sharesOf(side: SideCost): ReadonlyMap<string, Share> {
  const nodes = side.nodes?.counts.reduce((total, { count }) => total + count, 0) ?? 0;
  const { onFargate, workloads } = side.parts;
  const fargate = lineCost(side.lines.get("fargate") ?? []);
  const fargatePods = sum(workloads.filter(({ id }) => onFargate.has(id)).map(({ replicas }) => BigInt(replicas)));
  const lost = lostPods(side);
  const shareOf = (one: Workload): Share => {
    if (onFargate.has(one.id)) {
      const part = fargatePods === 0n ? 0 : (Number(fargate) / 1e6 / Number(fargatePods)) * one.replicas;
      return { replicas: one.replicas, micros: part, isOnNodes: false };
    }
    const replicas = one.kind === "DaemonSet" ? nodes : one.replicas;
    const pods = one.job === undefined ? replicas - (lost.get(one.id) ?? 0) : one.job.podHours / 730;
    return { replicas, micros: shareMicros(one.request, pods, side.gibMicros), isOnNodes: one.job === undefined };
  };
  return new Map(workloads.map((one) => [one.id, shareOf(one)]));
}

/** Pods without a node, by workload; equal pods of several workloads are taken from the first of them. */
function lostPods({ unschedulable, parts }: SideCost): ReadonlyMap<string, number> {
  const lost = new Map<string, number>();
  const replicas = new Map(parts.workloads.map((one) => [one.id, one.replicas]));
  for (const { id, count } of unschedulable) {
    let rest = count;
    for (const part of id.split(", ")) {
      const taken = Math.min(rest, replicas.get(part) ?? 0);
      if (taken > 0) lost.set(part, (lost.get(part) ?? 0) + taken);
      rest -= taken;
    }
  }
  return lost;
}

function idleMicros(side: SideCost | undefined): number {
  if (side?.nodes === undefined) return 0;
  const nodes = Number(lineCost(side.lines.get("nodes") ?? [])) / 1e6;
  const used = [...sharesOf(side).values()]
    .filter(({ isOnNodes }) => isOnNodes)
    .reduce((total, { micros }) => total + micros, 0);
  return Math.max(0, nodes - used);
}

function workloadReports(base: SideCost | undefined, head: SideCost | undefined): readonly WorkloadReport[] {
  const sides = [base, head].map((side) => ({
    workloads: new Map((side?.parts.workloads ?? []).map((one) => [one.id, one])),
    shares: side === undefined ? new Map<string, { replicas: number; micros: number }>() : sharesOf(side),
  }));
  const [before, after] = sides;
  const ids = [...new Set(sides.flatMap(({ workloads }) => [...workloads.keys()]))].sort();
  const reports = ids.flatMap((id): readonly WorkloadReport[] => {
    const old = before?.workloads.get(id);
    const now = after?.workloads.get(id);
    const shown = now ?? old;
    if (shown === undefined) return [];
    const share = (side: typeof before, one: Workload | undefined) =>
      one === undefined ? null : round6((side?.shares.get(id)?.micros ?? 0) / 1e6);
    const [baseShare, headShare] = [share(before, old), share(after, now)];
    return [
      {
        id,
        status: workloadStatus(old, now),
        file: shown.file,
        line: shown.line ?? null,
        replicas: {
          base: old === undefined ? null : (before?.shares.get(id)?.replicas ?? 0),
          head: now === undefined ? null : (after?.shares.get(id)?.replicas ?? 0),
        },
        request: { base: requestReport(old), head: requestReport(now) },
        share: { base: baseShare, head: headShare, diff: round6((headShare ?? 0) - (baseShare ?? 0)) },
      },
    ];
  });
  return reports.sort((a, b) => Math.abs(b.share.diff) - Math.abs(a.share.diff) || (a.id < b.id ? -1 : 1));
}

function workloadStatus(old: Workload | undefined, now: Workload | undefined): Status {
  if (old === undefined) return "new";
  if (now === undefined) return "removed";
  const priced = ({ replicas, range, request, constraint, job }: Workload) =>
    JSON.stringify([replicas, range, request, constraint, job]);
  return priced(old) === priced(now) ? "unchanged" : "changed";
}

function requestReport(one: Workload | undefined): WorkloadReport["request"]["base"] {
  if (one === undefined) return null;
  return { cpuMillis: one.request["cpu"] ?? 0, memMiB: Math.ceil((one.request["memory"] ?? 0) / 2 ** 20) };
}

/** What the change asks for more, at head's rates: it never jumps by a node. */
function requestsOnlyMicros(base: SideCost | undefined, head: SideCost | undefined): number {
  const gib = head?.gibMicros ?? 0;
  const asked = (side: SideCost | undefined) =>
    (side?.parts.pods ?? [])
      .filter(({ id }) => side?.parts.system.has(id) !== true)
      .reduce((total, { request, count }) => total + shareMicros(request, count, gib), 0);
  return asked(head) - asked(base);
}

function unschedulableReports(base: SideCost | undefined, head: SideCost | undefined): ClusterReport["unschedulable"] {
  const reports = new Map<string, { base: number; head: number; reason: string }>();
  for (const [side, cost] of [
    ["base", base],
    ["head", head],
  ] as const) {
    for (const { id, count, reason } of cost?.unschedulable ?? []) {
      const entry = reports.get(id) ?? { base: 0, head: 0, reason };
      reports.set(id, { ...entry, reason, [side]: entry[side] + count });
    }
  }
  return [...reports].sort((a, b) => (a[0] < b[0] ? -1 : 1)).map(([id, entry]) => ({ id: id.slice(0, 256), ...entry }));
}

export function round6(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
