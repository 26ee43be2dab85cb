import { additionalVolumes, bottlerocket, instanceSelector, ownImage, rootVolume, ssh } from "./node-boot.ts";
import type { ManagedNodeGroup, NodeGroupIam, NodeRepair, Taint } from "./nodegroup-model.ts";
import { flagOf, numberOf, type Raw, record, records, setFlags, tagsOf, textOf, textsOf, wordOf } from "./values.ts";

/** Both lists as managed node groups; the self-managed ones only when the caller has allowed the conversion. */
export function nodeGroups(root: Raw): readonly ManagedNodeGroup[] {
  // A private cluster has no public subnets.
  const isPrivate = flagOf(record(root["privateCluster"]), "enabled") ?? false;
  const groups = (key: string, isConverted: boolean) =>
    records(root[key]).map((raw, index) =>
      nodeGroup({ ...(isPrivate ? { privateNetworking: true } : {}), ...raw }, `${key}[${index}]`, isConverted),
    );
  return [...groups("managedNodeGroups", false), ...groups("nodeGroups", true)];
}

function nodeGroup(raw: Raw, source: string, isConverted: boolean): ManagedNodeGroup {
  const securityGroups = record(raw["securityGroups"]);
  const template = record(raw["launchTemplate"]);
  const marketType = wordOf<"spot" | "capacity-block">(record(raw["instanceMarketOptions"]), "marketType");
  const launchTemplateId = textOf(template, "id");
  return {
    name: textOf(raw, "name") ?? "",
    source,
    isConverted,
    instanceTypes: instanceTypes(raw),
    amiFamily: textOf(raw, "amiFamily") ?? "AmazonLinux2023",
    spot: flagOf(raw, "spot") ?? marketType === "spot",
    marketType,
    privateNetworking: flagOf(raw, "privateNetworking") ?? false,
    subnets: textsOf(raw, "subnets"),
    availabilityZones: textsOf(raw, "availabilityZones"),
    ...sizes(raw),
    labels: tagsOf(raw, "labels"),
    tags: tagsOf(raw, "tags"),
    taints: taints(raw["taints"]),
    propagateASGTags: flagOf(raw, "propagateASGTags") ?? false,
    updateConfig: updateConfig(raw["updateConfig"]),
    manageDesired: false,
    nodeRepairConfig: nodeRepair(raw["nodeRepairConfig"]),
    iam: nodeGroupIam(record(raw["iam"])),
    volume: rootVolume(raw),
    securityGroupIDs: textsOf(securityGroups, "attachIDs"),
    disableIMDSv1: flagOf(raw, "disableIMDSv1") ?? true,
    disablePodIMDS: flagOf(raw, "disablePodIMDS") ?? false,
    instanceName: textOf(raw, "instanceName"),
    instancePrefix: textOf(raw, "instancePrefix"),
    maxPodsPerNode: numberOf(raw, "maxPodsPerNode"),
    ebsOptimized: flagOf(raw, "ebsOptimized"),
    enableDetailedMonitoring: flagOf(raw, "enableDetailedMonitoring") ?? false,
    capacityReservation: capacityReservation(raw["capacityReservation"]),
    launchTemplate:
      launchTemplateId === undefined ? undefined : { id: launchTemplateId, version: textOf(template, "version") },
    releaseVersion: textOf(raw, "releaseVersion"),
    ssh: ssh(raw["ssh"]),
    ami: ownImage(raw),
    overrideBootstrapCommand: textOf(raw, "overrideBootstrapCommand"),
    preBootstrapCommands: textsOf(raw, "preBootstrapCommands"),
    additionalVolumes: additionalVolumes(raw["additionalVolumes"]),
    bottlerocket: bottlerocket(raw["bottlerocket"]),
    instanceSelector: instanceSelector(raw["instanceSelector"]),
  };
}

// eksctl's rule: m5.large unless a launch template, a selector or a list says otherwise.
function instanceTypes(raw: Raw): readonly string[] {
  const listed = textsOf(raw, "instanceTypes");
  if (listed.length > 0) return listed;
  const one = textOf(raw, "instanceType");
  if (one !== undefined) return [one];
  return raw["launchTemplate"] === undefined && raw["instanceSelector"] === undefined ? ["m5.large"] : [];
}

