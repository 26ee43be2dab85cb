import { autoModeRole, clusterRole } from "../access/desired-roles.ts";
import { controlPlaneSubnets, plannedSubnets } from "../network/subnets.ts";
import type { Action, Step } from "../plan/action.ts";
import { create } from "../plan/build.ts";
import type { Context } from "../plan/context.ts";
import { usual } from "../plan/durations.ts";
import type { Finding } from "../plan/finding.ts";
import { OWNER, tagsOf } from "../plan/tags.ts";
import { ref } from "../plan/value.ts";
import { deleteFailedCluster } from "./failed.ts";
import {
  componentConfigs,
  compute,
  EXCLUSIVE,
  encryption,
  fieldsOf,
  loadBalancing,
  logging,
  pairs,
  remoteNetwork,
  securityGroups,
} from "./fields.ts";
import { updateActions } from "./updates.ts";

/** The control plane: created with every setting at once, afterwards one update at a time. */
export function planCluster(context: Context, version: string): Step {
  const { cluster } = context.facts;
  const target = { kind: "Cluster", name: context.config.metadata.name };
  if (cluster === undefined) return { actions: [createCluster(context, version)] };
  switch (cluster.status) {
    case "CREATING":
    case "UPDATING":
      return {
        actions: [
          waitFor(context, cluster.status),
          ...(cluster.status === "UPDATING" ? adoption(context).actions : []),
        ],
      };
    case "DELETING":
      return {
        actions: [
          create({
            part: "cluster",
            op: "wait",
            target,
            until: { kind: "cluster-gone" },
            expectedSeconds: usual.clusterDelete.usual,
          }),
        ],
      };
    case "FAILED":
      if (cluster.tags?.[OWNER] === context.ownership.owner && context.facts.nodegroups.length === 0) {
        return { actions: deleteFailedCluster(context), findings: [{ ...failed(context), level: "warn" }] };
      }
      return { actions: [], findings: [failed(context)] };
    default: {
      const adopted = adoption(context);
      const updates = updateActions(context);
      return {
        actions: [...adopted.actions, ...updates.actions],
        findings: [...(adopted.findings ?? []), ...(updates.findings ?? [])],
        unchanged: updates.actions.length === 0 && adopted.actions.length === 0 ? [target] : [],
      };
    }
  }
}

function waitFor(context: Context, status: string): Action {
  const { config, facts } = context;
  const running = facts.updates.find((update) => update.nodegroup === undefined && update.addon === undefined);
  return create({
    part: "cluster",
    op: "wait",
    target: { kind: "Cluster", name: config.metadata.name },
    locks: EXCLUSIVE,
    until:
      running === undefined || status === "CREATING" ? { kind: "cluster-active" } : { kind: "update", id: running.id },
    expectedSeconds: status === "CREATING" ? usual.clusterCreate.usual : usual.clusterUpdate.usual,
  });
}

function failed(context: Context): Finding {
  const { name } = context.config.metadata;
  const issues = context.facts.cluster?.health?.issues?.map((issue) => `${issue.code}: ${issue.message}`).join("; ");
  return {
    level: "fatal",
    code: "CLUSTER_FAILED",
    target: { kind: "Cluster", name },
    message: `cluster ${name} is FAILED${issues === undefined || issues === "" ? "" : `: ${issues}`}`,
    hint: "run once with `mode: destroy` and `confirm`, then apply again",
  };
}

