import type { Capability, ManagedNodeGroup, PodIdentityAssociation } from "@eks-actions/cluster-config";
import { ipv6CniPolicy } from "@eks-actions/cluster-config";
import { KARPENTER_NODE_ROLE, karpenterNodeRoleName } from "../nodes/karpenter.ts";
import type { Context } from "../plan/context.ts";
import { partitionOf, roleName } from "../plan/names.ts";
import type { Tags } from "../plan/tags.ts";
import { inText, ref, shortHash } from "../plan/value.ts";
import { document, type Grant, nodeGrant, type Statement, wellKnownGrant } from "./policies.ts";
import type { RoleSpec } from "./roles.ts";

/** Permissions as the file gives them, in any of its four forms. */
export interface Permissions {
  readonly arns: readonly string[];
  readonly document?: unknown;
  readonly documentName?: string | undefined;
  readonly grants: readonly Grant[];
}

export function aws(context: Context, name: string): string {
  return `arn:${partitionOf(context.config.metadata.region)}:iam::aws:policy/${name}`;
}

function permissions(context: Context, given: Permissions): Pick<RoleSpec, "managed" | "inline"> {
  const statements = given.grants.flatMap((grant): readonly Statement[] => grant.statements);
  const managed = [...given.arns, ...given.grants.flatMap((grant) => grant.managed.map((name) => aws(context, name)))];
  return {
    managed: [...new Set(managed)].sort(),
    inline: {
      ...(given.document === undefined ? {} : { [given.documentName ?? "permissions"]: given.document }),
      ...(statements.length === 0 ? {} : { "well-known": document(statements) }),
    },
  };
}

function serviceTrust(service: string, ...actions: readonly string[]): unknown {
  const action = actions.length === 1 ? actions[0] : actions;
  return document([{ Effect: "Allow", Principal: { Service: service }, Action: action }]);
}

/** The role that the control plane works under; `undefined` when the file names one. */
export function clusterRole(context: Context): RoleSpec | undefined {
  const { config } = context;
  if (config.iam.serviceRoleARN !== undefined) return undefined;
  const auto = config.autoModeConfig.enabled;
  const names = [
    "AmazonEKSClusterPolicy",
    ...(config.iam.vpcResourceControllerPolicy ? ["AmazonEKSVPCResourceController"] : []),
    ...(auto
      ? [
          "AmazonEKSComputePolicy",
          "AmazonEKSBlockStoragePolicy",
          "AmazonEKSLoadBalancingPolicy",
          "AmazonEKSNetworkingPolicy",
        ]
      : []),
  ];
  return {
    part: "role-cluster",
    name: roleName(config.metadata.name, config.metadata.region, "cluster"),
    trust: serviceTrust("eks.amazonaws.com", "sts:AssumeRole", ...(auto ? ["sts:TagSession"] : [])),
    managed: names.map((name) => aws(context, name)).sort(),
    inline: {},
    boundary: config.iam.serviceRolePermissionsBoundary,
    source: "iam",
  };
}

/** The role of Auto Mode's nodes; `undefined` without node pools or when the file names one. */
export function autoModeRole(context: Context): RoleSpec | undefined {
  const { config } = context;
  const auto = config.autoModeConfig;
  if (!auto.enabled || auto.nodePools.length === 0 || auto.nodeRoleARN !== undefined) return undefined;
  return {
    part: "role-auto",
    name: roleName(config.metadata.name, config.metadata.region, "auto"),
    trust: nodeTrust(context),
    managed: [aws(context, "AmazonEC2ContainerRegistryPullOnly"), aws(context, "AmazonEKSWorkerNodeMinimalPolicy")],
    inline: {},
    boundary: auto.permissionsBoundaryARN,
    source: "autoModeConfig",
  };
}

