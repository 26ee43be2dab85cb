import {
  AssociateRouteTableCommand,
  AssociateVpcCidrBlockCommand,
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateTagsCommand,
  DeleteLaunchTemplateCommand,
  DeleteRouteCommand,
  DeleteRouteTableCommand,
  DeleteTagsCommand,
  DescribeInternetGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeVpcsCommand,
  DisassociateRouteTableCommand,
  EC2Client,
  ModifyLaunchTemplateCommand,
  ReplaceRouteCommand,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
} from "@aws-sdk/client-ec2";
import { expect, it } from "vitest";
import { virtualClock } from "../../../clock.ts";
import { startAws } from "../../index.ts";
import { clientConfig } from "../../testing.ts";

async function account() {
  const aws = await startAws({ clock: virtualClock(), durations: "bench" });
  return { aws, ec2: new EC2Client(clientConfig(aws)), ...aws.addNetwork() };
}

it("replaces and deletes routes, and lets a route table go once no subnet uses it", async () => {
  const { aws, ec2, vpcId: VpcId, subnetIds } = await account();
  await using _ = aws;
  const gateways = await ec2.send(
    new DescribeInternetGatewaysCommand({ Filters: [{ Name: "attachment.vpc-id", Values: [VpcId] }] }),
  );
  const GatewayId = gateways.InternetGateways?.[0]?.InternetGatewayId;
  const RouteTableId = (await ec2.send(new CreateRouteTableCommand({ VpcId }))).RouteTable?.RouteTableId;
  const route = { RouteTableId, DestinationCidrBlock: "0.0.0.0/0" };
  await expect(ec2.send(new ReplaceRouteCommand({ ...route, GatewayId }))).rejects.toMatchObject({
    name: "InvalidRoute.NotFound",
  });
  await ec2.send(new CreateRouteCommand({ ...route, GatewayId }));
  await expect(ec2.send(new CreateRouteCommand({ ...route, GatewayId }))).rejects.toMatchObject({
    name: "RouteAlreadyExists",
  });
  await ec2.send(new ReplaceRouteCommand({ ...route, GatewayId }));
  await ec2.send(new DeleteRouteCommand(route));
  const SubnetId = subnetIds[0];
  await expect(ec2.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId }))).rejects.toMatchObject({
    name: "Resource.AlreadyAssociated",
  });
  const tables = new DescribeRouteTablesCommand({
    Filters: [{ Name: "association.subnet-id", Values: [SubnetId ?? ""] }],
  });
  const [former] = (await ec2.send(tables)).RouteTables ?? [];
  const own = former?.Associations?.find((association) => association.SubnetId === SubnetId);
  await ec2.send(new DisassociateRouteTableCommand({ AssociationId: own?.RouteTableAssociationId }));
  const { AssociationId } = await ec2.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId }));
  await expect(ec2.send(new DeleteRouteTableCommand({ RouteTableId }))).rejects.toMatchObject({
    name: "DependencyViolation",
  });
  await ec2.send(new DisassociateRouteTableCommand({ AssociationId }));
  await ec2.send(new DeleteRouteTableCommand({ RouteTableId }));
});

it("revokes rules by permission and by id", async () => {
  const { aws, ec2, vpcId: VpcId } = await account();
  await using _ = aws;
  const { GroupId } = await ec2.send(
    new CreateSecurityGroupCommand({ GroupName: "plane", Description: "test", VpcId }),
  );
  const IpPermissions = [{ IpProtocol: "tcp", FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: "10.0.0.0/8" }] }];
  await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
  const egress = await ec2.send(new AuthorizeSecurityGroupEgressCommand({ GroupId, IpPermissions }));
  const SecurityGroupRuleIds = [egress.SecurityGroupRules?.[0]?.SecurityGroupRuleId ?? ""];
  const list = new DescribeSecurityGroupRulesCommand({ Filters: [{ Name: "group-id", Values: [GroupId ?? ""] }] });
  expect((await ec2.send(list)).SecurityGroupRules?.length).toBe(2);
  await ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
  await ec2.send(new RevokeSecurityGroupEgressCommand({ GroupId, SecurityGroupRuleIds }));
  const rest = (await ec2.send(list)).SecurityGroupRules;
  expect(rest).toMatchObject([{ IsEgress: true, IpProtocol: "-1", CidrIpv4: "0.0.0.0/0" }]);
  await expect(ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions }))).rejects.toMatchObject({
    name: "InvalidPermission.NotFound",
  });
});

it("changes the default version of a launch template, and deletes it", async () => {
  const { aws, ec2 } = await account();
  await using _ = aws;
  const LaunchTemplateName = "web";
  const LaunchTemplateData = { EbsOptimized: true };
  const ClientToken = "same";
  const first = await ec2.send(
    new CreateLaunchTemplateCommand({ LaunchTemplateName, LaunchTemplateData, ClientToken }),
  );
  const again = await ec2.send(
    new CreateLaunchTemplateCommand({ LaunchTemplateName, LaunchTemplateData, ClientToken }),
  );
  expect(again.LaunchTemplate?.LaunchTemplateId).toBe(first.LaunchTemplate?.LaunchTemplateId);
  const version = new CreateLaunchTemplateVersionCommand({ LaunchTemplateName, LaunchTemplateData, ClientToken });
  await ec2.send(version);
  expect((await ec2.send(version)).LaunchTemplateVersion?.VersionNumber).toBe(2);
  const modified = await ec2.send(new ModifyLaunchTemplateCommand({ LaunchTemplateName, DefaultVersion: "2" }));
  expect(modified.LaunchTemplate?.DefaultVersionNumber).toBe(2);
  await ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateName }));
  await expect(ec2.send(version)).rejects.toMatchObject({ name: "InvalidLaunchTemplateName.NotFoundException" });
});

it("adds a block to a VPC, and takes tags away by key or by key and value", async () => {
  const { aws, ec2, vpcId: VpcId } = await account();
  await using _ = aws;
  await ec2.send(new AssociateVpcCidrBlockCommand({ VpcId, CidrBlock: "100.64.0.0/16" }));
  const Resources = [VpcId];
  await ec2.send(
    new CreateTagsCommand({
      Resources,
      Tags: [
        { Key: "a", Value: "1" },
        { Key: "b", Value: "2" },
      ],
    }),
  );
  await ec2.send(new DeleteTagsCommand({ Resources, Tags: [{ Key: "a" }, { Key: "b", Value: "other" }] }));
  const { Vpcs } = await ec2.send(new DescribeVpcsCommand({ VpcIds: [VpcId] }));
  expect(Vpcs?.[0]?.Tags).toEqual([{ Key: "b", Value: "2" }]);
  expect(Vpcs?.[0]?.CidrBlockAssociationSet?.map((association) => association.CidrBlock)).toEqual([
    "192.168.0.0/16",
    "100.64.0.0/16",
  ]);
});
