import { groupOf } from "@eks-actions/manifest";

/** How the API server serves one kind. */
export interface ResourceType {
  /** `apps/v1` */
  readonly apiVersion: string;
  readonly kind: string;
  /** `deployments`: the segment in the path. */
  readonly plural: string;
  readonly namespaced: boolean;
}

/** Path of a collection, or of one object in it, with each segment escaped. Case is kept: RBAC names may be capitals. */
export function resourcePath(type: ResourceType, namespace?: string, name?: string, subresource?: string): string {
  const root = groupOf(type.apiVersion) === "" ? `/api/${type.apiVersion}` : `/apis/${type.apiVersion}`;
  const scope = type.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  const object = name === undefined ? "" : `/${encodeURIComponent(name)}`;
  // A subresource may hold slashes of its own: `proxy/healthz`.
  const rest = subresource === undefined ? "" : `/${subresource}`;
  return `${root}${scope}/${type.plural}${object}${rest}`;
}
