import { ActionError, collect, toActionError } from "@eks-actions/action";
import { openView } from "../gate/view.ts";
import type { Inputs } from "../inputs.ts";
import { fenced } from "../lock/fence.ts";
import type { Lock } from "../lock/held-lock.ts";
import { takeLock } from "../lock/lock.ts";
import type { Leaving, RolloutRecord } from "../lock/record.ts";
import { settle } from "../lock/settle.ts";
import type { Outcome } from "../outcome.ts";
import type { Ports } from "../ports.ts";
import { createRunState, type RunState } from "../run-state.ts";
import { applySetId } from "../set/set.ts";
import { kindWave } from "../set/waves.ts";
import { pruneObjects } from "../write/prune.ts";
import { nextHistory } from "../write/rollout.ts";
import { cancelled } from "./cancelled.ts";
import type { RecoverApp, RecoveryPlan } from "./plan.ts";
import { revert, revertFailed } from "./revert.ts";
import type { Snapshot } from "./snapshot.ts";

/** `mode: revert` and `mode: reconcile`: apps are put in order one after the other. */
export async function recover(plan: RecoveryPlan, ports: Ports, signal: AbortSignal): Promise<Outcome> {
  const state = createRunState(ports);
  const errors: ActionError[] = [];
  for (const app of plan.apps.filter((one) => one.action !== "none")) {
    if (app.fault !== undefined) {
      errors.push(app.fault);
      continue;
    }
    try {
      await recoverApp(app, plan.inputs, state, ports, signal);
      if (app.action === "hold") errors.push(halfway(app));
    } catch (thrown) {
      if (signal.aborted)
        return state.end("cancelled", cancelled(`app ${app.state.app} is left as the lock's record says`), undefined);
      errors.push(toActionError(thrown));
    }
  }
  const error = collect(errors);
  const isRevert = plan.inputs.mode === "revert";
  const did = plan.apps.some((one) => one.action !== "none");
  return state.end(
    error !== undefined ? "failed" : isRevert ? "reverted" : did ? "recovered" : "unchanged",
    error,
    undefined,
  );
}

/** Takes the lock, does what the plan says, and lets go. */
export async function recoverApp(
  app: RecoverApp,
  inputs: Inputs,
  state: RunState,
  ports: Ports,
  signal: AbortSignal,
): Promise<void> {
  const record = recordOf(app, inputs, ports);
  const { namespace } = app.state;
  ports.saveState({
    app: app.state.app,
    namespace,
    kubeconfig: inputs.kubeconfig ?? "",
    context: inputs.context ?? "",
    holder: ports.holder,
  });
  await using lock = await takeLock(app.state, record, ports, signal);
  if (lock.record !== record) await lock.write(record, signal);
  state.happened(`locked app ${app.state.app}: ${app.reason}`);
  const both = AbortSignal.any([signal, lock.lost]);
  const guarded = { ...ports, kube: fenced(ports.kube, lock) };
  if (app.action === "revert" && app.snapshot !== undefined)
    await goBack(app, app.snapshot, inputs, lock, state, guarded, both);
  else await leave(app, inputs, lock, state, guarded, both);
  ports.saveState({ finished: "true" });
}

function recordOf({ state, action }: RecoverApp, inputs: Inputs, ports: Ports): RolloutRecord {
  const before = state.lease?.record;
  return {
    schemaVersion: 1,
    run: { url: ports.run.runUrl, sha: ports.run.sha, attempt: Number(ports.run.runAttempt) || 1 },
    strategy: "rolling",
    phase: action === "revert" ? "reverting" : (before?.phase ?? "planned"),
    revision: before?.revision ?? 0,
    snapshot: before?.snapshot ?? (inputs.mode === "revert" ? before?.history.at(-1) : undefined),
    history: before?.history ?? [],
    leaving: before?.leaving,
    outcome: undefined,
    durations: before?.durations ?? [],
  };
}

/** Puts the snapshot back. It is dropped when that went well, and kept for another try when it did not. */
async function goBack(
  { state: { app, namespace } }: RecoverApp,
  snapshot: Snapshot,
  inputs: Inputs,
  lock: Lock,
  state: RunState,
  ports: Ports,
  signal: AbortSignal,
): Promise<void> {
  const pointer = lock.record.snapshot;
  const others = lock.record.history.filter((one) => one.revision !== pointer?.revision);
  const applySet = applySetId(app, namespace);
  await using view = openView({
    kube: ports.kube,
    startedAt: ports.kube.serverTime(),
    applySet,
    rules: inputs.healthRules,
    comes: new Set(),
    note: (text) => ports.log.info(text),
  });
  const result = await ports.log.group(
    "Revert",
    async () => await revert({ snapshot, created: new Map(), applySet }, view, inputs, ports, signal),
  );
  state.learn(result.gate);
  const { failure } = result.gate;
  const pointers = pointer === undefined ? [] : [pointer];
  if (failure !== undefined) {
    state.failure = failure;
    const ending = { outcome: "revert-failed", history: [...others, ...pointers], dropped: [] };
    await settle(lock, ending, { app, namespace }, ports, signal);
    throw revertFailed(app, undefined, `${failure.why}: ${failure.message}`);
  }
  state.happened(`the state before revision ${pointer?.revision} is back and healthy`);
  await settle(lock, { outcome: "reverted", history: others, dropped: pointers }, { app, namespace }, ports, signal);
}

/** Ends a rollout that is not taken back: deletes what it was deleting, and keeps its snapshot as the policy says. */
async function leave(
  { action, state: { app, namespace } }: RecoverApp,
  inputs: Inputs,
  lock: Lock,
  state: RunState,
  ports: Ports,
  signal: AbortSignal,
): Promise<void> {
  const { leaving = [] } = lock.record;
  if (leaving.length > 0) {
    const { deleted, warnings } = await pruneObjects(
      await remainingOf(leaving, ports, signal),
      inputs.concurrency,
      ports,
      signal,
    );
    state.pruned += deleted.length;
    state.warnings.push(...warnings);
    state.happened(`${deleted.length} objects deleted that had left the set`);
  }
  const most = action === "hold" ? Math.max(1, inputs.historyMax) : inputs.historyMax;
  const outcome = action === "hold" ? "held" : "finished";
  await settle(lock, { outcome, ...nextHistory(lock.record, most) }, { app, namespace }, ports, signal);
  state.happened(`the lock of ${app} is free`);
}

async function remainingOf(leaving: readonly Leaving[], { kube }: Ports, signal: AbortSignal) {
  const found = await Promise.all(
    leaving.map(async ({ ref, uid }) => ({ ref, uid, live: await kube.get(ref, signal) })),
  );
  return found.flatMap(({ ref, uid, live }) =>
    live === undefined || live.metadata.uid !== uid ? [] : [{ ref, live, wave: kindWave(live) }],
  );
}

/** What was half-way stays so: people must know, because no later run will find it. */
function halfway({ state: { app, lease } }: RecoverApp): ActionError {
  const reason =
    lease?.record?.snapshot === undefined
      ? "it was the first one, so there is nothing to go back to"
      : "the state before it was not healthy either";
  return new ActionError("SNAPSHOT_INVALID", {
    message: `the rollout of app ${app} by ${lease?.record?.run.url ?? "a run that died"} stays half-way: ${reason}`,
    hint: "roll out the wanted version with `mode: apply`",
  });
}
