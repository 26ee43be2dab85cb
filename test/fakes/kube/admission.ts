import { ensure, isObject, type JsonObject, listAt, numberAt, objectAt, objectsAt, textAt } from "./json.ts";
import { canonicalQuantity, quantityValue } from "./quantity.ts";
import type { Registry, ResourceType } from "./registry.ts";
import { ApiFailure, forbidden, notFound } from "./status.ts";
import type { Store } from "./store.ts";
import { nameSuffix } from "./strategy.ts";

/** Refuses what admission refuses and adds what it adds: namespaces, service accounts, priority, quota. */
export function admit(
  store: Store,
  registry: Registry,
  type: ResourceType,
  object: JsonObject,
  live: JsonObject | undefined,
): void {
  if (live !== undefined) return;
  if (type.namespaced) checkNamespace(store, registry, type, object);
  if (type.key !== "pods") return;
  addServiceAccount(store, type, object);
  addTolerations(object);
  addPriority(store, type, object);
  checkQuota(store, type, object);
}

function checkNamespace(store: Store, registry: Registry, type: ResourceType, object: JsonObject) {
  const name = textAt(object, "metadata", "namespace") ?? "";
  const namespace = store.get("namespaces", `/${name}`);
  const namespaces = registry.find("", "v1", "namespaces");
  if (namespace === undefined && namespaces !== undefined) throw notFound(namespaces, name);
  if (textAt(namespace, "metadata", "deletionTimestamp") === undefined) return;
  const own = textAt(object, "metadata", "name") ?? "";
  const why = `unable to create new content in namespace ${name} because it is being terminated`;
  const failure = forbidden(type, own, why).failure;
  const cause = {
    reason: "NamespaceTerminating",
    message: `namespace ${name} is being terminated`,
    field: "metadata.namespace",
  };
  throw new ApiFailure({ ...failure, details: { ...failure.details, causes: [cause] } });
}

function addServiceAccount(store: Store, type: ResourceType, pod: JsonObject) {
  const spec = ensure(pod, "spec");
  const name = textAt(spec, "serviceAccountName") || "default";
  spec["serviceAccountName"] = name;
  spec["serviceAccount"] = name;
  const namespace = textAt(pod, "metadata", "namespace") ?? "";
  const account = store.get("serviceaccounts", `${namespace}/${name}`);
  if (account === undefined) {
    // This admission runs before a name is generated.
    const own = textAt(pod, "metadata", "generateName") ?? textAt(pod, "metadata", "name") ?? "";
    throw forbidden(
      type,
      own,
      `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`,
    );
  }
  const automounts = spec["automountServiceAccountToken"] ?? account["automountServiceAccountToken"] ?? true;
  if (automounts !== true) return;
  const volume = `kube-api-access-${nameSuffix()}`;
  const mountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
  for (const list of ["containers", "initContainers"]) {
    for (const container of objectsAt(spec, list)) {
      const mounts = listAt(container, "volumeMounts");
      if (mounts.some((mount) => isObject(mount) && mount["mountPath"] === mountPath)) continue;
      container["volumeMounts"] = [...mounts, { name: volume, readOnly: true, mountPath }];
    }
  }
  const sources = [
    { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
    { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
    {
      downwardAPI: { items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }] },
    },
  ];
  spec["volumes"] = [...listAt(spec, "volumes"), { name: volume, projected: { sources, defaultMode: 420 } }];
}

const builtInPriorities: ReadonlyMap<string, number> = new Map([
  ["system-cluster-critical", 2_000_000_000],
  ["system-node-critical", 2_000_001_000],
]);

function addPriority(store: Store, type: ResourceType, pod: JsonObject) {
  const spec = ensure(pod, "spec");
  const name = textAt(spec, "priorityClassName") ?? "";
  const known = name === "" ? undefined : store.get("priorityclasses.scheduling.k8s.io", `/${name}`);
  const priority = name === "" ? 0 : (builtInPriorities.get(name) ?? numberAt(known, "value"));
  if (priority === undefined) {
    const own = textAt(pod, "metadata", "generateName") ?? textAt(pod, "metadata", "name") ?? "";
    throw forbidden(type, own, `no PriorityClass with name ${name} was found`);
  }
  spec["priority"] ??= priority;
  spec["preemptionPolicy"] ??= textAt(known, "preemptionPolicy") ?? "PreemptLowerPriority";
}

