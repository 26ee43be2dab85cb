import type * as Eks from "@aws-sdk/client-eks";
import { fault } from "../../fault.ts";
import type { ClusterRecord } from "../../state.ts";
import { type Handler, handler, type World } from "../../world.ts";
import { planConfigUpdate } from "./configUpdates.ts";
import { clusterNamed, inUse, invalidParameter, invalidRequest } from "./find.ts";
import { idempotent } from "./tokens.ts";
import { beginUpdate, checkNoUpdate } from "./updates.ts";
import { checkVersion, minorOf, platformVersionOf } from "./versions.ts";

const rollbackMs = 7 * 24 * 3600_000;

function updatable(world: World, name: string | undefined, type: string): ClusterRecord {
  const record = clusterNamed(world, name);
  checkNoUpdate(record, type);
  const { status } = record.cluster;
  if (status !== "ACTIVE")
    throw inUse(`Cannot ${type} because cluster ${name} is in status ${status}`, { clusterName: name });
  return record;
}

const updateClusterConfig = handler<Eks.UpdateClusterConfigCommandInput, Eks.UpdateClusterConfigCommandOutput>(
  ({ world, outcome }, input) => {
    const record = clusterNamed(world, input.name);
    const plan = planConfigUpdate(world, record, input);
    updatable(world, input.name, plan.type);
    const update = beginUpdate(world, record, {
      outcome,
      type: plan.type,
      params: plan.params,
      seconds: world.durations("clusterUpdate", `${input.name}|${plan.type}`),
      finish: () => {
        plan.apply();
      },
    });
    return { update };
  },
);

const updateClusterVersion = handler<Eks.UpdateClusterVersionCommandInput, Eks.UpdateClusterVersionCommandOutput>(
  ({ world, outcome }, input) => {
    const wanted = input.version ?? "";
    const record = updatable(world, input.name, "VersionUpdate");
    const { cluster } = record;
    const from = cluster.version ?? "";
    const step = minorOf(wanted) - minorOf(from);
    checkVersion(world, wanted);
    const isRollback = step === -1 && canRollBack(world, record, wanted);
    if (step !== 1 && !isRollback) {
      throw invalidParameter(`unsupported Kubernetes version update from ${from} to ${wanted}`, {
        clusterName: input.name,
      });
    }
    if (isRollback) checkNodesForRollback(record, wanted);
    else checkReadiness(record, wanted, input.force === true);
    const update = beginUpdate(world, record, {
      outcome,
      type: isRollback ? "VersionRollback" : "VersionUpdate",
      params: { Version: wanted, PlatformVersion: platformVersionOf(wanted) },
      seconds: world.durations("clusterVersion", input.name ?? ""),
      finish: () => {
        record.previousVersion = { version: from, at: world.agenda.now() };
        cluster.version = wanted;
        cluster.platformVersion = platformVersionOf(wanted);
      },
    });
    return { update };
  },
);

function canRollBack(world: World, record: ClusterRecord, wanted: string): boolean {
  const { previousVersion } = record;
  return previousVersion?.version === wanted && world.agenda.now() - previousVersion.at <= rollbackMs;
}

// A kubelet may not be newer than its API server.
function checkNodesForRollback(record: ClusterRecord, wanted: string): void {
  const newer = [...record.nodegroups.values()].filter(
    (nodegroup) => minorOf(nodegroup.version ?? wanted) > minorOf(wanted),
  );
  if (newer.length === 0) return;
  throw invalidRequest(
    `Nodegroups ${newer.map((nodegroup) => nodegroup.nodegroupName).join(", ")} are newer than ${wanted}; roll them back first`,
    { clusterName: record.cluster.name },
  );
}

/** The upgrade gate: node groups within the skew, and no insight in ERROR unless forced. */
function checkReadiness(record: ClusterRecord, wanted: string, isForced: boolean): void {
  const lagging = [...record.nodegroups.values()].filter(
    (nodegroup) => minorOf(wanted) - minorOf(nodegroup.version ?? wanted) > 3,
  );
  if (lagging.length > 0) {
    throw invalidRequest(
      `Nodegroups ${lagging.map((nodegroup) => nodegroup.nodegroupName).join(", ")} must be updated to match cluster version ${record.cluster.version} before updating cluster version; current nodegroup versions are ${lagging.map((nodegroup) => nodegroup.version).join(", ")}`,
      { clusterName: record.cluster.name },
    );
  }
  const blocking = [...record.insights.values()].filter(
    (insight) =>
      insight.category === "UPGRADE_READINESS" &&
      insight.insightStatus?.status === "ERROR" &&
      insight.kubernetesVersion === wanted,
  );
  if (blocking.length > 0 && !isForced) {
    throw fault(
      "InvalidStateException",
      `Cluster ${record.cluster.name} has upgrade insights in ERROR: ${blocking.map((insight) => insight.name).join(", ")}. Resolve them or use force.`,
      { clusterName: record.cluster.name },
    );
  }
}

const associateEncryption = handler<
  Eks.AssociateEncryptionConfigCommandInput,
  Eks.AssociateEncryptionConfigCommandOutput
>(({ world, outcome }, input) => {
  const record = updatable(world, input.clusterName, "AssociateEncryptionConfig");
  const { cluster } = record;
  if ((cluster.encryptionConfig ?? []).length > 0) {
    throw invalidRequest("Encryption is already enabled for cluster and cannot be changed.", {
      clusterName: input.clusterName,
    });
  }
  const keyArn = input.encryptionConfig?.[0]?.provider?.keyArn ?? "";
  if (!/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/.+$/.test(keyArn)) {
    throw invalidParameter(`Invalid key ARN: ${keyArn}`, { clusterName: input.clusterName });
  }
  const update = beginUpdate(world, record, {
    outcome,
    type: "AssociateEncryptionConfig",
    params: { EncryptionConfig: JSON.stringify(input.encryptionConfig) },
    seconds: world.durations("clusterEncryption", input.clusterName ?? ""),
    finish: () => {
      cluster.encryptionConfig = structuredClone(input.encryptionConfig);
    },
  });
  return { update };
});

export const clusterUpdates: Readonly<Record<string, Handler>> = {
  UpdateClusterConfig: idempotent(updateClusterConfig),
  UpdateClusterVersion: idempotent(updateClusterVersion),
  AssociateEncryptionConfig: idempotent(associateEncryption),
};
