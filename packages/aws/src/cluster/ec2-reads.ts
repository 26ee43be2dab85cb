import type {
  Address,
  AvailabilityZone,
  EgressOnlyInternetGateway,
  Filter,
  Image,
  InstanceTypeInfo,
  InternetGateway,
  KeyPairInfo,
  LaunchTemplate,
  LaunchTemplateVersion,
  NatGateway,
  NetworkInterface,
  RouteTable,
  SecurityGroup,
  Subnet,
  Volume,
  Vpc,
  VpcEndpoint,
} from "@aws-sdk/client-ec2";
import type { Clients } from "./clients.ts";
import { orAbsent, pages, type Read } from "./request.ts";

export type {
  Address as Ec2Address,
  AvailabilityZone as Ec2Zone,
  EgressOnlyInternetGateway as Ec2EgressGateway,
  Image as Ec2Image,
  InstanceTypeInfo as Ec2InstanceType,
  InternetGateway as Ec2InternetGateway,
  KeyPairInfo as Ec2KeyPair,
  LaunchTemplate as Ec2LaunchTemplate,
  LaunchTemplateVersion as Ec2LaunchTemplateVersion,
  NatGateway as Ec2NatGateway,
  NetworkInterface as Ec2NetworkInterface,
  RouteTable as Ec2RouteTable,
  SecurityGroup as Ec2SecurityGroup,
  Subnet as Ec2Subnet,
  Volume as Ec2Volume,
  Vpc as Ec2Vpc,
  VpcEndpoint as Ec2VpcEndpoint,
} from "@aws-sdk/client-ec2";

