import type { AuthenticationMode } from "@eks-actions/cluster-config";
import { entryPart } from "../access/access.ts";
import { controlPlaneSubnets } from "../network/subnets.ts";
import type { Action, Call, Step } from "../plan/action.ts";
import { create } from "../plan/build.ts";
import type { Word } from "../plan/consent.ts";
import type { Context } from "../plan/context.ts";
import { type Comparison, compare, type FieldPair } from "../plan/diff.ts";
import { usual } from "../plan/durations.ts";
import type { Finding } from "../plan/finding.ts";
import { APPLIED, userTags } from "../plan/tags.ts";
import {
  componentConfigs,
  compute,
  EXCLUSIVE,
  encryption,
  loadBalancing,
  logging,
  MODES,
  pairs,
  remoteNetwork,
  securityGroups,
  wantedMode,
} from "./fields.ts";

/** Groups of settings that AWS takes in one call, in the order in which they must be sent. */
const UPDATES: readonly { readonly name: string; readonly paths: readonly string[] }[] = [
  { name: "access", paths: ["accessConfig.authenticationMode"] },
  { name: "deletion-protection", paths: ["deletionProtection"] },
  { name: "subnets", paths: ["vpc.controlPlaneSubnetIDs", "vpc.controlPlaneSecurityGroupIDs"] },
  {
    name: "endpoint",
    paths: ["vpc.clusterEndpoints.publicAccess", "vpc.clusterEndpoints.privateAccess", "vpc.publicAccessCIDRs"],
  },
  { name: "egress", paths: ["vpc.controlPlaneEgressMode"] },
  { name: "encryption", paths: ["secretsEncryption.keyARN"] },
  { name: "auto-mode", paths: ["autoModeConfig.enabled", "autoModeConfig.nodePools", "gatewayApi.crds.managed"] },
  { name: "tier", paths: ["controlPlaneScalingConfig.tier"] },
  { name: "upgrade-policy", paths: ["upgradePolicy.supportType"] },
  { name: "zonal-shift", paths: ["zonalShiftConfig.enabled"] },
  { name: "logging", paths: ["cloudWatch.clusterLogging.enableTypes"] },
  {
    name: "remote-network",
    paths: ["remoteNetworkConfig.remoteNodeNetworks", "remoteNetworkConfig.remotePodNetworks"],
  },
  { name: "components", paths: ["kubeAPIServerConfig", "kubeSchedulerConfig", "kubeControllerManagerConfig"] },
  { name: "tags", paths: ["metadata.tags"] },
];

export function updateActions(context: Context): Step {
  const { config, facts } = context;
  const { cluster } = facts;
  const comparison = compare(config, pairs(context), cluster?.tags?.[APPLIED]);
  const findings: Finding[] = [...fixedFindings(context)];
  const actions: Action[] = [];
  let before: readonly string[] = ["role-cluster", "role-auto"];
  for (const { name, paths } of UPDATES) {
    const changed = comparison.changed.filter((pair) => paths.includes(pair.path));
    if (changed.length === 0 || (name === "access" && nextMode(context) === "API")) continue;
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
  return { actions: [...actions, ...closingMode(context, comparison)], findings };
}

/** The next mode on the way to the wanted one; `undefined` when it is reached, or lies behind. */
function nextMode(context: Context): AuthenticationMode | undefined {
  const live = MODES.indexOf(context.facts.cluster?.accessConfig?.authenticationMode ?? "CONFIG_MAP");
  return MODES[live + 1 <= MODES.indexOf(wantedMode(context)) ? live + 1 : MODES.length];
}

/** With `API` the ConfigMap counts no more, so every entry that takes its place must be there before. */
function closingMode(context: Context, comparison: Comparison): readonly Action[] {
  const { config } = context;
  if (nextMode(context) === undefined || wantedMode(context) !== "API") return [];
  return [
    create({
      part: "cluster-api-mode",
      op: "update",
      target: { kind: "Cluster", name: config.metadata.name },
      class: "C",
      needs: ["one-way"],
      after: ["cluster", ...config.accessConfig.accessEntries.map(entryPart)],
      locks: EXCLUSIVE,
      calls: [
        {
          service: "eks",
          operation: "UpdateClusterConfig",
          args: { name: config.metadata.name, accessConfig: { authenticationMode: "API" } },
        },
      ],
      until: { kind: "update" },
      changes: comparison.changes.filter((change) => change.path === "accessConfig.authenticationMode"),
      expectedSeconds: usual.clusterUpdate.usual,
    }),
  ];
}

function needsOf(changed: readonly FieldPair[]): readonly Word[] {
  const needs = new Set<Word>();
  for (const pair of changed) {
    if (pair.class === "C!") needs.add("one-way");
    if (pair.path === "deletionProtection" && pair.desired === false) needs.add("disable-deletion-protection");
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
      return update({ accessConfig: { authenticationMode: nextMode(context) } });
    case "deletion-protection":
      return update({ deletionProtection: config.extension?.deletionProtection });
    case "remote-network":
      return update({ remoteNetworkConfig: remoteNetwork(config) });
    case "components":
      return update(Object.fromEntries(componentConfigs(config).map(({ member, desired }) => [member, desired])));
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
    case "egress":
      return update({ resourcesVpcConfig: { controlPlaneEgressMode: vpc.controlPlaneEgressMode } });
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
        kubernetesNetworkConfig: { elasticLoadBalancing: loadBalancing(context) },
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
  const mode = cluster?.accessConfig?.authenticationMode ?? "CONFIG_MAP";
  const wanted = wantedMode(context);
  const { vpc } = config;
  const isRouted = cluster?.resourcesVpcConfig?.controlPlaneEgressMode === "CUSTOMER_ROUTED";
  const fixed: readonly (readonly [string, unknown, unknown])[] = [
    ["accessConfig.authenticationMode", MODES.indexOf(wanted) < MODES.indexOf(mode) ? wanted : mode, mode],
    [
      "vpc.controlPlaneEgressMode",
      isRouted ? (vpc.controlPlaneEgressMode ?? "CUSTOMER_ROUTED") : undefined,
      isRouted ? "CUSTOMER_ROUTED" : undefined,
    ],
    ["iam.serviceRoleARN", config.iam.serviceRoleARN ?? cluster?.roleArn, cluster?.roleArn],
    [
      "kubernetesNetworkConfig.ipFamily",
      config.kubernetesNetworkConfig.ipFamily.toLowerCase(),
      cluster?.kubernetesNetworkConfig?.ipFamily ?? "ipv4",
    ],
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
