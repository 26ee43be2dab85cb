import type { EksNodegroup } from "@eks-actions/aws";
import { natCount } from "../network/layout.ts";
import { plannedZones } from "../network/subnets.ts";
import { endpointServices } from "../network/vpc-endpoints.ts";
import type { Plan } from "../plan.ts";

/** What cost-diff prices, counted for one side of a plan. */
interface CostFacts {
  readonly version: string;
  readonly supportType: string;
  /** `YYYY-MM-DD` */
  readonly endOfStandardSupport: string | null;
  readonly tier: string;
  readonly nodegroups: readonly CostGroup[];
  readonly fargate: number;
  readonly nat: number;
  /** Interface endpoints, once for each zone. */
  readonly vpcEndpoints: number;
  /** Addresses of NAT gateways and of nodes in public subnets. */
  readonly publicIps: number;
  readonly capabilities: readonly string[];
  readonly autoMode: boolean;
}

interface CostGroup {
  readonly name: string;
  readonly instanceTypes: readonly string[];
  readonly capacityType: string;
  readonly min: number;
  readonly desired: number;
  readonly max: number;
  /** GiB and kind of the root volume; absent where only the launch template knows. */
  readonly volume?: unknown;
}

/** The live cluster, and what the file makes of it; an absent side is empty. */
export function costFacts(plan: Plan): { readonly before: CostFacts | object; readonly after: CostFacts | object } {
  return {
    before: plan.facts.cluster === undefined ? {} : before(plan),
    after: plan.kind === "destroy" ? {} : after(plan),
  };
}

function endOfSupport(plan: Plan, version: string): string | null {
  const info = plan.facts.versions.find((entry) => entry.clusterVersion === version);
  return info?.endOfStandardSupportDate?.toISOString().slice(0, 10) ?? null;
}

function after(plan: Plan): CostFacts {
  const { config } = plan.facts;
  const zones = plannedZones(plan.facts);
  const nat = plan.facts.network.foreign === undefined ? natCount(config, zones) : 0;
  const publicNodes = config.managedNodeGroups.filter((group) => !group.privateNetworking);
  return {
    version: plan.resolved.version,
    supportType: config.upgradePolicy?.supportType ?? "EXTENDED",
    endOfStandardSupport: endOfSupport(plan, plan.resolved.version),
    tier: config.controlPlaneScalingConfig?.tier ?? "standard",
    nodegroups: config.managedNodeGroups.map((group) => ({
      name: group.name,
      instanceTypes: group.instanceTypes,
      capacityType: group.spot ? "SPOT" : "ON_DEMAND",
      min: group.minSize,
      desired: group.desiredCapacity,
      max: group.maxSize,
      volume: group.volume,
    })),
    fargate: config.fargateProfiles.length,
    nat,
    vpcEndpoints: endpointServices(config).length * zones,
    publicIps: nat + publicNodes.reduce((sum, group) => sum + group.desiredCapacity, 0),
    capabilities: config.capabilities.map((capability) => capability.type).sort(),
    autoMode: config.autoModeConfig.enabled,
  };
}

function before(plan: Plan): CostFacts {
  const { cluster, nodegroups, fargateProfiles, capabilities, network } = plan.facts;
  const version = cluster?.version ?? "";
  const gateways = network.natGateways.filter((nat) => nat.State === "available" || nat.State === "pending");
  const isPublic = (group: EksNodegroup) =>
    network.subnets.some(
      (subnet) => subnet.MapPublicIpOnLaunch === true && group.subnets?.includes(subnet.SubnetId ?? "") === true,
    );
  const size = (group: EksNodegroup) => group.scalingConfig?.desiredSize ?? 0;
  return {
    version,
    supportType: cluster?.upgradePolicy?.supportType ?? "EXTENDED",
    endOfStandardSupport: endOfSupport(plan, version),
    tier: cluster?.controlPlaneScalingConfig?.tier ?? "standard",
    nodegroups: nodegroups.map((group) => ({
      name: group.nodegroupName ?? "",
      instanceTypes: group.instanceTypes ?? [],
      capacityType: group.capacityType ?? "ON_DEMAND",
      min: group.scalingConfig?.minSize ?? 0,
      desired: size(group),
      max: group.scalingConfig?.maxSize ?? 0,
    })),
    fargate: fargateProfiles.length,
    nat: gateways.length,
    vpcEndpoints: network.endpoints
      .filter((endpoint) => endpoint.VpcEndpointType === "Interface")
      .reduce((sum, endpoint) => sum + (endpoint.SubnetIds?.length ?? 0), 0),
    publicIps: network.addresses.length + nodegroups.filter(isPublic).reduce((sum, group) => sum + size(group), 0),
    capabilities: capabilities.flatMap((capability) => capability.type ?? []).sort(),
    autoMode: cluster?.computeConfig?.enabled ?? false,
  };
}
