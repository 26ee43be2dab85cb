import type * as Ec2 from "@aws-sdk/client-ec2";
import type { Outcome } from "../../aws.ts";
import { fault } from "../../fault.ts";
import { type Handler, handler, type World } from "../../world.ts";
import { appear, describeMany, findById, newId, tagsFor } from "./find.ts";
import { makeInterface } from "./interfaces.ts";
import { subnetOf } from "./subnets.ts";

const createNatGateway = handler<Ec2.CreateNatGatewayCommandInput, Ec2.CreateNatGatewayCommandOutput>(
  ({ world, outcome }, input) => {
    const { network } = world.account;
    const known = [...network.natGateways.entries()].find(
      ([id]) => input.ClientToken !== undefined && network.natTokens.get(id) === input.ClientToken,
    );
    if (known !== undefined) return { NatGateway: structuredClone(known[1]), ClientToken: input.ClientToken };
    const subnet = subnetOf(world, input.SubnetId);
    const isPublic = input.ConnectivityType !== "private";
    if (isPublic && input.AllocationId === undefined) {
      throw fault("MissingParameter", "The request must contain the parameter allocationId");
    }
    const id = newId(world, "nat");
    const nat: Ec2.NatGateway = {
      NatGatewayId: id,
      VpcId: subnet.VpcId,
      SubnetId: subnet.SubnetId,
      State: "pending",
      ConnectivityType: isPublic ? "public" : "private",
      CreateTime: new Date(world.agenda.now()),
      NatGatewayAddresses: isPublic ? [attachAddress(world, input.AllocationId)] : [],
      Tags: tagsFor(input.TagSpecifications, "natgateway"),
    };
    network.natGateways.set(id, nat);
    if (input.ClientToken !== undefined) network.natTokens.set(id, input.ClientToken);
    makeInterface(world, {
      subnetId: subnet.SubnetId ?? "",
      description: `Interface for NAT Gateway ${id}`,
      status: "in-use",
    });
    appear(world, id);
    world.agenda.after(world.durations("natAvailable", id), () => settleNat(world, nat, outcome));
    return {
      NatGateway: structuredClone(nat),
      ...(input.ClientToken === undefined ? {} : { ClientToken: input.ClientToken }),
    };
  },
);

function attachAddress(world: World, allocationId: string | undefined): Ec2.NatGatewayAddress {
  const address = findById(
    world,
    world.account.network.addresses,
    allocationId,
    "InvalidAllocationID.NotFound",
    "allocation",
  );
  if (address.AssociationId !== undefined) {
    throw fault("Resource.AlreadyAssociated", `Elastic IP address [${allocationId}] is already associated`);
  }
  address.AssociationId = newId(world, "eipassoc");
  address.NetworkInterfaceOwnerId = world.account.id;
  return { AllocationId: allocationId, PublicIp: address.PublicIp, IsPrimary: true, Status: "associating" };
}

// A public gateway in a VPC without an internet gateway fails, as EC2 says after the fact.
function settleNat(world: World, nat: Ec2.NatGateway, outcome: Outcome | undefined): void {
  if (nat.State !== "pending") return;
  const isReachable = [...world.account.network.internetGateways.values()].some((gateway) =>
    (gateway.Attachments ?? []).some((attachment) => attachment.VpcId === nat.VpcId),
  );
  const isCutOff = nat.ConnectivityType === "public" && !isReachable;
  if (isCutOff || outcome !== undefined) {
    nat.State = "failed";
    nat.FailureCode = outcome?.code ?? "Gateway.NotAttached";
    nat.FailureMessage = outcome?.message ?? `Network ${nat.VpcId} has no Internet gateway attached`;
    releaseAddresses(world, nat);
    return;
  }
  nat.State = "available";
  nat.NatGatewayAddresses = (nat.NatGatewayAddresses ?? []).map((address) => ({ ...address, Status: "succeeded" }));
}

function releaseAddresses(world: World, nat: Ec2.NatGateway): void {
  for (const { AllocationId } of nat.NatGatewayAddresses ?? []) {
    const address = world.account.network.addresses.get(AllocationId ?? "");
    if (address !== undefined) address.AssociationId = undefined;
  }
  for (const [id, item] of world.account.network.networkInterfaces) {
    if (item.Description === `Interface for NAT Gateway ${nat.NatGatewayId}`) {
      world.account.network.networkInterfaces.delete(id);
    }
  }
}

