import type * as Ec2 from "@aws-sdk/client-ec2";
import { type Handler, handler } from "../../world.ts";
import { appear, describeMany, findById, newId, tagsFor } from "./find.ts";
import { vpcById } from "./vpcs.ts";

// Objects that the suite mostly looks for: volumes, instances and reservations of others, VPC endpoints.

const describeVolumes = handler<Ec2.DescribeVolumesCommandInput, Ec2.DescribeVolumesCommandOutput>(
  ({ world }, input) => {
    const { items, ...rest } = describeMany(world, world.account.network.volumes, input.VolumeIds, input, {
      code: "InvalidVolume.NotFound",
      noun: "volume",
      filterable: (volume) => ({
        tags: volume.Tags ?? [],
        values: { status: [volume.State], "volume-id": [volume.VolumeId] },
      }),
    });
    return { Volumes: items, ...rest };
  },
);

const deleteVolume = handler<Ec2.DeleteVolumeCommandInput, Ec2.DeleteVolumeCommandOutput>(({ world }, input) => {
  const { volumes } = world.account.network;
  findById(world, volumes, input.VolumeId, "InvalidVolume.NotFound", "volume");
  volumes.delete(input.VolumeId ?? "");
  return {};
});

const describeInstances = handler<Ec2.DescribeInstancesCommandInput, Ec2.DescribeInstancesCommandOutput>(() => ({
  Reservations: [],
}));

const describeCapacityReservations = handler<
  Ec2.DescribeCapacityReservationsCommandInput,
  Ec2.DescribeCapacityReservationsCommandOutput
>(() => ({ CapacityReservations: [] }));

const createVpcEndpoint = handler<Ec2.CreateVpcEndpointCommandInput, Ec2.CreateVpcEndpointCommandOutput>(
  ({ world }, input) => {
    const vpc = vpcById(world, input.VpcId);
    const id = newId(world, "vpce");
    const endpoint: Ec2.VpcEndpoint = {
      VpcEndpointId: id,
      VpcEndpointType: input.VpcEndpointType ?? "Gateway",
      VpcId: vpc.VpcId,
      ServiceName: input.ServiceName,
      State: input.VpcEndpointType === "Interface" ? "Pending" : "Available",
      SubnetIds: input.SubnetIds ?? [],
      RouteTableIds: input.RouteTableIds ?? [],
      Groups: (input.SecurityGroupIds ?? []).map((GroupId) => ({ GroupId })),
      PrivateDnsEnabled: input.PrivateDnsEnabled ?? false,
      OwnerId: world.account.id,
      CreationTimestamp: new Date(world.agenda.now()),
      Tags: tagsFor(input.TagSpecifications, "vpc-endpoint"),
    };
    world.account.network.vpcEndpoints.set(id, endpoint);
    appear(world, id);
    world.agenda.after(60, () => {
      endpoint.State = "Available";
    });
    return { VpcEndpoint: structuredClone(endpoint) };
  },
);

const describeVpcEndpoints = handler<Ec2.DescribeVpcEndpointsCommandInput, Ec2.DescribeVpcEndpointsCommandOutput>(
  ({ world }, input) => {
    const { items, ...rest } = describeMany(world, world.account.network.vpcEndpoints, input.VpcEndpointIds, input, {
      code: "InvalidVpcEndpointId.NotFound",
      noun: "VPC endpoint",
      filterable: (endpoint) => ({
        tags: endpoint.Tags ?? [],
        values: {
          "vpc-id": [endpoint.VpcId],
          "service-name": [endpoint.ServiceName],
          "vpc-endpoint-state": [endpoint.State],
        },
      }),
    });
    return { VpcEndpoints: items, ...rest };
  },
);

const deleteVpcEndpoints = handler<Ec2.DeleteVpcEndpointsCommandInput, Ec2.DeleteVpcEndpointsCommandOutput>(
  ({ world }, input) => {
    for (const id of input.VpcEndpointIds ?? []) world.account.network.vpcEndpoints.delete(id);
    return { Unsuccessful: [] };
  },
);

export const leftovers: Readonly<Record<string, Handler>> = {
  DescribeVolumes: describeVolumes,
  DeleteVolume: deleteVolume,
  DescribeInstances: describeInstances,
  DescribeCapacityReservations: describeCapacityReservations,
  CreateVpcEndpoint: createVpcEndpoint,
  DescribeVpcEndpoints: describeVpcEndpoints,
  DeleteVpcEndpoints: deleteVpcEndpoints,
};
