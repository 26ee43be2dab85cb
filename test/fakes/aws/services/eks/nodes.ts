import type { Nodegroup } from "@aws-sdk/client-eks";
import type { ClusterRecord } from "../../state.ts";
import type { World } from "../../world.ts";
import { isDeployment, settleAddon } from "./addonLife.ts";
import { hasReadyNode } from "./readyNodes.ts";

/** Why a node of this group cannot become Ready now; `undefined` if it can. */
export function joinProblem(world: World, record: ClusterRecord, nodegroup: Nodegroup): string | undefined {
  const cni = record.addons.get("vpc-cni");
  const hasCni = record.hasSelfManagedAddons || (cni !== undefined && cni.status !== "DELETING");
  if (!hasCni) return "container runtime network not ready: cni plugin not initialized";
  const isolated = (nodegroup.subnets ?? []).find((id) => !hasWayOut(world, record, id));
  return isolated === undefined ? undefined : `subnet ${isolated} has no route to the cluster endpoint`;
}

// A node needs a route to the internet for the public endpoint and its images, or VPC endpoints and the private endpoint.
function hasWayOut(world: World, record: ClusterRecord, subnetId: string): boolean {
  const { network } = world.account;
  const subnet = network.subnets.get(subnetId);
  const tables = [...network.routeTables.values()].filter((table) => table.VpcId === subnet?.VpcId);
  const table =
    tables.find((candidate) =>
      (candidate.Associations ?? []).some((association) => association.SubnetId === subnetId),
    ) ?? tables.find((candidate) => (candidate.Associations ?? []).some((association) => association.Main === true));
  const routes = (table?.Routes ?? []).filter((route) => route.State === "active");
  const byNat = routes.some((route) => network.natGateways.get(route.NatGatewayId ?? "")?.State === "available");
  const byGateway = routes.some((route) => route.GatewayId?.startsWith("igw-")) && subnet?.MapPublicIpOnLaunch === true;
  const isPrivate =
    record.cluster.resourcesVpcConfig?.endpointPrivateAccess === true &&
    [...network.vpcEndpoints.values()].some((endpoint) => endpoint.VpcId === subnet?.VpcId);
  return byNat || byGateway || isPrivate;
}

/** Nodes of a group are Ready now: Deployments of add-ons get their pods. */
export function nodesReady(world: World, record: ClusterRecord, nodegroupName: string, count: number): void {
  record.readyNodes.set(nodegroupName, count);
  if (!hasReadyNode(record)) return;
  for (const addon of record.addons.values()) {
    if (isDeployment(addon.addonName) && (addon.status === "CREATING" || addon.status === "DEGRADED")) {
      settleAddon(world, record, addon);
    }
  }
}

/** The group's nodes are gone: without any node left, Deployments of add-ons lose their pods. */
export function nodesGone(world: World, record: ClusterRecord, nodegroupName: string): void {
  record.readyNodes.delete(nodegroupName);
  if (hasReadyNode(record)) return;
  for (const addon of record.addons.values()) {
    if (isDeployment(addon.addonName) && addon.status === "ACTIVE") settleAddon(world, record, addon);
  }
}
