import { dropSnapshots, sweepSnapshots } from "../back/snapshot-store.ts";
import type { AppState } from "../live/app-state.ts";
import type { Ports } from "../ports.ts";
import type { Lock } from "./held-lock.ts";
import type { RolloutRecord, SnapshotPointer } from "./record.ts";

export interface Settlement extends Pick<RolloutRecord, "outcome" | "history"> {
  readonly durations?: RolloutRecord["durations"];
  /** Snapshots that nobody will go back to any more. */
  readonly dropped: readonly SnapshotPointer[];
}

/**
 * Ends a rollout: the record lets go of snapshots, then they are deleted, then the lock is free. Killed at any point,
 * it leaves no record that names a snapshot which is gone, and a lock whose next holder deletes what is left over.
 */
export async function settle(
  lock: Lock,
  { dropped, ...change }: Settlement,
  { app, namespace }: Pick<AppState, "app" | "namespace">,
  ports: Pick<Ports, "kube" | "log">,
  signal: AbortSignal,
): Promise<void> {
  const last: Partial<RolloutRecord> = { phase: "done", snapshot: undefined, leaving: undefined, ...change };
  if (dropped.length > 0 || lock.isInherited) {
    await lock.write(last, signal);
    await dropSnapshots(app, namespace, dropped, ports, signal);
    if (lock.isInherited) await sweepSnapshots(app, namespace, lock.record.history, ports, signal);
  }
  await lock.release(last, signal);
}
