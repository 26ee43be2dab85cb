import {
  equal,
  get,
  isObject,
  type Json,
  type JsonObject,
  listAt,
  numberAt,
  objectAt,
  objectsAt,
  textAt,
} from "../json.ts";
import { quantityValue } from "../quantity.ts";
import type { ResourceType } from "../registry.ts";
import { type Cause, forbiddenField, invalidValue, required, unsupported } from "../status.ts";
import { customFaults } from "./custom.ts";
import { finalizerFaults, validateMetadata } from "./names.ts";
import { validatePodSpec } from "./pod.ts";
import { validateIngress, validateService } from "./services.ts";
import {
  jobUnchanged,
  selectorUnchanged,
  shareFaults,
  statefulSetUnchanged,
  validateCronJob,
  validateDaemonSet,
  validateDeployment,
  validateJob,
  validateReplicaSet,
  validateStatefulSet,
} from "./workloads.ts";

const dataKey = /^[-._a-zA-Z0-9]+$/;

function dataFaults(object: JsonObject, fields: readonly string[]): Cause[] {
  const causes: Cause[] = [];
  let size = 0;
  for (const field of fields) {
    for (const [key, value] of Object.entries(objectAt(object, field))) {
      size +=
        field === "data" && object["kind"] === "ConfigMap"
          ? Buffer.byteLength(String(value))
          : Buffer.byteLength(String(value), "base64");
      if (dataKey.test(key)) continue;
      const why =
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
      causes.push(invalidValue(`${field}[${key}]`, key, why));
    }
  }
  if (size <= 1_048_576) return causes;
  const field = object["kind"] === "Secret" ? "data" : "[]";
  return [...causes, { reason: "FieldValueTooLong", message: "Too long: may not be more than 1048576 bytes", field }];
}

function roleBinding(object: JsonObject): Cause[] {
  const role = objectAt(object, "roleRef");
  const kinds = object["kind"] === "RoleBinding" ? ["ClusterRole", "Role"] : ["ClusterRole"];
  const kind = textAt(role, "kind") ?? "";
  const causes: Cause[] = kinds.includes(kind) ? [] : [unsupported("roleRef.kind", kind, kinds)];
  if (!role["name"]) causes.push(required("roleRef.name"));
  return causes;
}

function claim(object: JsonObject): Cause[] {
  const spec = objectAt(object, "spec");
  const causes: Cause[] =
    listAt(spec, "accessModes").length === 0
      ? [required("spec.accessModes", "at least 1 access mode is required")]
      : [];
  const unknown = listAt(spec, "accessModes").find((mode) => !accessModes.includes(String(mode)));
  if (unknown !== undefined) causes.push(unsupported("spec.accessModes", unknown, accessModes));
  const size = get(spec, "resources", "requests", "storage");
  if (size === undefined) causes.push(required("spec.resources[storage]"));
  else if (quantityValue(String(size)) <= 0)
    causes.push(invalidValue("spec.resources[storage]", size, "must be greater than zero"));
  return causes;
}

const accessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

