import type * as Eks from "@aws-sdk/client-eks";
import type { ClusterRecord } from "../../state.ts";
import { type Handler, handler, type World } from "../../world.ts";
import { isRelease, latestRelease } from "../amiReleases.ts";
import { clusterNamed, inUse, invalidParameter, invalidRequest, nodegroupNamed, today } from "./find.ts";
import { checkSizes, checkUpdateConfig, templateOfNodegroup } from "./nodegroupChecks.ts";
import { nodesReady } from "./nodes.ts";
import { idempotent } from "./tokens.ts";
import { beginUpdate, checkNoUpdate } from "./updates.ts";
import { minorOf } from "./versions.ts";

function updatable(
  world: World,
  clusterName: string | undefined,
  nodegroupName: string | undefined,
  type: string,
): { readonly record: ClusterRecord; readonly nodegroup: Eks.Nodegroup; readonly members: Record<string, unknown> } {
  const record = clusterNamed(world, clusterName);
  const nodegroup = nodegroupNamed(record, nodegroupName);
  const members = { clusterName, nodegroupName };
  checkNoUpdate(record, type, { nodegroup: nodegroupName });
  if (nodegroup.status !== "ACTIVE" && nodegroup.status !== "DEGRADED") {
    throw inUse(`Nodegroup cannot be updated as it is currently not in Active State`, members);
  }
  return { record, nodegroup, members };
}

const updateNodegroupConfig = handler<Eks.UpdateNodegroupConfigCommandInput, Eks.UpdateNodegroupConfigCommandOutput>(
  ({ world, outcome }, input) => {
    const { record, nodegroup, members } = updatable(world, input.clusterName, input.nodegroupName, "ConfigUpdate");
    const scaling = { ...nodegroup.scalingConfig, ...input.scalingConfig };
    checkSizes(scaling, members);
    checkUpdateConfig(input.updateConfig, members);
    const removed = input.labels?.removeLabels ?? [];
    const both = removed.find((key) => input.labels?.addOrUpdateLabels?.[key] !== undefined);
    if (both !== undefined) throw invalidParameter(`Label ${both} cannot be added and removed at once.`, members);
    nodegroup.status = "UPDATING";
    const update = beginUpdate(world, record, {
      outcome,
      type: "ConfigUpdate",
      params: configParams(input),
      seconds: world.durations("nodegroupUpdate", input.nodegroupName ?? ""),
      target: { nodegroup: input.nodegroupName },
      fail: () => {
        nodegroup.status = "ACTIVE";
      },
      finish: () => {
        applyConfig(nodegroup, input, scaling);
        nodegroup.status = "ACTIVE";
        nodegroup.modifiedAt = today(world);
        nodesReady(world, record, input.nodegroupName ?? "", scaling.desiredSize ?? 0);
      },
    });
    return { update };
  },
);

function configParams(input: Eks.UpdateNodegroupConfigCommandInput): Record<string, string> {
  const params: Record<string, string> = {};
  const put = (key: Eks.UpdateParamType, value: unknown) => {
    if (value !== undefined) params[key] = typeof value === "string" ? value : JSON.stringify(value);
  };
  put("MinSize", input.scalingConfig?.minSize);
  put("MaxSize", input.scalingConfig?.maxSize);
  put("DesiredSize", input.scalingConfig?.desiredSize);
  put("LabelsToAdd", input.labels?.addOrUpdateLabels);
  put("LabelsToRemove", input.labels?.removeLabels);
  put("TaintsToAdd", input.taints?.addOrUpdateTaints);
  put("TaintsToRemove", input.taints?.removeTaints);
  put("MaxUnavailable", input.updateConfig?.maxUnavailable);
  put("MaxUnavailablePercentage", input.updateConfig?.maxUnavailablePercentage);
  put("NodeRepairEnabled", input.nodeRepairConfig?.enabled);
  return params;
}

function applyConfig(
  nodegroup: Eks.Nodegroup,
  input: Eks.UpdateNodegroupConfigCommandInput,
  scaling: Eks.NodegroupScalingConfig,
): void {
  nodegroup.scalingConfig = scaling;
  const labels = { ...nodegroup.labels, ...input.labels?.addOrUpdateLabels };
  for (const key of input.labels?.removeLabels ?? []) delete labels[key];
  nodegroup.labels = labels;
  // A taint is identified by key and effect.
  const same = (a: Eks.Taint, b: Eks.Taint) => a.key === b.key && a.effect === b.effect;
  const added = input.taints?.addOrUpdateTaints ?? [];
  const gone = [...added, ...(input.taints?.removeTaints ?? [])];
  const kept = (nodegroup.taints ?? []).filter((taint) => !gone.some((other) => same(taint, other)));
  if (input.taints !== undefined) nodegroup.taints = [...kept, ...structuredClone(added)];
  if (input.updateConfig !== undefined) nodegroup.updateConfig = input.updateConfig;
  if (input.nodeRepairConfig !== undefined) nodegroup.nodeRepairConfig = input.nodeRepairConfig;
  if (input.warmPoolConfig !== undefined) nodegroup.warmPoolConfig = input.warmPoolConfig;
}

