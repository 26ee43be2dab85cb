import type * as Ec2 from "@aws-sdk/client-ec2";
import { fault } from "../../fault.ts";
import { type Handler, handler, type World } from "../../world.ts";
import { contains, overlaps, parseCidr } from "./cidr.ts";
import { appear, dependencyViolation, describeMany, findById, newId, tagsFor } from "./find.ts";
import { vpcById } from "./vpcs.ts";
import { zonesOf } from "./zones.ts";

/** Puts a subnet into a VPC; the block has been checked. */
export function makeSubnet(
  world: World,
  wish: { readonly vpcId: string; readonly cidr: string; readonly zone: string; readonly tags: readonly Ec2.Tag[] },
): Ec2.Subnet {
  const { account } = world;
  const id = newId(world, "subnet");
  const subnet: Ec2.Subnet = {
    SubnetId: id,
    VpcId: wish.vpcId,
    CidrBlock: wish.cidr,
    AvailabilityZone: wish.zone,
    AvailabilityZoneId: zonesOf(world).find((zone) => zone.name === wish.zone)?.id,
    // EC2 keeps five addresses of each subnet to itself.
    AvailableIpAddressCount: (parseCidr(wish.cidr)?.size ?? 0) - 5,
    State: "available",
    OwnerId: account.id,
    DefaultForAz: false,
    MapPublicIpOnLaunch: false,
    AssignIpv6AddressOnCreation: false,
    Ipv6CidrBlockAssociationSet: [],
    SubnetArn: `arn:${account.partition}:ec2:${account.region}:${account.id}:subnet/${id}`,
    Tags: [...wish.tags],
  };
  account.network.subnets.set(id, subnet);
  return subnet;
}

export function subnetOf(world: World, id: string | undefined): Ec2.Subnet {
  return findById(world, world.account.network.subnets, id, "InvalidSubnetID.NotFound", "subnet");
}

const createSubnet = handler<Ec2.CreateSubnetCommandInput, Ec2.CreateSubnetCommandOutput>(({ world }, input) => {
  const vpc = vpcById(world, input.VpcId);
  const cidr = input.CidrBlock ?? "";
  const block = parseCidr(cidr);
  const ranges = (vpc.CidrBlockAssociationSet ?? []).map((association) => parseCidr(association.CidrBlock ?? ""));
  if (block === undefined || !ranges.some((range) => range !== undefined && contains(range, block))) {
    throw fault("InvalidSubnet.Range", `The CIDR '${cidr}' is invalid.`);
  }
  for (const other of world.account.network.subnets.values()) {
    const taken = parseCidr(other.CidrBlock ?? "");
    if (other.VpcId === vpc.VpcId && taken !== undefined && overlaps(taken, block)) {
      throw fault("InvalidSubnet.Conflict", `The CIDR '${cidr}' conflicts with another subnet`);
    }
  }
  const zone = zonesOf(world).find(
    ({ name, id }) => name === input.AvailabilityZone || id === input.AvailabilityZoneId,
  );
  if ((input.AvailabilityZone ?? input.AvailabilityZoneId) !== undefined && zone === undefined) {
    throw fault(
      "InvalidParameterValue",
      `Value (${input.AvailabilityZone ?? input.AvailabilityZoneId}) for parameter availabilityZone is invalid.`,
    );
  }
  const subnet = makeSubnet(world, {
    vpcId: vpc.VpcId ?? "",
    cidr,
    zone: zone?.name ?? zonesOf(world)[0]?.name ?? "",
    tags: tagsFor(input.TagSpecifications, "subnet"),
  });
  if (input.Ipv6CidrBlock !== undefined) {
    checkIpv6Block(world, vpc, input.Ipv6CidrBlock);
    subnet.Ipv6CidrBlockAssociationSet = [
      {
        AssociationId: newId(world, "subnet-cidr-assoc"),
        Ipv6CidrBlock: input.Ipv6CidrBlock,
        Ipv6CidrBlockState: { State: "associated" },
      },
    ];
  }
  appear(world, subnet.SubnetId ?? "");
  return { Subnet: structuredClone(subnet) };
});