function addTolerations(pod: JsonObject) {
  const spec = ensure(pod, "spec");
  const tolerations = objectsAt(spec, "tolerations");
  const missing = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"].filter(
    (key) =>
      !tolerations.some(
        (one) => (one["key"] === key || one["key"] === undefined) && (one["effect"] ?? "NoExecute") === "NoExecute",
      ),
  );
  const added = missing.map((key) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 }));
  if (added.length > 0) spec["tolerations"] = [...tolerations, ...added];
}

/** What a pod counts for against a quota: `pods`, `requests.cpu`, `limits.memory`… in base units. */
export function quotaUsage(pod: JsonObject): Record<string, number> {
  const phase = textAt(pod, "status", "phase");
  if (phase === "Succeeded" || phase === "Failed") return {};
  const usage: Record<string, number> = { pods: 1, "count/pods": 1 };
  for (const container of objectsAt(pod, "spec", "containers")) {
    for (const kind of ["requests", "limits"]) {
      for (const [name, value] of Object.entries(objectAt(container, "resources", kind))) {
        const amount = quantityValue(String(value));
        usage[`${kind}.${name}`] = (usage[`${kind}.${name}`] ?? 0) + amount;
        if (kind === "requests") usage[name] = (usage[name] ?? 0) + amount;
      }
    }
  }
  return usage;
}

const computed = /^(requests\.|limits\.)?(cpu|memory)$/;

export function printAmount(name: string, amount: number): string {
  if (name.endsWith("cpu")) return canonicalQuantity(`${Math.round(amount * 1000)}m`);
  return name.endsWith("memory") ? binaryAmount(amount) : String(amount);
}

function binaryAmount(amount: number): string {
  const units = ["Ki", "Mi", "Gi", "Ti"];
  let at = 0;
  let rest = amount;
  while (at < units.length && rest >= 1024 && rest % 1024 === 0) {
    rest /= 1024;
    at += 1;
  }
  return at === 0 ? String(rest) : `${rest}${units[at - 1]}`;
}

function checkQuota(store: Store, type: ResourceType, pod: JsonObject) {
  const namespace = textAt(pod, "metadata", "namespace") ?? "";
  const name = textAt(pod, "metadata", "name") ?? "";
  const inNamespace = (object: JsonObject) => textAt(object, "metadata", "namespace") === namespace;
  const asked = quotaUsage(pod);
  for (const quota of store.list("resourcequotas").filter(inNamespace)) {
    const hard = objectAt(quota, "spec", "hard");
    const quotaName = textAt(quota, "metadata", "name") ?? "";
    const missing = Object.keys(hard)
      .filter((key) => computed.test(key) && asked[key] === undefined)
      .sort();
    if (missing.length > 0) {
      throw forbidden(
        type,
        name,
        `failed quota: ${quotaName}: must specify ${missing.map((key) => `${key} for: ${containersWithout(pod, key)}`).join("; ")}`,
      );
    }
    const used: Record<string, number> = {};
    for (const other of store.list("pods").filter(inNamespace)) {
      for (const [key, amount] of Object.entries(quotaUsage(other))) used[key] = (used[key] ?? 0) + amount;
    }
    const exceeded = Object.keys(hard)
      .filter(
        (key) =>
          asked[key] !== undefined && (used[key] ?? 0) + (asked[key] ?? 0) > quantityValue(String(hard[key])) + 1e-9,
      )
      .sort();
    if (exceeded.length === 0) continue;
    const print = (amounts: (key: string) => string) => exceeded.map((key) => `${key}=${amounts(key)}`).join(",");
    throw forbidden(
      type,
      name,
      `exceeded quota: ${quotaName}, requested: ${print((key) => printAmount(key, asked[key] ?? 0))}, used: ${print((key) => printAmount(key, used[key] ?? 0))}, limited: ${print((key) => String(hard[key]))}`,
    );
  }
}

function containersWithout(pod: JsonObject, key: string): string {
  const [, kind = "requests.", resource = ""] = computed.exec(key) ?? [];
  const section = kind.startsWith("limits") ? "limits" : "requests";
  return objectsAt(pod, "spec", "containers")
    .filter((container) => objectAt(container, "resources", section)[resource] === undefined)
    .map((container) => textAt(container, "name") ?? "")
    .join(",");
}
