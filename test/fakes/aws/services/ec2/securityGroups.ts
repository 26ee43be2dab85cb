import type * as Ec2 from "@aws-sdk/client-ec2";
import { fault } from "../../fault.ts";
import { type Handler, handler, type World } from "../../world.ts";
import { appear, dependencyViolation, describeMany, findById, newId, tagsFor } from "./find.ts";
import { addRules, describePermissions, securityGroupRules } from "./securityGroupRules.ts";
import { vpcById } from "./vpcs.ts";

/** Puts a security group into a VPC, with EC2's default egress rule. */
export function makeSecurityGroup(
  world: World,
  wish: {
    readonly vpcId: string;
    readonly name: string;
    readonly description: string;
    readonly tags: readonly Ec2.Tag[];
  },
): Ec2.SecurityGroup {
  const { account } = world;
  const id = newId(world, "sg");
  const group: Ec2.SecurityGroup = {
    GroupId: id,
    GroupName: wish.name,
    Description: wish.description,
    VpcId: wish.vpcId,
    OwnerId: account.id,
    SecurityGroupArn: `arn:${account.partition}:ec2:${account.region}:${account.id}:security-group/${id}`,
    Tags: [...wish.tags],
  };
  account.network.securityGroups.set(id, group);
  addRules(world, group, true, [{ IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }], []);
  return group;
}

export function groupById(world: World, id: string | undefined): Ec2.SecurityGroup {
  const groups = world.account.network.securityGroups;
  if (!groups.has(id ?? "")) throw fault("InvalidGroup.NotFound", `The security group '${id}' does not exist`);
  return findById(world, groups, id, "InvalidGroup.NotFound", "security group");
}

const createSecurityGroup = handler<Ec2.CreateSecurityGroupCommandInput, Ec2.CreateSecurityGroupCommandOutput>(
  ({ world }, input) => {
    if (input.VpcId === undefined) throw fault("VPCIdNotSpecified", "No default VPC for this user");
    vpcById(world, input.VpcId);
    const taken = [...world.account.network.securityGroups.values()].some(
      (group) => group.VpcId === input.VpcId && group.GroupName === input.GroupName,
    );
    if (taken || input.GroupName === "default") {
      throw fault(
        "InvalidGroup.Duplicate",
        `The security group '${input.GroupName}' already exists for VPC '${input.VpcId}'`,
      );
    }
    const group = makeSecurityGroup(world, {
      vpcId: input.VpcId,
      name: input.GroupName ?? "",
      description: input.Description ?? "",
      tags: tagsFor(input.TagSpecifications, "security-group"),
    });
    appear(world, group.GroupId ?? "");
    return { GroupId: group.GroupId, Tags: group.Tags, SecurityGroupArn: group.SecurityGroupArn };
  },
);

const describeSecurityGroups = handler<Ec2.DescribeSecurityGroupsCommandInput, Ec2.DescribeSecurityGroupsCommandOutput>(
  ({ world }, input) => {
    const { items, ...rest } = describeMany(world, world.account.network.securityGroups, input.GroupIds, input, {
      code: "InvalidGroup.NotFound",
      noun: "security group",
      filterable: (group) => ({
        tags: group.Tags ?? [],
        values: {
          "vpc-id": [group.VpcId],
          "group-id": [group.GroupId],
          "group-name": [group.GroupName],
          description: [group.Description],
        },
      }),
    });
    return {
      SecurityGroups: items.map((group) => ({ ...group, ...describePermissions(world, group.GroupId ?? "") })),
      ...rest,
    };
  },
);

const deleteSecurityGroup = handler<Ec2.DeleteSecurityGroupCommandInput, Ec2.DeleteSecurityGroupCommandOutput>(
  ({ world }, input) => {
    const group = groupById(world, input.GroupId);
    const { network } = world.account;
    if (group.GroupName === "default") {
      throw fault(
        "CannotDelete",
        `the specified group: "${group.GroupId}" name: "default" cannot be deleted by a user`,
      );
    }
    const isUsed = [...network.networkInterfaces.values()].some((item) =>
      (item.Groups ?? []).some((other) => other.GroupId === group.GroupId),
    );
    const isReferenced = [...network.securityGroupRules.values()].some(
      (rule) => rule.ReferencedGroupInfo?.GroupId === group.GroupId && rule.GroupId !== group.GroupId,
    );
    if (isUsed || isReferenced) throw dependencyViolation(`resource ${group.GroupId} has a dependent object`);
    for (const [id, rule] of network.securityGroupRules) {
      if (rule.GroupId === group.GroupId) network.securityGroupRules.delete(id);
    }
    network.securityGroups.delete(group.GroupId ?? "");
    return { Return: true, GroupId: group.GroupId };
  },
);

export const securityGroups: Readonly<Record<string, Handler>> = {
  CreateSecurityGroup: createSecurityGroup,
  DescribeSecurityGroups: describeSecurityGroups,
  DeleteSecurityGroup: deleteSecurityGroup,
  ...securityGroupRules,
};
