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

/** What a pod demands of its node, and how many of its kind one node may hold. */
export interface Constraint {
  readonly selector: Readonly<Record<string, string>>;
  /** Any of them; all expressions of one. Empty: no demand. */
  readonly terms: readonly (readonly Expression[])[];
  readonly tolerations: readonly Toleration[];
  /** Required anti-affinity of the workload's pods against one another by host. */
  readonly isOnePerNode: boolean;
  /** Topology spread by host, `DoNotSchedule`: the most that two nodes may differ by. */
  readonly hostSkew: number | undefined;
  /** Preferred rules, and required ones that are not modelled; they are counted, not followed. */
  readonly ignored: number;
  /** Rules about zones, not modelled. */
  readonly zoneRules: number;
}

const HOST = "kubernetes.io/hostname";
const ZONES = new Set(["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"]);

export function readConstraint(podSpec: unknown, labels: Readonly<Record<string, string>>): Constraint {
  const affinity = dig(podSpec, "affinity");
  const required = digList(
    affinity,
    "nodeAffinity",
    "requiredDuringSchedulingIgnoredDuringExecution",
    "nodeSelectorTerms",
  );
  const terms = required.map((term) => digList(term, "matchExpressions").map(readExpression));
  const anti = digList(affinity, "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution");
  const own = anti.filter((rule) => matchesLabels(dig(rule, "labelSelector"), labels));
  const spread = digList(podSpec, "topologySpreadConstraints");
  const strictSpread = spread.filter((rule) => digText(rule, "whenUnsatisfiable") !== "ScheduleAnyway");
  const isZone = (rule: unknown) => ZONES.has(digText(rule, "topologyKey") ?? "");
  const selector = digTexts(podSpec, "nodeSelector");
  const preferred = [
    ...digList(affinity, "nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution"),
    ...digList(affinity, "podAffinity", "preferredDuringSchedulingIgnoredDuringExecution"),
    ...digList(affinity, "podAntiAffinity", "preferredDuringSchedulingIgnoredDuringExecution"),
  ];
  const loose = spread.length - strictSpread.length;
  const byHost = strictSpread.filter(
    (rule) => digText(rule, "topologyKey") === HOST && matchesLabels(dig(rule, "labelSelector"), labels),
  );
  const skews = byHost
    .map((rule) => dig(rule, "maxSkew"))
    .map((skew) => (typeof skew === "number" && skew >= 1 ? skew : 1));
  const otherSpread = strictSpread.filter((rule) => !isZone(rule)).length - byHost.length;
  return {
    selector: withoutZones(selector),
    terms: terms.map((term) => term.filter(({ key }) => !ZONES.has(key))),
    tolerations: digList(podSpec, "tolerations").map(readToleration),
    isOnePerNode: own.some((rule) => digText(rule, "topologyKey") === HOST),
    hostSkew: skews.length === 0 ? undefined : Math.min(...skews),
    ignored:
      preferred.length +
      loose +
      otherSpread +
      digList(affinity, "podAffinity", "requiredDuringSchedulingIgnoredDuringExecution").length,
    zoneRules:
      strictSpread.filter(isZone).length +
      own.filter(isZone).length +
      Object.keys(selector).filter((key) => ZONES.has(key)).length +
      terms.flat().filter(({ key }) => ZONES.has(key)).length,
  };
}

function withoutZones(selector: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(selector).filter(([key]) => !ZONES.has(key)));
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

function matchesLabels(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  if (!isRecord(selector)) return false;
  const wanted = Object.entries(digTexts(selector, "matchLabels"));
  const expressions = digList(selector, "matchExpressions").map(readExpression);
  const map = new Map(Object.entries(labels));
  return wanted.every(([key, value]) => labels[key] === value) && expressions.every((one) => matches(one, map));
}