const describeNatGateways = handler<Ec2.DescribeNatGatewaysCommandInput, Ec2.DescribeNatGatewaysCommandOutput>(
  ({ world }, input) => {
    const request = { Filters: input.Filter, MaxResults: input.MaxResults, NextToken: input.NextToken };
    const { items, ...rest } = describeMany(world, world.account.network.natGateways, input.NatGatewayIds, request, {
      code: "NatGatewayNotFound",
      noun: "natGateway",
      filterable: (nat) => ({
        tags: nat.Tags ?? [],
        values: {
          "vpc-id": [nat.VpcId],
          "subnet-id": [nat.SubnetId],
          state: [nat.State],
          "nat-gateway-id": [nat.NatGatewayId],
        },
      }),
    });
    return { NatGateways: items, ...rest };
  },
);

const deleteNatGateway = handler<Ec2.DeleteNatGatewayCommandInput, Ec2.DeleteNatGatewayCommandOutput>(
  ({ world }, input) => {
    const { natGateways } = world.account.network;
    const nat = findById(world, natGateways, input.NatGatewayId, "NatGatewayNotFound", "natGateway");
    const id = nat.NatGatewayId ?? "";
    if (nat.State === "deleted" || nat.State === "deleting") return { NatGatewayId: id };
    nat.State = "deleting";
    world.agenda.after(world.durations("natDelete", id), () => {
      nat.State = "deleted";
      nat.DeleteTime = new Date(world.agenda.now());
      releaseAddresses(world, nat);
      for (const table of world.account.network.routeTables.values()) {
        for (const route of table.Routes ?? []) if (route.NatGatewayId === id) route.State = "blackhole";
      }
      // Deleted gateways stay listed for about an hour.
      world.agenda.after(3600, () => natGateways.delete(id));
    });
    return { NatGatewayId: id };
  },
);

const allocateAddress = handler<Ec2.AllocateAddressCommandInput, Ec2.AllocateAddressCommandOutput>(
  ({ world }, input) => {
    const { addresses } = world.account.network;
    if (addresses.size >= (world.account.quotas.get("ec2/L-0263D0A3") ?? 5)) {
      throw fault("AddressLimitExceeded", "The maximum number of addresses has been reached.");
    }
    const id = newId(world, "eipalloc");
    const digits = Buffer.from(world.random.hex("public-ip", 4), "hex");
    const address: Ec2.Address = {
      AllocationId: id,
      PublicIp: `198.51.${digits[0]}.${digits[1]}`,
      Domain: "vpc",
      PublicIpv4Pool: "amazon",
      NetworkBorderGroup: world.account.region,
      Tags: tagsFor(input.TagSpecifications, "elastic-ip"),
    };
    addresses.set(id, address);
    appear(world, id);
    return {
      AllocationId: id,
      PublicIp: address.PublicIp,
      Domain: "vpc",
      PublicIpv4Pool: "amazon",
      NetworkBorderGroup: world.account.region,
    };
  },
);

const describeAddresses = handler<Ec2.DescribeAddressesCommandInput, Ec2.DescribeAddressesCommandOutput>(
  ({ world }, input) => {
    const { items } = describeMany(
      world,
      world.account.network.addresses,
      input.AllocationIds,
      { Filters: input.Filters, isUnpaged: true },
      {
        code: "InvalidAllocationID.NotFound",
        noun: "allocation",
        filterable: (address) => ({
          tags: address.Tags ?? [],
          values: {
            "allocation-id": [address.AllocationId],
            "association-id": [address.AssociationId],
            "public-ip": [address.PublicIp],
            domain: [address.Domain],
          },
        }),
      },
    );
    return { Addresses: items };
  },
);

const releaseAddress = handler<Ec2.ReleaseAddressCommandInput, Ec2.ReleaseAddressCommandOutput>(({ world }, input) => {
  const { addresses } = world.account.network;
  const address = findById(world, addresses, input.AllocationId, "InvalidAllocationID.NotFound", "allocation");
  if (address.AssociationId !== undefined) {
    throw fault("InvalidIPAddress.InUse", `Address ${address.PublicIp} is in use.`);
  }
  addresses.delete(input.AllocationId ?? "");
  return {};
});

export const nat: Readonly<Record<string, Handler>> = {
  CreateNatGateway: createNatGateway,
  DescribeNatGateways: describeNatGateways,
  DeleteNatGateway: deleteNatGateway,
  AllocateAddress: allocateAddress,
  DescribeAddresses: describeAddresses,
  ReleaseAddress: releaseAddress,
};
