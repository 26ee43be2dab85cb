import { ensure, isObject, type Json, type JsonObject, objectAt, objectsAt, textAt } from "../json.ts";
import { defaultPod, fallback } from "./pod.ts";
import { cronJob, daemonSet, deployment, job, persistentVolumeClaim, replicaSet, statefulSet } from "./workloads.ts";

type Defaulter = (object: JsonObject) => void;

function service(object: JsonObject) {
  const spec = ensure(object, "spec");
  fallback(spec, "sessionAffinity", "None");
  fallback(spec, "type", "ClusterIP");
  if (spec["sessionAffinity"] === "ClientIP")
    fallback(ensure(spec, "sessionAffinityConfig", "clientIP"), "timeoutSeconds", 10800);
  for (const port of objectsAt(spec, "ports")) {
    fallback(port, "protocol", "TCP");
    if (port["targetPort"] === undefined || port["targetPort"] === 0 || port["targetPort"] === "") {
      if (port["port"] !== undefined) port["targetPort"] = port["port"];
    }
  }
  const isExternal = spec["type"] === "LoadBalancer" || spec["type"] === "NodePort";
  if (isExternal) fallback(spec, "externalTrafficPolicy", "Cluster");
  if (spec["type"] !== "ExternalName") fallback(spec, "internalTrafficPolicy", "Cluster");
  if (spec["type"] === "LoadBalancer") fallback(spec, "allocateLoadBalancerNodePorts", true);
}

function networkPolicy(object: JsonObject) {
  const spec = ensure(object, "spec");
  if (spec["policyTypes"] === undefined) {
    const egress: Json[] = objectsAt(spec, "egress").length > 0 ? ["Egress"] : [];
    spec["policyTypes"] = ["Ingress", ...egress];
  }
  for (const rule of [...objectsAt(spec, "ingress"), ...objectsAt(spec, "egress")]) {
    for (const port of objectsAt(rule, "ports")) fallback(port, "protocol", "TCP");
  }
}

function binding(object: JsonObject) {
  const role = ensure(object, "roleRef");
  if (role["apiGroup"] === undefined || role["apiGroup"] === "") role["apiGroup"] = "rbac.authorization.k8s.io";
  for (const subject of objectsAt(object, "subjects")) {
    if (subject["kind"] !== "ServiceAccount") fallback(subject, "apiGroup", "rbac.authorization.k8s.io");
  }
}

function customResourceDefinition(object: JsonObject) {
  const spec = ensure(object, "spec");
  const names = ensure(spec, "names");
  const kind = textAt(names, "kind") ?? "";
  if (!names["singular"]) names["singular"] = kind.toLowerCase();
  if (!names["listKind"] && kind !== "") names["listKind"] = `${kind}List`;
  fallback(ensure(spec, "conversion"), "strategy", "None");
}

function horizontalPodAutoscaler(object: JsonObject) {
  const spec = ensure(object, "spec");
  fallback(spec, "minReplicas", 1);
  if (objectsAt(spec, "metrics").length === 0) {
    spec["metrics"] = [
      { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } },
    ];
  }
  const behavior = spec["behavior"];
  if (!isObject(behavior)) return;
  const down = ensure(behavior, "scaleDown");
  fallback(down, "selectPolicy", "Max");
  fallback(down, "policies", [{ type: "Percent", value: 100, periodSeconds: 15 }]);
  const up = ensure(behavior, "scaleUp");
  fallback(up, "stabilizationWindowSeconds", 0);
  fallback(up, "selectPolicy", "Max");
  fallback(up, "policies", [
    { type: "Pods", value: 4, periodSeconds: 15 },
    { type: "Percent", value: 100, periodSeconds: 15 },
  ]);
}

function secret(object: JsonObject) {
  fallback(object, "type", "Opaque");
  const texts = object["stringData"];
  if (!isObject(texts)) return;
  const data = ensure(object, "data");
  for (const [key, text] of Object.entries(texts)) {
    if (typeof text === "string") data[key] = Buffer.from(text).toString("base64");
  }
  delete object["stringData"];
}

function namespace(object: JsonObject) {
  const name = textAt(object, "metadata", "name");
  if (name !== undefined && name !== "") ensure(object, "metadata", "labels")["kubernetes.io/metadata.name"] = name;
}

function node(object: JsonObject) {
  const status = ensure(object, "status");
  if (isObject(status["capacity"])) fallback(status, "allocatable", { ...objectAt(status, "capacity") });
}

const defaulters: Readonly<Record<string, Defaulter>> = {
  "v1/Pod": defaultPod,
  "v1/Service": service,
  "v1/Secret": secret,
  "v1/Namespace": namespace,
  "v1/Node": node,
  "v1/PersistentVolumeClaim": persistentVolumeClaim,
  "v1/PersistentVolume": (object) => {
    fallback(ensure(object, "spec"), "persistentVolumeReclaimPolicy", "Retain");
    fallback(ensure(object, "spec"), "volumeMode", "Filesystem");
    fallback(ensure(object, "status"), "phase", "Pending");
  },
  "apps/v1/Deployment": deployment,
  "apps/v1/ReplicaSet": replicaSet,
  "apps/v1/StatefulSet": statefulSet,
  "apps/v1/DaemonSet": daemonSet,
  "batch/v1/Job": job,
  "batch/v1/CronJob": cronJob,
  "networking.k8s.io/v1/NetworkPolicy": networkPolicy,
  "rbac.authorization.k8s.io/v1/RoleBinding": binding,
  "rbac.authorization.k8s.io/v1/ClusterRoleBinding": binding,
  "autoscaling/v2/HorizontalPodAutoscaler": horizontalPodAutoscaler,
  "apiextensions.k8s.io/v1/CustomResourceDefinition": customResourceDefinition,
  "scheduling.k8s.io/v1/PriorityClass": (object) => fallback(object, "preemptionPolicy", "PreemptLowerPriority"),
  "storage.k8s.io/v1/StorageClass": (object) => {
    fallback(object, "reclaimPolicy", "Delete");
    fallback(object, "volumeBindingMode", "Immediate");
  },
};

/** Fills in what the API server's defaulting fills in while it decodes. Changes the object given. */
export function applyDefaults(groupVersion: string, kind: string, object: JsonObject): void {
  defaulters[`${groupVersion}/${kind}`]?.(object);
}
