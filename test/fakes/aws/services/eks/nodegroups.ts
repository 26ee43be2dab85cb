import type * as Eks from "@aws-sdk/client-eks";
import { NodegroupIssueCode } from "@aws-sdk/client-eks";
import type { Outcome } from "../../aws.ts";
import type { ClusterRecord } from "../../state.ts";
import { type Handler, handler, page, type World } from "../../world.ts";
import { latestRelease } from "../amiReleases.ts";
import { ensureServiceLinkedRole } from "../iam/roles.ts";
import { putAccessEntry } from "./access.ts";
import { member } from "./closedLists.ts";
import { activeCluster, clusterNamed, eksArn, inUse, limitExceeded, nodegroupNamed, today } from "./find.ts";
import { checkNodegroup, defaultAmiType, templateOfNodegroup } from "./nodegroupChecks.ts";
import { joinProblem, nodesGone, nodesReady } from "./nodes.ts";
import { idempotent } from "./tokens.ts";
import { runningUpdate } from "./updates.ts";

const retrySeconds = 15;

const createNodegroup = handler<Eks.CreateNodegroupCommandInput, Eks.CreateNodegroupCommandOutput>(
  ({ world, outcome }, input) => {
    const record = activeCluster(world, input.clusterName);
    const name = input.nodegroupName ?? "";
    const members = { clusterName: input.clusterName, nodegroupName: name };
    if (record.nodegroups.has(name)) {
      throw inUse(`NodeGroup already exists with name ${name} and cluster name ${input.clusterName}`, members);
    }
    if (record.nodegroups.size >= (world.account.quotas.get("eks/L-6D54EA21") ?? 30)) {
      throw limitExceeded("The maximum number of node groups of this cluster was reached.", members);
    }
    checkNodegroup(world, record, input);
    ensureServiceLinkedRole(world, "eks-nodegroup.amazonaws.com");
    const nodegroup = newNodegroup(world, record, input);
    record.nodegroups.set(name, nodegroup);
    admitNodeRole(world, record, input.nodeRole ?? "");
    if (outcome === undefined) startNodes(world, record, nodegroup);
    else spoilNodegroup(world, nodegroup, outcome);
    return { nodegroup: structuredClone(nodegroup) };
  },
);

function newNodegroup(world: World, record: ClusterRecord, input: Eks.CreateNodegroupCommandInput): Eks.Nodegroup {
  const version = input.version ?? record.cluster.version ?? "";
  const template = templateOfNodegroup(world, input.launchTemplate);
  const scaling = input.scalingConfig ?? {};
  const minSize = scaling.minSize ?? 1;
  const desiredSize = scaling.desiredSize ?? Math.max(2, minSize);
  const isCustom = template?.data.ImageId !== undefined;
  const instanceTypes = input.instanceTypes ?? (template?.data.InstanceType === undefined ? ["t3.medium"] : undefined);
  return {
    nodegroupName: input.nodegroupName,
    nodegroupArn: eksArn(
      world,
      `nodegroup/${input.clusterName}/${input.nodegroupName}/${world.random.uuid("nodegroup")}`,
    ),
    clusterName: input.clusterName,
    version,
    ...(isCustom ? {} : { releaseVersion: input.releaseVersion ?? latestRelease(world, version) }),
    createdAt: today(world),
    modifiedAt: today(world),
    status: "CREATING",
    capacityType: input.capacityType ?? "ON_DEMAND",
    scalingConfig: { minSize, maxSize: scaling.maxSize ?? Math.max(2, desiredSize), desiredSize },
    ...(instanceTypes === undefined ? {} : { instanceTypes: [...instanceTypes] }),
    subnets: [...(input.subnets ?? [])],
    ...(input.remoteAccess === undefined ? {} : { remoteAccess: input.remoteAccess }),
    amiType: isCustom ? "CUSTOM" : (input.amiType ?? defaultAmiType(instanceTypes)),
    nodeRole: input.nodeRole,
    labels: { ...input.labels },
    ...(input.taints === undefined ? {} : { taints: structuredClone(input.taints) }),
    resources: { autoScalingGroups: [{ name: `eks-${input.nodegroupName}-${world.random.uuid("asg")}` }] },
    ...(template === undefined ? { diskSize: input.diskSize ?? 20 } : {}),
    health: { issues: [] },
    updateConfig: input.updateConfig ?? { maxUnavailable: 1 },
    ...(input.nodeRepairConfig === undefined ? {} : { nodeRepairConfig: input.nodeRepairConfig }),
    ...(template === undefined
      ? {}
      : { launchTemplate: { id: template.id, name: template.name, version: String(template.version) } }),
    ...(input.warmPoolConfig === undefined ? {} : { warmPoolConfig: input.warmPoolConfig }),
    tags: { ...input.tags },
  };
}

