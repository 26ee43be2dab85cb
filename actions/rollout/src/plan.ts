import { ActionError } from "@eks-actions/action";
import { defaultBudgets, type HealthRule, judge, nothingAround } from "@eks-actions/health";
import {
  createRedactor,
  identityOf,
  type KubeObject,
  nameOf,
  type ObjectRef,
  type ObjectSource,
  refOf,
} from "@eks-actions/manifest";
import { planRecovery, type RecoveryPlan } from "./back/plan.ts";
import type { Snapshot } from "./back/snapshot.ts";
import type { Inputs } from "./inputs.ts";
import type { AppState } from "./live/app-state.ts";
import { diffObjects } from "./live/diff.ts";
import { isWider, keepReason } from "./live/inventory.ts";
import { ownEntry, restorable } from "./live/ownership.ts";
import { locked } from "./lock/locked.ts";
import { isHeld, typicalMs } from "./lock/record.ts";
import type { FieldChange, ObjectAction, Wanted } from "./model.ts";
import type { Facts } from "./observe.ts";
import { definitionRules } from "./set/definition-rules.ts";
import { isDeletedOnce, runsAnew } from "./set/hooks.ts";
import type { SetFacts } from "./set/observe.ts";
import { kindWave } from "./set/waves.ts";

/** One object of the plan: a person can read it, and apply needs nothing else. */
export interface PlannedObject {
  readonly ref: ObjectRef;
  readonly identity: string;
  readonly source: ObjectSource | undefined;
  readonly action: ObjectAction;
  readonly wave: number;
  readonly diff: readonly FieldChange[];
  /** Managers whose fields are taken over. */
  readonly forced: readonly string[];
  readonly warnings: readonly string[];
  readonly wanted: Wanted | undefined;
  readonly live: KubeObject | undefined;
}

export interface SetPlan {
  readonly kind: "set";
  readonly inputs: Inputs;
  readonly state: AppState;
  /** In waves, then as written. */
  readonly objects: readonly PlannedObject[];
  readonly pruned: readonly PlannedObject[];
  /** Members that leave the set but stay in the cluster, and why. */
  readonly kept: readonly { readonly ref: ObjectRef; readonly reason: string }[];
  readonly snapshot: Snapshot;
  readonly typicalMs: number | undefined;
  readonly counts: Counts;
  /** The inventory lists kinds that no member has any more. */
  readonly shrinks: boolean;
  readonly recovery: Recovery | undefined;
  /** Started when the rollout fails. */
  readonly failureHooks: readonly Wanted[];
  /** How health of the user's own kinds is told: from the input, and from CRDs of the set. */
  readonly rules: readonly HealthRule[];
}

export interface Counts {
  readonly created: number;
  readonly updated: number;
  readonly pruned: number;
  readonly unchanged: number;
}

/** What a dead run left, and what is done about it. */
export interface Recovery {
  readonly phase: string;
  readonly holder: string;
  readonly runUrl: string;
}

export type Plan = SetPlan | RecoveryPlan;

/**
 * Decides what to do. Pure.
 * @throws ActionError `LOCKED`, `PRUNE_LIMIT`, `OBJECT_INVALID`
 */
export function plan(inputs: Inputs, facts: Facts): Plan {
  return facts.kind === "set" ? planSet(inputs, facts) : planRecovery(inputs, facts);
}

function planSet(inputs: Inputs, facts: SetFacts): SetPlan {
  const { state } = facts;
  const recovery = recoveryOf(state);
  const redact = createRedactor(facts.redactionKey);
  // A hook that went after its success is no change: it runs again with the next one.
  const isSpent = (one: Wanted) => !facts.live.has(one.identity) && isDeletedOnce(one.object, "succeeded");
  const isChanging =
    state.inventory === undefined || facts.wanted.some((one) => !facts.unchanged.has(one.identity) && !isSpent(one));
  const used = facts.wanted.filter((one) => isChanging || !isSpent(one));
  const objects = used.map((wanted): PlannedObject => {
    const live = facts.live.get(wanted.identity);
    const trial = facts.trials.get(wanted.identity);
    const isAnew = isChanging && live !== undefined && runsAnew(wanted.object);
    const action = isAnew ? "recreate" : actionOf(wanted, live, facts);
    // Of a new object people want to see what was written, not the defaults that the server adds.
    const next = live === undefined ? wanted.object : (trial?.object ?? wanted.object);
    return {
      ref: wanted.ref,
      identity: wanted.identity,
      source: wanted.source,
      action,
      wave: wanted.wave,
      diff: action === "unchanged" ? [] : diffObjects(live, next, redact),
      forced: trial?.forced ?? [],
      warnings: trial?.warnings ?? [],
      wanted,
      live,
    };
  });
  const { pruned, kept } = pruning(inputs, facts);
  const rules = [...inputs.healthRules, ...definitionRules(facts.wanted)];
  const count = (...actions: readonly ObjectAction[]) => objects.filter((one) => actions.includes(one.action)).length;
  const changing = objects.filter((one) => one.action !== "unchanged");
  return {
    kind: "set",
    inputs,
    state,
    objects: [...objects].sort((a, b) => a.wave - b.wave),
    pruned,
    kept,
    snapshot: combined(facts.inherited, snapshotOf(changing, pruned, state, rules)),
    typicalMs: typicalMs(state.lease?.record),
    counts: {
      created: count("create"),
      updated: count("update", "adopt", "recreate"),
      pruned: pruned.length,
      unchanged: count("unchanged"),
    },
    shrinks: state.inventory !== undefined && isWider(state.inventory, facts.wanted, state.namespace),
    recovery,
    failureHooks: facts.failureHooks,
    rules,
  };
}

