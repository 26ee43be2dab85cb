import type * as Ec2 from "@aws-sdk/client-ec2";
import { fault } from "../../fault.ts";
import { type Handler, handler, type World } from "../../world.ts";
import { describeMany, newId, tagsFor } from "./find.ts";
import { groupById } from "./securityGroups.ts";

/** One rule per source of each permission, as EC2 keeps them; a duplicate is refused. */
export function addRules(
  world: World,
  group: Ec2.SecurityGroup,
  isEgress: boolean,
  permissions: readonly Ec2.IpPermission[],
  tags: readonly Ec2.Tag[],
): Ec2.SecurityGroupRule[] {
  const { securityGroupRules: rules } = world.account.network;
  const wanted = permissions.flatMap((permission) => rulesOf(world, group, isEgress, permission));
  for (const rule of wanted) {
    if ([...rules.values()].some((other) => sameRule(other, rule))) {
      throw fault(
        "InvalidPermission.Duplicate",
        `the specified rule "peer: ${peerOf(rule)}, ${rule.IpProtocol}, ALLOW" already exists`,
      );
    }
  }
  return wanted.map((rule) => {
    const made = { ...rule, SecurityGroupRuleId: newId(world, "sgr"), Tags: [...tags] };
    rules.set(made.SecurityGroupRuleId, made);
    return made;
  });
}

function rulesOf(
  world: World,
  group: Ec2.SecurityGroup,
  isEgress: boolean,
  permission: Ec2.IpPermission,
): Ec2.SecurityGroupRule[] {
  const isAll = permission.IpProtocol === "-1";
  const base: Ec2.SecurityGroupRule = {
    GroupId: group.GroupId,
    GroupOwnerId: group.OwnerId,
    IsEgress: isEgress,
    IpProtocol: permission.IpProtocol,
    FromPort: isAll ? -1 : permission.FromPort,
    ToPort: isAll ? -1 : permission.ToPort,
  };
  const pairs = (permission.UserIdGroupPairs ?? []).map((pair) => {
    groupById(world, pair.GroupId);
    return {
      ...base,
      ReferencedGroupInfo: { GroupId: pair.GroupId, UserId: group.OwnerId },
      ...described(pair.Description),
    };
  });
  return [
    ...pairs,
    ...(permission.IpRanges ?? []).map((range) => ({
      ...base,
      CidrIpv4: range.CidrIp,
      ...described(range.Description),
    })),
    ...(permission.Ipv6Ranges ?? []).map((range) => ({
      ...base,
      CidrIpv6: range.CidrIpv6,
      ...described(range.Description),
    })),
  ];
}

function described(description: string | undefined): { Description?: string } {
  return description === undefined ? {} : { Description: description };
}

function sameRule(a: Ec2.SecurityGroupRule, b: Ec2.SecurityGroupRule): boolean {
  return (
    a.GroupId === b.GroupId &&
    a.IsEgress === b.IsEgress &&
    a.IpProtocol === b.IpProtocol &&
    a.FromPort === b.FromPort &&
    a.ToPort === b.ToPort &&
    peerOf(a) === peerOf(b)
  );
}

function peerOf(rule: Ec2.SecurityGroupRule): string {
  return rule.CidrIpv4 ?? rule.CidrIpv6 ?? rule.ReferencedGroupInfo?.GroupId ?? "";
}

/** Rules as the two permission lists of DescribeSecurityGroups. */
export function describePermissions(
  world: World,
  groupId: string,
): { IpPermissions: Ec2.IpPermission[]; IpPermissionsEgress: Ec2.IpPermission[] } {
  const rules = [...world.account.network.securityGroupRules.values()].filter((rule) => rule.GroupId === groupId);
  return {
    IpPermissions: rules.filter((rule) => rule.IsEgress !== true).map(permissionOf),
    IpPermissionsEgress: rules.filter((rule) => rule.IsEgress === true).map(permissionOf),
  };
}

