import type { JsonObject } from "./json.ts";

type Make = (object: JsonObject) => void;

const rbac = "rbac.authorization.k8s.io";
const read = ["get", "list", "watch"];
const write = ["create", "update", "patch", "delete"];
const deployers = "eks:deployers";

// The same roles as the real launcher grants (test/cluster/rbac.ts), so that a test means the same on both.
const policies: Readonly<Record<string, string>> = {
  AmazonEKSClusterAdminPolicy: "cluster-admin",
  AmazonEKSAdminPolicy: "admin",
  AmazonEKSEditPolicy: "edit",
  AmazonEKSViewPolicy: "view",
};

function binding(kind: string, metadata: JsonObject, role: string, group: string): JsonObject {
  return {
    apiVersion: `${rbac}/v1`,
    kind,
    metadata,
    roleRef: { apiGroup: rbac, kind: "ClusterRole", name: role },
    subjects: [{ apiGroup: rbac, kind: "Group", name: group }],
  };
}

const role = (name: string, rules: JsonObject[]): JsonObject => ({
  apiVersion: `${rbac}/v1`,
  kind: "ClusterRole",
  metadata: { name },
  rules,
});

/** What `ci` may read everywhere, its role in namespaces, and each EKS access policy bound to its group. */
export function grantClusterRoles(make: Make): void {
  make(role("eks-actions-deployer", [{ apiGroups: ["*"], resources: ["*"], verbs: [...read, ...write] }]));
  make(
    role("eks-actions-cluster-reader", [
      { apiGroups: [""], resources: ["nodes", "namespaces"], verbs: read },
      { apiGroups: ["apiextensions.k8s.io"], resources: ["customresourcedefinitions"], verbs: read },
      { apiGroups: ["storage.k8s.io"], resources: ["storageclasses"], verbs: read },
      { apiGroups: ["scheduling.k8s.io"], resources: ["priorityclasses"], verbs: read },
      { apiGroups: ["networking.k8s.io"], resources: ["ingressclasses"], verbs: read },
    ]),
  );
  const name = "eks-actions-cluster-reader";
  make(binding("ClusterRoleBinding", { name }, name, deployers));
  for (const [policy, clusterRole] of Object.entries(policies)) {
    make(binding("ClusterRoleBinding", { name: policy.toLowerCase() }, clusterRole, `eks-access-policy:${policy}:*`));
  }
}

/** A namespace in which `ci` may deploy, and in which access policies scoped to it count. */
export function createNamespace(make: Make, namespace: string): void {
  make({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  make(binding("RoleBinding", { name: "eks-actions-deployer", namespace }, "eks-actions-deployer", deployers));
  for (const [policy, clusterRole] of Object.entries(policies)) {
    const group = `eks-access-policy:${policy}:${namespace}`;
    make(binding("RoleBinding", { name: policy.toLowerCase(), namespace }, clusterRole, group));
  }
}
