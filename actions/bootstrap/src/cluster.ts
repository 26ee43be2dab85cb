import type { Action, Call, Step } from "./action.ts";
import { create } from "./build.ts";
import type { Word } from "./consent.ts";
import type { Context } from "./context.ts";
import { autoModeRole, clusterRole } from "./desired-roles.ts";
import { compare, type FieldPair, sorted } from "./diff.ts";
import { usual } from "./durations.ts";
import type { Finding } from "./finding.ts";
import { controlPlaneSubnets, isForeignNetwork, plannedSubnets } from "./subnets.ts";
import { APPLIED, OWNER, tagsOf, userTags } from "./tags.ts";
import { ref, resolve } from "./value.ts";

const EXCLUSIVE = [{ name: "cluster", shared: false }] as const;

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
      ...(config.vpc.publicAccessCIDRs.length === 0 ? {} : { publicAccessCidrs: config.vpc.publicAccessCIDRs }),
    },
    kubernetesNetworkConfig: {
      ipFamily: "ipv4",
      ...(config.kubernetesNetworkConfig.serviceIPv4CIDR === undefined
        ? {}
        : { serviceIpv4Cidr: config.kubernetesNetworkConfig.serviceIPv4CIDR }),
      ...(auto.enabled ? { elasticLoadBalancing: { enabled: true } } : {}),
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

function securityGroups(context: Context): readonly unknown[] {
  const { vpc } = context.config;
  if (vpc.controlPlaneSecurityGroupIDs.length > 0) return vpc.controlPlaneSecurityGroupIDs;
  if (vpc.securityGroup !== undefined) return [vpc.securityGroup];
  return isForeignNetwork(context) && !context.known.has("sg-control-plane#id") ? [] : [ref("sg-control-plane")];
}

function logging(types: readonly string[]): unknown {
  const all = ["api", "audit", "authenticator", "controllerManager", "scheduler"];
  const off = all.filter((type) => !types.includes(type));
  return {
    clusterLogging: [
      ...(types.length === 0 ? [] : [{ types, enabled: true }]),
      ...(off.length === 0 ? [] : [{ types: off, enabled: false }]),
    ],
  };
}

function encryption(keyArn: string): unknown {
  return [{ resources: ["secrets"], provider: { keyArn } }];
}

function compute(context: Context): Readonly<Record<string, unknown>> {
  const auto = context.config.autoModeConfig;
  const withPools = auto.enabled && auto.nodePools.length > 0;
  return {
    enabled: auto.enabled,
    ...(withPools ? { nodePools: auto.nodePools, nodeRoleArn: auto.nodeRoleARN ?? ref("role-auto", "arn") } : {}),
  };
}

/** Both sides of every setting that an update can change. */
function pairs(context: Context): readonly FieldPair[] {
  const { config, facts, known } = context;
  const live = facts.cluster;
  const vpc = live?.resourcesVpcConfig;
  const pair = (path: string, letter: string, desired: unknown, value: unknown, source: string = path): FieldPair => ({
    path,
    source,
    class: letter,
    desired,
    live: value,
  });
  const resolvedIds = (ids: readonly unknown[]) => sortedValues(ids.map((id) => resolve(id, known)));
  const endpoints = config.vpc.clusterEndpoints;
  const enabledLogs = live?.logging?.clusterLogging
    ?.filter((setup) => setup.enabled === true)
    .flatMap((setup) => setup.types ?? []);
  const found: FieldPair[] = [
    pair(
      "accessConfig.authenticationMode",
      "C!",
      config.accessConfig.authenticationMode,
      live?.accessConfig?.authenticationMode ?? "CONFIG_MAP",
    ),
    pair(
      "vpc.controlPlaneSubnetIDs",
      "C",
      resolvedIds(controlPlaneSubnets(context)),
      sortedValues(vpc?.subnetIds ?? []),
      "vpc.subnets",
    ),
    pair(
      "vpc.controlPlaneSecurityGroupIDs",
      "C",
      resolvedIds(securityGroups(context)),
      sortedValues(vpc?.securityGroupIds ?? []),
    ),
    pair("vpc.clusterEndpoints.publicAccess", "C", endpoints.publicAccess, vpc?.endpointPublicAccess),
    pair("vpc.clusterEndpoints.privateAccess", "C", endpoints.privateAccess, vpc?.endpointPrivateAccess),
    pair("cloudWatch.clusterLogging.enableTypes", "C", sorted(config.cloudWatch.enableTypes), sorted(enabledLogs)),
    pair("metadata.tags", "P", config.metadata.tags, userTags(live?.tags)),
  ];
  if (endpoints.publicAccess) {
    const wanted = config.vpc.publicAccessCIDRs.length === 0 ? ["0.0.0.0/0"] : config.vpc.publicAccessCIDRs;
    found.push(pair("vpc.publicAccessCIDRs", "C", sorted(wanted), sorted(vpc?.publicAccessCidrs)));
  }
  if (config.secretsEncryption !== undefined) {
    found.push(
      pair(
        "secretsEncryption.keyARN",
        "C!",
        config.secretsEncryption.keyARN,
        live?.encryptionConfig?.[0]?.provider?.keyArn,
      ),
    );
  }
  if (config.upgradePolicy !== undefined) {
    found.push(
      pair("upgradePolicy.supportType", "C", config.upgradePolicy.supportType, live?.upgradePolicy?.supportType),
    );
  }
  if (config.zonalShiftConfig !== undefined) {
    found.push(
      pair("zonalShiftConfig.enabled", "C", config.zonalShiftConfig.enabled, live?.zonalShiftConfig?.enabled ?? false),
    );
  }
  if (config.controlPlaneScalingConfig !== undefined) {
    found.push(
      pair(
        "controlPlaneScalingConfig.tier",
        "C",
        config.controlPlaneScalingConfig.tier,
        live?.controlPlaneScalingConfig?.tier ?? "standard",
      ),
    );
  }
  const auto = config.autoModeConfig;
  const liveAuto = live?.computeConfig?.enabled ?? false;
  found.push(pair("autoModeConfig.enabled", "C", auto.enabled, liveAuto));
  if (auto.enabled) {
    found.push(pair("autoModeConfig.nodePools", "C", sorted(auto.nodePools), sorted(live?.computeConfig?.nodePools)));
  }
  return found;
}

function fieldsOf(all: readonly FieldPair[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(all.map((pair) => [pair.path, pair.desired ?? null]));
}

function sortedValues(values: readonly unknown[]): readonly unknown[] {
  return [...values].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

/** Groups of settings that AWS takes in one call, in the order in which they must be sent. */
const UPDATES: readonly { readonly name: string; readonly paths: readonly string[] }[] = [
  { name: "access", paths: ["accessConfig.authenticationMode"] },
  { name: "subnets", paths: ["vpc.controlPlaneSubnetIDs", "vpc.controlPlaneSecurityGroupIDs"] },
  {
    name: "endpoint",
    paths: ["vpc.clusterEndpoints.publicAccess", "vpc.clusterEndpoints.privateAccess", "vpc.publicAccessCIDRs"],
  },
  { name: "encryption", paths: ["secretsEncryption.keyARN"] },
  { name: "auto-mode", paths: ["autoModeConfig.enabled", "autoModeConfig.nodePools"] },
  { name: "tier", paths: ["controlPlaneScalingConfig.tier"] },
  { name: "upgrade-policy", paths: ["upgradePolicy.supportType"] },
  { name: "zonal-shift", paths: ["zonalShiftConfig.enabled"] },
  { name: "logging", paths: ["cloudWatch.clusterLogging.enableTypes"] },
  { name: "tags", paths: ["metadata.tags"] },
];

function updateActions(context: Context): Step {
  const { config, facts } = context;
  const { cluster } = facts;
  const comparison = compare(config, pairs(context), cluster?.tags?.[APPLIED]);
  const findings: Finding[] = [...fixedFindings(context)];
  const actions: Action[] = [];
  let before: readonly string[] = ["role-cluster", "role-auto"];
  for (const { name, paths } of UPDATES) {
    const changed = comparison.changed.filter((pair) => paths.includes(pair.path));
    if (changed.length === 0) continue;
    const calls = updateCalls(context, name);
    const retag: Call = {
      service: "eks",
      operation: "TagResource",
      args: { resourceArn: cluster?.arn, tags: { [APPLIED]: { hashOf: comparison.fields } } },
    };
    const isUpdate = name !== "tags";
    actions.push(
      create({
        part: "cluster",
        suffix: name,
        op: "update",
        target: { kind: "Cluster", name: config.metadata.name },
        class: name === "tags" ? "P" : "C",
        needs: needsOf(changed),
        after: before,
        locks: isUpdate ? EXCLUSIVE : [],
        calls: isUpdate ? calls : [...calls, retag],
        until: isUpdate ? { kind: "update" } : undefined,
        changes: comparison.changes.filter((change) => paths.includes(change.path)),
        expectedSeconds: name === "encryption" ? usual.encryption.usual : isUpdate ? usual.clusterUpdate.usual : 1,
      }),
    );
    before = [actions.at(-1)?.id ?? ""];
  }
  return { actions, findings };
}

function needsOf(changed: readonly FieldPair[]): readonly Word[] {
  const needs = new Set<Word>();
  for (const pair of changed) {
    if (pair.class === "C!") needs.add("one-way");
    if (pair.path === "vpc.clusterEndpoints.publicAccess" && pair.desired === true) needs.add("open-public-endpoint");
    if (pair.path === "vpc.publicAccessCIDRs" && Array.isArray(pair.desired) && pair.desired.includes("0.0.0.0/0")) {
      needs.add("open-public-endpoint");
    }
  }
  return [...needs];
}

function updateCalls(context: Context, name: string): readonly Call[] {
  const { config, facts } = context;
  const { vpc } = config;
  const update = (args: Readonly<Record<string, unknown>>): readonly Call[] => [
    { service: "eks", operation: "UpdateClusterConfig", args: { name: config.metadata.name, ...args } },
  ];
  switch (name) {
    case "access":
      return update({ accessConfig: { authenticationMode: config.accessConfig.authenticationMode } });
    case "subnets":
      return update({
        resourcesVpcConfig: { subnetIds: controlPlaneSubnets(context), securityGroupIds: securityGroups(context) },
      });
    case "endpoint":
      return update({
        resourcesVpcConfig: {
          endpointPublicAccess: vpc.clusterEndpoints.publicAccess,
          endpointPrivateAccess: vpc.clusterEndpoints.privateAccess,
          ...(vpc.clusterEndpoints.publicAccess
            ? { publicAccessCidrs: vpc.publicAccessCIDRs.length === 0 ? ["0.0.0.0/0"] : vpc.publicAccessCIDRs }
            : {}),
        },
      });
    case "encryption":
      return [
        {
          service: "eks",
          operation: "AssociateEncryptionConfig",
          args: {
            clusterName: config.metadata.name,
            encryptionConfig: encryption(config.secretsEncryption?.keyARN ?? ""),
          },
        },
      ];
    case "auto-mode":
      // The API takes the three only together.
      return update({
        computeConfig: compute(context),
        storageConfig: { blockStorage: { enabled: config.autoModeConfig.enabled } },
        kubernetesNetworkConfig: { elasticLoadBalancing: { enabled: config.autoModeConfig.enabled } },
      });
    case "tier":
      return update({ controlPlaneScalingConfig: config.controlPlaneScalingConfig });
    case "upgrade-policy":
      return update({ upgradePolicy: config.upgradePolicy });
    case "zonal-shift":
      return update({ zonalShiftConfig: config.zonalShiftConfig });
    case "logging":
      return update({ logging: logging(config.cloudWatch.enableTypes) });
    default: {
      const removed = Object.keys(userTags(facts.cluster?.tags)).filter((key) => !(key in config.metadata.tags));
      const resourceArn = facts.cluster?.arn;
      return [
        ...(Object.keys(config.metadata.tags).length === 0
          ? []
          : [{ service: "eks", operation: "TagResource", args: { resourceArn, tags: config.metadata.tags } } as const]),
        ...(removed.length === 0
          ? []
          : [{ service: "eks", operation: "UntagResource", args: { resourceArn, tagKeys: removed } } as const]),
      ];
    }
  }
}

function fixedFindings(context: Context): readonly Finding[] {
  const { config, facts } = context;
  const { cluster } = facts;
  const live = cluster?.encryptionConfig?.[0]?.provider?.keyArn;
  const fixed: readonly (readonly [string, unknown, unknown])[] = [
    ["iam.serviceRoleARN", config.iam.serviceRoleARN ?? cluster?.roleArn, cluster?.roleArn],
    [
      "kubernetesNetworkConfig.serviceIPv4CIDR",
      config.kubernetesNetworkConfig.serviceIPv4CIDR ?? cluster?.kubernetesNetworkConfig?.serviceIpv4Cidr,
      cluster?.kubernetesNetworkConfig?.serviceIpv4Cidr,
    ],
    ["secretsEncryption.keyARN", live === undefined ? undefined : config.secretsEncryption?.keyARN, live],
  ];
  return fixed
    .filter(([, wanted, present]) => wanted !== present)
    .map(([path, wanted, present]) => ({
      level: "fatal",
      code: "IMMUTABLE_FIELD",
      path,
      message: `${path} is ${String(present)} in the live cluster and cannot become ${String(wanted ?? "nothing")}`,
      hint: `restore \`${String(present)}\`, or make a cluster of another name`,
    }));
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