const updateNodegroupVersion = handler<Eks.UpdateNodegroupVersionCommandInput, Eks.UpdateNodegroupVersionCommandOutput>(
  ({ world, outcome }, input) => {
    const { record, nodegroup, members } = updatable(world, input.clusterName, input.nodegroupName, "VersionUpdate");
    const clusterVersion = record.cluster.version ?? "";
    const template = templateOfNodegroup(world, input.launchTemplate);
    const isCustom = nodegroup.amiType === "CUSTOM";
    if (input.launchTemplate !== undefined && nodegroup.launchTemplate === undefined) {
      throw invalidRequest("A launch template cannot be added to a node group that was created without one.", members);
    }
    if (template !== undefined && template.id !== nodegroup.launchTemplate?.id) {
      throw invalidRequest("The launch template of a node group cannot be changed to another one.", members);
    }
    if (template !== undefined && (template.data.ImageId !== undefined) !== isCustom) {
      throw invalidParameter("You cannot change the node group to or from a custom image.", members);
    }
    if (isCustom && (input.version ?? input.releaseVersion) !== undefined) {
      throw invalidParameter(
        "You cannot specify version or releaseVersion for a node group with a custom image.",
        members,
      );
    }
    const changesTemplateOnly =
      template !== undefined && input.version === undefined && input.releaseVersion === undefined;
    const version = input.version ?? (changesTemplateOnly ? (nodegroup.version ?? clusterVersion) : clusterVersion);
    checkTarget(record, nodegroup, version, members);
    const release = isCustom
      ? undefined
      : (input.releaseVersion ?? (changesTemplateOnly ? nodegroup.releaseVersion : latestRelease(world, version)));
    if (input.releaseVersion !== undefined && !isRelease(world, version, input.releaseVersion)) {
      throw invalidParameter(
        `Requested release version ${input.releaseVersion} is not valid for kubernetes version ${version}.`,
        members,
      );
    }
    nodegroup.status = "UPDATING";
    const nodes = record.readyNodes.get(input.nodegroupName ?? "") ?? 0;
    const seconds =
      world.durations("nodegroupRoll", input.nodegroupName ?? "") +
      nodes * world.durations("nodegroupRollPerNode", input.nodegroupName ?? "");
    const update = beginUpdate(world, record, {
      outcome,
      type: "VersionUpdate",
      params: {
        Version: version,
        ...(release === undefined ? {} : { ReleaseVersion: release }),
        ...(template === undefined ? {} : { LaunchTemplateVersion: String(template.version) }),
      },
      seconds,
      target: { nodegroup: input.nodegroupName },
      fail: () => {
        nodegroup.status = "ACTIVE";
      },
      finish: () => {
        nodegroup.version = version;
        if (release !== undefined) nodegroup.releaseVersion = release;
        if (template !== undefined) {
          nodegroup.launchTemplate = { id: template.id, name: template.name, version: String(template.version) };
        }
        nodegroup.status = "ACTIVE";
        nodegroup.modifiedAt = today(world);
      },
    });
    return { update };
  },
);

function checkTarget(
  record: ClusterRecord,
  nodegroup: Eks.Nodegroup,
  version: string,
  members: Record<string, unknown>,
): void {
  const lag = minorOf(record.cluster.version ?? "") - minorOf(version);
  if (!(lag >= 0 && lag <= 3)) {
    throw invalidParameter(
      `Requested Nodegroup version ${version} is not supported by a cluster of version ${record.cluster.version}`,
      members,
    );
  }
  if (minorOf(version) < minorOf(nodegroup.version ?? version)) {
    throw invalidParameter(`Nodegroup version cannot be downgraded from ${nodegroup.version} to ${version}`, members);
  }
}

export const nodegroupUpdates: Readonly<Record<string, Handler>> = {
  UpdateNodegroupConfig: idempotent(updateNodegroupConfig),
  UpdateNodegroupVersion: idempotent(updateNodegroupVersion),
};