function createCluster(context: Context, version: string): Action {
  const { config, ownership } = context;
  const own = tagsOf(ownership, "cluster", fieldsOf(pairs(context)));
  const auto = config.autoModeConfig;
  const roles = [clusterRole(context), autoModeRole(context)];
  const args = {
    name: config.metadata.name,
    version,
    roleArn: config.iam.serviceRoleARN ?? ref("role-cluster", "arn"),
    resourcesVpcConfig: {
      subnetIds: controlPlaneSubnets(context),
      ...(securityGroups(context).length === 0 ? {} : { securityGroupIds: securityGroups(context) }),
      endpointPublicAccess: config.vpc.clusterEndpoints.publicAccess,
      endpointPrivateAccess: config.vpc.clusterEndpoints.privateAccess,
      ...(config.vpc.controlPlaneEgressMode === undefined
        ? {}
        : { controlPlaneEgressMode: config.vpc.controlPlaneEgressMode }),
      ...(config.vpc.publicAccessCIDRs.length === 0 ? {} : { publicAccessCidrs: config.vpc.publicAccessCIDRs }),
    },
    kubernetesNetworkConfig: {
      ipFamily: config.kubernetesNetworkConfig.ipFamily === "IPv6" ? "ipv6" : "ipv4",
      ...(config.kubernetesNetworkConfig.serviceIPv4CIDR === undefined
        ? {}
        : { serviceIpv4Cidr: config.kubernetesNetworkConfig.serviceIPv4CIDR }),
      ...(auto.enabled ? { elasticLoadBalancing: loadBalancing(context) } : {}),
    },
    // EKS's own default is CONFIG_MAP, which nobody wants; and its self-managed add-ons would collide with ours.
    accessConfig: {
      authenticationMode: config.accessConfig.authenticationMode,
      bootstrapClusterCreatorAdminPermissions: config.accessConfig.bootstrapClusterCreatorAdminPermissions,
    },
    bootstrapSelfManagedAddons: false,
    ...(config.cloudWatch.enableTypes.length === 0 ? {} : { logging: logging(config.cloudWatch.enableTypes) }),
    ...(config.secretsEncryption === undefined
      ? {}
      : { encryptionConfig: encryption(config.secretsEncryption.keyARN) }),
    ...(config.upgradePolicy === undefined ? {} : { upgradePolicy: config.upgradePolicy }),
    ...(config.zonalShiftConfig === undefined ? {} : { zonalShiftConfig: config.zonalShiftConfig }),
    ...(config.controlPlaneScalingConfig === undefined
      ? {}
      : { controlPlaneScalingConfig: config.controlPlaneScalingConfig }),
    ...(auto.enabled ? { computeConfig: compute(context), storageConfig: { blockStorage: { enabled: true } } } : {}),
    ...(config.remoteNetworkConfig === undefined ? {} : { remoteNetworkConfig: remoteNetwork(config) }),
    ...Object.fromEntries(componentConfigs(config).map(({ member, desired }) => [member, desired])),
    ...(config.extension?.deletionProtection === undefined
      ? {}
      : { deletionProtection: config.extension.deletionProtection }),
    tags: own,
  };
  return create({
    part: "cluster",
    op: "create",
    target: { kind: "Cluster", name: config.metadata.name },
    after: [
      ...roles.flatMap((role) => role?.part ?? []),
      ...plannedSubnets(context).flatMap((subnet) => subnet.part ?? []),
      "sg-control-plane",
    ],
    locks: EXCLUSIVE,
    calls: [{ service: "eks", operation: "CreateCluster", args, gives: { "cluster#arn": "cluster.arn" } }],
    until: { kind: "cluster-active" },
    expectedSeconds: usual.clusterCreate.usual,
  });
}

/** Ownership of a live cluster. Without our tag it is tagged only by consent; another owner's is never touched. */
function adoption(context: Context): Step {
  const { facts, ownership } = context;
  const owner = facts.cluster?.tags?.[OWNER];
  const target = { kind: "Cluster", name: ownership.cluster };
  if (owner === ownership.owner) return { actions: [] };
  if (owner !== undefined) {
    return {
      actions: [],
      findings: [
        {
          level: "fatal",
          code: "OWNED_BY_OTHER",
          target,
          message: `cluster ${ownership.cluster} belongs to \`${owner}\`, this run is \`${ownership.owner}\``,
          hint: `if the config moved, set its former owner:\n  with:\n    owner: ${owner}`,
        },
      ],
    };
  }
  return {
    actions: [
      create({
        part: "cluster",
        suffix: "owner",
        op: "adopt",
        target,
        class: "P",
        needs: ["adopt"],
        calls: [
          {
            service: "eks",
            operation: "TagResource",
            args: { resourceArn: facts.cluster?.arn, tags: tagsOf(ownership, "cluster", fieldsOf(pairs(context))) },
          },
        ],
      }),
    ],
    findings: [
      {
        level: "warn",
        code: "NOT_OWNED",
        target,
        message: `cluster ${ownership.cluster} carries no owner tag: it was made by something else, or its tags were removed`,
      },
    ],
  };
}
