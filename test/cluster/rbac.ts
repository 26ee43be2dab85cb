import type { Api } from "./api.ts";
import { DEPLOYERS } from "./identities.ts";

export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

const RBAC = "/apis/rbac.authorization.k8s.io/v1";
const READ = ["get", "list", "watch"];
const WRITE = ["create", "update", "patch", "delete"];

/** What a deployer needs in its namespaces: any kind, but no escalation and no collection deletes. */
export const DEPLOYER_RULES: readonly PolicyRule[] = [
  { apiGroups: ["*"], resources: ["*"], verbs: [...READ, ...WRITE] },
];

/** What `ci` may read everywhere: without it a deployer cannot tell why a pod has no node. */
const CLUSTER_READER_RULES: readonly PolicyRule[] = [
  { apiGroups: [""], resources: ["nodes", "namespaces"], verbs: READ },
  { apiGroups: ["apiextensions.k8s.io"], resources: ["customresourcedefinitions"], verbs: READ },
  { apiGroups: ["storage.k8s.io"], resources: ["storageclasses"], verbs: READ },
  { apiGroups: ["scheduling.k8s.io"], resources: ["priorityclasses"], verbs: READ },
  { apiGroups: ["networking.k8s.io"], resources: ["ingressclasses"], verbs: READ },
];

/**
 * EKS access policies are no RBAC objects in EKS; here each is a ClusterRole that whoever maps access entries binds
 * to the group `eks-access-policy:<Name>:<namespace|*>`. Their permissions follow Kubernetes' user-facing roles:
 * https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
 */
const ACCESS_POLICIES: Readonly<Record<string, string>> = {
  AmazonEKSClusterAdminPolicy: "cluster-admin",
  AmazonEKSAdminPolicy: "admin",
  AmazonEKSEditPolicy: "edit",
  AmazonEKSViewPolicy: "view",
  AmazonEKSAdminViewPolicy: "eks-admin-view",
  AmazonEKSSecretReaderPolicy: "eks-secret-reader",
};

const POLICY_RULES: Readonly<Record<string, readonly PolicyRule[]>> = {
  "eks-admin-view": [{ apiGroups: ["*"], resources: ["*"], verbs: READ }],
  "eks-secret-reader": [{ apiGroups: [""], resources: ["secrets"], verbs: READ }],
};

export type AccessPolicy =
  | "AmazonEKSClusterAdminPolicy"
  | "AmazonEKSAdminPolicy"
  | "AmazonEKSEditPolicy"
  | "AmazonEKSViewPolicy"
  | "AmazonEKSAdminViewPolicy"
  | "AmazonEKSSecretReaderPolicy";

/** `*` as namespace stands for the whole cluster. */
export function accessPolicyGroup(policy: AccessPolicy, namespace: string): string {
  return `eks-access-policy:${policy}:${namespace}`;
}

/** Roles of the run, and the cluster-wide bindings of each access policy. */
export async function grantClusterRoles(api: Api): Promise<void> {
  await applyRole(api, "eks-actions-deployer", DEPLOYER_RULES);
  await applyRole(api, "eks-actions-cluster-reader", CLUSTER_READER_RULES);
  await bindEverywhere(api, "eks-actions-cluster-reader", "eks-actions-cluster-reader", DEPLOYERS);
  for (const [role, rules] of Object.entries(POLICY_RULES)) await applyRole(api, role, rules);
  for (const [policy, role] of Object.entries(ACCESS_POLICIES)) {
    await bindEverywhere(api, policy.toLowerCase(), role, `eks-access-policy:${policy}:*`);
  }
}

/** What `ci` may do in a namespace, and what access policies scoped to it may. */
export async function grantInNamespace(api: Api, namespace: string, rules?: readonly PolicyRule[]): Promise<void> {
  const role = rules === undefined ? "eks-actions-deployer" : `eks-actions-deployer-${namespace}`;
  if (rules !== undefined) await applyRole(api, role, rules);
  const policies = Object.entries(ACCESS_POLICIES).map(([policy, clusterRole]) =>
    bindIn(api, namespace, policy.toLowerCase(), clusterRole, `eks-access-policy:${policy}:${namespace}`),
  );
  await Promise.all([bindIn(api, namespace, "eks-actions-deployer", role, DEPLOYERS), ...policies]);
}

async function applyRole(api: Api, name: string, rules: readonly PolicyRule[]): Promise<void> {
  await api.apply(`${RBAC}/clusterroles/${name}`, { ...typed("ClusterRole", { name }), rules });
}

async function bindEverywhere(api: Api, name: string, role: string, group: string): Promise<void> {
  await api.apply(`${RBAC}/clusterrolebindings/${name}`, {
    ...typed("ClusterRoleBinding", { name }),
    ...binding(role, group),
  });
}

async function bindIn(api: Api, namespace: string, name: string, role: string, group: string): Promise<void> {
  await api.apply(`${RBAC}/namespaces/${namespace}/rolebindings/${name}`, {
    ...typed("RoleBinding", { name, namespace }),
    ...binding(role, group),
  });
}

function binding(role: string, group: string) {
  return {
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: group }],
  };
}

function typed(kind: string, metadata: Readonly<Record<string, string>>) {
  return { apiVersion: "rbac.authorization.k8s.io/v1", kind, metadata };
}
