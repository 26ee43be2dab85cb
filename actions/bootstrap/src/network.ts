import type { Action, Call, Step, UnmanagedEntry } from "./action.ts";
import { create, quick } from "./build.ts";
import type { Context } from "./context.ts";
import { usual } from "./durations.ts";
import type { Finding } from "./finding.ts";
import { chooseZones, layout, natCount, type OwnSubnet } from "./network-layout.ts";
import { tagSpecification, tagsOf } from "./tags.ts";
import { ref } from "./value.ts";

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
  const subnets = layout(config.vpc.cidr, zones);
  const nats = natCount(config, zones.length);
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
    ...gatewayActions(context),
    ...subnets.flatMap((subnet) => subnetActions(context, subnet)),
    ...securityGroupActions(context),
    ...publicRouting(context, subnets),
    ...Array.from({ length: nats }, (_, index) => natActions(context, index)).flat(),
    ...subnets
      .filter((subnet) => !subnet.isPublic)
      .flatMap((subnet, index) => privateRouting(context, subnet, index, nats)),
  ];
  return { actions, findings, unmanaged: spareNats(context, nats) };
}

/** NAT gateways of ours that the file no longer asks for. They go on costing until they are deleted. */
function spareNats(context: Context, wanted: number): readonly UnmanagedEntry[] {
  const parts = [...context.known.keys()].flatMap((key) => /^nat-(\d+)#id$/.exec(key)?.[1] ?? []);
  return parts
    .filter((index) => Number(index) >= wanted)
    .map((index) => ({
      kind: "NatGateway",
      name: `nat-${index}`,
      orphan: true,
      note: `${context.known.get(`nat-${index}#id`)} with its address is no longer used; delete both`,
    }));
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
  return quick("vpc", { kind: "Vpc", name: config.metadata.name }, id === undefined, calls, ["role-cluster"]);
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

function subnetActions(context: Context, subnet: OwnSubnet): readonly Action[] {
  const { known, facts, config } = context;
  const id = known.get(`${subnet.part}#id`);
  const live = facts.network.subnets.find((candidate) => candidate.SubnetId === id);
  const calls: Call[] = [];
  if (id === undefined) {
    const role = subnet.isPublic ? "kubernetes.io/role/elb" : "kubernetes.io/role/internal-elb";
    const tags = tagsOf(context.ownership, subnet.part, { cidr: subnet.cidr, zone: subnet.zone }, { [role]: "1" });
    calls.push({
      service: "ec2",
      operation: "CreateSubnet",
      args: {
        VpcId: ref("vpc"),
        CidrBlock: subnet.cidr,
        AvailabilityZone: subnet.zone,
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

/** Route table with its associations and routes, as far as they are missing. */
function routeTable(context: Context, part: string, subnets: readonly string[], gateway: string | undefined) {
  const { known, facts, config } = context;
  const id = known.get(`${part}#id`);
  const live = facts.network.routeTables.find((table) => table.RouteTableId === id);
  const calls: Call[] = [];
  if (id === undefined) {
    calls.push({
      service: "ec2",
      operation: "CreateRouteTable",
      args: {
        VpcId: ref("vpc"),
        TagSpecifications: tagSpecification(
          "route-table",
          tagsOf(context.ownership, part, {}),
          `${config.metadata.name}/${part}`,
        ),
      },
      gives: { [`${part}#id`]: "RouteTable.RouteTableId" },
      lookup: { part, kind: "rt" },
    });
  }
  for (const subnet of subnets) {
    const associated = live?.Associations?.some(
      (entry) => entry.SubnetId === known.get(`${subnet}#id`) && entry.SubnetId !== undefined,
    );
    if (associated !== true) {
      calls.push({
        service: "ec2",
        operation: "AssociateRouteTable",
        args: { RouteTableId: ref(part), SubnetId: ref(subnet) },
      });
    }
  }
  const routed = live?.Routes?.find(
    (route) => route.DestinationCidrBlock === "0.0.0.0/0" && route.State !== "blackhole",
  );
  const route = (target: Readonly<Record<string, unknown>>): Call => ({
    service: "ec2",
    operation:
      live?.Routes?.some((entry) => entry.DestinationCidrBlock === "0.0.0.0/0") === true
        ? "ReplaceRoute"
        : "CreateRoute",
    args: { RouteTableId: ref(part), DestinationCidrBlock: "0.0.0.0/0", ...target },
  });
  if (gateway !== undefined && routed === undefined) calls.push(route({ GatewayId: ref(gateway) }));
  return { isNew: id === undefined, calls, routed, route };
}

function publicRouting(context: Context, subnets: readonly OwnSubnet[]): readonly Action[] {
  const parts = subnets.filter((subnet) => subnet.isPublic).map((subnet) => subnet.part);
  const { isNew, calls } = routeTable(context, "rt-public", parts, "igw");
  return quick("rt-public", { kind: "RouteTable", name: "rt-public" }, isNew, calls, ["vpc", "igw", ...parts]);
}

function natActions(context: Context, index: number): readonly Action[] {
  const { known, facts, config } = context;
  const eip = `eip-${index}`;
  const part = `nat-${index}`;
  const live = facts.network.natGateways.find((gateway) => gateway.NatGatewayId === known.get(`${part}#id`));
  if (live?.State === "available") return [];
  const calls: Call[] = [];
  if (!known.has(`${eip}#id`)) {
    calls.push({
      service: "ec2",
      operation: "AllocateAddress",
      args: {
        Domain: "vpc",
        TagSpecifications: tagSpecification(
          "elastic-ip",
          tagsOf(context.ownership, eip, {}),
          `${config.metadata.name}/${eip}`,
        ),
      },
      gives: { [`${eip}#id`]: "AllocationId" },
      lookup: { part: eip, kind: "eip" },
    });
  }
  if (live === undefined) {
    calls.push({
      service: "ec2",
      operation: "CreateNatGateway",
      args: {
        SubnetId: ref(`public-${index}`),
        AllocationId: ref(eip),
        TagSpecifications: tagSpecification(
          "natgateway",
          tagsOf(context.ownership, part, {}),
          `${config.metadata.name}/${part}`,
        ),
      },
      gives: { [`${part}#id`]: "NatGateway.NatGatewayId" },
      lookup: { part, kind: "nat" },
    });
  }
  return [
    create({
      part,
      op: calls.length === 0 ? "wait" : "create",
      target: { kind: "NatGateway", name: part },
      after: ["vpc", "igw", `public-${index}`],
      calls,
      until: { kind: "nat-available", part },
      expectedSeconds: usual.nat.usual,
    }),
  ];
}

function privateRouting(context: Context, subnet: OwnSubnet, index: number, nats: number): readonly Action[] {
  const part = `rt-private-${index}`;
  const target = { kind: "RouteTable", name: part };
  const { isNew, calls, routed, route } = routeTable(context, part, [subnet.part], undefined);
  const nat = `nat-${nats === 1 ? 0 : index}`;
  const table = quick(part, target, isNew, calls, ["vpc", subnet.part]);
  if (nats === 0) return table;
  const wanted = context.known.get(`${nat}#id`);
  if (routed !== undefined && routed.NatGatewayId === wanted) return table;
  return [
    ...table,
    ...quick(`${part}-route`, target, routed === undefined, [route({ NatGatewayId: ref(nat) })], [part, nat], "route"),
  ];
}
