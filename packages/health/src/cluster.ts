import { at, type KubeObject } from "@eks-actions/manifest";
import { conditionOf, eventsOf, listAt, textAt } from "./read.ts";
import { failed, failedAfter, healthy, waiting } from "./result.ts";
import type { Around, Budgets, Verdict } from "./verdict.ts";

export function judgeClaim(object: KubeObject, around: Around, budgets: Budgets, now: number): Verdict {
  const phase = textAt(object, "status", "phase");
  if (phase === "Bound") return healthy(object, "bound");
  if (phase === "Lost") return failed(object, "VOLUME_LOST", "the claim lost its volume");
  const name = textAt(object, "spec", "storageClassName");
  const storageClass = around.classes.find(
    (one) => one.kind === "StorageClass" && (name === "" ? isDefaultClass(one) : one.metadata.name === name),
  );
  const events = eventsOf(around.events, object.metadata.uid, around.startedAt);
  const waitsForPod =
    storageClass?.["volumeBindingMode"] === "WaitForFirstConsumer" ||
    events.some((event) => event.reason === "WaitForFirstConsumer");
  const isUsed = around.pods.some((pod) =>
    listAt(pod, "spec", "volumes").some(
      (volume) => textAt(volume, "persistentVolumeClaim", "claimName") === object.metadata.name,
    ),
  );
  if (waitsForPod && !isUsed) return healthy(object, "waits for its first pod (WaitForFirstConsumer)");
  const fault = events.findLast((event) => event.reason === "ProvisioningFailed");
  const suspect = { why: "VOLUME_PENDING" as const, message: fault?.message ?? "the claim is not bound" };
  const recheckAt = around.startedAt + budgets.volumeMs;
  return waiting(object, suspect.message, {
    suspect,
    wantsDetails: true,
    warnings: fault !== undefined && now >= recheckAt ? [fault.message] : [],
    ...(now < recheckAt ? { recheckAt } : {}),
  });
}

export function judgeService(object: KubeObject, around: Around, budgets: Budgets, now: number): Verdict {
  const selector = at(object, ["spec", "selector"]);
  const type = textAt(object, "spec", "type");
  if (type === "LoadBalancer") return addressed(object, around, budgets, now);
  if (typeof selector !== "object" || selector === null || Object.keys(selector).length === 0)
    return healthy(object, "present");
  const namespace = object.metadata.namespace;
  const matches = around.pods.some(
    (pod) =>
      pod.metadata.namespace === namespace &&
      Object.entries(selector).every(([key, value]) => pod.metadata.labels?.[key] === value),
  );
  return healthy(
    object,
    "present",
    matches || around.arePodsUnknown === true ? {} : { warnings: ["its selector matches no pod"] },
  );
}

/** The class of objects that name none. */
function isDefaultClass({ kind, metadata }: KubeObject): boolean {
  return metadata.annotations?.[`${kind.toLowerCase()}.kubernetes.io/is-default-class`] === "true";
}

const ALB_CONTROLLERS = new Set(["ingress.k8s.aws/alb", "eks.amazonaws.com/alb", "k8s.io/ingress-nginx"]);

export function judgeIngress(object: KubeObject, around: Around, budgets: Budgets, now: number): Verdict {
  const name =
    textAt(object, "spec", "ingressClassName") || object.metadata.annotations?.["kubernetes.io/ingress.class"] || "";
  const known = around.classes.find(
    (one) => one.kind === "IngressClass" && (name === "" ? isDefaultClass(one) : one.metadata.name === name),
  );
  if (!ALB_CONTROLLERS.has(textAt(known, "spec", "controller"))) return healthy(object, "present");
  return addressed(object, around, budgets, now);
}

function addressed(object: KubeObject, around: Around, budgets: Budgets, now: number): Verdict {
  const [ingress] = listAt(object, "status", "loadBalancer", "ingress");
  const address = textAt(ingress, "hostname") || textAt(ingress, "ip");
  if (address !== "") return healthy(object, address);
  const event = eventsOf(around.events, object.metadata.uid, around.startedAt).findLast((one) =>
    /^Failed|Error/.test(one.reason),
  );
  const message = event === undefined ? "no address yet" : `no address: ${event.reason}: ${event.message}`;
  return failedAfter(
    object,
    { why: "LOAD_BALANCER_PENDING", message, key: `address:${object.metadata.uid}` },
    { since: around.startedAt, budgetMs: budgets.loadBalancerMs, now },
    { wantsDetails: true },
  );
}

export function judgeAutoscaler(object: KubeObject, around: Around, budgets: Budgets, now: number): Verdict {
  const scale = conditionOf(object, "AbleToScale");
  const active = conditionOf(object, "ScalingActive");
  const bad = [scale, active].find(
    (one) => one?.status === "False" && (one.reason === "FailedGetScale" || one.reason === "InvalidSelector"),
  );
  const key = `autoscaler:${object.metadata.uid}`;
  if (bad !== undefined) {
    const since = around.firstSeen.get(key) ?? now;
    return failedAfter(
      object,
      { why: "AUTOSCALER_INVALID", message: `${bad.reason}: ${bad.message}`, key },
      { since, budgetMs: budgets.routeMs, now },
    );
  }
  if (active?.status === "False" && /^FailedGet|^FailedCompute/.test(active.reason)) {
    const since = around.firstSeen.get(key) ?? now;
    const end = since + budgets.autoscalerMs;
    const message = `${active.reason}: ${active.message}`;
    if (budgets.strict)
      return failedAfter(
        object,
        { why: "AUTOSCALER_INVALID", message, key },
        { since, budgetMs: budgets.autoscalerMs, now },
      );
    return healthy(object, "present; no metrics yet", { watching: [key], warnings: now >= end ? [message] : [] });
  }
  return healthy(object, "scaling");
}

export function judgeDisruptionBudget(object: KubeObject, around: Around, budgets: Budgets, now: number): Verdict {
  const allowed = conditionOf(object, "DisruptionAllowed");
  if (allowed?.status !== "False" || allowed.reason === "InsufficientPods") return healthy(object, "present");
  const key = `budget:${object.metadata.uid}`;
  return failedAfter(
    object,
    { why: "RESOURCE_FAILED", message: `${allowed.reason}: ${allowed.message}`, key },
    { since: around.firstSeen.get(key) ?? now, budgetMs: budgets.routeMs, now },
  );
}

export function judgeDefinition(object: KubeObject): Verdict {
  const names = conditionOf(object, "NamesAccepted");
  if (names?.status === "False") return failed(object, "RESOURCE_FAILED", `${names.reason}: ${names.message}`);
  return conditionOf(object, "Established")?.status === "True"
    ? healthy(object, "established")
    : waiting(object, "not established yet");
}

export function judgeApiService(object: KubeObject): Verdict {
  const available = conditionOf(object, "Available");
  if (available?.status === "True") return healthy(object, "available");
  return waiting(object, available === undefined ? "not available yet" : `${available.reason}: ${available.message}`);
}

export function judgeNamespace(object: KubeObject): Verdict {
  return textAt(object, "status", "phase") === "Active" ? healthy(object, "active") : waiting(object, "not active yet");
}

export function judgeQuota(object: KubeObject): Verdict {
  const wanted = JSON.stringify(sorted(at(object, ["spec", "hard"])));
  return wanted === JSON.stringify(sorted(at(object, ["status", "hard"])))
    ? healthy(object, "counted")
    : waiting(object, "not counted yet");
}

function sorted(value: unknown): unknown {
  return typeof value === "object" && value !== null
    ? Object.entries(value).sort(([a], [b]) => a.localeCompare(b))
    : [];
}
