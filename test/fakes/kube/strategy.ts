import { randomBytes } from "node:crypto";
import { ensure, equal, isObject, type JsonObject, listAt, numberAt, objectAt, objectsAt, textAt } from "./json.ts";
import type { ResourceType } from "./registry.ts";
import type { Store } from "./store.ts";

/** Kinds whose `metadata.generation` counts changes of their spec. Custom resources count too. */
const counted = new Set([
  "Deployment",
  "ReplicaSet",
  "StatefulSet",
  "DaemonSet",
  "Job",
  "CronJob",
  "Pod",
  "PodTemplate",
  "ReplicationController",
  "EndpointSlice",
  "Ingress",
  "IngressClass",
  "NetworkPolicy",
  "PodDisruptionBudget",
  "PriorityClass",
  "MutatingWebhookConfiguration",
  "ValidatingWebhookConfiguration",
  "CustomResourceDefinition",
]);
const returnsDeleted = new Set([
  "Namespace",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "Pod",
  "PodTemplate",
  "ResourceQuota",
  "Service",
  "ServiceAccount",
  "StorageClass",
  "CSIDriver",
  "CSINode",
  "VolumeAttachment",
]);
const conditional = new Set([
  "Lease",
  "PodDisruptionBudget",
  "MutatingWebhookConfiguration",
  "ValidatingWebhookConfiguration",
]);
const createdByUpdate = new Set([
  "Lease",
  "Role",
  "ClusterRole",
  "RoleBinding",
  "ClusterRoleBinding",
  "LimitRange",
  "Event",
  "Service",
  "Endpoints",
]);

const isBuiltIn = (type: ResourceType) => type.custom === undefined;
export const countsGeneration = (type: ResourceType) => !isBuiltIn(type) || counted.has(type.kind);
/** DELETE answers with the object in place of a `Status`. */
export const answersDeleted = (type: ResourceType) => isBuiltIn(type) && returnsDeleted.has(type.kind);
/** PUT needs `metadata.resourceVersion`. */
export const needsVersion = (type: ResourceType) => !isBuiltIn(type) || conditional.has(type.kind);
export const mayCreateByUpdate = (type: ResourceType) => isBuiltIn(type) && createdByUpdate.has(type.kind);

export const newUid = (): string => {
  const hex = randomBytes(16).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
};

const alphabet = "bcdfghjklmnpqrstvwxz2456789";
/** Five characters without vowels, as `generateName` appends them. */
export const nameSuffix = (): string => [...randomBytes(5)].map((byte) => alphabet[byte % alphabet.length]).join("");

const templateGeneration = "deprecated.daemonset.template.generation";

/** What a kind's strategy sets when an object is first stored, after field ownership has been recorded. */
export function prepareCreate(type: ResourceType, object: JsonObject, store: Store): void {
  if (!isBuiltIn(type)) return;
  switch (type.kind) {
    case "Namespace": {
      const spec = ensure(object, "spec");
      const finalizers = listAt(spec, "finalizers");
      if (!finalizers.includes("kubernetes")) spec["finalizers"] = [...finalizers, "kubernetes"];
      object["status"] = { phase: "Active" };
      return;
    }
    case "Pod":
      object["status"] = { phase: "Pending", qosClass: qosClass(object) };
      // Negative was allowed once and means at once.
      if ((numberAt(object, "spec", "terminationGracePeriodSeconds") ?? 0) < 0)
        ensure(object, "spec")["terminationGracePeriodSeconds"] = 1;
      return;
    case "Job":
      generateSelector(object);
      return;
    case "Service":
      allocate(object, store);
      return;
    case "DaemonSet":
      // The internal type counts template generations; v1 shows them as an annotation.
      ensure(object, "metadata", "annotations")[templateGeneration] = "1";
      return;
    case "PersistentVolumeClaim":
      object["status"] = { phase: "Pending" };
      return;
    case "PodDisruptionBudget":
      object["status"] = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
      return;
    case "CustomResourceDefinition":
      object["status"] = {
        conditions: null,
        acceptedNames: { plural: "", kind: "" },
        storedVersions: objectsAt(object, "spec", "versions")
          .filter((version) => version["storage"] === true)
          .map((version) => textAt(version, "name") ?? ""),
      };
      return;
    default:
  }
}

