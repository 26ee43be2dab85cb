import {
  CreateEgressOnlyInternetGatewayCommand,
  CreateVpcEndpointCommand,
  DeleteEgressOnlyInternetGatewayCommand,
  DeleteNetworkInterfaceCommand,
  DeleteVolumeCommand,
  DeleteVpcEndpointsCommand,
  DescribeCapacityReservationsCommand,
  DescribeEgressOnlyInternetGatewaysCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSpotPriceHistoryCommand,
  DescribeVolumesCommand,
  DescribeVpcEndpointsCommand,
  EC2Client,
} from "@aws-sdk/client-ec2";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { expect, it } from "vitest";
import { virtualClock } from "../../../clock.ts";
import { startAws } from "../../index.ts";
import { clientConfig } from "../../testing.ts";

async function account() {
  const clock = virtualClock();
  const aws = await startAws({ clock, durations: "bench" });
  const config = clientConfig(aws);
  return { aws, clock, ec2: new EC2Client(config), ssm: new SSMClient(config) };
}

it("finds the volumes and interfaces that a test left behind, and lets them be deleted", async () => {
  const { aws, ec2 } = await account();
  await using _ = aws;
  const { vpcId, subnetIds } = aws.addNetwork();
  const cluster = { Key: "kubernetes.io/cluster/prod", Value: "owned" };
  aws.account.network.volumes.set("vol-01", { VolumeId: "vol-01", State: "available", Size: 20, Tags: [cluster] });
  aws.account.network.networkInterfaces.set("eni-01", {
    NetworkInterfaceId: "eni-01",
    VpcId: vpcId,
    SubnetId: subnetIds[0],
    Status: "available",
    Description: "aws-K8S-i-0123",
    TagSet: [],
  });
  const volumes = await ec2.send(
    new DescribeVolumesCommand({ Filters: [{ Name: "tag-key", Values: ["kubernetes.io/cluster/*"] }] }),
  );
  expect(volumes.Volumes?.map((volume) => volume.VolumeId)).toEqual(["vol-01"]);
  const interfaces = await ec2.send(
    new DescribeNetworkInterfacesCommand({ Filters: [{ Name: "description", Values: ["aws-K8S-*"] }] }),
  );
  expect(interfaces.NetworkInterfaces?.map((item) => item.NetworkInterfaceId)).toEqual(["eni-01"]);
  await ec2.send(new DeleteVolumeCommand({ VolumeId: "vol-01" }));
  await ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: "eni-01" }));
  await expect(ec2.send(new DeleteVolumeCommand({ VolumeId: "vol-01" }))).rejects.toMatchObject({
    name: "InvalidVolume.NotFound",
  });
  expect((await ec2.send(new DescribeInstancesCommand({}))).Reservations).toEqual([]);
  expect((await ec2.send(new DescribeCapacityReservationsCommand({}))).CapacityReservations).toEqual([]);
});

it("knows the images that SSM names", async () => {
  const { aws, ec2, ssm } = await account();
  await using _ = aws;
  const Name = "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/arm64/standard/recommended/image_id";
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name }));
  const { Images } = await ec2.send(new DescribeImagesCommand({ ImageIds: [Parameter?.Value ?? ""] }));
  expect(Images?.[0]?.Architecture).toBe("arm64");
  await expect(ec2.send(new DescribeImagesCommand({ ImageIds: ["ami-0nothing"] }))).rejects.toMatchObject({
    name: "InvalidAMIID.NotFound",
  });
});

it("keeps VPC endpoints and egress-only gateways", async () => {
  const { aws, clock, ec2 } = await account();
  await using _ = aws;
  const { vpcId: VpcId, subnetIds } = aws.addNetwork();
  const ServiceName = "com.amazonaws.us-east-1.sts";
  const made = await ec2.send(
    new CreateVpcEndpointCommand({ VpcId, ServiceName, VpcEndpointType: "Interface", SubnetIds: subnetIds }),
  );
  const VpcEndpointId = made.VpcEndpoint?.VpcEndpointId ?? "";
  await clock.advance(60_000);
  const list = await ec2.send(new DescribeVpcEndpointsCommand({ VpcEndpointIds: [VpcEndpointId] }));
  expect(list.VpcEndpoints?.[0]).toMatchObject({ ServiceName, State: "Available" });
  await ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [VpcEndpointId] }));
  const gateway = await ec2.send(new CreateEgressOnlyInternetGatewayCommand({ VpcId }));
  const id = gateway.EgressOnlyInternetGateway?.EgressOnlyInternetGatewayId ?? "";
  const shown = await ec2.send(new DescribeEgressOnlyInternetGatewaysCommand({ EgressOnlyInternetGatewayIds: [id] }));
  expect(shown.EgressOnlyInternetGateways?.[0]?.Attachments?.[0]?.VpcId).toBe(VpcId);
  await ec2.send(new DeleteEgressOnlyInternetGatewayCommand({ EgressOnlyInternetGatewayId: id }));
});

it("tells spot prices by zone", async () => {
  const { aws, ec2 } = await account();
  await using _ = aws;
  const { SpotPriceHistory, NextToken } = await ec2.send(
    new DescribeSpotPriceHistoryCommand({ InstanceTypes: ["m5.large"], ProductDescriptions: ["Linux/UNIX"] }),
  );
  expect(SpotPriceHistory?.[0]).toMatchObject({ AvailabilityZone: "us-east-1a", SpotPrice: "0.033600" });
  expect(NextToken).not.toBe("");
});
