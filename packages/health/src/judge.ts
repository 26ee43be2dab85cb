import { groupOf, type KubeObject, type ObjectRef } from "@eks-actions/manifest";
import {
  judgeApiService,
  judgeAutoscaler,
  judgeClaim,
  judgeDefinition,
  judgeDisruptionBudget,
  judgeIngress,
  judgeNamespace,
  judgeQuota,
  judgeService,
} from "./cluster.ts";
import { customRules, judgeGeneric } from "./custom.ts";
import { judgePod } from "./doom.ts";
import { numberAt } from "./read.ts";
import { healthy, terminating, waiting } from "./result.ts";
import { judgeByRule, ruleFor } from "./rules.ts";
import type { Around, Budgets, Verdict } from "./verdict.ts";
import { judgeDaemonSet, judgeDeployment, judgeJob, judgeReplicaSet, judgeStatefulSet } from "./workloads.ts";

type Rule = (object: KubeObject, around: Around, budgets: Budgets, now: number) => Verdict;

const rules: Readonly<Record<string, Rule>> = {
  "apps/Deployment": judgeDeployment,
  "apps/StatefulSet": judgeStatefulSet,
  "apps/DaemonSet": judgeDaemonSet,
  "apps/ReplicaSet": judgeReplicaSet,
  "batch/Job": judgeJob,
  "/Pod": judgePod,
  "/PersistentVolumeClaim": judgeClaim,
  "/Service": judgeService,
  "networking.k8s.io/Ingress": judgeIngress,
  "autoscaling/HorizontalPodAutoscaler": judgeAutoscaler,
  "policy/PodDisruptionBudget": judgeDisruptionBudget,
  "apiextensions.k8s.io/CustomResourceDefinition": judgeDefinition,
  "apiregistration.k8s.io/APIService": judgeApiService,
  "/Namespace": judgeNamespace,
  "/ResourceQuota": judgeQuota,
  ...customRules,
};

/** Kinds with a rule of their own, as `group/Kind`. */
export const judgedKinds: readonly string[] = Object.keys(rules);

// Controllers of these kinds always write observedGeneration, so its absence means that they have not looked yet.
const OBSERVED = new Set(["apps/Deployment", "apps/StatefulSet", "apps/DaemonSet", "apps/ReplicaSet"]);

/** Kinds that are done as soon as they exist. */
const PRESENT =
  /^(\/(ConfigMap|Secret|ServiceAccount|LimitRange|PersistentVolume|Endpoints|ReplicationController|PodTemplate)|rbac\.authorization\.k8s\.io\/.*|networking\.k8s\.io\/(NetworkPolicy|IngressClass)|batch\/CronJob|storage\.k8s\.io\/.*|scheduling\.k8s\.io\/.*|admissionregistration\.k8s\.io\/.*|coordination\.k8s\.io\/.*|node\.k8s\.io\/.*)$/;

/** True for kinds whose verdict needs nothing but their existence: they need no watch. */
export function isDoneWhenPresent(object: { readonly apiVersion: string; readonly kind: string }): boolean {
  return PRESENT.test(`${groupOf(object.apiVersion)}/${object.kind}`);
}

/** Kinds that own pods: their verdicts need the pods around them. */
export function ownsPods(object: { readonly apiVersion: string; readonly kind: string }): boolean {
  return /^(apps\/(Deployment|StatefulSet|DaemonSet|ReplicaSet)|batch\/Job|\/Pod)$/.test(
    `${groupOf(object.apiVersion)}/${object.kind}`,
  );
}

/** What is the case with a live object, why, and how sure that is. Pure: the same facts give the same verdict. */
export function judge(object: KubeObject, around: Around, budgets: Budgets, now: number): Verdict {
  const { metadata } = object;
  if (metadata.deletionTimestamp !== undefined) {
    const finalizers = metadata.finalizers ?? [];
    return terminating(
      object,
      finalizers.length === 0 ? "being deleted" : `being deleted, held by ${finalizers.join(", ")}`,
    );
  }
  const key = `${groupOf(object.apiVersion)}/${object.kind}`;
  const observed = numberAt(object, "status", "observedGeneration");
  const isStale =
    observed !== undefined ? metadata.generation !== undefined && observed !== metadata.generation : OBSERVED.has(key);
  if (isStale) return waiting(object, "its controller has not seen the change yet");
  const own = ruleFor(object, around.rules);
  if (own !== undefined) return judgeByRule(object, own);
  const rule = rules[key];
  if (rule !== undefined) return rule(object, around, budgets, now);
  return isDoneWhenPresent(object) ? healthy(object, "present") : judgeGeneric(object);
}

/** The verdict on an object that does not exist. */
export function judgeAbsent(ref: ObjectRef): Verdict {
  return {
    ref,
    status: "missing",
    why: "WAITING",
    message: "does not exist",
    sure: "certain",
    evidence: [],
    warnings: [],
    watching: [],
    wantsDetails: false,
  };
}
