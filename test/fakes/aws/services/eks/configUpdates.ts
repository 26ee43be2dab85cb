import type * as Eks from "@aws-sdk/client-eks";
import type { ClusterRecord } from "../../state.ts";
import type { World } from "../../world.ts";
import { putCreatorEntry } from "./access.ts";
import { checkControlPlaneNetwork } from "./clusterNetwork.ts";
import { keepLogs, loggingOf } from "./clusterRecord.ts";
import { invalidParameter, invalidRequest } from "./find.ts";

/** One change of cluster settings: EKS takes one type at a time. */
export interface ConfigUpdate {
  readonly type: Eks.UpdateType;
  readonly params: Readonly<Record<string, string>>;
  readonly apply: () => void;
}

type Input = Eks.UpdateClusterConfigCommandInput;

/** Finds the one change that is asked for; refuses two types at once and changes that change nothing. */
export function planConfigUpdate(world: World, record: ClusterRecord, input: Input): ConfigUpdate {
  const candidates = [
    planAutoMode(record, input),
    planAccess(world, record, input),
    planLogging(world, record, input),
    planVpc(world, record, input),
    planUpgradePolicy(record, input),
    planSimple(record, input, "deletionProtection", "DeletionProtectionUpdate", "DeletionProtection"),
    planSimple(record, input, "zonalShiftConfig", "ZonalShiftConfigUpdate", "ZonalShiftConfig"),
    planSimple(record, input, "remoteNetworkConfig", "RemoteNetworkConfigUpdate", "RemoteNetworkConfig"),
    planSimple(record, input, "controlPlaneScalingConfig", "ControlPlaneScalingConfigUpdate", "UpdatedTier"),
    planComponents(record, input),
  ].filter((plan) => plan !== undefined);
  const [first, second] = candidates;
  if (first === undefined) throw invalidParameter("No changes needed: the request holds no setting.", nameOf(record));
  if (second !== undefined) throw invalidParameter("Only one type of update can be allowed.", nameOf(record));
  return first;
}

function nameOf(record: ClusterRecord): Record<string, unknown> {
  return { clusterName: record.cluster.name };
}

function planAutoMode(record: ClusterRecord, input: Input): ConfigUpdate | undefined {
  const { cluster } = record;
  const parts = [input.computeConfig, input.storageConfig, input.kubernetesNetworkConfig?.elasticLoadBalancing];
  if (parts.every((part) => part === undefined)) return undefined;
  const flags = [
    input.computeConfig?.enabled ?? cluster.computeConfig?.enabled ?? false,
    input.storageConfig?.blockStorage?.enabled ?? cluster.storageConfig?.blockStorage?.enabled ?? false,
    input.kubernetesNetworkConfig?.elasticLoadBalancing?.enabled ??
      cluster.kubernetesNetworkConfig?.elasticLoadBalancing?.enabled ??
      false,
  ];
  if (new Set(flags).size > 1) {
    throw invalidRequest(
      "For EKS Auto Mode, please ensure that all required configs, including computeConfig, kubernetesNetworkConfig, and blockStorage are all either fully enabled or fully disabled.",
      nameOf(record),
    );
  }
  return {
    type: "AutoModeUpdate",
    params: { ComputeConfig: JSON.stringify(input.computeConfig ?? {}) },
    apply: () => {
      if (input.computeConfig !== undefined)
        cluster.computeConfig = { ...cluster.computeConfig, ...input.computeConfig };
      if (input.storageConfig !== undefined) cluster.storageConfig = input.storageConfig;
      cluster.kubernetesNetworkConfig = {
        ...cluster.kubernetesNetworkConfig,
        elasticLoadBalancing: { enabled: flags[2] === true },
      };
    },
  };
}

const modeOrder = ["CONFIG_MAP", "API_AND_CONFIG_MAP", "API"] as const;

function planAccess(world: World, record: ClusterRecord, input: Input): ConfigUpdate | undefined {
  const wanted = input.accessConfig?.authenticationMode;
  if (wanted === undefined) return undefined;
  const { cluster } = record;
  const present = cluster.accessConfig?.authenticationMode ?? "CONFIG_MAP";
  if (wanted === present) {
    throw invalidParameter(
      `Cluster is already at the desired configuration with authenticationMode: ${wanted}`,
      nameOf(record),
    );
  }
  if (modeOrder.indexOf(wanted) - modeOrder.indexOf(present) !== 1) {
    throw invalidParameter(`Unsupported authentication mode update from ${present} to ${wanted}`, nameOf(record));
  }
  return {
    type: "AccessConfigUpdate",
    params: { AuthenticationMode: wanted },
    apply: () => {
      cluster.accessConfig = { ...cluster.accessConfig, authenticationMode: wanted };
      putCreatorEntry(world, record);
    },
  };
}

function planLogging(world: World, record: ClusterRecord, input: Input): ConfigUpdate | undefined {
  if (input.logging === undefined) return undefined;
  const { cluster } = record;
  const present = new Map(flagsOf(cluster.logging));
  const wanted = new Map([...present, ...flagsOf(input.logging)]);
  if ([...wanted].every(([type, enabled]) => present.get(type) === enabled)) {
    throw invalidParameter("No changes needed for the logging config provided", nameOf(record));
  }
  const types = [...wanted].filter(([, enabled]) => enabled).map(([type]) => type);
  return {
    type: "LoggingUpdate",
    params: { ClusterLogging: JSON.stringify(input.logging) },
    apply: () => {
      cluster.logging = loggingOf({ clusterLogging: [{ types, enabled: true }] });
      keepLogs(world, record);
    },
  };
}

