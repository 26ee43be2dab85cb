import type { Registry, ResourceType } from "./registry.ts";
import { noSuchResource } from "./status.ts";

export interface Target {
  readonly type: ResourceType;
  /** Empty for cluster-scoped kinds and for requests over all namespaces. */
  readonly namespace: string;
  /** Undefined for collections. */
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
}

/** Finds the resource behind `/api/v1/…` and `/apis/<group>/<version>/…`; undefined for any other path. */
export function routeOf(registry: Registry, path: string): Target | undefined {
  const parts = path
    .split("/")
    .filter((part) => part !== "")
    .map(decodeURIComponent);
  const [root, ...rest] = parts;
  if (root === "api" && rest.length >= 2) return locate(registry, "", rest[0] ?? "", rest.slice(1));
  if (root === "apis" && rest.length >= 3) return locate(registry, rest[0] ?? "", rest[1] ?? "", rest.slice(2));
  return undefined;
}

function locate(registry: Registry, group: string, version: string, parts: readonly string[]): Target | undefined {
  if (!registry.all().some((type) => type.group === group && type.version === version)) return undefined;
  const isNamespaced = parts[0] === "namespaces" && parts.length >= 3;
  const [first = "", second, third] = isNamespaced ? parts.slice(2) : parts;
  const namespace = isNamespaced ? (parts[1] ?? "") : "";
  // `/api/v1/namespaces/x/status` and `/finalize` are subresources of the Namespace itself.
  if (isNamespaced && parts.length === 3 && (first === "status" || first === "finalize") && group === "") {
    const type = registry.find("", version, "namespaces");
    if (type !== undefined) return { type, namespace: "", name: namespace, subresource: first };
  }
  const type = registry.find(group, version, first);
  if (type === undefined) throw noSuchResource();
  if (isNamespaced && !type.namespaced) throw noSuchResource();
  if (third !== undefined && !type.subresources.has(third)) throw noSuchResource();
  return { type, namespace, name: second, subresource: third };
}
