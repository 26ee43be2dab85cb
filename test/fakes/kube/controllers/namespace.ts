import { clone, ensure, type JsonObject, listAt, textAt } from "../json.ts";
import { keyOf } from "../store.ts";
import { type Control, isDeleting } from "./control.ts";
import type { Controller } from "./loop.ts";

const description =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

/** Gives each namespace its default ServiceAccount and root CA, and empties it when it is deleted. */
export function namespaceController(control: Control, caPem: string): Controller {
  return {
    name: "namespace",
    *keysFor(event) {
      if (event.resource === "namespaces") {
        if (event.type !== "DELETED") yield keyOf(event.object);
        return;
      }
      const namespace = textAt(event.object, "metadata", "namespace");
      const isWatched = event.resource === "serviceaccounts" || event.resource === "configmaps";
      if (namespace === undefined || (!isWatched && event.type !== "DELETED")) return;
      const owner = control.get("namespaces", `/${namespace}`);
      if (owner !== undefined && (isWatched || isDeleting(owner))) yield `/${namespace}`;
    },
    reconcile(key) {
      const namespace = control.get("namespaces", key);
      if (namespace === undefined) return undefined;
      if (isDeleting(namespace)) empty(control, namespace);
      else furnish(control, key.slice(1), caPem);
      return undefined;
    },
  };
}

function furnish(control: Control, name: string, caPem: string) {
  if (control.get("serviceaccounts", `${name}/default`) === undefined) {
    control.create("serviceaccounts", { metadata: { name: "default", namespace: name } });
  }
  if (control.get("configmaps", `${name}/kube-root-ca.crt`) !== undefined) return;
  const metadata = {
    name: "kube-root-ca.crt",
    namespace: name,
    annotations: { "kubernetes.io/description": description },
  };
  control.create("configmaps", { metadata, data: { "ca.crt": caPem } });
}

function empty(control: Control, namespace: JsonObject) {
  const name = textAt(namespace, "metadata", "name") ?? "";
  const { store } = control.world;
  let left = 0;
  for (const resource of store.resources()) {
    for (const object of control.list(resource, name)) {
      if (!isDeleting(object)) control.remove(resource, keyOf(object), { propagation: "Background" });
    }
    left += control.list(resource, name).length;
  }
  if (left > 0 || !listAt(namespace, "spec", "finalizers").includes("kubernetes")) return;
  const current = control.get("namespaces", `/${name}`) ?? namespace;
  const rest = listAt(current, "spec", "finalizers").filter((one) => one !== "kubernetes");
  const isHeld = rest.length > 0 || listAt(current, "metadata", "finalizers").length > 0;
  const next = clone(current);
  ensure(next, "spec")["finalizers"] = rest;
  if (isHeld) store.put("namespaces", `/${name}`, next);
  else store.delete("namespaces", `/${name}`);
}