const neededKeys: Readonly<Record<string, readonly string[]>> = {
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
  "kubernetes.io/dockercfg": [".dockercfg"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
};

function secretFaults(object: JsonObject): Cause[] {
  const type = textAt(object, "type") ?? "";
  const data = objectAt(object, "data");
  const missing = (neededKeys[type] ?? []).filter((key) => data[key] === undefined);
  const causes = missing.map((key) => required(`data[${key}]`));
  const account = "kubernetes.io/service-account.name";
  if (type === "kubernetes.io/service-account-token" && !get(object, "metadata", "annotations", account)) {
    causes.push(required(`metadata.annotations[${account}]`));
  }
  return causes;
}

function autoscaler(object: JsonObject): Cause[] {
  const spec = objectAt(object, "spec");
  const max = numberAt(spec, "maxReplicas") ?? 0;
  const min = numberAt(spec, "minReplicas") ?? 1;
  const causes: Cause[] = max < 1 ? [required("spec.maxReplicas", "must be set and greater than 0")] : [];
  if (max < min) causes.push(invalidValue("spec.maxReplicas", max, "must be greater than or equal to `minReplicas`"));
  const target = objectAt(spec, "scaleTargetRef");
  for (const name of ["kind", "name"]) if (!target[name]) causes.push(required(`spec.scaleTargetRef.${name}`));
  if (!target["apiVersion"]) {
    causes.push(invalidValue("spec.scaleTargetRef.apiVersion", "", "apiVersion must specify API group"));
  }
  return causes;
}

function budget(object: JsonObject): Cause[] {
  const spec = objectAt(object, "spec");
  const { minAvailable = null, maxUnavailable = null, selector = null, unhealthyPodEvictionPolicy = null } = spec;
  if (minAvailable !== null && maxUnavailable !== null) {
    // The message shows the server's internal type, which has no JSON names.
    const internal = {
      MinAvailable: minAvailable,
      Selector: selector,
      MaxUnavailable: maxUnavailable,
      UnhealthyPodEvictionPolicy: unhealthyPodEvictionPolicy,
    };
    return [invalidValue("spec", internal, "minAvailable and maxUnavailable cannot be both set")];
  }
  return ["minAvailable", "maxUnavailable"].flatMap((name) => shareFaults(`spec.${name}`, spec[name]));
}

function definition(object: JsonObject): Cause[] {
  const spec = objectAt(object, "spec");
  const expected = `${textAt(spec, "names", "plural") ?? ""}.${textAt(spec, "group") ?? ""}`;
  const name = textAt(object, "metadata", "name") ?? "";
  const causes: Cause[] =
    name === expected ? [] : [invalidValue("metadata.name", name, 'must be spec.names.plural+"."+spec.group')];
  objectsAt(spec, "versions").forEach((version, index) => {
    if (isObject(get(version, "schema", "openAPIV3Schema"))) return;
    causes.push(required(`spec.versions[${index}].schema.openAPIV3Schema`, "schemas are required"));
  });
  return causes;
}

const validators: Readonly<Record<string, (object: JsonObject) => Cause[]>> = {
  Pod: (object) => validatePodSpec(objectAt(object, "spec"), "spec"),
  Deployment: validateDeployment,
  ReplicaSet: validateReplicaSet,
  StatefulSet: validateStatefulSet,
  DaemonSet: validateDaemonSet,
  Job: validateJob,
  CronJob: validateCronJob,
  Service: validateService,
  ConfigMap: (object) => dataFaults(object, ["data", "binaryData"]),
  Secret: (object) => [...dataFaults(object, ["data"]), ...secretFaults(object)],
  Ingress: validateIngress,
  RoleBinding: roleBinding,
  ClusterRoleBinding: roleBinding,
  PersistentVolumeClaim: claim,
  HorizontalPodAutoscaler: autoscaler,
  PodDisruptionBudget: budget,
  CustomResourceDefinition: definition,
};

/** Faults of an object that is to be stored, in the real server's words. */
export function validate(type: ResourceType, object: JsonObject, live: JsonObject | undefined): Cause[] {
  const metadata =
    live === undefined
      ? validateMetadata(type.kind, object)
      : validateMetadata(type.kind, object).filter((cause) => cause.field !== "metadata.name");
  const own =
    type.custom === undefined ? (validators[type.kind]?.(object) ?? []) : customFaults(type.custom.schema, object);
  const isCore = type.custom === undefined && type.group !== "apiextensions.k8s.io";
  const finalizers = isCore ? finalizerFaults(objectAt(object, "metadata")) : [];
  return [...metadata, ...finalizers, ...own, ...(live === undefined ? [] : changeFaults(type, object, live))];
}

const immutable = (field: string, value: Json | undefined) => invalidValue(field, value, "field is immutable");

function changeFaults(type: ResourceType, next: JsonObject, live: JsonObject): Cause[] {
  switch (type.custom === undefined ? type.kind : "") {
    case "Deployment":
    case "DaemonSet":
    case "ReplicaSet":
      return selectorUnchanged(next, live);
    case "StatefulSet":
      return statefulSetUnchanged(next, live);
    case "Job":
      return jobUnchanged(next, live);
    case "Service":
      return serviceUnchanged(next, live);
    case "RoleBinding":
    case "ClusterRoleBinding": {
      const same = equal(next["roleRef"], live["roleRef"]);
      return same ? [] : [invalidValue("roleRef", internalRole(next), "cannot change roleRef")];
    }
    case "ConfigMap":
    case "Secret":
      return dataUnchanged(next, live);
    case "Pod":
      return podUnchanged(next, live);
    case "PersistentVolumeClaim":
      return claimUnchanged(next, live);
    default:
      return [];
  }
}

// The message shows the server's internal type, which has no JSON names.
function internalRole(object: JsonObject): JsonObject {
  const { apiGroup = "", kind = "", name = "" } = objectAt(object, "roleRef");
  return { APIGroup: apiGroup, Kind: kind, Name: name };
}

function serviceUnchanged(next: JsonObject, live: JsonObject): Cause[] {
  const before = textAt(live, "spec", "clusterIP") ?? "";
  const after = textAt(next, "spec", "clusterIP") ?? "";
  if (before === "" || before === after || get(next, "spec", "type") === "ExternalName") return [];
  const ips = listAt(next, "spec", "clusterIPs");
  return [invalidValue("spec.clusterIPs[0]", ips.length > 0 ? ips : [after], "may not change once set")];
}

function dataUnchanged(next: JsonObject, live: JsonObject): Cause[] {
  const causes: Cause[] = [];
  if (next["kind"] === "Secret" && next["type"] !== live["type"]) causes.push(immutable("type", next["type"]));
  if (live["immutable"] !== true) return causes;
  if (next["immutable"] !== true)
    causes.push(forbiddenField("immutable", "field is immutable when `immutable` is set"));
  for (const field of ["data", "binaryData"]) {
    if (!equal(next[field], live[field]))
      causes.push(forbiddenField(field, "field is immutable when `immutable` is set"));
  }
  return causes;
}

function podUnchanged(next: JsonObject, live: JsonObject): Cause[] {
  const fixed = (object: JsonObject) => {
    const {
      activeDeadlineSeconds: _deadline,
      tolerations: _tolerations,
      terminationGracePeriodSeconds: _grace,
      nodeName: _node,
      ...spec
    } = objectAt(object, "spec");
    const images = (list: readonly JsonObject[]) => list.map((container) => ({ ...container, image: "" }));
    return {
      ...spec,
      containers: images(objectsAt(spec, "containers")),
      initContainers: images(objectsAt(spec, "initContainers")),
    };
  };
  if (equal(fixed(next), fixed(live))) return [];
  return [
    forbiddenField(
      "spec",
      "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
    ),
  ];
}

function claimUnchanged(next: JsonObject, live: JsonObject): Cause[] {
  const fixed = (object: JsonObject) => {
    const {
      resources: _size,
      volumeName: _volume,
      volumeAttributesClassName: _class,
      ...spec
    } = objectAt(object, "spec");
    return spec;
  };
  if (equal(fixed(next), fixed(live))) return [];
  return [
    forbiddenField(
      "spec",
      "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
    ),
  ];
}
