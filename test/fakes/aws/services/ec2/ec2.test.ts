import {
  _InstanceType,
  AllocateAddressCommand,
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateInternetGatewayCommand,
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  CreateNatGatewayCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateTagsCommand,
  CreateVpcCommand,
  DeleteInternetGatewayCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  DescribeAddressesCommand,
  DescribeAvailabilityZonesCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeNatGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeTagsCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcsCommand,
  DetachInternetGatewayCommand,
  EC2Client,
  ModifySubnetAttributeCommand,
  ModifyVpcAttributeCommand,
  paginateDescribeInstanceTypes,
  ReleaseAddressCommand,
  type RequestLaunchTemplateData,
} from "@aws-sdk/client-ec2";
import { describe, expect, it } from "vitest";
import { virtualClock } from "../../../clock.ts";
import { type AwsOptions, startAws } from "../../index.ts";
import { clientConfig } from "../../testing.ts";
import { instanceTable } from "./instanceTable.ts";

async function account(options: AwsOptions = {}) {
  const clock = virtualClock();
  const aws = await startAws({ clock, durations: "bench", ...options });
  return { aws, clock, ec2: new EC2Client(clientConfig(aws)) };
}

const tagged = (ResourceType: "vpc" | "subnet" | "natgateway", part: string) => [
  { ResourceType, Tags: [{ Key: "eks-actions/part", Value: part }] },
];

