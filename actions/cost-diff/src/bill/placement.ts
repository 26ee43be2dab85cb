import { addResources, type Resources } from "@eks-actions/manifest";
import { type Constraint, type PodLabels, type PodRule, selects } from "./constraint.ts";

/** Pods that wait for nodes: a workload's, or a system add-on's. */
export interface PodSet extends PodLabels {
  readonly id: string;
  readonly count: number;
  readonly request: Resources;
  readonly constraint: Constraint;
}

/** Equal pods, or bundles of pods that must share a node, once rules about other pods are turned into node demands. */
export interface Demand {
  /** Workloads whose pods it holds. */
  readonly ids: readonly string[];
  /** Pods in one bundle. */
  readonly pods: number;
  /** Bundles. */
  readonly count: number;
  readonly request: Resources;
  readonly constraint: Constraint;
  /** The one zone it goes to; absent: any. `""`: no zone is left for it. */
  readonly zone: string | undefined;
  /** Must not share a node with its like. */
  readonly isOnePerNode: boolean;
}

/** Two sets of workloads whose pods never share a node, though pods of one set may. */
export interface Sides {
  readonly one: ReadonlySet<string>;
  readonly other: ReadonlySet<string>;
}

/** The resource of which a node has one, for pods that all keep apart from one another. */
export const APART = "apart:";

/**
 * Turns rules between pods into demands that a packer can follow one node at a time: zones are chosen, pods that belong
 * together are bundled, pods that keep apart get a resource of which a node has one.
 * @param zonesOf zones in which some node takes the pod; empty where no pod minds zones
 */
export function demandsOf(
  pods: readonly PodSet[],
  zonesOf: (constraint: Constraint) => readonly string[],
): { readonly demands: readonly Demand[]; readonly sides: readonly Sides[] } {
  const pinned = pinnedZones(pods, zonesOf);
  const { sides, resources } = keptApart(pods);
  const bundled = bundles(
    pods.map((set) => ({ ...set, request: addResources(set.request, resources.get(set.id) ?? {}) })),
  );
  return { sides, demands: bundled.flatMap((demand) => intoZones(demand, pinned, zonesOf)) };
}

/** Workloads that must share a zone, and the first zone that takes all of them. */
function pinnedZones(
  pods: readonly PodSet[],
  zonesOf: (constraint: Constraint) => readonly string[],
): ReadonlyMap<string, string> {
  const parent = new Map(pods.map(({ id }) => [id, id]));
  const root = (id: string): string => {
    const up = parent.get(id) ?? id;
    return up === id ? id : root(up);
  };
  const tied = new Set<string>();
  for (const set of pods) {
    for (const rule of set.constraint.beside.filter(({ topology }) => topology === "zone")) {
      const near = pods.filter((other) => selects(rule, other));
      // Pods of a workload that is in every zone are near wherever one is.
      if (near.length === 0 || near.some(({ id, constraint }) => id !== set.id && constraint.isZoneSpread)) continue;
      for (const other of near) parent.set(root(other.id), root(set.id));
      tied.add(set.id);
    }
  }
  const roots = new Set([...tied].map(root));
  return new Map(
    [...roots].flatMap((top) => {
      const members = pods.filter(({ id }) => root(id) === top);
      const common = members
        .map(({ constraint }) => zonesOf(constraint))
        .reduce((a, b) => a.filter((zone) => b.includes(zone)));
      return members.map(({ id }) => [id, common[0] ?? ""] as const);
    }),
  );
}

/** Pods that all keep apart share one resource; of two sets that only avoid each other, each gets nodes of its own. */
function keptApart(pods: readonly PodSet[]) {
  const rules = new Map<string, { readonly rule: PodRule; readonly carriers: PodSet[] }>();
  for (const set of pods) {
    for (const rule of set.constraint.apart) {
      const key = JSON.stringify(rule);
      const known = rules.get(key);
      if (known === undefined) rules.set(key, { rule, carriers: [set] });
      else known.carriers.push(set);
    }
  }
  const resources = new Map<string, Resources>();
  const sides: Sides[] = [];
  for (const [index, { rule, carriers }] of [...rules.values()].entries()) {
    const avoided = pods.filter((set) => selects(rule, set));
    const mutual = carriers.filter((set) => avoided.includes(set));
    if (mutual.length > 1) {
      for (const { id } of mutual) resources.set(id, { ...resources.get(id), [`${APART}${index}`]: 1 });
    }
    const one = carriers.filter((set) => !mutual.includes(set));
    const other = avoided.filter((set) => !mutual.includes(set));
    addSides(sides, carriers, other);
    addSides(sides, one, mutual);
  }
  return { resources, sides };
}

function addSides(sides: Sides[], one: readonly PodSet[], other: readonly PodSet[]): void {
  if (one.length === 0 || other.length === 0) return;
  sides.push({ one: new Set(one.map(({ id }) => id)), other: new Set(other.map(({ id }) => id)) });
}

