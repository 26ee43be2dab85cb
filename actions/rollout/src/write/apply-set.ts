import { ActionError, toActionError } from "@eks-actions/action";
import { cancelled } from "../back/cancelled.ts";
import { handleFailure } from "../back/on-failure.ts";
import type { GateFailure } from "../gate/gate.ts";
import { waitForAll } from "../gate/gating.ts";
import { findRivalry } from "../gate/rivals.ts";
import { smoke } from "../gate/smoke.ts";
import { openView } from "../gate/view.ts";
import { parentSecret } from "../live/inventory.ts";
import { fenced } from "../lock/fence.ts";
import type { Lock } from "../lock/held-lock.ts";
import { makeHome } from "../lock/home.ts";
import { takeLock } from "../lock/lock.ts";
import type { Leaving, RolloutRecord } from "../lock/record.ts";
import { settle } from "../lock/settle.ts";
import { FIELD_MANAGER } from "../model.ts";
import type { Outcome } from "../outcome.ts";
import type { PlannedObject, SetPlan } from "../plan.ts";
import type { Ports } from "../ports.ts";
import { openDeployment } from "../report/deployment.ts";
import { objectsOf } from "../report/describe.ts";
import { diagnose } from "../report/diagnosis.ts";
import { environmentUrl } from "../report/environment-url.ts";
import { createRunState } from "../run-state.ts";
import { applySetId } from "../set/set.ts";
import { deleteSucceededHooks, runFailureHooks } from "./hook-ends.ts";
import { pruneObjects } from "./prune.ts";
import { nextHistory, type Rollout } from "./rollout.ts";
import { writeAll } from "./write-waves.ts";

/** Namespace → lock → snapshot → inventory → waves → gate → smoke → prune → release. */
export async function applySet(plan: SetPlan, ports: Ports, signal: AbortSignal): Promise<Outcome> {
  const state = createRunState(ports);
  const { inputs } = plan;
  let lock: Lock | undefined;
  try {
    await makeHome(plan, ports, signal);
    const { app, namespace } = plan.state;
    // Before the lock: a run that is cancelled while taking it may hold it all the same.
    ports.saveState({
      app,
      namespace,
      kubeconfig: inputs.kubeconfig ?? "",
      context: inputs.context ?? "",
      holder: ports.holder,
    });
    await using held = await takeLock(plan.state, firstRecord(plan, ports), ports, signal);
    lock = held;
    const guarded = { ...ports, kube: fenced(ports.kube, held) };
    await using view = openView(viewOptions(plan, ports));
    const rollout: Rollout = {
      plan,
      ports: guarded,
      state,
      view,
      lock: held,
      signal: AbortSignal.any([signal, held.lost]),
      created: new Map(),
      written: new Map(),
      startedAt: ports.clock.now(),
    };
    return await carryOut(rollout, signal);
  } catch (thrown) {
    const error =
      signal.aborted && !(thrown instanceof ActionError)
        ? cancelled("nothing was written after that")
        : toActionError(thrown);
    return state.end(signal.aborted ? "cancelled" : "failed", error, lock);
  }
}

async function carryOut(rollout: Rollout, cancel: AbortSignal): Promise<Outcome> {
  const { plan, ports, state, lock, signal } = rollout;
  let failedBy: unknown;
  try {
    await ports.log.group("Apply", async () => {
      state.happened(`locked; ${changedCount(plan)} of ${plan.objects.length} objects change`);
      await announce(rollout);
      await writeAll(rollout);
    });
    lock.note({ phase: "gating" });
    await ports.log.group("Wait", async () => {
      await waitForAll(rollout);
      await smoke(plan.inputs.smoke, plan.state.namespace, ports, signal);
      await tidy(rollout);
    });
    return await finish(rollout);
  } catch (thrown) {
    failedBy = thrown;
  }
  if (state.failure !== undefined && !signal.aborted) await findCause(state.failure, rollout);
  if (!signal.aborted) await runFailureHooks(rollout);
  return await handleFailure(rollout, failedBy, cancel);
}

/** Events and logs, before the way back takes them away. */
async function findCause(failure: GateFailure, { plan, ports, state, view, signal }: Rollout): Promise<void> {
  const { logs, logLines } = plan.inputs;
  state.happened(`cause found: ${failure.why}`);
  state.diagnosis = await diagnose(failure, view, { logs: logs === "on-failure", lines: logLines }, ports, signal);
}