describe("VPC parts", () => {
  it("build a network that the SDK reads back as it was asked for", async () => {
    const { aws, clock, ec2 } = await account();
    await using _ = aws;
    const { Vpc } = await ec2.send(
      new CreateVpcCommand({ CidrBlock: "192.168.0.0/16", TagSpecifications: tagged("vpc", "prod/vpc") }),
    );
    const VpcId = Vpc?.VpcId;
    await ec2.send(new ModifyVpcAttributeCommand({ VpcId, EnableDnsHostnames: { Value: true } }));
    const attribute = await ec2.send(new DescribeVpcAttributeCommand({ VpcId, Attribute: "enableDnsHostnames" }));
    expect(attribute.EnableDnsHostnames?.Value).toBe(true);
    const subnets: string[] = [];
    for (const [index, AvailabilityZone] of ["us-east-1a", "us-east-1b", "us-east-1c"].entries()) {
      const { Subnet } = await ec2.send(
        new CreateSubnetCommand({
          VpcId,
          AvailabilityZone,
          CidrBlock: `192.168.${index * 32}.0/19`,
          TagSpecifications: tagged("subnet", `prod/public-${index}`),
        }),
      );
      subnets.push(Subnet?.SubnetId ?? "");
    }
    await ec2.send(new ModifySubnetAttributeCommand({ SubnetId: subnets[0], MapPublicIpOnLaunch: { Value: true } }));
    const { InternetGateway } = await ec2.send(new CreateInternetGatewayCommand({}));
    const InternetGatewayId = InternetGateway?.InternetGatewayId;
    await ec2.send(new AttachInternetGatewayCommand({ VpcId, InternetGatewayId }));
    const { RouteTable } = await ec2.send(new CreateRouteTableCommand({ VpcId }));
    const RouteTableId = RouteTable?.RouteTableId;
    await ec2.send(
      new CreateRouteCommand({ RouteTableId, DestinationCidrBlock: "0.0.0.0/0", GatewayId: InternetGatewayId }),
    );
    await ec2.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId: subnets[0] }));
    const { AllocationId } = await ec2.send(new AllocateAddressCommand({}));
    const { NatGateway } = await ec2.send(
      new CreateNatGatewayCommand({
        SubnetId: subnets[0],
        AllocationId,
        TagSpecifications: tagged("natgateway", "prod/nat-0"),
      }),
    );
    expect(NatGateway?.State).toBe("pending");
    await clock.advance(106_000);
    const gateways = await ec2.send(
      new DescribeNatGatewaysCommand({ Filter: [{ Name: "tag:eks-actions/part", Values: ["prod/*"] }] }),
    );
    expect(gateways.NatGateways?.map((gateway) => gateway.State)).toEqual(["available"]);
    const found = await ec2.send(new DescribeSubnetsCommand({ Filters: [{ Name: "vpc-id", Values: [VpcId ?? ""] }] }));
    expect(found.Subnets?.length).toBe(2);
    expect(found.NextToken).toBeDefined();
    const tables = await ec2.send(
      new DescribeRouteTablesCommand({ Filters: [{ Name: "association.subnet-id", Values: [subnets[0] ?? ""] }] }),
    );
    expect(tables.RouteTables?.[0]?.Routes?.map((route) => route.GatewayId)).toEqual(["local", InternetGatewayId]);
    const addresses = await ec2.send(new DescribeAddressesCommand({}));
    expect(addresses.Addresses?.[0]?.AssociationId).toMatch(/^eipassoc-/);
    const tags = await ec2.send(
      new DescribeTagsCommand({ Filters: [{ Name: "key", Values: ["eks-actions/part"] }], MaxResults: 5 }),
    );
    expect(tags.Tags?.[0]).toMatchObject({ ResourceType: "vpc", Value: "prod/vpc" });
  });

  it("cannot be deleted while something hangs on them", async () => {
    const { aws, ec2 } = await account();
    await using _ = aws;
    const { vpcId: VpcId, subnetIds } = aws.addNetwork();
    const [InternetGatewayId] = aws.account.network.internetGateways.keys();
    const blocked = { name: "DependencyViolation" };
    await expect(ec2.send(new DeleteVpcCommand({ VpcId }))).rejects.toMatchObject(blocked);
    await expect(ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId }))).rejects.toMatchObject(blocked);
    await ec2.send(new DetachInternetGatewayCommand({ VpcId, InternetGatewayId }));
    await ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId }));
    for (const SubnetId of subnetIds) await ec2.send(new DeleteSubnetCommand({ SubnetId }));
    await expect(ec2.send(new DeleteVpcCommand({ VpcId }))).rejects.toMatchObject(blocked);
    aws.account.network.routeTables.clear();
    await ec2.send(new DeleteVpcCommand({ VpcId }));
    expect(aws.account.network.vpcs.size).toBe(0);
  });

  it("answer NotFound for a moment after some creations, and only for a moment", async () => {
    const { aws, clock, ec2 } = await account({ durations: "range", seed: 7 });
    await using _ = aws;
    aws.account.quotas.set("vpc/L-F678F1CE", 100);
    const outcomes: string[] = [];
    for (let index = 0; index < 20; index += 1) {
      const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: "10.0.0.0/16" }));
      outcomes.push(
        await ec2.send(new DescribeVpcsCommand({ VpcIds: [Vpc?.VpcId ?? ""] })).then(
          () => "seen",
          (error: Error) => error.name,
        ),
      );
    }
    expect(new Set(outcomes)).toEqual(new Set(["seen", "InvalidVpcID.NotFound"]));
    await clock.advance(2_000);
    for (const id of aws.account.network.vpcs.keys()) await ec2.send(new DescribeVpcsCommand({ VpcIds: [id] }));
  });

  it("refuse blocks outside of the VPC and overlapping ones", async () => {
    const { aws, ec2 } = await account();
    await using _ = aws;
    const { vpcId: VpcId } = aws.addNetwork();
    const create = (CidrBlock: string) => ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock }));
    await expect(create("10.0.0.0/24")).rejects.toMatchObject({ name: "InvalidSubnet.Range" });
    await expect(create("192.168.8.0/24")).rejects.toMatchObject({ name: "InvalidSubnet.Conflict" });
    await create("192.168.200.0/24");
  });

  it("keep an address that a NAT gateway uses, and stop at five", async () => {
    const { aws, ec2 } = await account();
    await using _ = aws;
    const { subnetIds } = aws.addNetwork();
    const { AllocationId } = await ec2.send(new AllocateAddressCommand({}));
    await ec2.send(new CreateNatGatewayCommand({ SubnetId: subnetIds[0], AllocationId }));
    await expect(ec2.send(new ReleaseAddressCommand({ AllocationId }))).rejects.toMatchObject({
      name: "InvalidIPAddress.InUse",
    });
    for (let index = 0; index < 4; index += 1) await ec2.send(new AllocateAddressCommand({}));
    await expect(ec2.send(new AllocateAddressCommand({}))).rejects.toMatchObject({ name: "AddressLimitExceeded" });
  });
});

describe("security groups", () => {
  it("hold rules one by one and cannot go while another group names them", async () => {
    const { aws, ec2 } = await account();
    await using _ = aws;
    const { vpcId: VpcId } = aws.addNetwork();
    const make = async (GroupName: string) =>
      (await ec2.send(new CreateSecurityGroupCommand({ GroupName, Description: "test", VpcId }))).GroupId;
    const [plane, shared] = [await make("plane"), await make("shared")];
    const IpPermissions = [{ IpProtocol: "-1", UserIdGroupPairs: [{ GroupId: plane, Description: "control plane" }] }];
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: shared, IpPermissions }));
    await expect(
      ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: shared, IpPermissions })),
    ).rejects.toMatchObject({ name: "InvalidPermission.Duplicate" });
    await expect(ec2.send(new DeleteSecurityGroupCommand({ GroupId: plane }))).rejects.toMatchObject({
      name: "DependencyViolation",
    });
    const { SecurityGroups } = await ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [shared ?? ""] }));
    expect(SecurityGroups?.[0]?.IpPermissions?.[0]?.UserIdGroupPairs?.[0]).toMatchObject({
      GroupId: plane,
      Description: "control plane",
    });
    expect(SecurityGroups?.[0]?.IpPermissionsEgress?.[0]?.IpRanges).toEqual([{ CidrIp: "0.0.0.0/0" }]);
    await ec2.send(new DeleteSecurityGroupCommand({ GroupId: shared }));
    await ec2.send(new DeleteSecurityGroupCommand({ GroupId: plane }));
  });
});