// eksctl validation.go:1421-1451: what is missing follows from what is there.
function sizes(raw: Raw): { readonly minSize: number; readonly maxSize: number; readonly desiredCapacity: number } {
  const desired = numberOf(raw, "desiredCapacity");
  const minSize = numberOf(raw, "minSize") ?? desired ?? 2;
  const maxSize = numberOf(raw, "maxSize") ?? desired ?? Math.max(1, minSize);
  return { minSize, maxSize: Math.max(maxSize, maxSize === 0 ? 1 : 0), desiredCapacity: desired ?? minSize };
}

/** A list of taints, or eksctl's older map form `key: value:Effect` of self-managed groups. */
export function taints(value: unknown): readonly Taint[] {
  if (Array.isArray(value)) {
    return records(value).map((raw) => ({
      key: textOf(raw, "key") ?? "",
      value: textOf(raw, "value") ?? "",
      effect: wordOf<Taint["effect"]>(raw, "effect") ?? "NoSchedule",
    }));
  }
  return Object.entries(record(value)).map(([key, text]) => {
    const written = String(text);
    const colon = written.lastIndexOf(":");
    return {
      key,
      value: colon < 0 ? "" : written.slice(0, colon),
      effect: wordOf<Taint["effect"]>({ effect: written.slice(colon + 1) }, "effect") ?? "NoSchedule",
    };
  });
}

function updateConfig(value: unknown): ManagedNodeGroup["updateConfig"] {
  const raw = record(value);
  const maxUnavailable = numberOf(raw, "maxUnavailable");
  const maxUnavailablePercentage = numberOf(raw, "maxUnavailablePercentage");
  if (maxUnavailable === undefined && maxUnavailablePercentage === undefined) return undefined;
  return { maxUnavailable, maxUnavailablePercentage };
}

function nodeRepair(value: unknown): NodeRepair | undefined {
  if (value === undefined) return undefined;
  const raw = record(value);
  return {
    enabled: flagOf(raw, "enabled") ?? false,
    maxUnhealthyNodeThresholdPercentage: numberOf(raw, "maxUnhealthyNodeThresholdPercentage"),
    maxUnhealthyNodeThresholdCount: numberOf(raw, "maxUnhealthyNodeThresholdCount"),
    maxParallelNodesRepairedPercentage: numberOf(raw, "maxParallelNodesRepairedPercentage"),
    maxParallelNodesRepairedCount: numberOf(raw, "maxParallelNodesRepairedCount"),
    nodeRepairConfigOverrides: records(raw["nodeRepairConfigOverrides"]).map((override) => ({
      nodeMonitoringCondition: textOf(override, "nodeMonitoringCondition") ?? "",
      nodeUnhealthyReason: textOf(override, "nodeUnhealthyReason") ?? "",
      minRepairWaitTimeMins: numberOf(override, "minRepairWaitTimeMins") ?? 0,
      repairAction: wordOf<"NoAction" | "Reboot" | "Replace">(override, "repairAction") ?? "NoAction",
    })),
  };
}

function nodeGroupIam(raw: Raw): NodeGroupIam {
  return {
    attachPolicy: raw["attachPolicy"],
    attachPolicyARNs: textsOf(raw, "attachPolicyARNs"),
    instanceRoleARN: textOf(raw, "instanceRoleARN"),
    instanceRoleName: textOf(raw, "instanceRoleName"),
    instanceRolePermissionsBoundary: textOf(raw, "instanceRolePermissionsBoundary"),
    withAddonPolicies: setFlags(raw["withAddonPolicies"]),
  };
}

function capacityReservation(value: unknown): ManagedNodeGroup["capacityReservation"] {
  if (value === undefined) return undefined;
  const raw = record(value);
  const target = record(raw["capacityReservationTarget"]);
  return {
    preference: wordOf<"open" | "none">(raw, "capacityReservationPreference"),
    id: textOf(target, "capacityReservationID"),
    resourceGroupARN: textOf(target, "capacityReservationResourceGroupARN"),
  };
}
