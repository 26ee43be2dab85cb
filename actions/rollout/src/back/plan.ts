import type { ActionError } from "@eks-actions/action";
import type { Inputs } from "../inputs.ts";
import type { AppState } from "../live/app-state.ts";
import { locked } from "../lock/locked.ts";
import { isHeld, type Phase, type RolloutRecord } from "../lock/record.ts";
import type { RecoveryFacts } from "./observe.ts";
import type { Snapshot } from "./snapshot.ts";

export interface RecoveryPlan {
  readonly kind: "recovery";
  readonly inputs: Inputs;
  readonly apps: readonly RecoverApp[];
}

export interface RecoverApp {
  readonly state: AppState;
  readonly snapshot: Snapshot | undefined;
  /**
   * `revert` puts the snapshot back. `finish` ends what needs no more decisions. `hold` leaves a half-way app as it is,
   * because there is nothing good to go back to. `none`: the app is in order, or another run is at work on it.
   */
  readonly action: "none" | "revert" | "finish" | "hold";
  readonly reason: string;
  /** Why nothing can be done, though something should be. */
  readonly fault?: ActionError | undefined;
}

/** Decides what becomes of apps under `mode: revert` and `mode: reconcile`. Pure. @throws ActionError `LOCKED` */
export function planRecovery(inputs: Inputs, facts: RecoveryFacts): RecoveryPlan {
  const apps = facts.apps.map(({ state, snapshot, fault }): RecoverApp => {
    const { lease } = state;
    if (inputs.mode === "revert") {
      if (lease !== undefined && isHeld(lease, state.now)) throw locked(state);
      return { state, snapshot, fault, action: "revert", reason: "asked for" };
    }
    if (lease === undefined || lease.holder === "")
      return { state, snapshot, action: "none", reason: "nobody holds the lock" };
    if (isHeld(lease, state.now))
      return { state, snapshot, action: "none", reason: `in progress: ${lease.record?.run.url ?? lease.holder}` };
    const reason = `left ${lease.record?.phase ?? "without a record"} by ${lease.record?.run.url ?? lease.holder}`;
    return { state, snapshot, fault, action: recoveryOf(lease.record, true), reason };
  });
  return { kind: "recovery", inputs, apps };
}

/** Phases in which the set is neither the old one nor the new. */
export function isHalfway(phase: Phase): boolean {
  return phase === "applying" || phase === "gating" || phase === "aborting" || phase === "reverting";
}

/** What is to be done about a run that died; `mayRevert` is the policy of the run that looks after it. */
export function recoveryOf(record: RolloutRecord | undefined, mayRevert: boolean): "revert" | "finish" | "hold" {
  if (record === undefined || !isHalfway(record.phase)) return "finish";
  if (record.snapshot === undefined) return "hold";
  // A revert that has begun is finished, whoever asked for it and whatever it goes back to.
  return record.phase === "reverting" || (mayRevert && record.snapshot.healthy) ? "revert" : "hold";
}
