import type { Ec2Subnet, Ec2Zone } from "@eks-actions/aws";
import type { ClusterConfig } from "@eks-actions/cluster-config";
import type { Facts } from "../facts.ts";
import { partOf } from "../plan/context.ts";
import { readTags } from "../plan/tags.ts";

/** One subnet of our own VPC. */
export interface OwnSubnet {
  /** `public-0`, `private-2` */
  readonly part: string;
  readonly zone: string;
  readonly cidr: string;
  readonly isPublic: boolean;
}

// Zones in which EKS cannot place a control plane (user guide).
const EXCLUDED_ZONE_IDS = ["use1-az3", "usw1-az2", "cac1-az3"];

/**
 * Zones of our own VPC: those the file lists, else three (two in us-east-1) that offer every instance type, by zone id,
 * so that two runs choose alike. Subnets that exist keep their zone.
 */
export function chooseZones(facts: Facts): readonly string[] {
  const { config } = facts;
  const count = config.metadata.region === "us-east-1" ? 2 : 3;
  const wanted = config.availabilityZones.length > 0 ? config.availabilityZones : offered(facts).slice(0, count);
  const live = liveZones(config, facts.network.subnets);
  const length = Math.max(wanted.length, live.length);
  return Array.from({ length }, (_, index) => live[index] ?? wanted[index] ?? "").filter((zone) => zone !== "");
}

/** A group with several types runs wherever one of them is offered. */
function offered(facts: Facts): readonly string[] {
  const groups = facts.config.managedNodeGroups.filter((group) => group.instanceTypes.length > 0);
  const isOffered = (zone: string) =>
    groups.every((group) => group.instanceTypes.some((type) => facts.offerings.get(type)?.includes(zone) === true));
  return facts.zones
    .filter((zone) => isUsable(zone) && isOffered(zone.ZoneName ?? ""))
    .sort((a, b) => ((a.ZoneId ?? "") < (b.ZoneId ?? "") ? -1 : 1))
    .flatMap((zone) => zone.ZoneName ?? []);
}

export function isUsable(zone: Ec2Zone): boolean {
  const type = zone.ZoneType ?? "availability-zone";
  return type === "availability-zone" && zone.State === "available" && !EXCLUDED_ZONE_IDS.includes(zone.ZoneId ?? "");
}

function liveZones(config: ClusterConfig, subnets: readonly Ec2Subnet[]): readonly (string | undefined)[] {
  const zones: (string | undefined)[] = [];
  for (const subnet of subnets) {
    const part = partOf(config.metadata.name, readTags(subnet.Tags));
    const index = /^(?:public|private)-(\d+)$/.exec(part ?? "")?.[1];
    if (index !== undefined) zones[Number(index)] = subnet.AvailabilityZone;
  }
  return zones;
}

/** eksctl's layout: public subnets first, then private ones, all of one size. */
export function layout(cidr: string, zones: readonly string[]): readonly OwnSubnet[] {
  const count = zones.length * 2;
  const [base = "0.0.0.0", mask = "16"] = cidr.split("/");
  // Two subnets (one zone) still get an eighth each, as in eksctl.
  const bits = count <= 8 ? 3 : 4;
  const size = Number(mask) + bits;
  const at = (index: number) => `${address(number(base) + index * 2 ** (32 - size))}/${size}`;
  return zones.flatMap((zone, index) => [
    { part: `public-${index}`, zone, cidr: at(index), isPublic: true },
    { part: `private-${index}`, zone, cidr: at(index + zones.length), isPublic: false },
  ]);
}

/** The subnets that the file asks for: a private cluster has no public ones, and keeps the others where they would be. */
export function ownSubnets(config: ClusterConfig, zones: readonly string[]): readonly OwnSubnet[] {
  const all = layout(config.vpc.cidr, zones);
  return config.privateCluster.enabled ? all.filter((subnet) => !subnet.isPublic) : all;
}

export function natCount(config: ClusterConfig, zones: number): number {
  if (config.vpc.nat === "Disable" || config.privateCluster.enabled) return 0;
  return config.vpc.nat === "Single" ? 1 : zones;
}

function number(ip: string): number {
  return ip.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

function address(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}
