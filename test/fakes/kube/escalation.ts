import { type JsonObject, listAt, objectsAt, textAt } from "./json.ts";
import { isAllowed, type User } from "./rbac.ts";
import type { ResourceType } from "./registry.ts";
import { forbidden } from "./status.ts";
import type { Store } from "./store.ts";

const rbac = "rbac.authorization.k8s.io";

/**
 * Nobody grants what he does not hold: writing a role or a binding needs every permission that it gives, or the verb
 * `escalate` or `bind`. https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping
 */
export function checkEscalation(store: Store, user: User, type: ResourceType, object: JsonObject): void {
  if (type.group !== rbac || user.groups.includes("system:masters")) return;
  const namespace = textAt(object, "metadata", "namespace");
  const name = textAt(object, "metadata", "name") ?? "";
  const isBinding = type.kind.endsWith("Binding");
  const role = isBinding ? roleOf(store, object) : object;
  const verb = isBinding ? "bind" : "escalate";
  const target = isBinding
    ? textAt(object, "roleRef", "kind") === "ClusterRole"
      ? "clusterroles"
      : "roles"
    : type.resource;
  const roleName = isBinding ? textAt(object, "roleRef", "name") : name;
  if (isAllowed(store, user, { verb, group: rbac, resource: target, namespace, name: roleName })) return;
  const missing = objectsAt(role, "rules").flatMap((rule) => withheld(store, user, namespace, rule));
  if (missing.length === 0) return;
  const groups = user.groups.map((group) => JSON.stringify(group)).join(" ");
  const rules = missing.map(printRule).join("\n");
  throw forbidden(
    type,
    name,
    `user ${JSON.stringify(user.name)} (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${rules}`,
  );
}

function roleOf(store: Store, binding: JsonObject): JsonObject | undefined {
  const name = textAt(binding, "roleRef", "name") ?? "";
  if (textAt(binding, "roleRef", "kind") === "ClusterRole") return store.get(`clusterroles.${rbac}`, `/${name}`);
  return store.get(`roles.${rbac}`, `${textAt(binding, "metadata", "namespace") ?? ""}/${name}`);
}

/** The parts of a rule that the user does not hold, one per resource. */
function withheld(store: Store, user: User, namespace: string | undefined, rule: JsonObject): JsonObject[] {
  const texts = (field: string) => listAt(rule, field).map(String);
  const names = texts("resourceNames");
  const parts: JsonObject[] = [];
  for (const group of texts("apiGroups")) {
    for (const full of texts("resources")) {
      const [resource = "", subresource] = full.split("/");
      const holds = (verb: string, name: string | undefined) =>
        isAllowed(store, user, { verb, group, resource, subresource, namespace, name });
      const verbs = texts("verbs").filter(
        (verb) => !(names.length === 0 ? [undefined] : names).every((name) => holds(verb, name)),
      );
      if (verbs.length > 0) parts.push({ apiGroups: [group], resources: [full], resourceNames: names, verbs });
    }
  }
  return parts;
}

function printRule(rule: JsonObject): string {
  const list = (field: string, label: string) => {
    const values = listAt(rule, field);
    return values.length === 0 ? [] : [`${label}:[${values.map((value) => JSON.stringify(value)).join(" ")}]`];
  };
  const parts = [
    ...list("apiGroups", "APIGroups"),
    ...list("resources", "Resources"),
    ...list("resourceNames", "ResourceNames"),
    ...list("verbs", "Verbs"),
  ];
  return `{${parts.join(", ")}}`;
}
