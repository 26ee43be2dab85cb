import type * as Ec2 from "@aws-sdk/client-ec2";
import { fault } from "../../fault.ts";
import type { VpcRecord } from "../../state.ts";
import { type Handler, handler, type World } from "../../world.ts";
import { parseCidr } from "./cidr.ts";
import { appear, dependencyViolation, describeMany, findById, newId, tagsFor } from "./find.ts";
import { makeRouteTable } from "./routeTables.ts";
import { makeSecurityGroup } from "./securityGroups.ts";

/** Puts a VPC into the account with its main route table and default security group. */
export function makeVpc(world: World, wish: { readonly cidr: string; readonly tags: readonly Ec2.Tag[] }): VpcRecord {
  const { account } = world;
  const id = newId(world, "vpc");
  const vpc: VpcRecord = {
    VpcId: id,
    CidrBlock: wish.cidr,
    State: "available",
    OwnerId: account.id,
    InstanceTenancy: "default",
    IsDefault: false,
    DhcpOptionsId: "dopt-00000000000000001",
    CidrBlockAssociationSet: [
      { AssociationId: newId(world, "vpc-cidr-assoc"), CidrBlock: wish.cidr, CidrBlockState: { State: "associated" } },
    ],
    Ipv6CidrBlockAssociationSet: [],
    Tags: [...wish.tags],
    enableDnsSupport: true,
    enableDnsHostnames: false,
  };
  account.network.vpcs.set(id, vpc);
  makeRouteTable(world, { vpcId: id, isMain: true, tags: [] });
  makeSecurityGroup(world, { vpcId: id, name: "default", description: "default VPC security group", tags: [] });
  return vpc;
}

export function vpcById(world: World, id: string | undefined): VpcRecord {
  return findById(world, world.account.network.vpcs, id, "InvalidVpcID.NotFound", "vpc");
}

const createVpc = handler<Ec2.CreateVpcCommandInput, Ec2.CreateVpcCommandOutput>(({ world }, input) => {
  const { vpcs } = world.account.network;
  const cidr = input.CidrBlock ?? "";
  if (parseCidr(cidr) === undefined) throw fault("InvalidVpc.Range", `The CIDR '${cidr}' is invalid.`);
  if (vpcs.size >= (world.account.quotas.get("vpc/L-F678F1CE") ?? 5)) {
    throw fault("VpcLimitExceeded", "The maximum number of VPCs has been reached.");
  }
  const vpc = makeVpc(world, { cidr, tags: tagsFor(input.TagSpecifications, "vpc") });
  if (input.AmazonProvidedIpv6CidrBlock === true) {
    vpc.Ipv6CidrBlockAssociationSet = [
      {
        AssociationId: newId(world, "vpc-cidr-assoc"),
        Ipv6CidrBlock: `2600:1f18:${world.random.hex("ipv6", 4)}:${world.random.hex("ipv6", 2)}00::/56`,
        Ipv6CidrBlockState: { State: "associating" },
        NetworkBorderGroup: world.account.region,
        Ipv6Pool: "Amazon",
      },
    ];
    world.agenda.after(2, () => {
      for (const range of vpc.Ipv6CidrBlockAssociationSet ?? []) range.Ipv6CidrBlockState = { State: "associated" };
    });
  }
  appear(world, vpc.VpcId ?? "");
  return { Vpc: shown(vpc) };
});

function shown(vpc: VpcRecord): Ec2.Vpc {
  const { enableDnsSupport: _support, enableDnsHostnames: _hostnames, ...rest } = structuredClone(vpc);
  return rest;
}

const describeVpcs = handler<Ec2.DescribeVpcsCommandInput, Ec2.DescribeVpcsCommandOutput>(({ world }, input) => {
  const { items, ...rest } = describeMany(world, world.account.network.vpcs, input.VpcIds, input, {
    code: "InvalidVpcID.NotFound",
    noun: "vpc",
    filterable: (vpc) => ({
      tags: vpc.Tags ?? [],
      values: {
        "vpc-id": [vpc.VpcId],
        cidr: [vpc.CidrBlock],
        state: [vpc.State],
        "is-default": [String(vpc.IsDefault)],
      },
    }),
  });
  return { Vpcs: items.map(shown), ...rest };
});

