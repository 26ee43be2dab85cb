import { isRecord } from "@eks-actions/manifest";
import { dig, digList, digText, digTexts } from "../sides/place.ts";

export interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

export interface Taint {
  readonly key: string;
  readonly value: string;
  readonly effect: string;
}

export interface Toleration {
  readonly key: string | undefined;
  readonly operator: string;
  readonly value: string;
  readonly effect: string | undefined;
}

/** Pods, by their labels, that a rule of another pod speaks of. */
export interface PodRule {
  readonly topology: "host" | "zone";
  /** Empty: of every namespace. */
  readonly namespaces: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly expressions: readonly Expression[];
}

/** What a pod demands of its node, and of the pods beside it. */
export interface Constraint {
  readonly selector: Readonly<Record<string, string>>;
  /** Any of them; all expressions of one. Empty: no demand. */
  readonly terms: readonly (readonly Expression[])[];
  readonly tolerations: readonly Toleration[];
  /** Required anti-affinity by host: no such pod on the same node. */
  readonly apart: readonly PodRule[];
  /** Required affinity: such a pod on the same node, or in the same zone. */
  readonly beside: readonly PodRule[];
  /** Required anti-affinity of the workload's pods against one another by zone. */
  readonly isOnePerZone: boolean;
  /** Topology spread by zone, `DoNotSchedule`. */
  readonly isZoneSpread: boolean;
  /** Topology spread by host, `DoNotSchedule`: the most that two nodes may differ by. */
  readonly hostSkew: number | undefined;
  /** Preferred rules, and required ones that are not modelled; they are counted, not followed. */
  readonly ignored: number;
}

/** A pod that may run on any node. */
export const anywhere: Constraint = {
  selector: {},
  terms: [],
  tolerations: [{ key: undefined, operator: "Exists", value: "", effect: undefined }],
  apart: [],
  beside: [],
  isOnePerZone: false,
  isZoneSpread: false,
  hostSkew: undefined,
  ignored: 0,
};

const HOST = "kubernetes.io/hostname";
export const ZONE_LABELS: readonly string[] = [
  "topology.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/zone",
  "topology.ebs.csi.aws.com/zone",
];
const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";

/** @param volumeZones zones that hold volumes the pod mounts; absent: it may go anywhere */
export function readConstraint(
  podSpec: unknown,
  pod: PodLabels,
  volumeZones?: readonly string[] | undefined,
): Constraint {
  const affinity = dig(podSpec, "affinity");
  const anti = podRules(digList(affinity, "podAntiAffinity", REQUIRED), pod.namespace);
  const near = podRules(digList(affinity, "podAffinity", REQUIRED), pod.namespace);
  const isOwn = (rule: PodRule) => selects(rule, pod);
  const byZone = anti.rules.filter(({ topology }) => topology === "zone");
  const terms = digList(affinity, "nodeAffinity", REQUIRED, "nodeSelectorTerms").map((term) =>
    digList(term, "matchExpressions").map(readExpression),
  );
  const spread = readSpread(podSpec, pod);
  const preferred = ["nodeAffinity", "podAffinity", "podAntiAffinity"].flatMap((kind) =>
    digList(affinity, kind, PREFERRED),
  );
  return {
    selector: digTexts(podSpec, "nodeSelector"),
    terms: volumeZones === undefined ? terms : withVolumeZones(terms, volumeZones),
    tolerations: digList(podSpec, "tolerations").map(readToleration),
    apart: anti.rules.filter(({ topology }) => topology === "host"),
    beside: near.rules,
    isOnePerZone: byZone.some(isOwn),
    isZoneSpread: spread.isByZone,
    hostSkew: spread.hostSkew,
    // A zone that other workloads' pods keep away from is not modelled.
    ignored:
      preferred.length + spread.ignored + anti.ignored + near.ignored + byZone.filter((rule) => !isOwn(rule)).length,
  };
}