function flagsOf(logging: Eks.Logging | undefined): [Eks.LogType, boolean][] {
  return (logging?.clusterLogging ?? []).flatMap((setup) =>
    (setup.types ?? []).map((type): [Eks.LogType, boolean] => [type, setup.enabled === true]),
  );
}

function planVpc(world: World, record: ClusterRecord, input: Input): ConfigUpdate | undefined {
  const wish = input.resourcesVpcConfig;
  if (wish === undefined) return undefined;
  const { cluster } = record;
  const present = cluster.resourcesVpcConfig ?? {};
  const isEndpoint =
    wish.endpointPublicAccess !== undefined ||
    wish.endpointPrivateAccess !== undefined ||
    wish.publicAccessCidrs !== undefined;
  const isNetwork = wish.subnetIds !== undefined || wish.securityGroupIds !== undefined;
  if (isEndpoint && isNetwork) throw invalidParameter("Only one type of update can be allowed.", nameOf(record));
  const next = { ...present, ...wish };
  if (isNetwork) checkControlPlaneNetwork(world, cluster.name ?? "", next);
  if (next.endpointPublicAccess === false && next.endpointPrivateAccess !== true) {
    throw invalidParameter("Private and public endpoint access cannot be false at the same time.", nameOf(record));
  }
  const cidrs = next.endpointPublicAccess === false ? [] : orEverywhere(next.publicAccessCidrs);
  if (isEndpoint && sameEndpoint(present, { ...next, publicAccessCidrs: cidrs })) {
    throw invalidParameter(
      `Cluster is already at the desired configuration with endpointPrivateAccess: ${present.endpointPrivateAccess} , endpointPublicAccess: ${present.endpointPublicAccess}, and Public Endpoint Restrictions: [${(present.publicAccessCidrs ?? []).join(", ")}]`,
      nameOf(record),
    );
  }
  const params: Record<string, string> = isEndpoint
    ? {
        EndpointPublicAccess: String(next.endpointPublicAccess),
        EndpointPrivateAccess: String(next.endpointPrivateAccess),
        PublicAccessCidrs: JSON.stringify(cidrs),
      }
    : { Subnets: JSON.stringify(next.subnetIds), SecurityGroups: JSON.stringify(next.securityGroupIds) };
  return {
    type:
      wish.controlPlaneEgressMode !== undefined
        ? "ControlPlaneEgressUpdate"
        : isNetwork
          ? "VpcConfigUpdate"
          : "EndpointAccessUpdate",
    params,
    apply: () => {
      cluster.resourcesVpcConfig = { ...next, publicAccessCidrs: cidrs };
    },
  };
}

function orEverywhere(cidrs: readonly string[] | undefined): string[] {
  return cidrs === undefined || cidrs.length === 0 ? ["0.0.0.0/0"] : [...cidrs];
}

function sameEndpoint(a: Eks.VpcConfigResponse, b: Eks.VpcConfigResponse): boolean {
  return (
    a.endpointPrivateAccess === b.endpointPrivateAccess &&
    a.endpointPublicAccess === b.endpointPublicAccess &&
    [...(a.publicAccessCidrs ?? [])].toSorted().join() === [...(b.publicAccessCidrs ?? [])].toSorted().join()
  );
}

function planUpgradePolicy(record: ClusterRecord, input: Input): ConfigUpdate | undefined {
  const wanted = input.upgradePolicy?.supportType;
  if (wanted === undefined) return undefined;
  if (record.cluster.upgradePolicy?.supportType === wanted) {
    throw invalidParameter(
      `Cluster is already at the desired configuration with supportType: ${wanted}`,
      nameOf(record),
    );
  }
  return {
    type: "UpgradePolicyUpdate",
    params: { UpgradePolicy: JSON.stringify(input.upgradePolicy) },
    apply: () => {
      record.cluster.upgradePolicy = { supportType: wanted };
    },
  };
}

type SimpleKey = "deletionProtection" | "zonalShiftConfig" | "remoteNetworkConfig" | "controlPlaneScalingConfig";

function planSimple(
  record: ClusterRecord,
  input: Input,
  key: SimpleKey,
  type: Eks.UpdateType,
  param: Eks.UpdateParamType,
): ConfigUpdate | undefined {
  const wanted = input[key];
  if (wanted === undefined) return undefined;
  if (JSON.stringify(record.cluster[key]) === JSON.stringify(wanted)) {
    throw invalidParameter(`No changes needed for the ${key} provided`, nameOf(record));
  }
  return {
    type,
    params: { [param]: JSON.stringify(wanted) },
    apply: () => {
      Object.assign(record.cluster, { [key]: wanted });
    },
  };
}

function planComponents(record: ClusterRecord, input: Input): ConfigUpdate | undefined {
  const { kubeApiServerConfig, kubeSchedulerConfig, kubeControllerManagerConfig } = input;
  const wanted = Object.fromEntries(
    Object.entries({ kubeApiServerConfig, kubeSchedulerConfig, kubeControllerManagerConfig }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  if (Object.keys(wanted).length === 0) return undefined;
  return {
    type: "ControlPlaneComponentConfigUpdate",
    params: {},
    apply: () => {
      Object.assign(record.cluster, wanted);
    },
  };
}
