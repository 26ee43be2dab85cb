import type * as Ec2 from "@aws-sdk/client-ec2";
import { fault } from "../../fault.ts";
import { type Handler, handler, type World } from "../../world.ts";
import { appear, dependencyViolation, describeMany, findById, newId, tagsFor } from "./find.ts";
import { vpcById } from "./vpcs.ts";

/** EC2 says `available` of an internet gateway's attachment, a word that the SDK's type for it lacks. */
export function attachmentTo(vpcId: string | undefined): Ec2.InternetGatewayAttachment {
  const state: string = "available";
  return { State: state as Ec2.AttachmentStatus, VpcId: vpcId };
}

function gatewayById(world: World, id: string | undefined): Ec2.InternetGateway {
  const { internetGateways } = world.account.network;
  return findById(world, internetGateways, id, "InvalidInternetGatewayID.NotFound", "internetGateway");
}

const createInternetGateway = handler<Ec2.CreateInternetGatewayCommandInput, Ec2.CreateInternetGatewayCommandOutput>(
  ({ world }, input) => {
    const { internetGateways } = world.account.network;
    if (internetGateways.size >= (world.account.quotas.get("vpc/L-A4707A72") ?? 5)) {
      throw fault("InternetGatewayLimitExceeded", "The maximum number of internet gateways has been reached.");
    }
    const id = newId(world, "igw");
    const gateway: Ec2.InternetGateway = {
      InternetGatewayId: id,
      OwnerId: world.account.id,
      Attachments: [],
      Tags: tagsFor(input.TagSpecifications, "internet-gateway"),
    };
    internetGateways.set(id, gateway);
    appear(world, id);
    return { InternetGateway: structuredClone(gateway) };
  },
);

const attachInternetGateway = handler<Ec2.AttachInternetGatewayCommandInput, Ec2.AttachInternetGatewayCommandOutput>(
  ({ world }, input) => {
    const gateway = gatewayById(world, input.InternetGatewayId);
    const vpc = vpcById(world, input.VpcId);
    if ((gateway.Attachments ?? []).length > 0) {
      throw fault(
        "Resource.AlreadyAssociated",
        `resource ${gateway.InternetGatewayId} is already attached to network ${gateway.Attachments?.[0]?.VpcId}`,
      );
    }
    const isTaken = [...world.account.network.internetGateways.values()].some((other) =>
      (other.Attachments ?? []).some((attachment) => attachment.VpcId === vpc.VpcId),
    );
    if (isTaken) {
      throw fault("InvalidParameterValue", `Network ${vpc.VpcId} already has an internet gateway attached`);
    }
    gateway.Attachments = [attachmentTo(vpc.VpcId)];
    return {};
  },
);

const detachInternetGateway = handler<Ec2.DetachInternetGatewayCommandInput, Ec2.DetachInternetGatewayCommandOutput>(
  ({ world }, input) => {
    const gateway = gatewayById(world, input.InternetGatewayId);
    if (!(gateway.Attachments ?? []).some((attachment) => attachment.VpcId === input.VpcId)) {
      throw fault(
        "Gateway.NotAttached",
        `resource ${input.InternetGatewayId} is not attached to network ${input.VpcId}`,
      );
    }
    const { addresses, natGateways } = world.account.network;
    const isPublic = [...natGateways.values()].some(
      (nat) => nat.VpcId === input.VpcId && nat.State !== "deleted" && addresses.size > 0,
    );
    if (isPublic) {
      throw dependencyViolation(
        `Network ${input.VpcId} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.`,
      );
    }
    gateway.Attachments = [];
    return {};
  },
);

const describeInternetGateways = handler<
  Ec2.DescribeInternetGatewaysCommandInput,
  Ec2.DescribeInternetGatewaysCommandOutput
>(({ world }, input) => {
  const { internetGateways } = world.account.network;
  const { items, ...rest } = describeMany(world, internetGateways, input.InternetGatewayIds, input, {
    code: "InvalidInternetGatewayID.NotFound",
    noun: "internetGateway",
    filterable: (gateway) => ({
      tags: gateway.Tags ?? [],
      values: {
        "internet-gateway-id": [gateway.InternetGatewayId],
        "attachment.vpc-id": (gateway.Attachments ?? []).map((attachment) => attachment.VpcId),
        "attachment.state": (gateway.Attachments ?? []).map(() => "available"),
      },
    }),
  });
  return { InternetGateways: items, ...rest };
});

const deleteInternetGateway = handler<Ec2.DeleteInternetGatewayCommandInput, Ec2.DeleteInternetGatewayCommandOutput>(
  ({ world }, input) => {
    const gateway = gatewayById(world, input.InternetGatewayId);
    if ((gateway.Attachments ?? []).length > 0) {
      throw dependencyViolation(
        `The internetGateway '${gateway.InternetGatewayId}' has dependencies and cannot be deleted.`,
      );
    }
    world.account.network.internetGateways.delete(gateway.InternetGatewayId ?? "");
    return {};
  },
);

const createEgressOnly = handler<
  Ec2.CreateEgressOnlyInternetGatewayCommandInput,
  Ec2.CreateEgressOnlyInternetGatewayCommandOutput
>(({ world }, input) => {
  const vpc = vpcById(world, input.VpcId);
  const id = newId(world, "eigw");
  const gateway: Ec2.EgressOnlyInternetGateway = {
    EgressOnlyInternetGatewayId: id,
    Attachments: [{ State: "attached", VpcId: vpc.VpcId }],
    Tags: tagsFor(input.TagSpecifications, "egress-only-internet-gateway"),
  };
  world.account.network.egressOnlyInternetGateways.set(id, gateway);
  appear(world, id);
  return { EgressOnlyInternetGateway: structuredClone(gateway) };
});

const describeEgressOnly = handler<
  Ec2.DescribeEgressOnlyInternetGatewaysCommandInput,
  Ec2.DescribeEgressOnlyInternetGatewaysCommandOutput
>(({ world }, input) => {
  const { egressOnlyInternetGateways } = world.account.network;
  const { items, ...rest } = describeMany(
    world,
    egressOnlyInternetGateways,
    input.EgressOnlyInternetGatewayIds,
    input,
    {
      code: "InvalidGatewayID.NotFound",
      noun: "egressOnlyInternetGateway",
      filterable: (gateway) => ({ tags: gateway.Tags ?? [], values: {} }),
    },
  );
  return { EgressOnlyInternetGateways: items, ...rest };
});

const deleteEgressOnly = handler<
  Ec2.DeleteEgressOnlyInternetGatewayCommandInput,
  Ec2.DeleteEgressOnlyInternetGatewayCommandOutput
>(({ world }, input) => {
  const { egressOnlyInternetGateways: gateways } = world.account.network;
  const id = input.EgressOnlyInternetGatewayId;
  findById(world, gateways, id, "InvalidGatewayID.NotFound", "egressOnlyInternetGateway");
  gateways.delete(id ?? "");
  return { ReturnCode: true };
});

export const gateways: Readonly<Record<string, Handler>> = {
  CreateInternetGateway: createInternetGateway,
  AttachInternetGateway: attachInternetGateway,
  DetachInternetGateway: detachInternetGateway,
  DescribeInternetGateways: describeInternetGateways,
  DeleteInternetGateway: deleteInternetGateway,
  CreateEgressOnlyInternetGateway: createEgressOnly,
  DescribeEgressOnlyInternetGateways: describeEgressOnly,
  DeleteEgressOnlyInternetGateway: deleteEgressOnly,
};
