import type { ClusterConfig, PodIdentityAssociation } from "@eks-actions/cluster-config";
import { planRoleEntry } from "../access/role-entry.ts";
import type { Facts } from "../facts.ts";
import type { Step } from "../plan/action.ts";
import type { Context } from "../plan/context.ts";
import { partitionOf, roleName, rolePath } from "../plan/names.ts";
import { minorOf } from "../upgrade/versions.ts";

export const KARPENTER_NODE_ROLE = "role-karpenter-node";

export function karpenterNodeRoleName(config: ClusterConfig): string {
  return roleName(config.metadata.name, config.metadata.region, "karpenter-node");
}

/** Lets Karpenter's nodes in, and says what its chart and its EC2NodeClass have to be told. */
export function planKarpenter(context: Context, version: string): Step {
  const { config, facts } = context;
  const { karpenter } = config;
  if (karpenter === undefined) return { actions: [] };
  const principal = nodeRoleArn(config, facts);
  const entry = planRoleEntry(context, {
    part: "entry-karpenter",
    name: "Karpenter's nodes",
    principal,
    type: "EC2_LINUX",
    rolePart: KARPENTER_NODE_ROLE,
  });
  const [major = 0, minor = 0] = karpenter.version.replace(/^v/, "").split(".").map(Number);
  const isOld = minorOf(version) >= 36 && (major < 1 || (major === 1 && minor < 13));
  return {
    ...entry,
    findings: [
      {
        level: "info",
        code: "NOTICE",
        message: `Karpenter: deploy chart ${karpenter.version} into kube-system, with \`role: ${karpenterNodeRoleName(config)}\` and the subnets tagged karpenter.sh/discovery in its EC2NodeClass`,
      },
      ...(isOld
        ? [
            {
              level: "warn",
              code: "NOTICE",
              path: "karpenter.version",
              message: `Kubernetes ${version} needs Karpenter 1.13 or newer, the file names ${karpenter.version}`,
            } as const,
          ]
        : []),
    ],
  };
}

/** The file with the association that gives Karpenter's controller its rights. */
export function withKarpenter(config: ClusterConfig, facts: Facts): ClusterConfig {
  if (config.karpenter === undefined) return config;
  const controller: PodIdentityAssociation = {
    namespace: "kube-system",
    serviceAccountName: "karpenter",
    createServiceAccount: false,
    permissionPolicyARNs: [],
    permissionPolicyName: "karpenter",
    permissionPolicy: controllerPolicy(config, facts),
    wellKnownPolicies: [],
    tags: {},
    disableSessionTags: false,
  };
  const { podIdentityAssociations } = config.iam;
  return { ...config, iam: { ...config.iam, podIdentityAssociations: [...podIdentityAssociations, controller] } };
}

function nodeRoleArn(config: ClusterConfig, facts: Facts): string {
  const path = rolePath(config.metadata.name);
  return `arn:${facts.partition}:iam::${facts.account}:role${path}${karpenterNodeRoleName(config)}`;
}

type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** What the controller may do, in the bounds of Karpenter's own template: only to what carries the cluster's tag. */
function controllerPolicy(config: ClusterConfig, facts: Facts): unknown {
  const { name, region } = config.metadata;
  const partition = partitionOf(region);
  const allow = (Action: readonly string[], Resource: string | readonly string[], Condition?: Condition) =>
    ({ Effect: "Allow", Action, Resource, ...(Condition === undefined ? {} : { Condition }) }) as const;
  const ec2 = (...kinds: readonly string[]) => kinds.map((kind) => `arn:${partition}:ec2:${region}:*:${kind}/*`);
  const owned = (
    on: "RequestTag" | "ResourceTag",
    more: Readonly<Record<string, string | readonly string[]>> = {},
  ) => ({
    StringEquals: { [`aws:${on}/kubernetes.io/cluster/${name}`]: "owned", ...more },
    StringLike: { [`aws:${on}/karpenter.sh/nodepool`]: "*" },
  });
  const profile = (on: "RequestTag" | "ResourceTag"): Condition => ({
    StringEquals: {
      [`aws:${on}/kubernetes.io/cluster/${name}`]: "owned",
      [`aws:${on}/topology.kubernetes.io/region`]: region,
    },
    StringLike: { [`aws:${on}/karpenter.sh/nodeclass`]: "*" },
  });
  const made = ec2("fleet", "instance", "volume", "network-interface", "launch-template", "spot-instances-request");
  const createActions = ["RunInstances", "CreateFleet", "CreateLaunchTemplate"];
  return {
    Version: "2012-10-17",
    Statement: [
      allow(
        ["ec2:RunInstances", "ec2:CreateFleet"],
        [
          `arn:${partition}:ec2:${region}::image/*`,
          `arn:${partition}:ec2:${region}::snapshot/*`,
          ...ec2("security-group", "subnet", "capacity-reservation", "placement-group"),
        ],
      ),
      allow(["ec2:RunInstances", "ec2:CreateFleet"], ec2("launch-template"), owned("ResourceTag")),
      allow(["ec2:RunInstances", "ec2:CreateFleet", "ec2:CreateLaunchTemplate"], made, owned("RequestTag")),
      allow(["ec2:CreateTags"], made, owned("RequestTag", { "ec2:CreateAction": createActions })),
      allow(["ec2:CreateTags"], ec2("instance"), {
        ...owned("ResourceTag"),
        "ForAllValues:StringEquals": { "aws:TagKeys": ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"] },
      }),
      allow(
        ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"],
        ec2("instance", "launch-template"),
        owned("ResourceTag"),
      ),
      allow(["ec2:Describe*"], "*", { StringEquals: { "aws:RequestedRegion": region } }),
      allow(["ssm:GetParameter"], `arn:${partition}:ssm:${region}::parameter/aws/service/*`),
      allow(["pricing:GetProducts", "iam:GetInstanceProfile", "iam:ListInstanceProfiles"], "*"),
      allow(["iam:PassRole"], nodeRoleArn(config, facts), {
        StringEquals: { "iam:PassedToService": ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"] },
      }),
      allow(["iam:CreateInstanceProfile"], "*", profile("RequestTag")),
      allow(["iam:TagInstanceProfile"], "*", profile("RequestTag")),
      allow(
        ["iam:AddRoleToInstanceProfile", "iam:RemoveRoleFromInstanceProfile", "iam:DeleteInstanceProfile"],
        "*",
        profile("ResourceTag"),
      ),
      allow(["eks:DescribeCluster"], `arn:${partition}:eks:${region}:${facts.account}:cluster/${name}`),
    ],
  };
}
