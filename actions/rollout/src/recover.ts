import { type ActionError, collect, toActionError } from "@eks-actions/action";
import { cancelled } from "./cancelled.ts";
import type { Inputs } from "./inputs.ts";
import { takeLock } from "./lock.ts";
import type { Outcome } from "./outcome.ts";
import type { RecoverApp, RecoveryPlan } from "./plan.ts";
import type { Ports } from "./ports.ts";
import type { RolloutRecord } from "./record.ts";
import { revert, revertFailed } from "./revert.ts";
import { createRunState, type RunState } from "./run-state.ts";
import { applySetId } from "./set.ts";
import { dropSnapshots } from "./snapshot-store.ts";
import { openView } from "./view.ts";

/** `mode: revert` and `mode: reconcile`: apps are put in order one after the other. */
export async function recover(plan: RecoveryPlan, ports: Ports, signal: AbortSignal): Promise<Outcome> {
  const state = createRunState(ports);
  const errors: ActionError[] = [];
  for (const app of plan.apps.filter((one) => one.action !== "none")) {
    try {
      await recoverApp(app, plan.inputs, state, ports, signal);
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

/** Takes the lock, puts the snapshot back where the plan says so, and lets go. */
export async function recoverApp(
  app: RecoverApp,
  inputs: Inputs,
  state: RunState,
  ports: Ports,
  signal: AbortSignal,
): Promise<void> {
  const { lease } = app.state;
  const before = lease?.record;
  const record: RolloutRecord = {
    schemaVersion: 1,
    run: { url: ports.run.runUrl, sha: ports.run.sha, attempt: Number(ports.run.runAttempt) || 1 },
    strategy: "rolling",
    phase: app.action === "revert" ? "reverting" : "pruning",
    revision: before?.revision ?? 0,
    snapshot: before?.snapshot ?? (inputs.mode === "revert" ? before?.history.at(-1) : undefined),
    history: before?.history ?? [],
    outcome: undefined,
    durations: before?.durations ?? [],
  };
  await using lock = await takeLock(app.state, record, ports, signal);
  await lock.write(record, signal);
  ports.saveState({
    app: app.state.app,
    namespace: app.state.namespace,
    kubeconfig: inputs.kubeconfig ?? "",
    context: inputs.context ?? "",
    holder: ports.holder,
  });
  state.happened(`locked app ${app.state.app}: ${app.reason}`);
  const pointer = record.snapshot;
  if (app.action === "revert" && app.snapshot !== undefined && pointer !== undefined) {
    await using view = openView({
      kube: ports.kube,
      startedAt: ports.kube.serverTime(),
      applySet: applySetId(app.state.app, app.state.namespace),
      rules: inputs.healthRules,
      comes: new Set(),
      note: (text) => ports.log.info(text),
    });
    const { snapshot } = app;
    const result = await ports.log.group(
      "Revert",
      async () => await revert(snapshot, new Map(), view, inputs, ports, AbortSignal.any([signal, lock.lost])),
    );
    state.learn(result.gate);
    if (result.gate.failure !== undefined) {
      state.failure = result.gate.failure;
      await lock.release({
        phase: "done",
        outcome: "revert-failed",
        snapshot: undefined,
        history: withPointer(record, pointer.revision),
      });
      ports.saveState({ finished: "true" });
      throw revertFailed(app.state.app, undefined, `${result.gate.failure.why}: ${result.gate.failure.message}`);
    }
    state.happened(`the state before revision ${pointer.revision} is back and healthy`);
    await dropSnapshots(app.state.app, app.state.namespace, [pointer], ports);
    const history = record.history.filter((one) => one.revision !== pointer.revision);
    await lock.release({ phase: "done", outcome: "reverted", snapshot: undefined, history });
  } else {
    await lock.release({ phase: "done", outcome: "finished", snapshot: undefined });
    state.happened(`the lock of ${app.state.app} is free`);
  }
  ports.saveState({ finished: "true" });
}

function withPointer(record: RolloutRecord, revision: number): RolloutRecord["history"] {
  const known = record.history.some((one) => one.revision === revision);
  return known || record.snapshot === undefined ? record.history : [...record.history, record.snapshot];
}
