import type { Api } from "./api.ts";
import { clusterGrants, namespaceGrants, type PolicyRule, type RbacObject } from "./roles.ts";

const RBAC = "/apis/rbac.authorization.k8s.io/v1";

export async function grantClusterRoles(api: Api): Promise<void> {
  for (const object of clusterGrants()) await api.apply(pathOf(object), object);
}

export async function grantInNamespace(api: Api, namespace: string, rules?: readonly PolicyRule[]): Promise<void> {
  await Promise.all(namespaceGrants(namespace, rules).map((object) => api.apply(pathOf(object), object)));
}

function pathOf({ kind, metadata: { name, namespace } }: RbacObject): string {
  const scope = namespace === undefined ? RBAC : `${RBAC}/namespaces/${namespace}`;
  return `${scope}/${kind.toLowerCase()}s/${name}`;
}