/** Pods that must share a node become one: all of a workload's, or each of another workload's with its part of them. */
function bundles(pods: readonly PodSet[]): readonly Demand[] {
  const carried = new Map<string, readonly PodSet[]>();
  const riders = new Set<string>();
  for (const set of pods) {
    const rule = hostRule(set);
    const host = rule === undefined || selects(rule, set) ? undefined : pods.find((other) => selects(rule, other));
    if (host === undefined || hostRule(host) !== undefined) continue;
    carried.set(host.id, [...(carried.get(host.id) ?? []), set]);
    riders.add(set.id);
  }
  return pods
    .filter(({ id }) => !riders.has(id))
    .flatMap((set): readonly Demand[] => {
      const rule = hostRule(set);
      if (rule !== undefined && selects(rule, set)) return [together(set)];
      const guests = carried.get(set.id) ?? [];
      return guests.length === 0 ? [single(set, set.count)] : shared(set, guests);
    });
}

function hostRule({ constraint }: PodSet): PodRule | undefined {
  return constraint.beside.find(({ topology }) => topology === "host");
}

function single({ id, request, constraint, namespace, labels }: PodSet, count: number): Demand {
  const isOnePerNode = constraint.apart.some((rule) => selects(rule, { namespace, labels }));
  return { ids: [id], pods: 1, count, request, constraint, zone: undefined, isOnePerNode };
}

function together(set: PodSet): Demand {
  return { ...single(set, 1), pods: set.count, request: scaled(set.request, set.count) };
}

/** Guests are dealt out evenly to as many hosts as there are guests at most. */
function shared(host: PodSet, guests: readonly PodSet[]): readonly Demand[] {
  const used = Math.min(host.count, Math.max(...guests.map(({ count }) => count)));
  const dealt = new Map<string, Demand>();
  for (let index = 0; index < used; index++) {
    const parts = guests.map(({ count }) => Math.floor(count / used) + (index < count % used ? 1 : 0));
    const key = parts.join(",");
    const known = dealt.get(key);
    if (known !== undefined) {
      dealt.set(key, { ...known, count: known.count + 1 });
      continue;
    }
    const request = guests.reduce(
      (sum, guest, i) => addResources(sum, scaled(guest.request, parts[i] ?? 0)),
      host.request,
    );
    dealt.set(key, {
      ...single(host, 1),
      ids: [host.id, ...guests.map(({ id }) => id)],
      pods: 1 + parts.reduce((sum, part) => sum + part, 0),
      request,
      constraint: guests.reduce((all, guest) => bothOf(all, guest.constraint), host.constraint),
    });
  }
  const rest = host.count - used;
  return [...dealt.values(), ...(rest > 0 ? [single(host, rest)] : [])];
}

function scaled(request: Resources, times: number): Resources {
  return Object.fromEntries(Object.entries(request).map(([name, amount]) => [name, amount * times]));
}

/** What a node must be for both: every selector, a term of each, tolerations that both have. */
function bothOf(a: Constraint, b: Constraint): Constraint {
  const terms =
    a.terms.length === 0 || b.terms.length === 0
      ? [...a.terms, ...b.terms]
      : a.terms.flatMap((left) => b.terms.map((right) => [...left, ...right]));
  const own = new Set(b.tolerations.map((one) => JSON.stringify(one)));
  return {
    ...a,
    selector: { ...b.selector, ...a.selector },
    terms,
    tolerations: a.tolerations.filter((one) => own.has(JSON.stringify(one))),
  };
}

/** Even over the zones that take the pods: what `DoNotSchedule` ends with, and one a zone for those that keep apart by zone. */
function intoZones(
  demand: Demand,
  pinned: ReadonlyMap<string, string>,
  zonesOf: (constraint: Constraint) => readonly string[],
): readonly Demand[] {
  const { count, constraint, ids } = demand;
  const pin = ids.map((id) => pinned.get(id)).find((zone) => zone !== undefined);
  if (pin !== undefined) return [{ ...demand, zone: pin }];
  if (!constraint.isZoneSpread && !constraint.isOnePerZone) return [demand];
  const zones = zonesOf(constraint);
  if (zones.length === 0) return [{ ...demand, zone: "" }];
  const most = constraint.isOnePerZone ? 1 : Number.POSITIVE_INFINITY;
  const parts = zones.map((zone, index) => {
    const even = Math.floor(count / zones.length) + (index < count % zones.length ? 1 : 0);
    return { ...demand, zone, count: Math.min(even, most) };
  });
  const rest = count - parts.reduce((sum, part) => sum + part.count, 0);
  return [...parts, { ...demand, zone: "", count: rest }].filter((part) => part.count > 0);
}
