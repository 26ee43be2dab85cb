import { ensure, isObject, type JsonObject, objectsAt, textAt } from "../json.ts";
import { defaultPodSpec, fallback } from "./pod.ts";

function template(spec: JsonObject) {
  defaultPodSpec(ensure(spec, "template", "spec"));
}

export function deployment(object: JsonObject): void {
  const spec = ensure(object, "spec");
  template(spec);
  fallback(spec, "replicas", 1);
  const strategy = ensure(spec, "strategy");
  if (textAt(strategy, "type") === undefined || strategy["type"] === "") strategy["type"] = "RollingUpdate";
  if (strategy["type"] === "RollingUpdate") {
    const rolling = ensure(strategy, "rollingUpdate");
    fallback(rolling, "maxUnavailable", "25%");
    fallback(rolling, "maxSurge", "25%");
  }
  fallback(spec, "revisionHistoryLimit", 10);
  fallback(spec, "progressDeadlineSeconds", 600);
}

export function replicaSet(object: JsonObject): void {
  const spec = ensure(object, "spec");
  template(spec);
  fallback(spec, "replicas", 1);
}

export function statefulSet(object: JsonObject): void {
  const spec = ensure(object, "spec");
  template(spec);
  fallback(spec, "replicas", 1);
  fallback(spec, "podManagementPolicy", "OrderedReady");
  const strategy = ensure(spec, "updateStrategy");
  fallback(strategy, "type", "RollingUpdate");
  if (strategy["type"] === "RollingUpdate") fallback(ensure(strategy, "rollingUpdate"), "partition", 0);
  const retention = ensure(spec, "persistentVolumeClaimRetentionPolicy");
  fallback(retention, "whenDeleted", "Retain");
  fallback(retention, "whenScaled", "Retain");
  fallback(spec, "revisionHistoryLimit", 10);
  for (const claim of objectsAt(spec, "volumeClaimTemplates")) {
    claim["apiVersion"] = "v1";
    claim["kind"] = "PersistentVolumeClaim";
    persistentVolumeClaim(claim);
  }
}

export function daemonSet(object: JsonObject): void {
  const spec = ensure(object, "spec");
  template(spec);
  const strategy = ensure(spec, "updateStrategy");
  fallback(strategy, "type", "RollingUpdate");
  if (strategy["type"] === "RollingUpdate") {
    const rolling = ensure(strategy, "rollingUpdate");
    fallback(rolling, "maxUnavailable", 1);
    fallback(rolling, "maxSurge", 0);
  }
  fallback(spec, "revisionHistoryLimit", 10);
}

function jobSpec(spec: JsonObject) {
  template(spec);
  if (spec["completions"] === undefined && spec["parallelism"] === undefined) spec["completions"] = 1;
  fallback(spec, "parallelism", 1);
  fallback(spec, "backoffLimit", 6);
  fallback(spec, "completionMode", "NonIndexed");
  fallback(spec, "suspend", false);
  fallback(spec, "podReplacementPolicy", isObject(spec["podFailurePolicy"]) ? "Failed" : "TerminatingOrFailed");
}

export function job(object: JsonObject): void {
  jobSpec(ensure(object, "spec"));
  fallback(ensure(object, "spec"), "manualSelector", false);
}

export function cronJob(object: JsonObject): void {
  const spec = ensure(object, "spec");
  template(ensure(spec, "jobTemplate", "spec"));
  fallback(spec, "concurrencyPolicy", "Allow");
  fallback(spec, "suspend", false);
  fallback(spec, "successfulJobsHistoryLimit", 3);
  fallback(spec, "failedJobsHistoryLimit", 1);
}

export function persistentVolumeClaim(object: JsonObject): void {
  fallback(ensure(object, "spec"), "volumeMode", "Filesystem");
  fallback(ensure(object, "status"), "phase", "Pending");
}
