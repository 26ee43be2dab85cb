import type { AuthenticationMode, ClusterConfig } from "@eks-actions/cluster-config";
import { controlPlaneSubnets, isForeignNetwork } from "../network/subnets.ts";
import type { Context } from "../plan/context.ts";
import { type FieldPair, sorted } from "../plan/diff.ts";
import { userTags } from "../plan/tags.ts";
import { ref, resolve, sortedSet } from "../plan/value.ts";

/** Both sides of every setting that an update can change. */
export function pairs(context: Context): readonly FieldPair[] {
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
  const resolvedIds = (ids: readonly unknown[]) => resolve({ set: ids }, known);
  const endpoints = config.vpc.clusterEndpoints;
  const enabledLogs = live?.logging?.clusterLogging
    ?.filter((setup) => setup.enabled === true)
    .flatMap((setup) => setup.types ?? []);
  const found: FieldPair[] = [
    pair(
      "accessConfig.authenticationMode",
      "C!",
      wantedMode(context),
      live?.accessConfig?.authenticationMode ?? "CONFIG_MAP",
    ),
    pair(
      "vpc.controlPlaneSubnetIDs",
      "C",
      resolvedIds(controlPlaneSubnets(context)),
      sortedSet(vpc?.subnetIds ?? []),
      "vpc.subnets",
    ),
    pair(
      "vpc.controlPlaneSecurityGroupIDs",
      "C",
      resolvedIds(securityGroups(context)),
      sortedSet(vpc?.securityGroupIds ?? []),
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
  for (const { path, desired, member } of componentConfigs(config)) {
    found.push(pair(path, "C", desired, projected(desired, live?.[member])));
  }
  if (config.vpc.controlPlaneEgressMode !== undefined) {
    const mode = vpc?.controlPlaneEgressMode ?? "AWS_MANAGED";
    found.push(pair("vpc.controlPlaneEgressMode", "C!", config.vpc.controlPlaneEgressMode, mode));
  }
  const remote = remoteNetwork(config);
  if (remote !== undefined) {
    const present = live?.remoteNetworkConfig;
    found.push(
      pair("remoteNetworkConfig.remoteNodeNetworks", "C", remote.remoteNodeNetworks, present?.remoteNodeNetworks ?? []),
      pair("remoteNetworkConfig.remotePodNetworks", "C", remote.remotePodNetworks, present?.remotePodNetworks ?? []),
    );
  }
  const { extension } = config;
  if (extension?.deletionProtection !== undefined) {
    found.push(pair("deletionProtection", "C", extension.deletionProtection, live?.deletionProtection ?? false));
  }
  const auto = config.autoModeConfig;
  const liveAuto = live?.computeConfig?.enabled ?? false;
  found.push(pair("autoModeConfig.enabled", "C", auto.enabled, liveAuto));
  if (auto.enabled) {
    found.push(pair("autoModeConfig.nodePools", "C", sorted(auto.nodePools), sorted(live?.computeConfig?.nodePools)));
    if (extension?.gatewayApiCrds !== undefined) {
      const managed = live?.kubernetesNetworkConfig?.elasticLoadBalancing?.gatewayApi?.crds?.managed ?? false;
      found.push(pair("gatewayApi.crds.managed", "C", extension.gatewayApiCrds, managed));
    }
  }
  return found;
}

/** The file's authentication mode. Unless it is written out, a live cluster that is further on stays there. */
export function wantedMode(context: Context): AuthenticationMode {
  const { config, facts } = context;
  const live = facts.cluster?.accessConfig?.authenticationMode;
  const wanted = config.accessConfig.authenticationMode;
  const isWritten = config.fields.some((use) => use.path === "accessConfig.authenticationMode");
  return live === "API" && !isWritten ? "API" : wanted;
}

/** EKS goes from mode to mode in this order, one at a time and never back. */
export const MODES: readonly AuthenticationMode[] = ["CONFIG_MAP", "API_AND_CONFIG_MAP", "API"];

/** Networks outside AWS in which nodes and pods of the cluster run; empty lists take them away again. */
export function remoteNetwork({ remoteNetworkConfig: remote }: ClusterConfig) {
  if (remote === undefined) return undefined;
  const networks = (all: typeof remote.remoteNodeNetworks) => all.map(({ cidrs }) => ({ cidrs: [...cidrs].sort() }));
  return {
    remoteNodeNetworks: networks(remote.remoteNodeNetworks),
    remotePodNetworks: networks(remote.remotePodNetworks),
  };
}

/** Settings of control plane components that the file gives; the API takes all of them in one update. */
export function componentConfigs(config: ClusterConfig) {
  const all = [
    { path: "kubeAPIServerConfig", desired: config.kubeAPIServerConfig, member: "kubeApiServerConfig" },
    { path: "kubeSchedulerConfig", desired: config.kubeSchedulerConfig, member: "kubeSchedulerConfig" },
    {
      path: "kubeControllerManagerConfig",
      desired: config.kubeControllerManagerConfig,
      member: "kubeControllerManagerConfig",
    },
  ] as const;
  return all.filter((entry) => entry.desired !== undefined);
}

/** What a value holds at the members that a pattern gives: EKS fills in defaults, which nobody asked for. */
function projected(pattern: unknown, value: unknown): unknown {
  if (typeof pattern !== "object" || pattern === null || Array.isArray(pattern)) return value;
  const members = new Map(Object.entries(typeof value === "object" && value !== null ? value : {}));
  return Object.fromEntries(Object.entries(pattern).map(([key, inner]) => [key, projected(inner, members.get(key))]));
}

/** Auto Mode's load balancing, with the Gateway API's definitions where the extension decides about them. */
export function loadBalancing(context: Context): Readonly<Record<string, unknown>> {
  const { autoModeConfig, extension } = context.config;
  const managed = extension?.gatewayApiCrds;
  return {
    enabled: autoModeConfig.enabled,
    ...(autoModeConfig.enabled && managed !== undefined ? { gatewayApi: { crds: { managed } } } : {}),
  };
}

export function fieldsOf(all: readonly FieldPair[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(all.map((pair) => [pair.path, pair.desired ?? null]));
}

export function securityGroups(context: Context): readonly unknown[] {
  const { vpc } = context.config;
  if (vpc.controlPlaneSecurityGroupIDs.length > 0) return vpc.controlPlaneSecurityGroupIDs;
  if (vpc.securityGroup !== undefined) return [vpc.securityGroup];
  return isForeignNetwork(context) && !context.known.has("sg-control-plane#id") ? [] : [ref("sg-control-plane")];
}

export const EXCLUSIVE = [{ name: "cluster", shared: false }] as const;

export function logging(types: readonly string[]): unknown {
  const all = ["api", "audit", "authenticator", "controllerManager", "scheduler"];
  const off = all.filter((type) => !types.includes(type));
  return {
    clusterLogging: [
      ...(types.length === 0 ? [] : [{ types, enabled: true }]),
      ...(off.length === 0 ? [] : [{ types: off, enabled: false }]),
    ],
  };
}

export function encryption(keyArn: string): unknown {
  return [{ resources: ["secrets"], provider: { keyArn } }];
}

export function compute(context: Context): Readonly<Record<string, unknown>> {
  const auto = context.config.autoModeConfig;
  const withPools = auto.enabled && auto.nodePools.length > 0;
  return {
    enabled: auto.enabled,
    ...(withPools ? { nodePools: auto.nodePools, nodeRoleArn: auto.nodeRoleARN ?? ref("role-auto", "arn") } : {}),
  };
}
