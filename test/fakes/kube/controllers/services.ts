import {
  canonical,
  isObject,
  type Json,
  type JsonObject,
  numberAt,
  objectAt,
  objectsAt,
  textAt,
  textsAt,
} from "../json.ts";
import { keyOf } from "../store.ts";
import { type Control, isDeleting, isOwnedBy, ownerReference } from "./control.ts";
import type { Controller } from "./loop.ts";
import { isActive, isReady } from "./pods.ts";

const slices = "endpointslices.discovery.k8s.io";

/** Keeps one EndpointSlice per Service with a selector. Load balancers get no address: nobody is there to give one. */
export function endpointController(control: Control): Controller {
  return {
    name: "endpoints",
    *keysFor(event) {
      if (event.resource === "services" && event.type !== "DELETED") yield keyOf(event.object);
      if (event.resource !== "pods") return;
      const namespace = textAt(event.object, "metadata", "namespace") ?? "";
      const labels = textsAt(event.object, "metadata", "labels");
      for (const service of control.list("services", namespace)) if (selects(service, labels)) yield keyOf(service);
    },
    reconcile(key) {
      const service = control.get("services", key);
      const selector = textsAt(service, "spec", "selector");
      if (service === undefined || isDeleting(service) || Object.keys(selector).length === 0) return undefined;
      sync(control, service);
      return undefined;
    },
  };
}

function selects(service: JsonObject, labels: Readonly<Record<string, string>>): boolean {
  const selector = Object.entries(textsAt(service, "spec", "selector"));
  return selector.length > 0 && selector.every(([key, value]) => labels[key] === value);
}

function endpointOf(pod: JsonObject): JsonObject {
  const ready = isReady(pod) && !isDeleting(pod);
  return {
    addresses: [textAt(pod, "status", "podIP") ?? ""],
    conditions: { ready, serving: isReady(pod), terminating: isDeleting(pod) },
    nodeName: textAt(pod, "spec", "nodeName") ?? "",
    targetRef: {
      kind: "Pod",
      namespace: textAt(pod, "metadata", "namespace") ?? "",
      name: textAt(pod, "metadata", "name") ?? "",
      uid: textAt(pod, "metadata", "uid") ?? "",
    },
  };
}

function portNumber(port: JsonObject, pods: readonly JsonObject[]): number {
  const target = port["targetPort"];
  if (typeof target === "number") return target;
  const named = pods.flatMap((pod) => objectsAt(pod, "spec", "containers").flatMap((one) => objectsAt(one, "ports")));
  return (
    numberAt(
      named.find((one) => one["name"] === target),
      "containerPort",
    ) ??
    numberAt(port, "port") ??
    0
  );
}

function sync(control: Control, service: JsonObject) {
  const namespace = textAt(service, "metadata", "namespace") ?? "";
  const name = textAt(service, "metadata", "name") ?? "";
  const pods = control
    .list("pods", namespace)
    .filter(
      (pod) =>
        selects(service, textsAt(pod, "metadata", "labels")) &&
        textAt(pod, "status", "podIP") &&
        (isActive(pod) || isDeleting(pod)),
    );
  const endpoints: Json[] = pods.map(endpointOf);
  const ports: Json[] = objectsAt(service, "spec", "ports").map((port) => ({
    name: textAt(port, "name") ?? "",
    port: portNumber(port, pods),
    protocol: textAt(port, "protocol") ?? "TCP",
  }));
  const existing = control.list(slices, namespace).find((slice) => isOwnedBy(slice, service));
  if (existing !== undefined) {
    if (
      canonical(existing["endpoints"] ?? []) === canonical(endpoints) &&
      canonical(existing["ports"] ?? []) === canonical(ports)
    )
      return;
    control.change(slices, existing, (draft) => {
      draft["endpoints"] = endpoints;
      draft["ports"] = ports;
    });
    return;
  }
  const labels = {
    ...objectAt(service, "metadata", "labels"),
    "kubernetes.io/service-name": name,
    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
    ...(isObject(objectAt(service, "spec")) && textAt(service, "spec", "clusterIP") === "None"
      ? { "service.kubernetes.io/headless": "" }
      : {}),
  };
  const metadata = { generateName: `${name}-`, namespace, labels, ownerReferences: [ownerReference(service)] };
  control.create(slices, { metadata, addressType: "IPv4", endpoints, ports });
}
