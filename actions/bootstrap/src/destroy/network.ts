import type { Ec2SecurityGroup } from "@eks-actions/aws";
import type { Action, Call } from "../plan/action.ts";
import { create } from "../plan/build.ts";
import { type Context, partOf } from "../plan/context.ts";
import { usual } from "../plan/durations.ts";
import { OWNER, readTags, type Tags } from "../plan/tags.ts";

/** Launch templates, then the VPC from the outside in. A foreign VPC has no parts of ours and is left alone. */
export function deleteNetwork(context: Context, after: readonly string[]): readonly Action[] {
  const { network, launchTemplates, keyPairs } = context.facts;
  const part = (tags: Parameters<typeof readTags>[0]) => ours(context, readTags(tags));
  const remove = (name: string, kind: string, calls: readonly Call[], behind: readonly string[]) =>
    create({ part: name, op: "delete", target: { kind, name }, destructive: true, after: behind, calls });

  const templates = launchTemplates.flatMap(({ template }) => {
    const name = part(template.Tags);
    const call: Call = {
      service: "ec2",
      operation: "DeleteLaunchTemplate",
      args: { LaunchTemplateId: template.LaunchTemplateId },
    };
    return name === undefined ? [] : [remove(name, "LaunchTemplate", [call], after)];
  });
  const nats = network.natGateways.flatMap((nat) => {
    const name = part(nat.Tags);
    if (name === undefined || nat.State === "deleted") return [];
    const id = nat.NatGatewayId ?? "";
    const calls: readonly Call[] =
      nat.State === "deleting" ? [] : [{ service: "ec2", operation: "DeleteNatGateway", args: { NatGatewayId: id } }];
    return [
      create({
        part: name,
        suffix: id,
        op: calls.length === 0 ? "wait" : "delete",
        target: { kind: "NatGateway", name },
        destructive: true,
        after,
        calls,
        until: { kind: "nat-gone", id },
        expectedSeconds: usual.natDelete.usual,
      }),
    ];
  });
  const natIds = nats.map((action) => action.id);
  const addresses = network.addresses.flatMap((address) => {
    const name = part(address.Tags);
    const call: Call = { service: "ec2", operation: "ReleaseAddress", args: { AllocationId: address.AllocationId } };
    return name === undefined ? [] : [remove(name, "ElasticIp", [call], [...after, ...natIds])];
  });
  const endpoints = network.endpoints.flatMap((endpoint) => {
    const name = part(endpoint.Tags);
    const VpcEndpointIds = [endpoint.VpcEndpointId];
    const call: Call = { service: "ec2", operation: "DeleteVpcEndpoints", args: { VpcEndpointIds } };
    return name === undefined ? [] : [remove(name, "VpcEndpoint", [call], after)];
  });
  const egress = network.egressGateways.flatMap((gateway) => {
    const name = part(gateway.Tags);
    const { EgressOnlyInternetGatewayId } = gateway;
    const call: Call = {
      service: "ec2",
      operation: "DeleteEgressOnlyInternetGateway",
      args: { EgressOnlyInternetGatewayId },
    };
    return name === undefined ? [] : [remove(name, "EgressOnlyGateway", [call], after)];
  });
  const keys = keyPairs.flatMap((pair) => {
    const name = part(pair.Tags);
    const call: Call = { service: "ec2", operation: "DeleteKeyPair", args: { KeyPairId: pair.KeyPairId } };
    return name === undefined ? [] : [remove(name, "KeyPair", [call], after)];
  });
  const endpointIds = endpoints.map((action) => action.id);
  const groups = network.securityGroups.flatMap((group) => {
    const name = part(group.Tags);
    const call: Call = { service: "ec2", operation: "DeleteSecurityGroup", args: { GroupId: group.GroupId } };
    return name === undefined
      ? []
      : [remove(name, "SecurityGroup", [...freed(group), call], [...after, ...endpointIds])];
  });
  const subnets = network.subnets.flatMap((subnet) => {
    const name = part(subnet.Tags);
    const call: Call = { service: "ec2", operation: "DeleteSubnet", args: { SubnetId: subnet.SubnetId } };
    return name === undefined ? [] : [remove(name, "Subnet", [call], [...after, ...natIds, ...endpointIds])];
  });
  const subnetIds = subnets.map((action) => action.id);
  const tables = network.routeTables.flatMap((table) => {
    const name = part(table.Tags);
    const call: Call = { service: "ec2", operation: "DeleteRouteTable", args: { RouteTableId: table.RouteTableId } };
    return name === undefined ? [] : [remove(name, "RouteTable", [call], [...after, ...subnetIds])];
  });
  const gateways = network.internetGateways.flatMap((gateway) => {
    const name = part(gateway.Tags);
    if (name === undefined) return [];
    const InternetGatewayId = gateway.InternetGatewayId;
    const calls: Call[] = [
      ...(gateway.Attachments ?? []).map(
        (attached): Call => ({
          service: "ec2",
          operation: "DetachInternetGateway",
          args: { InternetGatewayId, VpcId: attached.VpcId },
        }),
      ),
      { service: "ec2", operation: "DeleteInternetGateway", args: { InternetGatewayId } },
    ];
    return [remove(name, "InternetGateway", calls, [...after, ...natIds, ...addresses.map((action) => action.id)])];
  });
  const before = [...subnets, ...tables, ...gateways, ...egress, ...endpoints, ...groups].map((action) => action.id);
  const vpcs = network.vpcs.flatMap((vpc) => {
    const name = part(vpc.Tags);
    const call: Call = { service: "ec2", operation: "DeleteVpc", args: { VpcId: vpc.VpcId } };
    return name === undefined ? [] : [remove(name, "Vpc", [call], before)];
  });
  return [
    ...templates,
    ...keys,
    ...nats,
    ...addresses,
    ...endpoints,
    ...groups,
    ...subnets,
    ...tables,
    ...gateways,
    ...egress,
    ...vpcs,
  ];
}

function ours(context: Context, tags: Tags): string | undefined {
  return tags[OWNER] === context.ownership.owner ? partOf(context.ownership.cluster, tags) : undefined;
}

/** Two groups that name each other cannot be deleted: rules that name another group go first. */
function freed(group: Ec2SecurityGroup): readonly Call[] {
  const IpPermissions = (group.IpPermissions ?? [])
    .map(({ IpProtocol, FromPort, ToPort, UserIdGroupPairs = [] }) => ({
      IpProtocol,
      FromPort,
      ToPort,
      UserIdGroupPairs: UserIdGroupPairs.filter((pair) => pair.GroupId !== group.GroupId),
    }))
    .filter((permission) => permission.UserIdGroupPairs.length > 0);
  if (IpPermissions.length === 0) return [];
  return [{ service: "ec2", operation: "RevokeSecurityGroupIngress", args: { GroupId: group.GroupId, IpPermissions } }];
}
