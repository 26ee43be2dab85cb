import type { Ec2Vpc } from "@eks-actions/aws";

/** The IPv6 block of a VPC, once EC2 has associated it. */
export function ipv6RangeOf(vpc: Ec2Vpc): string | undefined {
  return vpc.Ipv6CidrBlockAssociationSet?.find((range) => range.Ipv6CidrBlockState?.State === "associated")
    ?.Ipv6CidrBlock;
}

/** For a VPC's /56 and a number from 0 to 255: `2600:1f18:1:200::/56`, 3 → `2600:1f18:1:203::/64`. */
export function ipv6SubnetOf(block: string, index: number): string {
  const groups = (block.split("::")[0] ?? "").split(":").map((group) => Number.parseInt(group, 16));
  const [a = 0, b = 0, c = 0, d = 0] = groups;
  return `${[a, b, c, d + index].map((group) => group.toString(16)).join(":")}::/64`;
}