function actionOf(wanted: Wanted, live: KubeObject | undefined, facts: SetFacts): ObjectAction {
  if (live === undefined) return "create";
  if (facts.unchanged.has(wanted.identity)) return "unchanged";
  const trial = facts.trials.get(wanted.identity);
  if (trial !== undefined && trial.object === undefined) return "recreate";
  return ownEntry(live) === undefined ? "adopt" : "update";
}

function recoveryOf(state: AppState): Recovery | undefined {
  const { lease } = state;
  if (lease === undefined || lease.holder === "") return undefined;
  const { record } = lease;
  if (isHeld(lease, state.now)) throw locked(state);
  if (record === undefined || record.phase === "done" || record.phase === "planned") return undefined;
  return { phase: record.phase, holder: lease.holder, runUrl: record.run.url };
}

function pruning(inputs: Inputs, facts: SetFacts): Pick<SetPlan, "pruned" | "kept"> {
  if (!inputs.prune)
    return { pruned: [], kept: facts.leftovers.map((object) => ({ ref: refOf(object), reason: "`prune: false`" })) };
  const kept = facts.leftovers.flatMap((object) => {
    const reason = keepReason(object, inputs.pruneAllow);
    return reason === undefined ? [] : [{ ref: refOf(object), reason }];
  });
  const staying = new Set(kept.map(({ ref }) => identityOf(ref)));
  const pruned = facts.leftovers
    .filter((object) => !staying.has(identityOf(refOf(object))))
    .map(
      (object): PlannedObject => ({
        ref: refOf(object),
        identity: identityOf(refOf(object)),
        source: undefined,
        action: "prune",
        wave: kindWave(object),
        diff: [],
        forced: [],
        warnings: [],
        wanted: undefined,
        live: object,
      }),
    )
    .sort((a, b) => b.wave - a.wave);
  const members = facts.wanted.filter((one) => facts.live.has(one.identity)).length + pruned.length;
  if (pruned.length > 3 && pruned.length * 100 > members * inputs.pruneLimit) {
    throw new ActionError("PRUNE_LIMIT", {
      message: `${pruned.length} of ${members} objects would be deleted, more than ${inputs.pruneLimit}%: ${pruned
        .slice(0, 5)
        .map(({ ref }) => nameOf(ref))
        .join(", ")}${pruned.length > 5 ? "…" : ""}`,
      hint: "check that the whole set was rendered; if it is meant, raise the limit: `prune-limit: 100%`",
    });
  }
  return { pruned, kept };
}

/** What brings the app back: pre-apply state of all that changes or goes, and the names of all that is new. */
function snapshotOf(
  changing: readonly PlannedObject[],
  pruned: readonly PlannedObject[],
  state: AppState,
  rules: readonly HealthRule[],
): Snapshot {
  const existing = changing.flatMap((one) => one.live ?? []);
  const around = { ...nothingAround, startedAt: state.now, rules };
  const healthy = existing.every((object) => {
    const { status } = judge(object, around, defaultBudgets, state.now);
    return status === "healthy" || status === "suspended";
  });
  return {
    schemaVersion: 1,
    healthy,
    restore: [...existing, ...pruned.flatMap((one) => one.live ?? [])].filter(isRevertible).map(restorable),
    created: changing.filter((one) => one.live === undefined).map((one) => one.ref),
  };
}

/** A run that takes over a dead one goes back to where that one had begun. */
function combined(inherited: Snapshot | undefined, own: Snapshot): Snapshot {
  if (inherited === undefined) return own;
  const known = new Set([...inherited.restore.map(refOf), ...inherited.created].map(identityOf));
  return {
    schemaVersion: 1,
    healthy: inherited.healthy,
    restore: [...inherited.restore, ...own.restore.filter((object) => !known.has(identityOf(refOf(object))))],
    created: [...inherited.created, ...own.created.filter((ref) => !known.has(identityOf(ref)))],
  };
}

// Data and definitions are never taken back: a revert that deletes data would be worse than the failure.
function isRevertible(object: KubeObject): boolean {
  return !["PersistentVolumeClaim", "CustomResourceDefinition", "Namespace", "Job", "PersistentVolume"].includes(
    object.kind,
  );
}
