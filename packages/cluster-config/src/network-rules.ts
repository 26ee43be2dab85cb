import type { ClusterConfig } from "./model.ts";
import { type Report, repeated } from "./values.ts";

/** The VPC, its subnets and who reaches the endpoint. */
export function networkRules(config: ClusterConfig, report: Report): void {
  const { vpc, availabilityZones } = config;
  if (availabilityZones.length === 1) {
    report("availabilityZones", "EKS needs at least two zones", "availabilityZones: [eu-west-1a, eu-west-1b]");
  }
  repeated(availabilityZones).forEach((zone) => {
    report("availabilityZones", `${zone} stands twice`, "name each zone once");
  });
  const subnets = [...vpc.subnets.private, ...vpc.subnets.public];
  const withId = subnets.filter((subnet) => subnet.id !== undefined);
  if (vpc.id !== undefined && subnets.length === 0 && config.extension?.discover === undefined) {
    report("vpc.id", "an existing VPC needs its subnets", "vpc: {subnets: {private: {eu-west-1a: {id: subnet-…}}}}");
  }
  if (withId.length > 0 && withId.length < subnets.length) {
    report("vpc.subnets", "some subnets have an `id` and some not", "give all of them an `id`, or none");
  }
  if (!vpc.clusterEndpoints.publicAccess && !vpc.clusterEndpoints.privateAccess) {
    report("vpc.clusterEndpoints", "both endpoints are off", "switch `privateAccess` on");
  }
  if (vpc.publicAccessCIDRs.length > 40) {
    report(
      "vpc.publicAccessCIDRs",
      `${vpc.publicAccessCIDRs.length} ranges, EKS allows 40`,
      "merge neighbouring ranges",
    );
  }
  if (vpc.controlPlaneSecurityGroupIDs.length > 4) {
    report("vpc.controlPlaneSecurityGroupIDs", "EKS allows 4 groups", "leave some out");
  }
  if (vpc.controlPlaneOnPrivateSubnets && vpc.controlPlaneSubnetIDs.length > 0) {
    report("vpc.controlPlaneOnPrivateSubnets", "excludes `controlPlaneSubnetIDs`", "keep one of the two");
  }
  const size = Number(vpc.cidr.split("/")[1]);
  if (vpc.id === undefined && withId.length === 0 && (size < 16 || size > 24)) {
    report("vpc.cidr", `/${size} is not accepted`, "write a range from /16 to /24");
  }
  familyRules(config, withId.length > 0 || vpc.id !== undefined, report);
  remoteRules(config, report);
  privateRules(config, withId.length > 0 || vpc.id !== undefined, report);
}

/** IPv6 and further ranges are made together with a VPC of our own. */
function familyRules(config: ClusterConfig, isForeign: boolean, report: Report): void {
  const { vpc, kubernetesNetworkConfig } = config;
  if (kubernetesNetworkConfig.ipFamily === "IPv6" && kubernetesNetworkConfig.serviceIPv4CIDR !== undefined) {
    report("kubernetesNetworkConfig.serviceIPv4CIDR", "an IPv6 cluster has no IPv4 services", "leave it out");
  }
  if ((vpc.ipv6Cidr === undefined) !== (vpc.ipv6Pool === undefined)) {
    report("vpc", "`ipv6Cidr` and `ipv6Pool` go together", "give both, or neither for a range of Amazon's");
  }
  if (vpc.extraIPv6CIDRs.length > 0 && vpc.ipv6Pool === undefined) {
    report("vpc.extraIPv6CIDRs", "come out of a pool of yours", "ipv6Pool: ipv6pool-ec2-…");
  }
  const own = ["ipv6Cidr", "ipv6Pool", "extraCIDRs", "extraIPv6CIDRs", "autoAllocateIPv6"] as const;
  for (const name of own.filter((field) => config.fields.some((use) => use.path === `vpc.${field}`))) {
    if (isForeign) report(`vpc.${name}`, "changes a VPC that is not ours", "set it up where the VPC is made");
  }
}

function remoteRules(config: ClusterConfig, report: Report): void {
  const remote = config.remoteNetworkConfig;
  if (remote === undefined) return;
  for (const key of ["remoteNodeNetworks", "remotePodNetworks"] as const) {
    const count = remote[key].flatMap((network) => network.cidrs).length;
    if (count > 15) report(`remoteNetworkConfig.${key}`, `${count} ranges, EKS allows 15`, "merge neighbouring ranges");
  }
  if (!/^(tgw|vgw)-/.test(remote.vpcGatewayID)) {
    report(
      "remoteNetworkConfig.vpcGatewayID",
      `\`${remote.vpcGatewayID}\` is no gateway`,
      "vpcGatewayID: tgw-… or vgw-…",
    );
  }
  const { iam } = remote;
  if (iam?.caBundleCert !== undefined || (iam?.provider === "IRA" && iam.roleARN === undefined)) {
    report(
      "remoteNetworkConfig.iam",
      "a trust anchor of IAM Roles Anywhere is not made here",
      "make it with its role elsewhere and name that: `iam: {roleARN: …}`, or use `provider: SSM`",
    );
  }
}

function privateRules(config: ClusterConfig, isForeign: boolean, report: Report): void {
  const { privateCluster } = config;
  if (!privateCluster.enabled) return;
  if (isForeign && !privateCluster.skipEndpointCreation) {
    report(
      "privateCluster",
      "needs VPC endpoints, and an existing VPC is not changed",
      "make them where the VPC is made, and write `skipEndpointCreation: true`",
    );
  }
  for (const group of config.managedNodeGroups.filter((candidate) => !candidate.privateNetworking)) {
    report(`${group.source}.privateNetworking`, "a private cluster has no public subnets", "privateNetworking: true");
  }
}
