import type * as Eks from "@aws-sdk/client-eks";
import { ErrorCode, UpdateParamType } from "@aws-sdk/client-eks";
import type { Outcome } from "../../aws.ts";
import type { ClusterRecord, UpdateRecord } from "../../state.ts";
import { type Handler, handler, page, type World } from "../../world.ts";
import { member } from "./closedLists.ts";
import { addonNamed, clusterNamed, inUse, invalidRequest, nodegroupNamed, notFound, today } from "./find.ts";

/** Which lock an update holds: the cluster's, or that of one node group, add-on or capability. */
export interface UpdateTarget {
  readonly nodegroup?: string | undefined;
  readonly addon?: string | undefined;
  readonly capability?: string | undefined;
}

/** The cluster-level update in progress. */
export function runningUpdate(record: ClusterRecord, target: UpdateTarget = {}): UpdateRecord | undefined {
  return [...record.updates.values()].find(
    (other) =>
      other.update.status === "InProgress" &&
      other.nodegroup === target.nodegroup &&
      other.addon === target.addon &&
      other.capability === target.capability,
  );
}

/** Throws ResourceInUse while an update of that target runs. */
export function checkNoUpdate(record: ClusterRecord, type: string, target: UpdateTarget = {}): void {
  const running = runningUpdate(record, target);
  if (running === undefined) return;
  const name = target.nodegroup ?? target.addon ?? target.capability ?? record.cluster.name;
  const kind = target.nodegroup !== undefined ? "nodegroup" : target.addon !== undefined ? "addon" : "cluster";
  throw inUse(`Cannot ${type} because ${kind} ${name} currently has update ${running.update.id} in progress`, {
    clusterName: record.cluster.name,
    ...(target.nodegroup === undefined ? {} : { nodegroupName: target.nodegroup }),
    ...(target.addon === undefined ? {} : { addonName: target.addon }),
  });
}

export interface UpdateWish {
  readonly type: Eks.UpdateType;
  readonly params: Readonly<Record<string, string>>;
  readonly seconds: number;
  readonly target?: UpdateTarget | undefined;
  /** Runs at the good end. */
  readonly finish: () => void;
  /** Runs instead where a test scripted a bad end. */
  readonly fail?: (() => void) | undefined;
  readonly outcome: Outcome | undefined;
}

/** Begins an update: InProgress now, Successful or Failed when its time is over. */
export function beginUpdate(world: World, record: ClusterRecord, wish: UpdateWish): Eks.Update {
  const target = wish.target ?? {};
  const isCluster = target.nodegroup === undefined && target.addon === undefined && target.capability === undefined;
  const update: Eks.Update = {
    id: world.random.uuid("update"),
    status: "InProgress",
    type: wish.type,
    params: Object.entries(wish.params).map(([type, value]) => ({ type: member(UpdateParamType, type), value })),
    createdAt: today(world),
    errors: [],
  };
  const failure = wish.outcome === undefined ? undefined : errorDetail(wish.outcome);
  record.updates.set(update.id ?? "", { update, ...target });
  if (isCluster) {
    record.cluster.status = "UPDATING";
    record.staleUntil = world.agenda.now() + world.durations("clusterStale", record.cluster.name ?? "") * 1000;
  }
  world.agenda.after(wish.seconds, () => {
    if (update.status !== "InProgress") return;
    if (failure === undefined) {
      wish.finish();
      update.status = "Successful";
    } else {
      wish.fail?.();
      update.status = "Failed";
      update.errors = [failure];
    }
    if (isCluster && record.cluster.status === "UPDATING") record.cluster.status = "ACTIVE";
  });
  return structuredClone(update);
}

function errorDetail(outcome: Outcome): Eks.ErrorDetail {
  return {
    errorCode: member(ErrorCode, outcome.code),
    errorMessage: outcome.message ?? `The update failed: ${outcome.code}`,
    resourceIds: [],
  };
}

const describeUpdate = handler<Eks.DescribeUpdateCommandInput, Eks.DescribeUpdateCommandOutput>(({ world }, input) => {
  const record = clusterNamed(world, input.name);
  const found = record.updates.get(input.updateId ?? "");
  const fits =
    found !== undefined &&
    (input.nodegroupName === undefined || found.nodegroup === input.nodegroupName) &&
    (input.addonName === undefined || found.addon === input.addonName);
  if (!fits) throw notFound(`No update found for ID: ${input.updateId}`, { clusterName: input.name });
  return { update: structuredClone(found.update) };
});

const listUpdates = handler<Eks.ListUpdatesCommandInput, Eks.ListUpdatesCommandOutput>(({ world }, input) => {
  const record = clusterNamed(world, input.name);
  if (input.nodegroupName !== undefined) nodegroupNamed(record, input.nodegroupName);
  if (input.addonName !== undefined) addonNamed(record, input.addonName);
  const ids = [...record.updates]
    .filter(
      ([, other]) =>
        other.nodegroup === input.nodegroupName &&
        other.addon === input.addonName &&
        other.capability === input.capabilityName,
    )
    .map(([id]) => id)
    .toReversed();
  const result = page(world, ids, { size: input.maxResults, token: input.nextToken, max: 100 });
  return { updateIds: result.items, ...(result.next === undefined ? {} : { nextToken: result.next }) };
});

const cancelUpdate = handler<Eks.CancelUpdateCommandInput, Eks.CancelUpdateCommandOutput>(({ world }, input) => {
  const record = clusterNamed(world, input.name);
  const found = record.updates.get(input.updateId ?? "");
  if (found === undefined) throw notFound(`No update found for ID: ${input.updateId}`, { clusterName: input.name });
  if (found.update.status !== "InProgress" || found.update.type !== "VersionRollback") {
    throw invalidRequest(`Update ${input.updateId} of type ${found.update.type} cannot be cancelled.`);
  }
  found.update.status = "Cancelled";
  record.cluster.status = "ACTIVE";
  return { update: structuredClone(found.update) };
});

export const updates: Readonly<Record<string, Handler>> = {
  DescribeUpdate: describeUpdate,
  ListUpdates: listUpdates,
  CancelUpdate: cancelUpdate,
};