/** The role of a node group's instances; `undefined` when the file names one. */
export function nodeRole(context: Context, group: ManagedNodeGroup, cniHasOwnRole: boolean): RoleSpec | undefined {
  const { config } = context;
  if (group.iam.instanceRoleARN !== undefined) return undefined;
  const base = ["AmazonEC2ContainerRegistryPullOnly", "AmazonEKSWorkerNodePolicy", "AmazonSSMManagedInstanceCore"];
  const isIpv6 = config.kubernetesNetworkConfig.ipFamily === "IPv6";
  if (!cniHasOwnRole && !isIpv6) base.push("AmazonEKS_CNI_Policy");
  const partition = partitionOf(config.metadata.region);
  const given = permissions(context, {
    arns: [...base.map((name) => aws(context, name)), ...group.iam.attachPolicyARNs],
    document: group.iam.attachPolicy,
    grants: group.iam.withAddonPolicies.map((name) => nodeGrant(name, partition)),
  });
  return {
    part: `role-ng-${group.name}`,
    name: group.iam.instanceRoleName ?? roleName(config.metadata.name, config.metadata.region, `ng-${group.name}`),
    trust: nodeTrust(context),
    managed: given.managed,
    inline: { ...given.inline, ...(!cniHasOwnRole && isIpv6 ? { "cni-ipv6": ipv6CniPolicy } : {}) },
    boundary: group.iam.instanceRolePermissionsBoundary,
    source: `${group.source}.iam`,
  };
}

function nodeTrust(context: Context): unknown {
  const suffix = context.config.metadata.region.startsWith("cn-") ? ".cn" : "";
  return serviceTrust(`ec2.amazonaws.com${suffix}`, "sts:AssumeRole");
}

/** The role that pulls images and writes logs for pods on Fargate; `undefined` when no profile needs one of ours. */
export function fargateRole(context: Context): RoleSpec | undefined {
  const { config, facts } = context;
  const { name, region } = config.metadata;
  const needed = config.fargateProfiles.some((profile) => profile.podExecutionRoleARN === undefined);
  if (!needed || config.iam.fargatePodExecutionRoleARN !== undefined) return undefined;
  const source = `arn:${partitionOf(region)}:eks:${region}:${facts.account}:fargateprofile/${name}/*`;
  return {
    part: "role-fargate",
    name: roleName(name, region, "fargate"),
    trust: document([
      {
        Effect: "Allow",
        Principal: { Service: "eks-fargate-pods.amazonaws.com" },
        Action: "sts:AssumeRole",
        Condition: { ArnLike: { "aws:SourceArn": source } },
      },
    ]),
    managed: [aws(context, "AmazonEKSFargatePodExecutionRolePolicy")],
    inline: {},
    boundary: config.iam.fargatePodExecutionRolePermissionsBoundary,
    source: "fargateProfiles",
  };
}

export function capabilityPart(capability: Capability): string {
  return `capability-${capability.name}`;
}

export function capabilityRolePart(capability: Capability): string {
  return identityPart("role-capability", capability.name);
}

/** The role that a capability acts under in AWS; `undefined` when the file names one. */
export function capabilityRole(context: Context, capability: Capability, index: number): RoleSpec | undefined {
  if (capability.roleArn !== undefined) return undefined;
  const { name, region } = context.config.metadata;
  const part = capabilityRolePart(capability);
  return {
    part,
    name: roleName(name, region, part.replace(/^role-/, "")),
    trust: serviceTrust("capabilities.eks.amazonaws.com", "sts:AssumeRole", "sts:TagSession"),
    ...permissions(context, {
      arns: capability.attachPolicyARNs,
      document: capability.attachPolicy,
      grants: [],
    }),
    boundary: capability.permissionsBoundary,
    tags: capability.tags,
    source: `capabilities[${index}]`,
  };
}

/** The role that nodes outside AWS work under, registered by Systems Manager; `undefined` when the file names one. */
export function hybridRole(context: Context): RoleSpec | undefined {
  const { config } = context;
  const remote = config.remoteNetworkConfig;
  if (remote?.iam === undefined || remote.iam.roleARN !== undefined) return undefined;
  return {
    part: "role-hybrid",
    name: roleName(config.metadata.name, config.metadata.region, "hybrid"),
    trust: serviceTrust("ssm.amazonaws.com", "sts:AssumeRole"),
    managed: [aws(context, "AmazonEC2ContainerRegistryPullOnly"), aws(context, "AmazonSSMManagedInstanceCore")],
    inline: { eks: document([{ Effect: "Allow", Action: ["eks:DescribeCluster"], Resource: "*" }]) },
    source: "remoteNetworkConfig.iam",
  };
}

