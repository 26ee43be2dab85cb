import type { Addon, Nodegroup } from "@aws-sdk/client-eks";
import { fault } from "../../fault.ts";
import type { ClusterRecord } from "../../state.ts";
import type { World } from "../../world.ts";

export function clusterNamed(world: World, name: string | undefined): ClusterRecord {
  const record = world.account.clusters.get(name ?? "");
  if (record === undefined) throw notFound(`No cluster found for name: ${name}.`, { clusterName: name });
  return record;
}

export function nodegroupNamed(record: ClusterRecord, name: string | undefined): Nodegroup {
  const nodegroup = record.nodegroups.get(name ?? "");
  if (nodegroup === undefined) {
    throw notFound(`No node group found for name: ${name}.`, {
      clusterName: record.cluster.name,
      nodegroupName: name,
    });
  }
  return nodegroup;
}

export function addonNamed(record: ClusterRecord, name: string | undefined): Addon {
  const addon = record.addons.get(name ?? "");
  if (addon === undefined) {
    throw notFound(`No addon: ${name} found in cluster: ${record.cluster.name}`, {
      clusterName: record.cluster.name,
      addonName: name,
    });
  }
  return addon;
}

/** Cluster that takes new objects: ACTIVE, no cluster update running. */
export function activeCluster(world: World, name: string | undefined): ClusterRecord {
  const record = clusterNamed(world, name);
  if (record.cluster.status !== "ACTIVE") {
    throw invalidRequest(`Cluster '${name}' is not in ACTIVE status`, { clusterName: name });
  }
  return record;
}

/** Cluster on which add-ons, entries and associations may be made: ACTIVE or UPDATING. */
export function runningCluster(world: World, name: string | undefined): ClusterRecord {
  const record = clusterNamed(world, name);
  const { status } = record.cluster;
  if (status !== "ACTIVE" && status !== "UPDATING") {
    throw invalidRequest(`Cluster '${name}' is not in ACTIVE status`, { clusterName: name });
  }
  return record;
}

export function notFound(message: string, members: Record<string, unknown> = {}): Error {
  return fault("ResourceNotFoundException", message, members, 404);
}

export function invalidParameter(message: string, members: Record<string, unknown> = {}): Error {
  return fault("InvalidParameterException", message, members);
}

export function invalidRequest(message: string, members: Record<string, unknown> = {}): Error {
  return fault("InvalidRequestException", message, members);
}

export function inUse(message: string, members: Record<string, unknown> = {}): Error {
  return fault("ResourceInUseException", message, members, 409);
}

export function limitExceeded(message: string, members: Record<string, unknown> = {}): Error {
  return fault("ResourceLimitExceededException", message, members);
}

/** `arn:aws:eks:<region>:<account>:<rest>` */
export function eksArn(world: World, rest: string): string {
  const { partition, region, id } = world.account;
  return `arn:${partition}:eks:${region}:${id}:${rest}`;
}

export function today(world: World): Date {
  return new Date(world.agenda.now());
}
