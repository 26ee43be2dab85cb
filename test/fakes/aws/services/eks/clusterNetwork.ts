import type { Subnet } from "@aws-sdk/client-ec2";
import type { VpcConfigRequest } from "@aws-sdk/client-eks";
import { fault } from "../../fault.ts";
import type { ClusterRecord } from "../../state.ts";
import type { World } from "../../world.ts";
import { makeInterface } from "../ec2/interfaces.ts";
import { makeSecurityGroup } from "../ec2/securityGroups.ts";
import { excludedZoneIds } from "../ec2/zones.ts";
import { invalidParameter } from "./find.ts";

/** EKS's checks of control plane subnets and groups; answers their VPC. */
export function checkControlPlaneNetwork(world: World, clusterName: string, wish: VpcConfigRequest): string {
  const subnets = (wish.subnetIds ?? []).map((id) => subnetById(world, id));
  const first = subnets[0];
  if (first === undefined)
    throw invalidParameter("Subnets specified must be in at least two different AZs", { clusterName });
  if (subnets.some((subnet) => subnet.VpcId !== first.VpcId)) {
    throw invalidParameter("Subnets must belong to the same VPC", { clusterName });
  }
  checkZones(world, clusterName, subnets);
  const crowded = subnets.find((subnet) => (subnet.AvailableIpAddressCount ?? 0) < 6);
  if (crowded !== undefined) {
    throw invalidParameter(
      `Subnet ${crowded.SubnetId} does not have the 6 free IP addresses that the control plane needs`,
      {
        clusterName,
      },
    );
  }
  for (const id of wish.securityGroupIds ?? []) {
    const group = world.account.network.securityGroups.get(id);
    if (group === undefined) throw invalidParameter(`The security group '${id}' does not exist`, { clusterName });
    if (group.VpcId !== first.VpcId) {
      throw invalidParameter(`Security group ${id} is not in the VPC of the subnets`, { clusterName });
    }
  }
  if (wish.endpointPublicAccess === false && wish.endpointPrivateAccess !== true) {
    throw invalidParameter("Private and public endpoint access cannot be false at the same time.", { clusterName });
  }
  return first.VpcId ?? "";
}

export function subnetById(world: World, id: string): Subnet {
  const subnet = world.account.network.subnets.get(id);
  const visibleAt = world.account.network.visibleAt.get(id) ?? 0;
  if (subnet === undefined || visibleAt > world.agenda.now()) {
    throw invalidParameter(`The subnet ID '${id}' does not exist`);
  }
  return subnet;
}

function checkZones(world: World, clusterName: string, subnets: readonly Subnet[]): void {
  const refused = subnets.find((subnet) => excludedZoneIds.has(subnet.AvailabilityZoneId ?? ""));
  if (refused !== undefined) {
    const zones = [...world.account.network.subnets.values()]
      .filter((subnet) => !excludedZoneIds.has(subnet.AvailabilityZoneId ?? ""))
      .map((subnet) => subnet.AvailabilityZone ?? "");
    const validZones = [...new Set(zones)].toSorted();
    throw fault(
      "UnsupportedAvailabilityZoneException",
      `Cannot create cluster '${clusterName}' because EKS does not support creating control plane instances in ${refused.AvailabilityZone}, the targeted availability zone. Retry cluster creation using control plane subnets that span at least two of these availability zones: ${validZones.join(", ")}. Note, post cluster creation, you can run worker nodes in separate subnets/availability zones from control plane subnets/availability zones passed during cluster creation`,
      { clusterName, validZones },
    );
  }
  if (new Set(subnets.map((subnet) => subnet.AvailabilityZone)).size < 2) {
    throw invalidParameter("Subnets specified must be in at least two different AZs", { clusterName });
  }
}

/** What EKS itself puts into the VPC: the cluster security group and network interfaces in two subnets. */
export function makeClusterNetwork(world: World, record: ClusterRecord): void {
  const { cluster } = record;
  const vpcId = cluster.resourcesVpcConfig?.vpcId ?? "";
  const group = makeSecurityGroup(world, {
    vpcId,
    name: `eks-cluster-sg-${cluster.name}-${world.random.hex("cluster-sg", 9).replace(/\D/g, "7")}`,
    description:
      "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, as well as any managed workloads.",
    tags: [
      { Key: "Name", Value: `eks-cluster-sg-${cluster.name}` },
      { Key: `kubernetes.io/cluster/${cluster.name}`, Value: "owned" },
      { Key: "aws:eks:cluster-name", Value: cluster.name },
    ],
  });
  if (cluster.resourcesVpcConfig !== undefined) cluster.resourcesVpcConfig.clusterSecurityGroupId = group.GroupId;
  for (const subnetId of (cluster.resourcesVpcConfig?.subnetIds ?? []).slice(0, 2)) {
    makeInterface(world, {
      subnetId,
      description: `Amazon EKS ${cluster.name}`,
      groupIds: [group.GroupId ?? ""],
      status: "in-use",
    });
  }
}

/** EKS takes its own interfaces and group away with the cluster. */
export function removeClusterNetwork(world: World, record: ClusterRecord): void {
  const { network } = world.account;
  const description = `Amazon EKS ${record.cluster.name}`;
  for (const [id, networkInterface] of network.networkInterfaces) {
    if (networkInterface.Description === description) network.networkInterfaces.delete(id);
  }
  const groupId = record.cluster.resourcesVpcConfig?.clusterSecurityGroupId ?? "";
  network.securityGroups.delete(groupId);
  for (const [id, rule] of network.securityGroupRules)
    if (rule.GroupId === groupId) network.securityGroupRules.delete(id);
}