/** Which objects of a kind. All given members must hold. */
export interface Ec2Query {
  readonly ids?: readonly string[] | undefined;
  /** Filter name → accepted values: `{ "tag:team": ["shop"] }`. */
  readonly filters?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** Reads of EC2. Lists are complete; an id that does not exist gives an empty list. */
export interface Ec2Reads {
  zones(signal: AbortSignal): Promise<readonly AvailabilityZone[]>;
  /** Names of the zones that offer one instance type. */
  zonesOffering(instanceType: string, signal: AbortSignal): Promise<readonly string[]>;
  vpcs(query: Ec2Query, signal: AbortSignal): Promise<readonly Vpc[]>;
  vpcAttribute(
    vpcId: string,
    attribute: "enableDnsSupport" | "enableDnsHostnames",
    signal: AbortSignal,
  ): Promise<boolean>;
  subnets(query: Ec2Query, signal: AbortSignal): Promise<readonly Subnet[]>;
  internetGateways(query: Ec2Query, signal: AbortSignal): Promise<readonly InternetGateway[]>;
  egressGateways(query: Ec2Query, signal: AbortSignal): Promise<readonly EgressOnlyInternetGateway[]>;
  vpcEndpoints(query: Ec2Query, signal: AbortSignal): Promise<readonly VpcEndpoint[]>;
  routeTables(query: Ec2Query, signal: AbortSignal): Promise<readonly RouteTable[]>;
  natGateways(query: Ec2Query, signal: AbortSignal): Promise<readonly NatGateway[]>;
  addresses(query: Ec2Query, signal: AbortSignal): Promise<readonly Address[]>;
  securityGroups(query: Ec2Query, signal: AbortSignal): Promise<readonly SecurityGroup[]>;
  instanceTypes(query: Pick<Ec2Query, "filters">, signal: AbortSignal): Promise<readonly InstanceTypeInfo[]>;
  keyPairs(query: Pick<Ec2Query, "filters">, signal: AbortSignal): Promise<readonly KeyPairInfo[]>;
  image(id: string, signal: AbortSignal): Promise<Image | undefined>;
  launchTemplates(query: Ec2Query, signal: AbortSignal): Promise<readonly LaunchTemplate[]>;
  launchTemplateVersions(
    id: string,
    versions: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly LaunchTemplateVersion[]>;
  networkInterfaces(query: Ec2Query, signal: AbortSignal): Promise<readonly NetworkInterface[]>;
  volumes(query: Ec2Query, signal: AbortSignal): Promise<readonly Volume[]>;
}

export function createEc2Reads(clients: Clients, read: Read): Ec2Reads {
  const filters = (query: Ec2Query): Filter[] | undefined =>
    query.filters === undefined
      ? undefined
      : Object.entries(query.filters).map(([Name, Values]) => ({ Name, Values: [...Values] }));
  const ids = (query: Ec2Query): string[] | undefined => (query.ids === undefined ? undefined : [...query.ids]);

  /** All pages, and no objects where EC2 says that an id does not exist. */
  async function list<T>(
    operation: string,
    signal: AbortSignal,
    page: (
      token: string | undefined,
      abort: AbortSignal,
    ) => Promise<readonly [readonly T[] | undefined, (string | undefined)?]>,
  ): Promise<readonly T[]> {
    const found = await orAbsent(
      pages(async (token) => {
        const [items, next] = await read(operation, signal, (abort) => page(token, abort));
        return { items: items ?? [], next };
      }),
    );
    return found ?? [];
  }

  return {
    async zones(signal) {
      const { sdk, client } = await clients.ec2();
      return list("DescribeAvailabilityZones", signal, async (_, abortSignal) => {
        const answer = await client.send(new sdk.DescribeAvailabilityZonesCommand({}), { abortSignal });
        return [answer.AvailabilityZones];
      });
    },
    async zonesOffering(instanceType, signal) {
      const { sdk, client } = await clients.ec2();
      const offers = await list("DescribeInstanceTypeOfferings", signal, async (NextToken, abortSignal) => {
        const answer = await client.send(
          new sdk.DescribeInstanceTypeOfferingsCommand({
            LocationType: "availability-zone",
            Filters: [{ Name: "instance-type", Values: [instanceType] }],
            NextToken,
          }),
          { abortSignal },
        );
        return [answer.InstanceTypeOfferings, answer.NextToken];
      });
      return offers.flatMap((offer) => offer.Location ?? []);
    },
    async vpcs(query, signal) {
      const { sdk, client } = await clients.ec2();
      return list("DescribeVpcs", signal, async (NextToken, abortSignal) => {
        const answer = await client.send(
          new sdk.DescribeVpcsCommand({ VpcIds: ids(query), Filters: filters(query), NextToken }),
          { abortSignal },
        );
        return [answer.Vpcs, answer.NextToken];
      });
    },
    async vpcAttribute(VpcId, Attribute, signal) {
      const { sdk, client } = await clients.ec2();
      const answer = await read("DescribeVpcAttribute", signal, (abortSignal) =>
        client.send(new sdk.DescribeVpcAttributeCommand({ VpcId, Attribute }), { abortSignal }),
      );
      return (Attribute === "enableDnsSupport" ? answer.EnableDnsSupport : answer.EnableDnsHostnames)?.Value === true;
    },
    async subnets(query, signal) {
      const { sdk, client } = await clients.ec2();
      return list("DescribeSubnets", signal, async (NextToken, abortSignal) => {
        const answer = await client.send(
          new sdk.DescribeSubnetsCommand({ SubnetIds: ids(query), Filters: filters(query), NextToken }),
          { abortSignal },
        );
        return [answer.Subnets, answer.NextToken];
      });
    },
    async internetGateways(query, signal) {
      const { sdk, client } = await clients.ec2();
      return list("DescribeInternetGateways", signal, async (NextToken, abortSignal) => {
        const answer = await client.send(
          new sdk.DescribeInternetGatewaysCommand({
            InternetGatewayIds: ids(query),
            Filters: filters(query),
            NextToken,
          }),
          { abortSignal },
        );
        return [answer.InternetGateways, answer.NextToken];
      });
    },
    async egressGateways(query, signal) {
      const { sdk, client } = await clients.ec2();
      return list("DescribeEgressOnlyInternetGateways", signal, async (NextToken, abortSignal) => {
        const answer = await client.send(
          new sdk.DescribeEgressOnlyInternetGatewaysCommand({
            EgressOnlyInternetGatewayIds: ids(query),
            Filters: filters(query),
            NextToken,
          }),
          { abortSignal },
        );
        return [answer.EgressOnlyInternetGateways, answer.NextToken];
      });
    },
    async vpcEndpoints(query, signal) {
      const { sdk, client } = await clients.ec2();
      return list("DescribeVpcEndpoints", signal, async (NextToken, abortSignal) => {
        const answer = await client.send(
          new sdk.DescribeVpcEndpointsCommand({ VpcEndpointIds: ids(query), Filters: filters(query), NextToken }),
          { abortSignal },
        );
        return [answer.VpcEndpoints, answer.NextToken];
      });
    },
    async routeTables(query, signal) {
      const { sdk, client } = await clients.ec2();
      return list("DescribeRouteTables", signal, async (NextToken, abortSignal) => {
        const answer = await client.send(
          new sdk.DescribeRouteTablesCommand({ RouteTableIds: ids(query), Filters: filters(query), NextToken }),
          { abortSignal },
        );
        return [answer.RouteTables, answer.NextToken];
      });
    },
    async natGateways(query, signal) {
      const { sdk, client } = await clients.ec2();
      return list("DescribeNatGateways", signal, async (NextToken, abortSignal) => {
        const answer = await client.send(
          new sdk.DescribeNatGatewaysCommand({ NatGatewayIds: ids(query), Filter: filters(query), NextToken }),
          { abortSignal },
        );
        return [answer.NatGateways, answer.NextToken];
      });
    },
    async addresses(query, signal) {
      const { sdk, client } = await clients.ec2();
      return list("DescribeAddresses", signal, async (_, abortSignal) => {
        const answer = await client.send(
          new sdk.DescribeAddressesCommand({ AllocationIds: ids(query), Filters: filters(query) }),
          { abortSignal },
        );
        return [answer.Addresses];
      });
    },
    async securityGroups(query, signal) {
      const { sdk, client } = await clients.ec2();
      return list("DescribeSecurityGroups", signal, async (NextToken, abortSignal) => {
        const answer = await client.send(
          new sdk.DescribeSecurityGroupsCommand({ GroupIds: ids(query), Filters: filters(query), NextToken }),
          { abortSignal },
        );
        return [answer.SecurityGroups, answer.NextToken];
      });
    },
    async instanceTypes(query, signal) {
      const { sdk, client } = await clients.ec2();
      return list("DescribeInstanceTypes", signal, async (NextToken, abortSignal) => {
        const answer = await client.send(
          new sdk.DescribeInstanceTypesCommand({ Filters: filters(query), MaxResults: 100, NextToken }),
          { abortSignal },
        );
        return [answer.InstanceTypes, answer.NextToken];
      });
    },
    async keyPairs(query, signal) {
      const { sdk, client } = await clients.ec2();
      return list("DescribeKeyPairs", signal, async (_, abortSignal) => {
        const answer = await client.send(new sdk.DescribeKeyPairsCommand({ Filters: filters(query) }), { abortSignal });
        return [answer.KeyPairs];
      });
    },
    async image(id, signal) {
      const { sdk, client } = await clients.ec2();
      const images = await list("DescribeImages", signal, async (_, abortSignal) => {
        const answer = await client.send(new sdk.DescribeImagesCommand({ ImageIds: [id] }), { abortSignal });
        return [answer.Images];
      });
      return images[0];
    },
    async launchTemplates(query, signal) {
      const { sdk, client } = await clients.ec2();
      return list("DescribeLaunchTemplates", signal, async (NextToken, abortSignal) => {
        const answer = await client.send(
          new sdk.DescribeLaunchTemplatesCommand({
            LaunchTemplateIds: ids(query),
            Filters: filters(query),
            NextToken,
          }),
          { abortSignal },
        );
        return [answer.LaunchTemplates, answer.NextToken];
      });
    },
    async launchTemplateVersions(LaunchTemplateId, versions, signal) {
      const { sdk, client } = await clients.ec2();
      return list("DescribeLaunchTemplateVersions", signal, async (NextToken, abortSignal) => {
        const answer = await client.send(
          new sdk.DescribeLaunchTemplateVersionsCommand({
            LaunchTemplateId,
            ...(versions.length === 0 ? {} : { Versions: [...versions] }),
            NextToken,
          }),
          { abortSignal },
        );
        return [answer.LaunchTemplateVersions, answer.NextToken];
      });
    },
    async networkInterfaces(query, signal) {
      const { sdk, client } = await clients.ec2();
      return list("DescribeNetworkInterfaces", signal, async (NextToken, abortSignal) => {
        const answer = await client.send(
          new sdk.DescribeNetworkInterfacesCommand({
            NetworkInterfaceIds: ids(query),
            Filters: filters(query),
            NextToken,
          }),
          { abortSignal },
        );
        return [answer.NetworkInterfaces, answer.NextToken];
      });
    },
    async volumes(query, signal) {
      const { sdk, client } = await clients.ec2();
      return list("DescribeVolumes", signal, async (NextToken, abortSignal) => {
        const answer = await client.send(
          new sdk.DescribeVolumesCommand({ VolumeIds: ids(query), Filters: filters(query), NextToken }),
          { abortSignal },
        );
        return [answer.Volumes, answer.NextToken];
      });
    },
  };
}
