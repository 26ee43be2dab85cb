import { DEPLOYERS } from "./identities.ts";

export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

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

/** An object of rbac.authorization.k8s.io/v1. */
export interface RbacObject {
  readonly apiVersion: "rbac.authorization.k8s.io/v1";
  readonly kind: "ClusterRole" | "ClusterRoleBinding" | "RoleBinding";
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

/** Roles of the run, and the cluster-wide bindings of each access policy. The embedded stand-in has the same ones. */
export function clusterGrants(): readonly RbacObject[] {
  return [
    clusterRole("eks-actions-deployer", DEPLOYER_RULES),
    clusterRole("eks-actions-cluster-reader", CLUSTER_READER_RULES),
    binding("ClusterRoleBinding", { name: "eks-actions-cluster-reader" }, "eks-actions-cluster-reader", DEPLOYERS),
    ...Object.entries(POLICY_RULES).map(([role, rules]) => clusterRole(role, rules)),
    ...Object.entries(ACCESS_POLICIES).map(([policy, role]) =>
      binding("ClusterRoleBinding", { name: policy.toLowerCase() }, role, `eks-access-policy:${policy}:*`),
    ),
  ];
}

/** What `ci` may do in a namespace (`rules` narrows it), and what access policies scoped to it may. */
export function namespaceGrants(namespace: string, rules?: readonly PolicyRule[]): readonly RbacObject[] {
  const role = rules === undefined ? "eks-actions-deployer" : `eks-actions-deployer-${namespace}`;
  return [
    ...(rules === undefined ? [] : [clusterRole(role, rules)]),
    binding("RoleBinding", { name: "eks-actions-deployer", namespace }, role, DEPLOYERS),
    ...Object.entries(ACCESS_POLICIES).map(([policy, granted]) =>
      binding(
        "RoleBinding",
        { name: policy.toLowerCase(), namespace },
        granted,
        `eks-access-policy:${policy}:${namespace}`,
      ),
    ),
  ];
}

function clusterRole(name: string, rules: readonly PolicyRule[]): RbacObject {
  return { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name }, rules };
}

function binding(
  kind: "ClusterRoleBinding" | "RoleBinding",
  metadata: RbacObject["metadata"],
  role: string,
  group: string,
): RbacObject {
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind,
    metadata,
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: group }],
  };
}
