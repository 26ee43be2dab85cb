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
import type { ResourceType } from "../registry.ts";
import { type Cause, duplicate, forbiddenField, invalidValue, required, unsupported } from "../status.ts";
import { customFaults } from "./custom.ts";
import { validateMetadata } from "./names.ts";
import { portNumberFaults, validatePodSpec } from "./pod.ts";
import {
  jobUnchanged,
  selectorUnchanged,
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
  const field = object["kind"] === "Secret" ? "data" : "";
  return [...causes, { reason: "FieldValueTooLong", message: "Too long: may not be more than 1048576 bytes", field }];
}

function service(object: JsonObject): Cause[] {
  const spec = objectAt(object, "spec");
  const type = textAt(spec, "type") ?? "";
  const types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
  const causes: Cause[] = types.includes(type) ? [] : [unsupported("spec.type", type, types)];
  const ports = objectsAt(spec, "ports");
  if (ports.length === 0 && type !== "ExternalName" && spec["clusterIP"] !== "None")
    causes.push(required("spec.ports"));
  const seen = new Set<string>();
  ports.forEach((port, index) => {
    const name = textAt(port, "name") ?? "";
    if (name === "" && ports.length > 1) causes.push(required(`spec.ports[${index}].name`));
    if (name !== "" && seen.has(name)) causes.push(duplicate(`spec.ports[${index}].name`, name));
    seen.add(name);
    causes.push(...portNumberFaults(`spec.ports[${index}].port`, numberAt(port, "port") ?? 0));
    const target = port["targetPort"];
    if (typeof target === "number") causes.push(...portNumberFaults(`spec.ports[${index}].targetPort`, target));
  });
  return causes;
}

function ingress(object: JsonObject): Cause[] {
  const spec = objectAt(object, "spec");
  const rules = objectsAt(spec, "rules");
  if (rules.length === 0 && !isObject(spec["defaultBackend"])) {
    return [
      {
        reason: "FieldValueInvalid",
        message: "Invalid value: null: either `defaultBackend` or `rules` must be specified",
        field: "spec",
      },
    ];
  }
  const types = ["Exact", "ImplementationSpecific", "Prefix"];
  return rules.flatMap((rule, at) =>
    objectsAt(rule, "http", "paths").flatMap((path, index) => {
      const field = `spec.rules[${at}].http.paths[${index}]`;
      const type = textAt(path, "pathType");
      const causes: Cause[] = [];
      if (type === undefined) causes.push(required(`${field}.pathType`, "pathType must be specified"));
      else if (!types.includes(type)) causes.push(unsupported(`${field}.pathType`, type, types));
      if ((type === "Exact" || type === "Prefix") && !(textAt(path, "path") ?? "").startsWith("/")) {
        causes.push(invalidValue(`${field}.path`, textAt(path, "path") ?? "", "must be an absolute path"));
      }
      return causes;
    }),
  );
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
  if (get(spec, "resources", "requests", "storage") === undefined) causes.push(required("spec.resources[storage]"));
  return causes;
}

function autoscaler(object: JsonObject): Cause[] {
  const spec = objectAt(object, "spec");
  const max = numberAt(spec, "maxReplicas") ?? 0;
  const min = numberAt(spec, "minReplicas") ?? 1;
  if (max < 1) return [invalidValue("spec.maxReplicas", max, "must be greater than 0")];
  return max < min ? [invalidValue("spec.maxReplicas", max, "must be greater than or equal to `minReplicas`")] : [];
}

function budget(object: JsonObject): Cause[] {
  const spec = objectAt(object, "spec");
  if (spec["minAvailable"] === undefined || spec["maxUnavailable"] === undefined) return [];
  return [invalidValue("spec", {}, "minAvailable and maxUnavailable cannot be both set")];
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
  Service: service,
  ConfigMap: (object) => dataFaults(object, ["data", "binaryData"]),
  Secret: (object) => dataFaults(object, ["data"]),
  Ingress: ingress,
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
  return [...metadata, ...own, ...(live === undefined ? [] : changeFaults(type, object, live))];
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