function qosClass(pod: JsonObject): string {
  const containers = [...objectsAt(pod, "spec", "containers"), ...objectsAt(pod, "spec", "initContainers")];
  const needs = containers.map((container) => ({
    requests: objectAt(container, "resources", "requests"),
    limits: objectAt(container, "resources", "limits"),
  }));
  const isEmpty = (map: JsonObject) => Object.keys(map).length === 0;
  if (needs.every(({ requests, limits }) => isEmpty(requests) && isEmpty(limits))) return "BestEffort";
  const isFixed = needs.every(({ requests, limits }) =>
    ["cpu", "memory"].every((name) => limits[name] !== undefined && (requests[name] ?? limits[name]) === limits[name]),
  );
  return isFixed ? "Guaranteed" : "Burstable";
}

function generateSelector(job: JsonObject) {
  const spec = ensure(job, "spec");
  if (spec["manualSelector"] === true) return;
  const uid = textAt(job, "metadata", "uid") ?? "";
  const name = textAt(job, "metadata", "name") ?? "";
  const labels = ensure(spec, "template", "metadata", "labels");
  labels["controller-uid"] = uid;
  labels["job-name"] = name;
  labels["batch.kubernetes.io/controller-uid"] = uid;
  labels["batch.kubernetes.io/job-name"] = name;
  ensure(spec, "selector", "matchLabels")["batch.kubernetes.io/controller-uid"] = uid;
  if (Object.keys(objectAt(job, "metadata", "labels")).length === 0) ensure(job, "metadata")["labels"] = { ...labels };
}

/** Gives a Service its cluster IP and node ports. */
function allocate(service: JsonObject, store: Store) {
  const spec = ensure(service, "spec");
  if (spec["type"] === "ExternalName") return;
  const used = new Set(store.list("services").map((other) => textAt(other, "spec", "clusterIP") ?? ""));
  let next = 10;
  while (used.has(`10.96.${next >> 8}.${next & 255}`)) next += 1;
  if (!spec["clusterIP"]) spec["clusterIP"] = `10.96.${next >> 8}.${next & 255}`;
  spec["clusterIPs"] = [spec["clusterIP"] ?? ""];
  spec["ipFamilies"] ??= ["IPv4"];
  spec["ipFamilyPolicy"] ??= "SingleStack";
  if (spec["type"] !== "NodePort" && spec["type"] !== "LoadBalancer") return;
  const ports = new Set(
    store.list("services").flatMap((other) => objectsAt(other, "spec", "ports").map((port) => port["nodePort"])),
  );
  let port = 30000;
  for (const entry of objectsAt(spec, "ports")) {
    if (entry["nodePort"]) continue;
    while (ports.has(port)) port += 1;
    entry["nodePort"] = port;
    ports.add(port);
  }
}

/** What a kind's strategy keeps or fills in when an object is changed. */
export function prepareUpdate(type: ResourceType, object: JsonObject, live: JsonObject, store: Store): void {
  if (!isBuiltIn(type)) return;
  if (type.kind === "Service") {
    const spec = ensure(object, "spec");
    const before = objectAt(live, "spec");
    if (spec["type"] !== "ExternalName") {
      for (const name of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"]) {
        if (spec[name] === undefined && before[name] !== undefined) spec[name] = structuredClone(before[name]);
      }
      allocate(object, store);
    }
  }
  if (type.kind === "Job" && !isObject(objectAt(object, "spec")["selector"])) {
    ensure(object, "spec")["selector"] = structuredClone(objectAt(live, "spec", "selector"));
  }
  if (type.kind === "DaemonSet") {
    const before = Number(textAt(live, "metadata", "annotations", templateGeneration) ?? "1");
    const isSame = equal(objectAt(object, "spec", "template"), objectAt(live, "spec", "template"));
    ensure(object, "metadata", "annotations")[templateGeneration] = String(isSame ? before : before + 1);
  }
  if (type.kind === "Namespace") ensure(object, "spec")["finalizers"] = listAt(live, "spec", "finalizers");
}

/** Whether a change is one that `metadata.generation` counts. */
export function changesGeneration(type: ResourceType, next: JsonObject, live: JsonObject): boolean {
  if (!countsGeneration(type)) return false;
  const counted = (object: JsonObject) => {
    const { metadata: _, status: _status, ...rest } = object;
    return rest;
  };
  return !equal(counted(next), counted(live));
}
