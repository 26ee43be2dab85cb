import type * as Ec2 from "@aws-sdk/client-ec2";
import { fault } from "../../fault.ts";
import { type Handler, handler, type World } from "../../world.ts";
import { describeMany, findById, newId } from "./find.ts";

/** Puts a network interface into a subnet: EKS's own, a NAT gateway's, a load balancer's, or a leftover. */
export function makeInterface(
  world: World,
  wish: {
    readonly subnetId: string;
    readonly description: string;
    readonly groupIds?: readonly string[];
    readonly status: "available" | "in-use";
    readonly tags?: readonly Ec2.Tag[];
  },
): Ec2.NetworkInterface {
  const { network } = world.account;
  const subnet = network.subnets.get(wish.subnetId);
  const made: Ec2.NetworkInterface = {
    NetworkInterfaceId: newId(world, "eni"),
    SubnetId: wish.subnetId,
    VpcId: subnet?.VpcId,
    AvailabilityZone: subnet?.AvailabilityZone,
    Description: wish.description,
    Groups: (wish.groupIds ?? []).map((GroupId) => ({
      GroupId,
      GroupName: network.securityGroups.get(GroupId)?.GroupName,
    })),
    Status: wish.status,
    OwnerId: world.account.id,
    InterfaceType: "interface",
    TagSet: [...(wish.tags ?? [])],
  };
  network.networkInterfaces.set(made.NetworkInterfaceId ?? "", made);
  return made;
}

const describeNetworkInterfaces = handler<
  Ec2.DescribeNetworkInterfacesCommandInput,
  Ec2.DescribeNetworkInterfacesCommandOutput
>(({ world }, input) => {
  const { items, ...rest } = describeMany(
    world,
    world.account.network.networkInterfaces,
    input.NetworkInterfaceIds,
    input,
    {
      code: "InvalidNetworkInterfaceID.NotFound",
      noun: "networkInterface",
      filterable: (item) => ({
        tags: item.TagSet ?? [],
        values: {
          "vpc-id": [item.VpcId],
          "subnet-id": [item.SubnetId],
          "network-interface-id": [item.NetworkInterfaceId],
          status: [item.Status],
          description: [item.Description],
          "group-id": (item.Groups ?? []).map((group) => group.GroupId),
          "group-name": (item.Groups ?? []).map((group) => group.GroupName),
        },
      }),
    },
  );
  return { NetworkInterfaces: items, ...rest };
});

const deleteNetworkInterface = handler<Ec2.DeleteNetworkInterfaceCommandInput, Ec2.DeleteNetworkInterfaceCommandOutput>(
  ({ world }, input) => {
    const { networkInterfaces } = world.account.network;
    const found = findById(
      world,
      networkInterfaces,
      input.NetworkInterfaceId,
      "InvalidNetworkInterfaceID.NotFound",
      "networkInterface",
    );
    if (found.Status === "in-use") {
      throw fault("InvalidParameterValue", `Network interface '${input.NetworkInterfaceId}' is currently in use.`);
    }
    networkInterfaces.delete(input.NetworkInterfaceId ?? "");
    return {};
  },
);

export const interfaces: Readonly<Record<string, Handler>> = {
  DescribeNetworkInterfaces: describeNetworkInterfaces,
  DeleteNetworkInterface: deleteNetworkInterface,
};
