import type { Ec2Subnet } from "@eks-actions/aws";
import type { ManagedNodeGroup } from "@eks-actions/cluster-config";
import type { Facts } from "../facts.ts";
import type { Context } from "../plan/context.ts";
import type { Finding } from "../plan/finding.ts";
import { readTags } from "../plan/tags.ts";
import { type Ref, ref } from "../plan/value.ts";
import { chooseZones, isUsable, ownSubnets } from "./layout.ts";

/** A subnet as the plan uses it: ours by reference, a foreign one by id. */
export interface PlannedSubnet {
  readonly id: string | Ref;
  /** Action part that must be done before; absent for foreign subnets. */
  readonly part?: string | undefined;
  readonly zone: string;
  readonly isPublic: boolean;
  /** Names by which a node group may choose it: the key in the file, the id, the zone. */
  readonly names: readonly string[];
}

/** True when the file, or the adopted cluster, brings a VPC of its own. */
export function isForeignNetwork(context: Context): boolean {
  return context.facts.network.foreign !== undefined;
}

export function plannedSubnets(context: Context): readonly PlannedSubnet[] {
  const { foreign } = context.facts.network;
  if (foreign !== undefined) return foreignSubnets(context, foreign.subnets);
  const zones = chooseZones(context.facts);
  return ownSubnets(context.config, zones).map((subnet) => ({
    id: ref(subnet.part),
    part: subnet.part,
    zone: subnet.zone,
    isPublic: subnet.isPublic,
    names: [subnet.zone, subnet.part],
  }));
}

function foreignSubnets(context: Context, live: readonly Ec2Subnet[]): readonly PlannedSubnet[] {
  const { subnets } = context.config.vpc;
  const listed = [
    ...subnets.public.map((subnet) => ({ ...subnet, isPublic: true })),
    ...subnets.private.map((subnet) => ({ ...subnet, isPublic: false })),
  ];
  if (listed.length === 0) {
    const discovered = context.config.extension?.discover;
    return live.map((subnet) => ({
      id: subnet.SubnetId ?? "",
      zone: subnet.AvailabilityZone ?? "",
      isPublic: discovered === undefined ? subnet.MapPublicIpOnLaunch === true : !carries(subnet, discovered.private),
      names: [subnet.SubnetId ?? "", subnet.AvailabilityZone ?? ""],
    }));
  }
  return listed.flatMap((wanted) => {
    const found = live.find((subnet) =>
      wanted.id === undefined
        ? subnet.AvailabilityZone === wanted.az && (wanted.cidr === undefined || subnet.CidrBlock === wanted.cidr)
        : subnet.SubnetId === wanted.id,
    );
    if (found?.SubnetId === undefined) return [];
    const zone = found.AvailabilityZone ?? "";
    return [{ id: found.SubnetId, zone, isPublic: wanted.isPublic, names: [wanted.key, found.SubnetId, zone] }];
  });
}

function carries(subnet: Ec2Subnet, wanted: Readonly<Record<string, string>> | undefined): boolean {
  const tags = readTags(subnet.Tags);
  return wanted !== undefined && Object.entries(wanted).every(([key, value]) => tags[key] === value);
}

/** How many zones the plan's subnets lie in. */
export function plannedZones({ config, network, ...facts }: Facts): number {
  const { foreign } = network;
  const names =
    foreign === undefined
      ? chooseZones({ config, network, ...facts })
      : foreign.subnets.map((subnet) => subnet.AvailabilityZone);
  return new Set(names).size;
}

/** Subnets into which EKS puts the control plane's network interfaces. */
export function controlPlaneSubnets(context: Context): readonly (string | Ref)[] {
  const { vpc, autoModeConfig } = context.config;
  if (vpc.controlPlaneSubnetIDs.length > 0) return vpc.controlPlaneSubnetIDs;
  const all = plannedSubnets(context);
  const privateOnly = vpc.controlPlaneOnPrivateSubnets || autoModeConfig.enabled;
  const chosen = privateOnly ? all.filter((subnet) => !subnet.isPublic) : all;
  return (chosen.length === 0 ? all : chosen).map((subnet) => subnet.id);
}

