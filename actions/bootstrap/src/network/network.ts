import type { ClusterConfig } from "@eks-actions/cluster-config";
import type { Action, Call, Step } from "../plan/action.ts";
import { quick } from "../plan/build.ts";
import type { Context } from "../plan/context.ts";
import type { Finding } from "../plan/finding.ts";
import { OWNER, readTags, tagSpecification, tagsOf } from "../plan/tags.ts";
import { ref } from "../plan/value.ts";
import { egressGateway, ipv6Block, ipv6Subnet, usesIpv6 } from "./ipv6.ts";
import { chooseZones, natCount, type OwnSubnet, ownSubnets } from "./layout.ts";
import { natActions, spareNats } from "./nat.ts";
import { privateRouting, publicRouting } from "./routes.ts";
import { planEndpoints } from "./vpc-endpoints.ts";

/** Steps of a VPC of our own: every call that the live network still lacks. */
export function ownNetwork(context: Context): Step {
  const { config, facts, known } = context;
  const zones = chooseZones(facts);
  const findings: Finding[] = [];
  if (zones.length < 2) {
    findings.push({
      level: "fatal",
      code: "ZONE_UNSUPPORTED",
      message: `${zones.length} zone${zones.length === 1 ? "" : "s"} of ${config.metadata.region} offer ${[...facts.offerings.keys()].join(", ")}, EKS needs two`,
      hint: "choose another instance type, or list `availabilityZones`",
    });
  }
  const subnets = ownSubnets(config, zones);
  const nats = natCount(config, zones.length);
  const publics = subnets.filter((subnet) => subnet.isPublic);
  const vpc = facts.network.vpcs.find((candidate) => candidate.VpcId === known.get("vpc#id"));
  if (vpc !== undefined && config.vpc.hasCidr && vpc.CidrBlock !== config.vpc.cidr) {
    findings.push({
      level: "fatal",
      code: "IMMUTABLE_FIELD",
      path: "vpc.cidr",
      message: `vpc.cidr is ${vpc.CidrBlock} in the live VPC, ${config.vpc.cidr} in the file`,
      hint: `write \`cidr: ${vpc.CidrBlock}\`, or make a new cluster`,
    });
  }
  const actions = [
    ...vpcActions(context),
    ...(publics.length === 0 ? [] : gatewayActions(context)),
    ...egressGateway(context),
    ...subnets.flatMap((subnet, index) => subnetActions(context, subnet, index)),
    ...securityGroupActions(context),
    ...(publics.length === 0 ? [] : publicRouting(context, publics)),
    ...planEndpoints(context, subnets).actions,
    ...Array.from({ length: nats }, (_, index) => natActions(context, index)).flat(),
    ...subnets
      .filter((subnet) => !subnet.isPublic)
      .flatMap((subnet, index) => privateRouting(context, subnet, index, nats)),
  ];
  const spare = spareNats(context, nats);
  return { actions: [...actions, ...spare.actions], findings, unmanaged: spare.unmanaged };
}

function vpcActions(context: Context): readonly Action[] {
  const { known, facts, config } = context;
  const id = known.get("vpc#id");
  const calls: Call[] = [];
  if (id === undefined) {
    calls.push({
      service: "ec2",
      operation: "CreateVpc",
      args: {
        CidrBlock: config.vpc.cidr,
        ...ipv6Block(config),
        TagSpecifications: tagSpecification(
          "vpc",
          tagsOf(context.ownership, "vpc", { cidr: config.vpc.cidr }),
          config.metadata.name,
        ),
      },
      gives: { "vpc#id": "Vpc.VpcId" },
      lookup: { part: "vpc", kind: "vpc" },
    });
  }
  for (const [attribute, live] of [
    ["EnableDnsSupport", id !== undefined && facts.network.dnsSupport.get(id) === true],
    ["EnableDnsHostnames", id !== undefined && facts.network.dnsHostnames.get(id) === true],
  ] as const) {
    if (!live) {
      calls.push({
        service: "ec2",
        operation: "ModifyVpcAttribute",
        args: { VpcId: ref("vpc"), [attribute]: { Value: true } },
      });
    }
  }
  calls.push(...extraRanges(context, id));
  const [action] = quick("vpc", { kind: "Vpc", name: config.metadata.name }, id === undefined, calls, ["role-cluster"]);
  if (action === undefined) return [];
  // Subnets need their part of the IPv6 block, which EC2 gives a moment after the VPC.
  const isPending = usesIpv6(config) && !known.has("vpc#ipv6");
  return [isPending ? { ...action, until: { kind: "vpc-ipv6", part: "vpc" } } : action];
}

/** Ranges beside the first one. One that the file no longer lists stays: subnets may lie in it. */
function extraRanges(context: Context, id: string | undefined): readonly Call[] {
  const { config, facts } = context;
  const vpc = facts.network.vpcs.find((candidate) => candidate.VpcId === id && id !== undefined);
  const present = [
    ...(vpc?.CidrBlockAssociationSet ?? []).map((range) => range.CidrBlock),
    ...(vpc?.Ipv6CidrBlockAssociationSet ?? []).map((range) => range.Ipv6CidrBlock),
  ];
  const associate = (range: Readonly<Record<string, unknown>>): Call => ({
    service: "ec2",
    operation: "AssociateVpcCidrBlock",
    args: { VpcId: ref("vpc"), ...range },
  });
  return [
    ...config.vpc.extraCIDRs.filter((cidr) => !present.includes(cidr)).map((cidr) => associate({ CidrBlock: cidr })),
    ...config.vpc.extraIPv6CIDRs
      .filter((cidr) => !present.includes(cidr))
      .map((cidr) => associate({ Ipv6CidrBlock: cidr, Ipv6Pool: config.vpc.ipv6Pool })),
  ];
}

