import type { ClusterApi, EksCluster } from "@eks-actions/aws";
import type { ClusterConfig } from "@eks-actions/cluster-config";
import type { LiveNetwork } from "../facts.ts";
import { usesIpv6 } from "../network/ipv6.ts";

/** Parts of ours by tag, and what the file or an adopted cluster names. */
export async function observeNetwork(
  aws: ClusterApi,
  config: ClusterConfig,
  cluster: EksCluster | undefined,
  signal: AbortSignal,
): Promise<LiveNetwork> {
  const query = { filters: { "tag:eks-actions/part": [`${config.metadata.name}/*`] } };
  const [
    vpcs,
    subnets,
    internetGateways,
    routeTables,
    natGateways,
    addresses,
    securityGroups,
    egressGateways,
    endpoints,
  ] = await Promise.all([
    aws.ec2.vpcs(query, signal),
    aws.ec2.subnets(query, signal),
    aws.ec2.internetGateways(query, signal),
    aws.ec2.routeTables(query, signal),
    aws.ec2.natGateways(query, signal),
    aws.ec2.addresses(query, signal),
    aws.ec2.securityGroups(query, signal),
    usesIpv6(config) ? aws.ec2.egressGateways(query, signal) : [],
    config.privateCluster.enabled ? aws.ec2.vpcEndpoints(query, signal) : [],
  ]);
  const foreign = await foreignNetwork(
    aws,
    config,
    cluster,
    vpcs.map((vpc) => vpc.VpcId),
    signal,
  );
  const inspected = [...vpcs, ...(foreign?.vpc === undefined ? [] : [foreign.vpc])].flatMap((vpc) => vpc.VpcId ?? []);
  const attribute = async (name: "enableDnsSupport" | "enableDnsHostnames") =>
    new Map(
      await Promise.all(inspected.map(async (id) => [id, await aws.ec2.vpcAttribute(id, name, signal)] as const)),
    );
  const [dnsSupport, dnsHostnames] = await Promise.all([
    attribute("enableDnsSupport"),
    attribute("enableDnsHostnames"),
  ]);
  return {
    vpcs,
    dnsSupport,
    dnsHostnames,
    subnets,
    internetGateways,
    egressGateways,
    endpoints,
    routeTables,
    natGateways,
    addresses,
    securityGroups,
    foreign,
  };
}

async function foreignNetwork(
  aws: ClusterApi,
  config: ClusterConfig,
  cluster: EksCluster | undefined,
  own: readonly (string | undefined)[],
  signal: AbortSignal,
): Promise<LiveNetwork["foreign"]> {
  const listed = [...config.vpc.subnets.public, ...config.vpc.subnets.private];
  const ids = [...listed.flatMap((subnet) => subnet.id ?? []), ...config.vpc.controlPlaneSubnetIDs];
  const { discover } = config.extension ?? {};
  if (discover !== undefined) return byTags(aws, [discover.private, discover.public], config.vpc.id, signal);
  if (ids.length > 0) return byIds(aws, ids, config.vpc.id, signal);
  if (config.vpc.id !== undefined) return byVpc(aws, config.vpc.id, signal);
  const live = cluster?.resourcesVpcConfig;
  if (live?.vpcId === undefined || own.includes(live.vpcId)) return undefined;
  return byIds(aws, live.subnetIds ?? [], live.vpcId, signal);
}

async function byIds(aws: ClusterApi, ids: readonly string[], vpcId: string | undefined, signal: AbortSignal) {
  const found = await Promise.all(ids.map((id) => aws.ec2.subnets({ ids: [id] }, signal)));
  const subnets = found.flat();
  const id = vpcId ?? subnets[0]?.VpcId;
  const [vpc] = id === undefined ? [] : await aws.ec2.vpcs({ ids: [id] }, signal);
  return { vpc, subnets };
}

/** Subnets that carry all tags of one of the given sets. */
async function byTags(
  aws: ClusterApi,
  sets: readonly (Readonly<Record<string, string>> | undefined)[],
  vpcId: string | undefined,
  signal: AbortSignal,
) {
  const inVpc = vpcId === undefined ? {} : { "vpc-id": [vpcId] };
  const found = await Promise.all(
    sets.map((tags) => {
      if (tags === undefined) return [];
      const wanted = Object.entries(tags).map(([key, value]) => [`tag:${key}`, [value]] as const);
      return aws.ec2.subnets({ filters: { ...inVpc, ...Object.fromEntries(wanted) } }, signal);
    }),
  );
  const subnets = [...new Map(found.flat().map((subnet) => [subnet.SubnetId, subnet])).values()];
  const id = vpcId ?? subnets[0]?.VpcId;
  const [vpc] = id === undefined ? [] : await aws.ec2.vpcs({ ids: [id] }, signal);
  return { vpc, subnets };
}

async function byVpc(aws: ClusterApi, vpcId: string, signal: AbortSignal) {
  const [[vpc], subnets] = await Promise.all([
    aws.ec2.vpcs({ ids: [vpcId] }, signal),
    aws.ec2.subnets({ filters: { "vpc-id": [vpcId] } }, signal),
  ]);
  return { vpc, subnets };
}
