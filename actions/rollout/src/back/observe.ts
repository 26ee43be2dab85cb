import { ActionError } from "@eks-actions/action";
import type { Inputs } from "../inputs.ts";
import { type AppState, readLockedState } from "../live/app-state.ts";
import { isHeld, type SnapshotPointer } from "../lock/record.ts";
import { labels } from "../model.ts";
import type { Ports } from "../ports.ts";
import { recoveryOf } from "./plan.ts";
import type { Snapshot } from "./snapshot.ts";
import { loadSnapshot } from "./snapshot-store.ts";

/** Apps whose state is put in order: `mode: revert` and `mode: reconcile`. */
export interface RecoveryFacts {
  readonly kind: "recovery";
  readonly apps: readonly ObservedApp[];
}

export interface ObservedApp {
  readonly state: AppState;
  readonly snapshot: Snapshot | undefined;
  /** Why the snapshot that is needed cannot be used. */
  readonly fault?: ActionError | undefined;
}

/** Reads the apps that `mode: revert` and `mode: reconcile` are about, and the snapshots to go back to. */
export async function observeRecovery(
  inputs: Inputs,
  namespace: string,
  ports: Ports,
  signal: AbortSignal,
): Promise<RecoveryFacts> {
  const names = inputs.app === "*" ? await appsIn(namespace, ports, signal) : [inputs.app];
  const apps: ObservedApp[] = [];
  for (const app of names) {
    const state = await readLockedState(app, namespace, ports, signal);
    const record = state.lease?.record;
    const isAsked = inputs.mode === "revert";
    const pointer = record?.snapshot ?? (isAsked ? record?.history.at(-1) : undefined);
    if (isAsked && pointer === undefined) {
      throw new ActionError("SNAPSHOT_INVALID", {
        message: `app ${app} in ${namespace} has no snapshot to go back to`,
        hint: "roll out the wanted version with `mode: apply`",
      });
    }
    const isDead = state.lease !== undefined && state.lease.holder !== "" && !isHeld(state.lease, state.now);
    const isNeeded = isAsked || (isDead && recoveryOf(record, true) === "revert");
    apps.push(
      pointer === undefined || !isNeeded
        ? { state, snapshot: undefined }
        : { state, ...(await readSnapshot(state, pointer, ports, signal)) },
    );
  }
  return { kind: "recovery", apps };
}

/** A snapshot that cannot be used is the fault of its app alone: the others must still be put in order. */
async function readSnapshot(
  { app, namespace }: AppState,
  pointer: SnapshotPointer,
  ports: Ports,
  signal: AbortSignal,
): Promise<Omit<ObservedApp, "state">> {
  try {
    return { snapshot: await loadSnapshot(app, namespace, pointer, ports, signal) };
  } catch (error) {
    if (!(error instanceof ActionError) || error.code !== "SNAPSHOT_INVALID") throw error;
    return { snapshot: undefined, fault: error };
  }
}

async function appsIn(namespace: string, { kube }: Ports, signal: AbortSignal): Promise<readonly string[]> {
  const type = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", plural: "leases", namespaced: true };
  const { items } = await kube.list(type, { namespace, labelSelector: labels.app, signal });
  return items.map((lease) => lease.metadata.labels?.[labels.app] ?? "").filter((app) => app !== "");
}