export function nodeSubnets(context: Context, group: ManagedNodeGroup): readonly PlannedSubnet[] {
  const all = plannedSubnets(context);
  if (group.subnets.length > 0) {
    return all.filter((subnet) => subnet.names.some((name) => group.subnets.includes(name)));
  }
  const side = all.filter((subnet) => subnet.isPublic !== group.privateNetworking);
  if (group.availabilityZones.length === 0) return side;
  return side.filter((subnet) => group.availabilityZones.includes(subnet.zone));
}

/** What must hold for a VPC that is not ours. Nothing of it is ever changed. */
export function foreignFindings(context: Context): readonly Finding[] {
  const { foreign, dnsSupport, dnsHostnames } = context.facts.network;
  if (foreign === undefined) return [];
  const { config } = context;
  const findings: Finding[] = [];
  const invalid = (path: string, message: string, hint: string) =>
    findings.push({ level: "fatal", code: "SUBNET_INVALID", path, message, hint });
  const planned = plannedSubnets(context);
  const { subnets } = config.vpc;
  for (const [side, wanted] of [
    ["public", subnets.public],
    ["private", subnets.private],
  ] as const) {
    for (const subnet of wanted) {
      if (!planned.some((found) => found.names.includes(subnet.key) || found.id === subnet.id)) {
        const what = subnet.id ?? `${subnet.cidr ?? "any range"} in ${subnet.az ?? subnet.key}`;
        invalid(`vpc.subnets.${side}.${subnet.key}`, `subnet ${what} does not exist`, "check the id and the region");
      }
    }
  }
  if (config.extension?.discover !== undefined && foreign.subnets.length === 0) {
    invalid("vpc.discover", "no subnet carries these tags", "check the tags, and the region");
  }
  const vpcs = new Set(foreign.subnets.map((subnet) => subnet.VpcId));
  if (config.vpc.id !== undefined) vpcs.add(config.vpc.id);
  if (vpcs.size > 1) invalid("vpc.subnets", `the subnets lie in ${[...vpcs].join(", ")}`, "name subnets of one VPC");
  if (config.vpc.hasCidr && foreign.vpc !== undefined && foreign.vpc.CidrBlock !== config.vpc.cidr) {
    invalid(
      "vpc.cidr",
      `VPC ${foreign.vpc.VpcId} has ${foreign.vpc.CidrBlock}, the file ${config.vpc.cidr}`,
      "leave `cidr` out",
    );
  }
  const used = controlPlaneIds(context);
  const chosen = foreign.subnets.filter((subnet) => used.has(subnet.SubnetId ?? ""));
  if (chosen.length > 0 && new Set(chosen.map((subnet) => subnet.AvailabilityZone)).size < 2) {
    invalid("vpc.subnets", "the subnets lie in one zone, EKS needs two", "add a subnet in another zone");
  }
  for (const subnet of chosen) {
    const zone = context.facts.zones.find((candidate) => candidate.ZoneName === subnet.AvailabilityZone);
    if (zone !== undefined && !isUsable(zone)) {
      invalid(
        "vpc.subnets",
        `${subnet.SubnetId} lies in ${zone.ZoneName}, where EKS has no control plane`,
        "choose another zone",
      );
    }
    const free = subnet.AvailableIpAddressCount;
    if (context.facts.cluster === undefined && free !== undefined && free < 6) {
      invalid("vpc.subnets", `${subnet.SubnetId} has ${free} free addresses, EKS needs 6`, "choose a larger subnet");
    } else if (free !== undefined && free < 16) {
      findings.push({
        level: "warn",
        code: "SUBNET_IPS_LOW",
        path: "vpc.subnets",
        message: `${subnet.SubnetId} has ${free} free addresses; EKS advises 16, an upgrade needs 5`,
        hint: "choose a larger subnet for the control plane",
      });
    }
  }
  const vpcId = foreign.vpc?.VpcId;
  if (vpcId !== undefined && (dnsSupport.get(vpcId) === false || dnsHostnames.get(vpcId) === false)) {
    invalid("vpc.id", `DNS support or DNS hostnames are off in ${vpcId}`, "switch both on in the VPC");
  }
  return findings;
}

function controlPlaneIds(context: Context): ReadonlySet<string> {
  return new Set(controlPlaneSubnets(context).filter((id) => typeof id === "string"));
}