// EKS itself lets the node role in, where access entries are on.
function admitNodeRole(world: World, record: ClusterRecord, principalArn: string): void {
  if (record.cluster.accessConfig?.authenticationMode === "CONFIG_MAP") return;
  if (!record.accessEntries.has(principalArn)) putAccessEntry(world, record, { principalArn, type: "EC2_LINUX" });
}

/** CREATING until nodes join; without CNI or route they never do, and the group fails after half an hour. */
function startNodes(world: World, record: ClusterRecord, nodegroup: Eks.Nodegroup): void {
  const name = nodegroup.nodegroupName ?? "";
  const desired = nodegroup.scalingConfig?.desiredSize ?? 0;
  const deadline = world.agenda.now() + world.durations("nodegroupNoCni", name) * 1000;
  const tryJoin = () => {
    if (record.nodegroups.get(name) !== nodegroup || nodegroup.status !== "CREATING") return;
    const problem = desired === 0 ? undefined : joinProblem(world, record, nodegroup);
    if (problem === undefined) {
      nodegroup.status = "ACTIVE";
      nodesReady(world, record, name, desired);
    } else if (world.agenda.now() >= deadline) {
      nodegroup.status = "CREATE_FAILED";
      nodegroup.health = {
        issues: [
          {
            code: "NodeCreationFailure",
            message: "Instances failed to join the kubernetes cluster",
            resourceIds: [`i-0${world.random.hex("instance", 16)}`],
          },
        ],
      };
    } else {
      world.agenda.after(retrySeconds, tryJoin);
    }
  };
  world.agenda.after(world.durations(desired === 0 ? "nodegroupCreateEmpty" : "nodegroupCreate", name), tryJoin);
}

/** The scripted bad end of a creation. */
function spoilNodegroup(world: World, nodegroup: Eks.Nodegroup, outcome: Outcome): void {
  const code = member(NodegroupIssueCode, outcome.code);
  const issues = [{ code, message: outcome.message ?? `Node group failed: ${code}`, resourceIds: [] }];
  world.agenda.after(world.durations("nodegroupCreate", nodegroup.nodegroupName ?? ""), () => {
    if (nodegroup.status !== "CREATING") return;
    nodegroup.status = outcome.degraded === true ? "DEGRADED" : "CREATE_FAILED";
    nodegroup.health = { issues };
  });
}

const describeNodegroup = handler<Eks.DescribeNodegroupCommandInput, Eks.DescribeNodegroupCommandOutput>(
  ({ world }, input) => ({
    nodegroup: structuredClone(nodegroupNamed(clusterNamed(world, input.clusterName), input.nodegroupName)),
  }),
);

const listNodegroups = handler<Eks.ListNodegroupsCommandInput, Eks.ListNodegroupsCommandOutput>(({ world }, input) => {
  const names = [...clusterNamed(world, input.clusterName).nodegroups.keys()].toSorted();
  const result = page(world, names, { size: input.maxResults, token: input.nextToken, max: 100 });
  return { nodegroups: result.items, ...(result.next === undefined ? {} : { nextToken: result.next }) };
});

const deleteNodegroup = handler<Eks.DeleteNodegroupCommandInput, Eks.DeleteNodegroupCommandOutput>(
  ({ world }, input) => {
    const record = clusterNamed(world, input.clusterName);
    const nodegroup = nodegroupNamed(record, input.nodegroupName);
    const name = nodegroup.nodegroupName ?? "";
    const members = { clusterName: input.clusterName, nodegroupName: name };
    if (nodegroup.status === "DELETING") throw inUse(`Nodegroup ${name} is being deleted.`, members);
    const running = runningUpdate(record, { nodegroup: name });
    if (running !== undefined) {
      throw inUse(`Nodegroup ${name} currently has update ${running.update.id} in progress`, members);
    }
    nodegroup.status = "DELETING";
    world.agenda.after(world.durations("nodegroupDelete", name), () => {
      nodesGone(world, record, name);
      record.nodegroups.delete(name);
    });
    return { nodegroup: structuredClone(nodegroup) };
  },
);

export const nodegroups: Readonly<Record<string, Handler>> = {
  CreateNodegroup: idempotent(createNodegroup, (world, input: Eks.CreateNodegroupCommandInput) => {
    const record = world.account.clusters.get(input.clusterName ?? "");
    return record?.nodegroups.has(input.nodegroupName ?? "") === true;
  }),
  DescribeNodegroup: describeNodegroup,
  ListNodegroups: listNodegroups,
  DeleteNodegroup: deleteNodegroup,
};