/** The role of the nodes that Karpenter starts. */
export function karpenterRole(context: Context, cniHasOwnRole: boolean): RoleSpec | undefined {
  if (context.config.karpenter === undefined) return undefined;
  const names = ["AmazonEC2ContainerRegistryPullOnly", "AmazonEKSWorkerNodePolicy", "AmazonSSMManagedInstanceCore"];
  return {
    part: KARPENTER_NODE_ROLE,
    name: karpenterNodeRoleName(context.config),
    trust: nodeTrust(context),
    managed: [...names, ...(cniHasOwnRole ? [] : ["AmazonEKS_CNI_Policy"])].map((name) => aws(context, name)).sort(),
    inline: {},
    source: "karpenter",
  };
}

/** Roles of pod identities and of add-ons that use them. */
export function podIdentityRole(
  context: Context,
  association: PodIdentityAssociation,
  part: string,
  source: string,
): RoleSpec {
  const { config } = context;
  const partition = partitionOf(config.metadata.region);
  return {
    part,
    name: association.roleName ?? roleName(config.metadata.name, config.metadata.region, part.replace(/^role-/, "")),
    trust: serviceTrust("pods.eks.amazonaws.com", "sts:AssumeRole", "sts:TagSession"),
    ...permissions(context, {
      arns: association.permissionPolicyARNs,
      document: association.permissionPolicy,
      documentName: association.permissionPolicyName,
      grants: association.wellKnownPolicies.map((name) => wellKnownGrant(name, partition)),
    }),
    boundary: association.permissionsBoundaryARN,
    tags: association.tags,
    source,
  };
}

export interface IrsaOptions {
  readonly part: string;
  readonly name?: string | undefined;
  readonly boundary?: string | undefined;
  readonly tags?: Tags | undefined;
  /** Takes the place of the account's own name, and may hold wildcards. */
  readonly subjectPattern?: string | undefined;
  readonly source: string;
}

/** A role that one ServiceAccount takes with its projected token. The issuer exists only once the cluster does. */
export function irsaRole(
  context: Context,
  account: { readonly namespace: string; readonly name: string },
  given: Permissions,
  options: IrsaOptions,
): RoleSpec {
  const { config } = context;
  return {
    part: options.part,
    name: options.name ?? roleName(config.metadata.name, config.metadata.region, options.part.replace(/^role-/, "")),
    trust: document([
      {
        Effect: "Allow",
        Principal: { Federated: ref("oidc-provider", "arn") },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: subjectCondition(account, options.subjectPattern),
      },
    ]),
    tags: options.tags,
    ...permissions(context, given),
    boundary: options.boundary,
    source: options.source,
    after: ["cluster", "oidc-provider"],
  };
}

function subjectCondition(account: { readonly namespace: string; readonly name: string }, pattern: string | undefined) {
  const host = inText("cluster", "issuerHost");
  const audience = { [`${host}:aud`]: "sts.amazonaws.com" };
  const subject = `system:serviceaccount:${account.namespace}:${pattern ?? account.name}`;
  return pattern === undefined
    ? { StringEquals: { ...audience, [`${host}:sub`]: subject } }
    : { StringEquals: audience, StringLike: { [`${host}:sub`]: pattern.startsWith("system:") ? pattern : subject } };
}

/** Roles of `iam.serviceAccounts`; the ServiceAccount objects themselves belong to whoever deploys into the cluster. */
export function serviceAccountRoles(context: Context): readonly RoleSpec[] {
  const partition = partitionOf(context.config.metadata.region);
  return context.config.iam.serviceAccounts.flatMap((account, index) => {
    if (account.attachRoleARN !== undefined) return [];
    const { name, namespace } = account.metadata;
    const given = {
      arns: account.attachPolicyARNs,
      document: account.attachPolicy,
      grants: account.wellKnownPolicies.map((policy) => wellKnownGrant(policy, partition)),
    };
    return [
      irsaRole(context, { namespace, name }, given, {
        part: identityPart("role-sa", namespace, name),
        name: account.roleName,
        boundary: account.permissionsBoundary,
        tags: account.tags,
        subjectPattern: account.subjectPattern,
        source: `iam.serviceAccounts[${index}]`,
      }),
    ];
  });
}

/** Parts must fit into a tag and an action id. */
export function identityPart(prefix: string, ...names: readonly string[]): string {
  const plain = names.join("-").replace(/[^\w.-]/g, "-");
  const part = `${prefix}-${plain}`;
  return part.length <= 80 ? part : `${part.slice(0, 72)}-${shortHash(names)}`;
}
