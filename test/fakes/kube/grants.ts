import { clusterGrants, namespaceGrants, type RbacObject } from "../../cluster/roles.ts";
import type { JsonObject } from "./json.ts";

type Make = (object: JsonObject) => void;

/** What `ci` may read everywhere, its role in namespaces, and each EKS access policy bound to its group. */
export function grantClusterRoles(make: Make): void {
  for (const object of clusterGrants()) make(json(object));
}

/** A namespace in which `ci` may deploy, and in which access policies scoped to it count. */
export function createNamespace(make: Make, namespace: string): void {
  make({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  for (const object of namespaceGrants(namespace)) make(json(object));
}

const json = (object: RbacObject): JsonObject => JSON.parse(JSON.stringify(object)) as JsonObject;