/** A /64 inside the VPC's own /56, which has to be associated by then. */
function checkIpv6Block(world: World, vpc: Ec2.Vpc, block: string): void {
  const range = vpc.Ipv6CidrBlockAssociationSet?.find((entry) => entry.Ipv6CidrBlockState?.State === "associated");
  const prefix = range?.Ipv6CidrBlock?.replace(/00::\/56$/, "");
  const isInside =
    prefix !== undefined && block.startsWith(prefix) && /^[0-9a-f]{2}::\/64$/.test(block.slice(prefix.length));
  if (!isInside) throw fault("InvalidSubnet.Range", `The CIDR '${block}' is invalid.`);
  const taken = [...world.account.network.subnets.values()].some((subnet) =>
    subnet.Ipv6CidrBlockAssociationSet?.some((entry) => entry.Ipv6CidrBlock === block),
  );
  if (taken) throw fault("InvalidSubnet.Conflict", `The CIDR '${block}' conflicts with another subnet`);
}

const describeSubnets = handler<Ec2.DescribeSubnetsCommandInput, Ec2.DescribeSubnetsCommandOutput>(
  ({ world }, input) => {
    const { items, ...rest } = describeMany(world, world.account.network.subnets, input.SubnetIds, input, {
      code: "InvalidSubnetID.NotFound",
      noun: "subnet",
      filterable: (subnet) => ({
        tags: subnet.Tags ?? [],
        values: {
          "vpc-id": [subnet.VpcId],
          "subnet-id": [subnet.SubnetId],
          "availability-zone": [subnet.AvailabilityZone],
          "availability-zone-id": [subnet.AvailabilityZoneId],
          "cidr-block": [subnet.CidrBlock],
          state: [subnet.State],
          "map-public-ip-on-launch": [String(subnet.MapPublicIpOnLaunch)],
        },
      }),
    });
    return { Subnets: items, ...rest };
  },
);

const modifySubnetAttribute = handler<Ec2.ModifySubnetAttributeCommandInput, Ec2.ModifySubnetAttributeCommandOutput>(
  ({ world }, input) => {
    const subnet = subnetOf(world, input.SubnetId);
    subnet.MapPublicIpOnLaunch = input.MapPublicIpOnLaunch?.Value ?? subnet.MapPublicIpOnLaunch;
    subnet.AssignIpv6AddressOnCreation = input.AssignIpv6AddressOnCreation?.Value ?? subnet.AssignIpv6AddressOnCreation;
    if (input.PrivateDnsHostnameTypeOnLaunch !== undefined) {
      subnet.PrivateDnsNameOptionsOnLaunch = { HostnameType: input.PrivateDnsHostnameTypeOnLaunch };
    }
    return {};
  },
);

const deleteSubnet = handler<Ec2.DeleteSubnetCommandInput, Ec2.DeleteSubnetCommandOutput>(({ world }, input) => {
  const subnet = subnetOf(world, input.SubnetId);
  const { network } = world.account;
  const holders = [
    ...[...network.networkInterfaces.values()].filter((item) => item.SubnetId === subnet.SubnetId),
    ...[...network.natGateways.values()].filter(
      (gateway) => gateway.SubnetId === subnet.SubnetId && gateway.State !== "deleted",
    ),
  ];
  if (holders.length > 0) {
    throw dependencyViolation(`The subnet '${subnet.SubnetId}' has dependencies and cannot be deleted.`);
  }
  for (const table of network.routeTables.values()) {
    table.Associations = (table.Associations ?? []).filter((association) => association.SubnetId !== subnet.SubnetId);
  }
  network.subnets.delete(subnet.SubnetId ?? "");
  return {};
});

export const subnets: Readonly<Record<string, Handler>> = {
  CreateSubnet: createSubnet,
  DescribeSubnets: describeSubnets,
  ModifySubnetAttribute: modifySubnetAttribute,
  DeleteSubnet: deleteSubnet,
};