/** Tells GitHub that a deployment has begun, where one is asked for. */
async function announce({ plan, ports, state }: Rollout): Promise<void> {
  const { environment } = plan.inputs;
  const run = { ...ports.run, environment, app: plan.state.app };
  state.deployment = await openDeployment(ports.deployments, run, ports.log);
  // Post says how it ended when this process does not come to that.
  if (state.deployment.id !== undefined) ports.saveState({ deployment: String(state.deployment.id) });
  await state.deployment.say("in_progress", `${changedCount(plan)} of ${plan.objects.length} objects change`);
}

function firstRecord(plan: SetPlan, ports: Ports): RolloutRecord {
  const before = plan.state.lease?.record;
  const revision = (before?.revision ?? 0) + 1;
  return {
    schemaVersion: 1,
    run: { url: ports.run.runUrl, sha: ports.run.sha, attempt: Number(ports.run.runAttempt) || 1 },
    strategy: "rolling",
    phase: plan.state.inventory === undefined || plan.recovery !== undefined ? "applying" : "planned",
    revision,
    // A dead run's snapshot stays the base of a revert until ours, which holds it, is stored.
    snapshot: plan.recovery === undefined ? undefined : before?.snapshot,
    history: before?.history ?? [],
    outcome: undefined,
    durations: before?.durations ?? [],
  };
}

function viewOptions(plan: SetPlan, ports: Ports) {
  const { kube, log } = ports;
  return {
    kube,
    startedAt: kube.serverTime(),
    applySet: applySetId(plan.state.app, plan.state.namespace),
    rules: plan.rules,
    comes: new Set(
      plan.objects
        .filter(({ ref }) => ref.kind === "ConfigMap" || ref.kind === "Secret")
        .map(({ ref }) => `${ref.kind} ${ref.namespace}/${ref.name}`),
    ),
    note: (text: string) => log.info(text),
  };
}

/** Takes away what is not needed any more, now that all is healthy: spent hooks, and what left the set. */
async function tidy(rollout: Rollout): Promise<void> {
  const { plan, ports, state, lock, signal } = rollout;
  state.happened("all healthy");
  lock.note({ phase: "pruning" });
  const rivalry = await findRivalry(rollout);
  if (rivalry !== undefined) {
    await lock.write({}, signal); // the rival may be a run that has taken over, and that says more
    throw rivalry;
  }
  await deleteSucceededHooks(rollout);
  if (plan.pruned.length > 0) {
    await lock.write({ leaving: plan.pruned.flatMap(leavingOf) }, signal);
    const { deleted, warnings } = await pruneObjects(plan.pruned, plan.inputs.concurrency, ports, signal);
    state.pruned = deleted.length;
    state.warnings.push(...warnings);
    state.happened(`${objectsOf(deleted.length)} deleted that left the set`);
  }
  if (plan.shrinks) {
    const parent = parentSecret(
      plan.state.app,
      plan.state.namespace,
      [...plan.objects],
      { groupKinds: [], namespaces: [] },
      ports.version,
    );
    await ports.kube.apply(parent, { fieldManager: FIELD_MANAGER, force: true }, signal);
  }
}

/** Keeps the snapshot in the history, lets go of the lock, and says where the app answers. */
async function finish(rollout: Rollout): Promise<Outcome> {
  const { plan, ports, state, lock, signal, view } = rollout;
  const seconds = Math.max(1, Math.round((ports.clock.now() - rollout.startedAt) / 1000));
  const durations = [...lock.record.durations, seconds].slice(-5);
  const kept = nextHistory(lock.record, plan.inputs.historyMax);
  await settle(lock, { outcome: "applied", durations, ...kept }, plan.state, ports, signal);
  ports.saveState({ finished: "true" });
  const live = plan.objects.flatMap(({ identity, wanted }) => view.current(identity) ?? wanted?.object ?? []);
  state.environmentUrl = plan.inputs.environmentUrl ?? environmentUrl(live);
  const said = `${objectsOf(changedCount(plan))} changed, all healthy`;
  await state.deployment?.say("success", said, state.environmentUrl);
  return state.end("applied", undefined, lock);
}

function leavingOf({ ref, live }: PlannedObject): readonly Leaving[] {
  return live?.metadata.uid === undefined ? [] : [{ ref, uid: live.metadata.uid }];
}

function changedCount({ counts }: SetPlan): number {
  return counts.created + counts.updated + counts.pruned;
}
