import type { ClusterApi } from "@eks-actions/aws";
import type { Call } from "../plan/action.ts";
import { PART } from "../plan/tags.ts";

/**
 * Finds the object that a call without idempotency token may have made although its answer was lost, by the part tag
 * that it was made with. Answers the values that the call would have given.
 */
export async function findMade(
  aws: ClusterApi,
  cluster: string,
  call: Call,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>> | undefined> {
  if (call.lookup === undefined) return undefined;
  const { part, kind } = call.lookup;
  const query = { filters: { [`tag:${PART}`]: [`${cluster}/${part}`] } };
  const key = `${part}#id`;
  const found = (id: string | undefined) => (id === undefined ? undefined : { [key]: id });
  switch (kind) {
    case "vpc":
      return found((await aws.ec2.vpcs(query, signal))[0]?.VpcId);
    case "subnet":
      return found((await aws.ec2.subnets(query, signal))[0]?.SubnetId);
    case "igw":
      return found((await aws.ec2.internetGateways(query, signal))[0]?.InternetGatewayId);
    case "rt":
      return found((await aws.ec2.routeTables(query, signal))[0]?.RouteTableId);
    case "eip":
      return found((await aws.ec2.addresses(query, signal))[0]?.AllocationId);
    case "sg":
      return found((await aws.ec2.securityGroups(query, signal))[0]?.GroupId);
    case "key":
      return found((await aws.ec2.keyPairs(query, signal))[0]?.KeyPairId);
    case "eigw":
      return found((await aws.ec2.egressGateways(query, signal))[0]?.EgressOnlyInternetGatewayId);
    case "endpoint":
      return found((await aws.ec2.vpcEndpoints(query, signal))[0]?.VpcEndpointId);
    case "nat": {
      const nats = await aws.ec2.natGateways(query, signal);
      return found(nats.find((nat) => nat.State === "available" || nat.State === "pending")?.NatGatewayId);
    }
    case "lt": {
      const [template] = await aws.ec2.launchTemplates(query, signal);
      if (template?.LaunchTemplateId === undefined) return undefined;
      return { [key]: template.LaunchTemplateId, [`${part}#version`]: String(template.LatestVersionNumber ?? 1) };
    }
    default:
      return kind satisfies never;
  }
}