function permissionOf(rule: Ec2.SecurityGroupRule): Ec2.IpPermission {
  const isAll = rule.IpProtocol === "-1";
  return {
    IpProtocol: rule.IpProtocol,
    ...(isAll ? {} : { FromPort: rule.FromPort, ToPort: rule.ToPort }),
    IpRanges: rule.CidrIpv4 === undefined ? [] : [{ CidrIp: rule.CidrIpv4, ...described(rule.Description) }],
    Ipv6Ranges: rule.CidrIpv6 === undefined ? [] : [{ CidrIpv6: rule.CidrIpv6, ...described(rule.Description) }],
    UserIdGroupPairs:
      rule.ReferencedGroupInfo === undefined
        ? []
        : [
            {
              GroupId: rule.ReferencedGroupInfo.GroupId,
              UserId: rule.ReferencedGroupInfo.UserId,
              ...described(rule.Description),
            },
          ],
  };
}

const authorizeIngress = handler<
  Ec2.AuthorizeSecurityGroupIngressCommandInput,
  Ec2.AuthorizeSecurityGroupIngressCommandOutput
>(({ world }, input) => {
  const tags = tagsFor(input.TagSpecifications, "security-group-rule");
  const permissions = input.IpPermissions ?? [
    {
      IpProtocol: input.IpProtocol,
      FromPort: input.FromPort,
      ToPort: input.ToPort,
      IpRanges: [{ CidrIp: input.CidrIp }],
    },
  ];
  const made = addRules(world, groupById(world, input.GroupId), false, permissions, tags);
  return { Return: true, SecurityGroupRules: structuredClone(made) };
});

const authorizeEgress = handler<
  Ec2.AuthorizeSecurityGroupEgressCommandInput,
  Ec2.AuthorizeSecurityGroupEgressCommandOutput
>(({ world }, input) => {
  const tags = tagsFor(input.TagSpecifications, "security-group-rule");
  const made = addRules(world, groupById(world, input.GroupId), true, input.IpPermissions ?? [], tags);
  return { Return: true, SecurityGroupRules: structuredClone(made) };
});

interface RevokeInput {
  readonly GroupId?: string | undefined;
  readonly IpPermissions?: readonly Ec2.IpPermission[] | undefined;
  readonly SecurityGroupRuleIds?: readonly string[] | undefined;
}

function revoke(world: World, input: RevokeInput, isEgress: boolean): { Return: boolean } {
  const group = groupById(world, input.GroupId);
  const { securityGroupRules: rules } = world.account.network;
  for (const id of input.SecurityGroupRuleIds ?? []) {
    const rule = rules.get(id);
    if (rule === undefined || rule.GroupId !== group.GroupId || rule.IsEgress !== isEgress) {
      throw fault("InvalidSecurityGroupRuleId.NotFound", `The security group rule ID '${id}' does not exist`);
    }
    rules.delete(id);
  }
  for (const wanted of (input.IpPermissions ?? []).flatMap((item) => rulesOf(world, group, isEgress, item))) {
    const found = [...rules].find(([, rule]) => sameRule(rule, wanted));
    if (found === undefined) {
      throw fault("InvalidPermission.NotFound", "The specified rule does not exist in this security group.");
    }
    rules.delete(found[0]);
  }
  return { Return: true };
}

const revokeIngress = handler<Ec2.RevokeSecurityGroupIngressCommandInput, Ec2.RevokeSecurityGroupIngressCommandOutput>(
  ({ world }, input) => revoke(world, input, false),
);

const revokeEgress = handler<Ec2.RevokeSecurityGroupEgressCommandInput, Ec2.RevokeSecurityGroupEgressCommandOutput>(
  ({ world }, input) => revoke(world, input, true),
);

const describeRules = handler<Ec2.DescribeSecurityGroupRulesCommandInput, Ec2.DescribeSecurityGroupRulesCommandOutput>(
  ({ world }, input) => {
    const { items, ...rest } = describeMany(
      world,
      world.account.network.securityGroupRules,
      input.SecurityGroupRuleIds,
      input,
      {
        code: "InvalidSecurityGroupRuleId.NotFound",
        noun: "security group rule",
        filterable: (rule) => ({
          tags: rule.Tags ?? [],
          values: { "group-id": [rule.GroupId], "security-group-rule-id": [rule.SecurityGroupRuleId] },
        }),
      },
    );
    return { SecurityGroupRules: items, ...rest };
  },
);

export const securityGroupRules: Readonly<Record<string, Handler>> = {
  AuthorizeSecurityGroupIngress: authorizeIngress,
  AuthorizeSecurityGroupEgress: authorizeEgress,
  RevokeSecurityGroupIngress: revokeIngress,
  RevokeSecurityGroupEgress: revokeEgress,
  DescribeSecurityGroupRules: describeRules,
};
