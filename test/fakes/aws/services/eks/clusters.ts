import type * as Eks from "@aws-sdk/client-eks";
import { ClusterIssueCode } from "@aws-sdk/client-eks";
import type { Outcome } from "../../aws.ts";
import type { ClusterRecord } from "../../state.ts";
import { type Handler, handler, page, type World } from "../../world.ts";
import { ensureServiceLinkedRole } from "../iam/roles.ts";
import { putCreatorEntry } from "./access.ts";
import { member } from "./closedLists.ts";
import { checkControlPlaneNetwork, makeClusterNetwork, removeClusterNetwork } from "./clusterNetwork.ts";
import { completeCluster, keepLogs, newClusterRecord } from "./clusterRecord.ts";
import { clusterNamed, inUse, invalidParameter, invalidRequest, limitExceeded } from "./find.ts";
import { checkClusterRole } from "./roles.ts";
import { idempotent } from "./tokens.ts";
import { runningUpdate } from "./updates.ts";
import { checkVersion, defaultVersion } from "./versions.ts";

const createCluster = handler<Eks.CreateClusterCommandInput, Eks.CreateClusterCommandOutput>(
  ({ world, session, outcome }, input) => {
    const name = input.name ?? "";
    const { clusters, quotas } = world.account;
    if (clusters.has(name)) throw inUse(`Cluster already exists with name: ${name}`, { clusterName: name });
    if (clusters.size >= (quotas.get("eks/L-1194D53C") ?? 100)) {
      throw limitExceeded("The maximum number of clusters in this region was reached.", { clusterName: name });
    }
    const version = input.version ?? defaultVersion;
    checkVersion(world, version);
    checkAutoMode(input);
    checkClusterRole(world, input.roleArn, input.computeConfig?.enabled === true);
    const vpcId = checkControlPlaneNetwork(world, name, input.resourcesVpcConfig ?? {});
    checkFamily(world, input);
    ensureServiceLinkedRole(world, "eks.amazonaws.com");
    const issues = outcome === undefined ? [] : [clusterIssue(outcome)];
    const record = newClusterRecord(world, input, { vpcId, version, creatorArn: session?.roleArn ?? "" });
    clusters.set(name, record);
    putCreatorEntry(world, record);
    world.agenda.after(world.durations("clusterCreate", name), () => {
      if (clusters.get(name) !== record || record.cluster.status !== "CREATING") return;
      if (outcome === undefined) activateCluster(world, record);
      else record.cluster = { ...record.cluster, status: "FAILED", health: { issues } };
    });
    return { cluster: describe(world, record) };
  },
);

/** CREATING ends: endpoint, issuer, cluster security group and the control plane's network interfaces exist. */
export function activateCluster(world: World, record: ClusterRecord): void {
  completeCluster(world, record);
  makeClusterNetwork(world, record);
  keepLogs(world, record);
}

function clusterIssue(outcome: Outcome): Eks.ClusterIssue {
  const code = member(ClusterIssueCode, outcome.code);
  return { code, message: outcome.message ?? `Cluster failed: ${code}`, resourceIds: [] };
}

/** An IPv6 cluster assigns its service range itself, and needs IPv6 in the VPC and in every subnet. */
function checkFamily(world: World, input: Eks.CreateClusterCommandInput): void {
  const network = input.kubernetesNetworkConfig;
  if (network?.ipFamily !== "ipv6") return;
  if (network.serviceIpv4Cidr !== undefined) {
    throw invalidParameter("serviceIpv4Cidr cannot be specified when ipFamily is ipv6", { clusterName: input.name });
  }
  const without = (input.resourcesVpcConfig?.subnetIds ?? []).find(
    (id) => (world.account.network.subnets.get(id)?.Ipv6CidrBlockAssociationSet ?? []).length === 0,
  );
  if (without !== undefined) {
    throw invalidParameter(`Subnet ${without} must have an IPv6 CIDR block associated`, { clusterName: input.name });
  }
}