describe("launch templates", () => {
  it("keep numbered versions, found by name or id", async () => {
    const { aws, ec2 } = await account();
    await using _ = aws;
    const LaunchTemplateName = "eks-actions-prod-web";
    const LaunchTemplateData: RequestLaunchTemplateData = {
      MetadataOptions: { HttpTokens: "required", HttpPutResponseHopLimit: 2 },
      BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { VolumeSize: 80, VolumeType: "gp3" } }],
      TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "team", Value: "shop" }] }],
    };
    await ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName, LaunchTemplateData }));
    await ec2.send(
      new CreateLaunchTemplateVersionCommand({
        LaunchTemplateName,
        SourceVersion: "1",
        LaunchTemplateData: { EbsOptimized: true },
      }),
    );
    const templates = await ec2.send(new DescribeLaunchTemplatesCommand({ LaunchTemplateNames: [LaunchTemplateName] }));
    expect(templates.LaunchTemplates?.[0]).toMatchObject({ LatestVersionNumber: 2, DefaultVersionNumber: 1 });
    const { LaunchTemplateVersions } = await ec2.send(
      new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateName, Versions: ["$Latest"] }),
    );
    expect(LaunchTemplateVersions?.[0]?.LaunchTemplateData).toMatchObject({
      EbsOptimized: true,
      MetadataOptions: { HttpTokens: "required", HttpPutResponseHopLimit: 2 },
      TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "team", Value: "shop" }] }],
    });
    await expect(
      ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName, LaunchTemplateData })),
    ).rejects.toMatchObject({ name: "InvalidLaunchTemplateName.AlreadyExistsException" });
  });
});

describe("facts", () => {
  it("tell instance types by pages, and zones that do not offer one", async () => {
    const { aws, ec2 } = await account({ smallPages: false });
    await using _ = aws;
    const types: string[] = [];
    for await (const page of paginateDescribeInstanceTypes({ client: ec2, pageSize: 10 }, {})) {
      types.push(...(page.InstanceTypes ?? []).map((type) => type.InstanceType ?? ""));
    }
    expect(types).toContain("m5.large");
    expect(types.length).toBeGreaterThan(60);
    const { InstanceTypes } = await ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: ["m6g.large"] }));
    expect(InstanceTypes?.[0]).toMatchObject({
      VCpuInfo: { DefaultVCpus: 2 },
      MemoryInfo: { SizeInMiB: 8192 },
      ProcessorInfo: { SupportedArchitectures: ["arm64"] },
      NetworkInfo: { MaximumNetworkInterfaces: 3, Ipv4AddressesPerInterface: 10 },
    });
    const offerings = await ec2.send(
      new DescribeInstanceTypeOfferingsCommand({
        LocationType: "availability-zone",
        Filters: [{ Name: "instance-type", Values: ["m7g.large"] }],
      }),
    );
    expect(offerings.InstanceTypeOfferings?.map((offering) => offering.Location)).not.toContain("us-east-1e");
    const { AvailabilityZones } = await ec2.send(new DescribeAvailabilityZonesCommand({}));
    expect(AvailabilityZones?.find((zone) => zone.ZoneId === "use1-az3")?.ZoneName).toBe("us-east-1e");
  });

  it("name only types that the SDK knows", () => {
    const known: readonly string[] = Object.values(_InstanceType);
    expect(instanceTable.map((facts) => facts.type).filter((type) => !known.includes(type))).toEqual([]);
  });

  it("refuse tags that AWS keeps to itself", async () => {
    const { aws, ec2 } = await account();
    await using _ = aws;
    const { vpcId } = aws.addNetwork();
    await ec2.send(new CreateTagsCommand({ Resources: [vpcId], Tags: [{ Key: "team", Value: "<b>&\"'" }] }));
    const { Vpcs } = await ec2.send(new DescribeVpcsCommand({ VpcIds: [vpcId] }));
    expect(Vpcs?.[0]?.Tags).toEqual([{ Key: "team", Value: "<b>&\"'" }]);
    await expect(
      ec2.send(new CreateTagsCommand({ Resources: [vpcId], Tags: [{ Key: "aws:x", Value: "y" }] })),
    ).rejects.toMatchObject({ name: "InvalidParameterValue" });
  });
});
