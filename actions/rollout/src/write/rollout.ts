import type { KubeObject } from "@eks-actions/manifest";
import type { View } from "../gate/view.ts";
import type { Lock } from "../lock/held-lock.ts";
import type { SnapshotPointer } from "../lock/record.ts";
import type { SetPlan } from "../plan.ts";
import type { Ports } from "../ports.ts";
import type { RunState } from "../run-state.ts";

/** Everything that one rollout shares. */
export interface Rollout {
  readonly plan: SetPlan;
  readonly ports: Ports;
  readonly state: RunState;
  readonly view: View;
  readonly lock: Lock;
  /** Aborts on cancel and when the lock is lost. */
  readonly signal: AbortSignal;
  /** What this run has made, by identity. */
  readonly created: Map<string, KubeObject>;
  /** Generation that each object had right after it was written, by identity. */
  readonly written: Map<string, number>;
  readonly startedAt: number;
}

/** Snapshots to keep once this rollout is over, and those that fall out of the history. */
export function nextHistory(
  record: Pick<Lock["record"], "history" | "snapshot">,
  most: number,
): { readonly history: readonly SnapshotPointer[]; readonly dropped: readonly SnapshotPointer[] } {
  const all = [...record.history, ...(record.snapshot === undefined ? [] : [record.snapshot])];
  const cut = Math.max(0, all.length - most);
  return { history: all.slice(cut), dropped: all.slice(0, cut) };
}
