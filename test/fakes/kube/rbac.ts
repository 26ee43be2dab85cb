import { readFileSync } from "node:fs";
import { type JsonObject, listAt, objectsAt, textAt } from "./json.ts";
import type { Store } from "./store.ts";

export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

export interface Attributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  /** A request that is for no resource: `/version`. */
  readonly path?: string | undefined;
}

export const admin: User = { name: "admin", groups: ["system:masters", "system:authenticated"] };
export const anonymous: User = { name: "system:anonymous", groups: ["system:unauthenticated"] };

const rbacGroup = "rbac.authorization.k8s.io";

/** The ClusterRoles that every cluster has and the action may be bound to, as the real server bootstraps them. */
export function bootstrapRoles(): JsonObject[] {
  const table: unknown = JSON.parse(readFileSync(new URL("./table/roles.json", import.meta.url), "utf8"));
  const roles = (Array.isArray(table) ? table : []).map((entry: unknown) => ({
    apiVersion: `${rbacGroup}/v1`,
    kind: "ClusterRole",
    metadata: { name: textAt(entry, "name") ?? "" },
    rules: listAt(entry, "rules"),
  }));
  const bind = (name: string, group: string): JsonObject => ({
    apiVersion: `${rbacGroup}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup: rbacGroup, kind: "ClusterRole", name },
    subjects: [{ kind: "Group", apiGroup: rbacGroup, name: group }],
  });
  return [
    ...roles,
    bind("cluster-admin", "system:masters"),
    bind("system:discovery", "system:authenticated"),
    bind("system:basic-user", "system:authenticated"),
  ];
}

/** RBAC: some rule of some role bound to the user or one of its groups allows the request. */
export function isAllowed(store: Store, user: User, request: Attributes): boolean {
  if (user.groups.includes("system:masters")) return true;
  return rulesOf(store, user, request.namespace).some((rule) => matches(rule, request));
}

function rulesOf(store: Store, user: User, namespace: string | undefined): JsonObject[] {
  const cluster = store.list(`clusterrolebindings.${rbacGroup}`).filter((binding) => binds(binding, user));
  const local =
    namespace === undefined || namespace === ""
      ? []
      : store
          .list(`rolebindings.${rbacGroup}`)
          .filter((binding) => textAt(binding, "metadata", "namespace") === namespace && binds(binding, user));
  return [...cluster, ...local].flatMap((binding) => {
    const name = textAt(binding, "roleRef", "name") ?? "";
    const isCluster = textAt(binding, "roleRef", "kind") === "ClusterRole";
    const role = isCluster
      ? store.get(`clusterroles.${rbacGroup}`, `/${name}`)
      : store.get(`roles.${rbacGroup}`, `${namespace ?? ""}/${name}`);
    return objectsAt(role, "rules");
  });
}

function binds(binding: JsonObject, user: User): boolean {
  return objectsAt(binding, "subjects").some((subject) => {
    const name = textAt(subject, "name") ?? "";
    switch (textAt(subject, "kind")) {
      case "User":
        return name === user.name;
      case "Group":
        return user.groups.includes(name);
      case "ServiceAccount": {
        const namespace = textAt(subject, "namespace") ?? textAt(binding, "metadata", "namespace") ?? "";
        return user.name === `system:serviceaccount:${namespace}:${name}`;
      }
      default:
        return false;
    }
  });
}

const has = (list: readonly unknown[], value: string) => list.includes("*") || list.includes(value);

function matches(rule: JsonObject, request: Attributes): boolean {
  if (!has(listAt(rule, "verbs"), request.verb)) return false;
  if (request.path !== undefined) {
    const path = request.path;
    return listAt(rule, "nonResourceURLs").some((url) => {
      const text = String(url);
      return text === path || (text.endsWith("*") && path.startsWith(text.slice(0, -1)));
    });
  }
  const resources = listAt(rule, "resources");
  const full = request.subresource === undefined ? request.resource : `${request.resource}/${request.subresource}`;
  const isResource =
    has(resources, full) || (request.subresource !== undefined && resources.includes(`*/${request.subresource}`));
  if (!has(listAt(rule, "apiGroups"), request.group) || !isResource) return false;
  const names = listAt(rule, "resourceNames");
  return names.length === 0 || (request.name !== undefined && names.includes(request.name));
}

/** The sentence after `is forbidden:`. */
export function denial(user: User, request: Attributes): string {
  const full = request.subresource === undefined ? request.resource : `${request.resource}/${request.subresource}`;
  const scope =
    request.namespace === undefined || request.namespace === ""
      ? "at the cluster scope"
      : `in the namespace "${request.namespace}"`;
  return `User "${user.name}" cannot ${request.verb} resource "${full}" in API group "${request.group}" ${scope}`;
}