function checkAutoMode(input: Eks.CreateClusterCommandInput): void {
  const flags = [
    input.computeConfig?.enabled,
    input.kubernetesNetworkConfig?.elasticLoadBalancing?.enabled,
    input.storageConfig?.blockStorage?.enabled,
  ].map((flag) => flag === true);
  if (new Set(flags).size > 1) {
    throw invalidRequest(
      "For EKS Auto Mode, please ensure that all required configs, including computeConfig, kubernetesNetworkConfig, and blockStorage are all either fully enabled or fully disabled.",
    );
  }
  const { nodePools = [], nodeRoleArn } = input.computeConfig ?? {};
  if (nodePools.length > 0 !== (nodeRoleArn !== undefined)) {
    throw invalidRequest("When creating node pools for EKS Auto Mode, please specify both nodePools and nodeRoleArn.");
  }
  if (flags[0] === true && input.bootstrapSelfManagedAddons === true) {
    throw invalidRequest("When Auto Mode is enabled, bootstrapSelfManagedAddons must be set to false.");
  }
}

const describeCluster = handler<Eks.DescribeClusterCommandInput, Eks.DescribeClusterCommandOutput>(
  ({ world }, input) => ({ cluster: describe(world, clusterNamed(world, input.name)) }),
);

/** The cluster as Describe shows it now: connected endpoint, and ACTIVE for seconds after an update began. */
export function describe(world: World, record: ClusterRecord): Eks.Cluster {
  const shown = structuredClone(record.cluster);
  const connection = record.connection ?? world.connections.get(shown.name ?? "") ?? world.connections.get("*");
  if (connection !== undefined && shown.endpoint !== undefined) {
    shown.endpoint = connection.endpoint;
    shown.certificateAuthority = { data: connection.caData };
  }
  if (shown.status === "UPDATING" && (record.staleUntil ?? 0) > world.agenda.now()) shown.status = "ACTIVE";
  return shown;
}

const listClusters = handler<Eks.ListClustersCommandInput, Eks.ListClustersCommandOutput>(({ world }, input) => {
  const names = [...world.account.clusters.keys()].toSorted();
  const result = page(world, names, { size: input.maxResults, token: input.nextToken, max: 100 });
  return { clusters: result.items, ...(result.next === undefined ? {} : { nextToken: result.next }) };
});

const deleteCluster = handler<Eks.DeleteClusterCommandInput, Eks.DeleteClusterCommandOutput>(({ world }, input) => {
  const record = clusterNamed(world, input.name);
  const { cluster } = record;
  const name = cluster.name ?? "";
  if (cluster.status === "ACTIVE" && cluster.deletionProtection === true) {
    throw invalidRequest(`Cluster ${name} has deletion protection enabled and cannot be deleted.`, {
      clusterName: name,
    });
  }
  if (cluster.status === "DELETING")
    throw inUse(`Cluster ${name} is being deleted, deletion in progress.`, { clusterName: name });
  if (cluster.status === "CREATING") throw inUse(`Cluster ${name} has creation in progress.`, { clusterName: name });
  if (record.nodegroups.size > 0) throw inUse("Cluster has nodegroups attached", { clusterName: name });
  if (record.fargateProfiles.size > 0) throw inUse("Cluster has fargate profiles attached", { clusterName: name });
  if (record.capabilities.size > 0) throw inUse("Cluster has capabilities attached", { clusterName: name });
  const running = runningUpdate(record);
  if (running !== undefined) {
    throw inUse(`Cannot delete because cluster ${name} currently has update ${running.update.id} in progress`, {
      clusterName: name,
    });
  }
  cluster.status = "DELETING";
  world.agenda.after(world.durations("clusterDelete", name), () => {
    if (world.account.clusters.get(name) !== record) return;
    removeClusterNetwork(world, record);
    world.account.clusters.delete(name);
  });
  return { cluster: describe(world, record) };
});

export const clusters: Readonly<Record<string, Handler>> = {
  CreateCluster: idempotent(createCluster, (world, input: Eks.CreateClusterCommandInput) =>
    world.account.clusters.has(input.name ?? ""),
  ),
  DescribeCluster: describeCluster,
  ListClusters: listClusters,
  DeleteCluster: deleteCluster,
};