/** Who a pod is, for rules that other pods have about it. */
export interface PodLabels {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

function podRules(
  list: readonly unknown[],
  namespace: string,
): { readonly rules: readonly PodRule[]; readonly ignored: number } {
  const rules = list.flatMap((rule): readonly PodRule[] => {
    const key = digText(rule, "topologyKey") ?? "";
    const topology = key === HOST ? "host" : ZONE_LABELS.includes(key) ? "zone" : undefined;
    const elsewhere = dig(rule, "namespaceSelector");
    const isEverywhere = isRecord(elsewhere) && Object.keys(elsewhere).length === 0;
    if (topology === undefined || (elsewhere !== undefined && !isEverywhere)) return [];
    const named = digList(rule, "namespaces").map(String);
    const selector = dig(rule, "labelSelector");
    // Without a selector a rule is about no pod.
    if (!isRecord(selector)) return [];
    return [
      {
        topology,
        namespaces: isEverywhere ? [] : named.length > 0 ? named : [namespace],
        labels: digTexts(selector, "matchLabels"),
        expressions: digList(selector, "matchExpressions").map(readExpression),
      },
    ];
  });
  return { rules, ignored: list.length - rules.length };
}

export function selects(rule: Omit<PodRule, "topology">, { namespace, labels }: PodLabels): boolean {
  if (rule.namespaces.length > 0 && !rule.namespaces.includes(namespace)) return false;
  const map = new Map(Object.entries(labels));
  return (
    Object.entries(rule.labels).every(([key, value]) => labels[key] === value) &&
    rule.expressions.every((one) => matches(one, map))
  );
}

/** https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/ */
function readSpread(podSpec: unknown, pod: PodLabels) {
  const all = digList(podSpec, "topologySpreadConstraints");
  const strict = all.filter((rule) => digText(rule, "whenUnsatisfiable") !== "ScheduleAnyway");
  const own = strict.filter((rule) => {
    const selector = dig(rule, "labelSelector");
    if (!isRecord(selector)) return false;
    const expressions = digList(selector, "matchExpressions").map(readExpression);
    return selects({ namespaces: [], labels: digTexts(selector, "matchLabels"), expressions }, pod);
  });
  const key = (rule: unknown) => digText(rule, "topologyKey") ?? "";
  const byHost = own.filter((rule) => key(rule) === HOST);
  const byZone = own.filter((rule) => ZONE_LABELS.includes(key(rule)));
  const skews = byHost
    .map((rule) => dig(rule, "maxSkew"))
    .map((skew) => (typeof skew === "number" && skew >= 1 ? skew : 1));
  return {
    isByZone: byZone.length > 0,
    hostSkew: skews.length === 0 ? undefined : Math.min(...skews),
    ignored: all.length - byHost.length - byZone.length,
  };
}

/** A volume that exists already can be attached in its own zone only. */
function withVolumeZones(terms: Constraint["terms"], zones: readonly string[]): Constraint["terms"] {
  const rule: Expression = { key: "topology.kubernetes.io/zone", operator: "In", values: zones };
  return terms.length === 0 ? [[rule]] : terms.map((term) => [...term, rule]);
}

/** Zones that a pod's rules name, whether it wants or shuns them. */
export function namedZones({ selector, terms }: Pick<Constraint, "selector" | "terms">): readonly string[] {
  return [
    ...Object.entries(selector).flatMap(([key, value]) => (ZONE_LABELS.includes(key) ? [value] : [])),
    ...terms.flat().flatMap(({ key, values }) => (ZONE_LABELS.includes(key) ? values : [])),
  ];
}

/** True when it matters to the pod in which zone a node is. */
export function mindsZones(constraint: Constraint): boolean {
  return (
    constraint.isOnePerZone ||
    constraint.isZoneSpread ||
    constraint.beside.some(({ topology }) => topology === "zone") ||
    namedZones(constraint).length > 0
  );
}

export function readExpression(value: unknown): Expression {
  return {
    key: digText(value, "key") ?? "",
    operator: digText(value, "operator") ?? "",
    values: digList(value, "values").map(String),
  };
}

function readToleration(value: unknown): Toleration {
  return {
    key: digText(value, "key"),
    operator: digText(value, "operator") ?? "Equal",
    value: digText(value, "value") ?? "",
    effect: digText(value, "effect"),
  };
}

export function readTaint(value: unknown): Taint {
  return {
    key: digText(value, "key") ?? "",
    value: digText(value, "value") ?? "",
    effect: digText(value, "effect") ?? "",
  };
}

/** True when a pod with the constraint may run on a node with the labels and taints. */
export function admits(
  constraint: Pick<Constraint, "selector" | "terms" | "tolerations">,
  labels: ReadonlyMap<string, string>,
  taints: readonly Taint[],
): boolean {
  const { selector, terms, tolerations } = constraint;
  for (const [key, value] of Object.entries(selector)) if (labels.get(key) !== value) return false;
  if (terms.length > 0 && !terms.some((term) => term.every((expression) => matches(expression, labels)))) return false;
  return taints
    .filter(({ effect }) => effect !== "PreferNoSchedule")
    .every((taint) => tolerations.some((toleration) => tolerates(toleration, taint)));
}

/** https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#operators, and Karpenter's Gte and Lte. */
export function matches({ key, operator, values }: Expression, labels: ReadonlyMap<string, string>): boolean {
  const value = labels.get(key);
  const [first = ""] = values;
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return Number(value) > Number(first);
    case "Lt":
      return Number(value) < Number(first);
    case "Gte":
      return Number(value) >= Number(first);
    case "Lte":
      return Number(value) <= Number(first);
    default:
      return false;
  }
}

/** https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ */
function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect !== undefined && toleration.effect !== taint.effect) return false;
  if (toleration.key === undefined) return toleration.operator === "Exists";
  if (toleration.key !== taint.key) return false;
  return toleration.operator === "Exists" || toleration.value === taint.value;
}