const describeVpcAttribute = handler<Ec2.DescribeVpcAttributeCommandInput, Ec2.DescribeVpcAttributeCommandOutput>(
  ({ world }, input) => {
    const vpc = vpcById(world, input.VpcId);
    const support = { EnableDnsSupport: { Value: vpc.enableDnsSupport } };
    const hostnames = { EnableDnsHostnames: { Value: vpc.enableDnsHostnames } };
    return { VpcId: vpc.VpcId, ...(input.Attribute === "enableDnsSupport" ? support : hostnames) };
  },
);

const modifyVpcAttribute = handler<Ec2.ModifyVpcAttributeCommandInput, Ec2.ModifyVpcAttributeCommandOutput>(
  ({ world }, input) => {
    const vpc = vpcById(world, input.VpcId);
    if (input.EnableDnsSupport !== undefined && input.EnableDnsHostnames !== undefined) {
      throw fault("InvalidParameterCombination", "Fields for multiple attribute types specified");
    }
    vpc.enableDnsSupport = input.EnableDnsSupport?.Value ?? vpc.enableDnsSupport;
    vpc.enableDnsHostnames = input.EnableDnsHostnames?.Value ?? vpc.enableDnsHostnames;
    return {};
  },
);

const deleteVpc = handler<Ec2.DeleteVpcCommandInput, Ec2.DeleteVpcCommandOutput>(({ world }, input) => {
  const vpc = vpcById(world, input.VpcId);
  const { network } = world.account;
  const inVpc = (items: Iterable<{ readonly VpcId?: string | undefined }>) =>
    [...items].some((item) => item.VpcId === vpc.VpcId);
  const isAttached = [...network.internetGateways.values(), ...network.egressOnlyInternetGateways.values()].some(
    (gateway) => (gateway.Attachments ?? []).some((attachment) => attachment.VpcId === vpc.VpcId),
  );
  const groups = [...network.securityGroups.values()].filter((group) => group.VpcId === vpc.VpcId);
  const tables = [...network.routeTables.values()].filter((table) => table.VpcId === vpc.VpcId);
  const isHeld =
    isAttached ||
    inVpc(network.subnets.values()) ||
    inVpc(network.networkInterfaces.values()) ||
    inVpc(network.vpcEndpoints.values()) ||
    groups.some((group) => group.GroupName !== "default") ||
    tables.some((table) => !(table.Associations ?? []).some((association) => association.Main === true));
  if (isHeld) throw dependencyViolation(`The vpc '${vpc.VpcId}' has dependencies and cannot be deleted.`);
  for (const table of tables) network.routeTables.delete(table.RouteTableId ?? "");
  for (const group of groups) network.securityGroups.delete(group.GroupId ?? "");
  network.vpcs.delete(vpc.VpcId ?? "");
  return {};
});

const associateVpcCidrBlock = handler<Ec2.AssociateVpcCidrBlockCommandInput, Ec2.AssociateVpcCidrBlockCommandOutput>(
  ({ world }, input) => {
    const vpc = vpcById(world, input.VpcId);
    const association: Ec2.VpcCidrBlockAssociation = {
      AssociationId: newId(world, "vpc-cidr-assoc"),
      CidrBlock: input.CidrBlock,
      CidrBlockState: { State: "associated" },
    };
    vpc.CidrBlockAssociationSet = [...(vpc.CidrBlockAssociationSet ?? []), association];
    return { VpcId: vpc.VpcId, CidrBlockAssociation: association };
  },
);

export const vpcs: Readonly<Record<string, Handler>> = {
  CreateVpc: createVpc,
  DescribeVpcs: describeVpcs,
  DescribeVpcAttribute: describeVpcAttribute,
  ModifyVpcAttribute: modifyVpcAttribute,
  DeleteVpc: deleteVpc,
  AssociateVpcCidrBlock: associateVpcCidrBlock,
};
