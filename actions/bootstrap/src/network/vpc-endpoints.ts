import type { ClusterConfig } from "@eks-actions/cluster-config";
import type { Action, Call, Step } from "../plan/action.ts";
import { quick } from "../plan/build.ts";
import type { Context } from "../plan/context.ts";
import { tagSpecification, tagsOf } from "../plan/tags.ts";
import { ref } from "../plan/value.ts";
import type { OwnSubnet } from "./layout.ts";

/** What nodes without a way out have to reach; S3 holds the layers of images and has a gateway of its own kind. */
const INTERFACES = ["ec2", "ecr.api", "ecr.dkr", "sts", "logs", "eks", "eks-auth"] as const;
const GROUP = "sg-endpoints";

/** Services with an interface endpoint, sorted; none unless the file asks for a private cluster. */
export function endpointServices({ privateCluster }: ClusterConfig): readonly string[] {
  if (!privateCluster.enabled || privateCluster.skipEndpointCreation) return [];
  return [...new Set([...INTERFACES, ...privateCluster.additionalEndpointServices])].sort();
}

/** VPC endpoints of a private cluster in a VPC of our own, with the group that lets the VPC's own addresses in. */
export function planEndpoints(context: Context, subnets: readonly OwnSubnet[]): Step {
  const services = endpointServices(context.config);
  if (services.length === 0) return { actions: [] };
  const parts = subnets.filter((subnet) => !subnet.isPublic).map((subnet) => subnet.part);
  const tables = parts.map((_, index) => `rt-private-${index}`);
  return {
    actions: [
      ...endpointGroup(context),
      ...services.flatMap((service) =>
        endpoint(context, service, [GROUP, ...parts], {
          VpcEndpointType: "Interface",
          PrivateDnsEnabled: true,
          SubnetIds: parts.map((part) => ref(part)),
          SecurityGroupIds: [ref(GROUP)],
        }),
      ),
      ...endpoint(context, "s3", tables, {
        VpcEndpointType: "Gateway",
        RouteTableIds: tables.map((part) => ref(part)),
      }),
    ],
  };
}

function endpoint(
  context: Context,
  service: string,
  after: readonly string[],
  settings: Readonly<Record<string, unknown>>,
): readonly Action[] {
  const part = `endpoint-${service}`;
  if (context.known.has(`${part}#id`)) return [];
  const { name, region } = context.config.metadata;
  const call: Call = {
    service: "ec2",
    operation: "CreateVpcEndpoint",
    args: {
      VpcId: ref("vpc"),
      ServiceName: `com.amazonaws.${region}.${service}`,
      ...settings,
      TagSpecifications: tagSpecification("vpc-endpoint", tagsOf(context.ownership, part, {}), `${name}/${part}`),
    },
    gives: { [`${part}#id`]: "VpcEndpoint.VpcEndpointId" },
    lookup: { part, kind: "endpoint" },
  };
  return quick(part, { kind: "VpcEndpoint", name: service }, true, [call], ["vpc", ...after]);
}

function endpointGroup(context: Context): readonly Action[] {
  const { known, facts, config, ownership } = context;
  const id = known.get(`${GROUP}#id`);
  const live = facts.network.securityGroups.find((group) => group.GroupId === id && id !== undefined);
  const calls: Call[] = [];
  if (live === undefined) {
    calls.push({
      service: "ec2",
      operation: "CreateSecurityGroup",
      args: {
        GroupName: `eks-actions-${config.metadata.name}-endpoints`,
        Description: `VPC endpoints of the EKS cluster ${config.metadata.name}`,
        VpcId: ref("vpc"),
        TagSpecifications: tagSpecification(
          "security-group",
          tagsOf(ownership, GROUP, {}),
          `${config.metadata.name}/${GROUP}`,
        ),
      },
      gives: { [`${GROUP}#id`]: "GroupId" },
      lookup: { part: GROUP, kind: "sg" },
    });
  }
  const open = live?.IpPermissions?.some((rule) => rule.IpRanges?.some((range) => range.CidrIp === config.vpc.cidr));
  if (open !== true) {
    calls.push({
      service: "ec2",
      operation: "AuthorizeSecurityGroupIngress",
      args: {
        GroupId: ref(GROUP),
        IpPermissions: [{ IpProtocol: "tcp", FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: config.vpc.cidr }] }],
      },
    });
  }
  return quick(GROUP, { kind: "SecurityGroup", name: GROUP }, live === undefined, calls, ["vpc"]);
}
