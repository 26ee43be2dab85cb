import type { ClusterConfig } from "@eks-actions/cluster-config";
import type { Action, Call } from "../plan/action.ts";
import { quick } from "../plan/build.ts";
import type { Context } from "../plan/context.ts";
import { tagSpecification, tagsOf } from "../plan/tags.ts";
import { ref } from "../plan/value.ts";

export function usesIpv6(config: ClusterConfig): boolean {
  return config.kubernetesNetworkConfig.ipFamily === "IPv6";
}

/** For CreateVpc: a block of Amazon's, or of the user's own pool. */
export function ipv6Block(config: ClusterConfig): Readonly<Record<string, unknown>> {
  const { vpc } = config;
  if (vpc.ipv6Pool !== undefined) return { Ipv6Pool: vpc.ipv6Pool, Ipv6CidrBlock: vpc.ipv6Cidr };
  return usesIpv6(config) || vpc.autoAllocateIPv6 ? { AmazonProvidedIpv6CidrBlock: true } : {};
}

/** The /64 of one subnet out of the VPC's block, which exists only once the VPC does. */
export function ipv6Subnet(index: number): unknown {
  return { ipv6Subnet: index };
}

/** Lets private subnets out over IPv6, and nobody in. */
export function egressGateway(context: Context): readonly Action[] {
  if (!usesIpv6(context.config) || context.known.has("eigw#id")) return [];
  const call: Call = {
    service: "ec2",
    operation: "CreateEgressOnlyInternetGateway",
    args: {
      VpcId: ref("vpc"),
      TagSpecifications: tagSpecification(
        "egress-only-internet-gateway",
        tagsOf(context.ownership, "eigw", {}),
        `${context.config.metadata.name}/eigw`,
      ),
    },
    gives: { "eigw#id": "EgressOnlyInternetGateway.EgressOnlyInternetGatewayId" },
    lookup: { part: "eigw", kind: "eigw" },
  };
  return quick("eigw", { kind: "EgressOnlyGateway", name: "eigw" }, true, [call], ["vpc"]);
}