function gatewayActions(context: Context): readonly Action[] {
  const { known, facts } = context;
  const id = known.get("igw#id");
  const live = facts.network.internetGateways.find((gateway) => gateway.InternetGatewayId === id);
  const calls: Call[] = [];
  if (id === undefined) {
    calls.push({
      service: "ec2",
      operation: "CreateInternetGateway",
      args: {
        TagSpecifications: tagSpecification(
          "internet-gateway",
          tagsOf(context.ownership, "igw", {}),
          `${context.config.metadata.name}/igw`,
        ),
      },
      gives: { "igw#id": "InternetGateway.InternetGatewayId" },
      lookup: { part: "igw", kind: "igw" },
    });
  }
  if ((live?.Attachments ?? []).length === 0) {
    calls.push({
      service: "ec2",
      operation: "AttachInternetGateway",
      args: { InternetGatewayId: ref("igw"), VpcId: ref("vpc") },
    });
  }
  return quick("igw", { kind: "InternetGateway", name: "igw" }, id === undefined, calls, ["vpc"]);
}

function subnetActions(context: Context, subnet: OwnSubnet, index: number): readonly Action[] {
  const { known, facts, config } = context;
  const id = known.get(`${subnet.part}#id`);
  const live = facts.network.subnets.find((candidate) => candidate.SubnetId === id);
  const calls: Call[] = [];
  if (id === undefined) {
    const role = subnet.isPublic ? "kubernetes.io/role/elb" : "kubernetes.io/role/internal-elb";
    const tags = tagsOf(
      context.ownership,
      subnet.part,
      { cidr: subnet.cidr, zone: subnet.zone },
      {
        [role]: "1",
        ...discovery(config),
      },
    );
    calls.push({
      service: "ec2",
      operation: "CreateSubnet",
      args: {
        VpcId: ref("vpc"),
        CidrBlock: subnet.cidr,
        AvailabilityZone: subnet.zone,
        ...(usesIpv6(config) ? { Ipv6CidrBlock: ipv6Subnet(index) } : {}),
        TagSpecifications: tagSpecification("subnet", tags, `${config.metadata.name}/${subnet.part}`),
      },
      gives: { [`${subnet.part}#id`]: "Subnet.SubnetId" },
      lookup: { part: subnet.part, kind: "subnet" },
    });
  }
  if (subnet.isPublic && live?.MapPublicIpOnLaunch !== true) {
    calls.push({
      service: "ec2",
      operation: "ModifySubnetAttribute",
      args: { SubnetId: ref(subnet.part), MapPublicIpOnLaunch: { Value: true } },
    });
  }
  if (subnet.isPublic && usesIpv6(config) && live?.AssignIpv6AddressOnCreation !== true) {
    calls.push({
      service: "ec2",
      operation: "ModifySubnetAttribute",
      args: { SubnetId: ref(subnet.part), AssignIpv6AddressOnCreation: { Value: true } },
    });
  }
  const untagged = Object.entries(discovery(config)).filter(([key, value]) => readTags(live?.Tags)[key] !== value);
  if (id !== undefined && untagged.length > 0) {
    // The owner stands beside them, because the policy for CI lets only that be tagged.
    const Tags = [...untagged, [OWNER, context.ownership.owner] as const].map(([Key, Value]) => ({ Key, Value }));
    calls.push({ service: "ec2", operation: "CreateTags", args: { Resources: [ref(subnet.part)], Tags } });
  }
  const hostnames = config.vpc.hostnameType;
  if (hostnames !== undefined && live?.PrivateDnsNameOptionsOnLaunch?.HostnameType !== hostnames) {
    calls.push({
      service: "ec2",
      operation: "ModifySubnetAttribute",
      args: { SubnetId: ref(subnet.part), PrivateDnsHostnameTypeOnLaunch: hostnames },
    });
  }
  return quick(subnet.part, { kind: "Subnet", name: subnet.part }, id === undefined, calls, ["vpc"]);
}

/** The tag by which Karpenter finds the subnets of its nodes. */
function discovery(config: ClusterConfig): Readonly<Record<string, string>> {
  return config.karpenter === undefined ? {} : { "karpenter.sh/discovery": config.metadata.name };
}

function securityGroupActions(context: Context): readonly Action[] {
  const { known, config } = context;
  const part = "sg-control-plane";
  if (config.vpc.securityGroup !== undefined || known.has(`${part}#id`)) return [];
  const call: Call = {
    service: "ec2",
    operation: "CreateSecurityGroup",
    args: {
      GroupName: `eks-actions-${config.metadata.name}-control-plane`,
      Description: `Control plane of the EKS cluster ${config.metadata.name}`,
      VpcId: ref("vpc"),
      TagSpecifications: tagSpecification(
        "security-group",
        tagsOf(context.ownership, part, {}),
        `${config.metadata.name}/${part}`,
      ),
    },
    gives: { [`${part}#id`]: "GroupId" },
    lookup: { part, kind: "sg" },
  };
  return quick(part, { kind: "SecurityGroup", name: part }, true, [call], ["vpc"]);
}
