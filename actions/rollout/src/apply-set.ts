import { ActionError, toActionError } from "@eks-actions/action";
import { identityOf, type KubeObject, nameOf } from "@eks-actions/manifest";
import { cancelled } from "./cancelled.ts";
import { openDeployment } from "./deployment.ts";
import { diagnose } from "./diagnosis.ts";
import { environmentUrl } from "./environment-url.ts";
import { type GateResult, gate, gateError } from "./gate.ts";
import { isCovered, parentSecret } from "./inventory.ts";
import { type Lock, takeLock } from "./lock.ts";
import { FIELD_MANAGER } from "./model.ts";
import { handleFailure } from "./on-failure.ts";
import type { Outcome } from "./outcome.ts";
import { inParallel } from "./parallel.ts";
import type { PlannedObject, SetPlan } from "./plan.ts";
import type { Ports } from "./ports.ts";
import { pruneObjects } from "./prune.ts";
import type { RolloutRecord } from "./record.ts";
import { revert } from "./revert.ts";
import { nextHistory, type Rollout } from "./rollout.ts";
import { createRunState } from "./run-state.ts";
import { applySetId } from "./set.ts";
import { smoke } from "./smoke.ts";
import { packSnapshot } from "./snapshot.ts";
import { dropSnapshots } from "./snapshot-store.ts";
import { openView } from "./view.ts";
import { dependedOn, dependencyName, WAVE_NAMES, WAVES_PER_SYNC } from "./waves.ts";
import { writeObject } from "./write.ts";

const CRD_WAIT_MS = 60_000;

/** Lock → snapshot → inventory → waves → gate → smoke → prune → release. */
export async function applySet(plan: SetPlan, ports: Ports, signal: AbortSignal): Promise<Outcome> {
  const state = createRunState(ports);
  const { inputs } = plan;
  let lock: Lock | undefined;
  try {
    await using held = await takeLock(plan.state, firstRecord(plan, ports), ports, signal);
    lock = held;
    const { app, namespace } = plan.state;
    ports.saveState({
      app,
      namespace,
      kubeconfig: inputs.kubeconfig ?? "",
      context: inputs.context ?? "",
      holder: ports.holder,
    });
    state.happened(`locked; ${changedCount(plan)} of ${plan.objects.length} objects change`);
    state.deployment = await openDeployment(
      ports.deployments,
      { ...ports.run, environment: inputs.environment, app },
      ports.log,
    );
    await state.deployment.say("in_progress", `${changedCount(plan)} of ${plan.objects.length} objects change`);
    await using view = openView(viewOptions(plan, ports));
    const rollout: Rollout = {
      plan,
      ports,
      state,
      view,
      lock: held,
      signal: AbortSignal.any([signal, held.lost]),
      created: new Map(),
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
    if (plan.recovery?.action === "revert" && plan.inherited !== undefined) {
      await revert(plan.inherited, new Map(), rollout.view, plan.inputs, ports, signal);
      state.happened("the unfinished revert of the run before is done");
    }
    await ports.log.group("Apply", async () => await writeAll(rollout));
    lock.note({ phase: "gating" });
    const result = await ports.log.group("Wait", async () => await waitForAll(rollout));
    state.learn(result);
    if (result.failure === undefined) {
      await smoke(plan.inputs.smoke, plan.state.namespace, ports, signal);
      return await finish(rollout);
    }
    state.failure = result.failure;
    state.happened(`cause found: ${result.failure.why}`);
    state.diagnosis = await diagnose(
      result.failure,
      rollout.view,
      { logs: plan.inputs.logs === "on-failure", lines: plan.inputs.logLines },
      ports,
      signal,
    );
    failedBy = gateError(result.failure, placeOf(rollout, result), undefined);
  } catch (thrown) {
    failedBy = thrown;
  }
  return await handleFailure(rollout, failedBy, cancel);
}

function firstRecord(plan: SetPlan, ports: Ports): RolloutRecord {
  const before = plan.state.lease?.record;
  const revision = (before?.revision ?? 0) + 1;
  return {
    schemaVersion: 1,
    run: { url: ports.run.runUrl, sha: ports.run.sha, attempt: Number(ports.run.runAttempt) || 1 },
    strategy: "rolling",
    phase: plan.snapshot.restore.length === 0 && plan.inherited === undefined ? "applying" : "planned",
    revision,
    // The dead run's snapshot stays the base of a revert.
    snapshot: plan.inherited === undefined ? undefined : before?.snapshot,
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
    rules: plan.inputs.healthRules,
    comes: new Set(
      plan.objects
        .filter(({ ref }) => ref.kind === "ConfigMap" || ref.kind === "Secret")
        .map(({ ref }) => `${ref.kind} ${ref.namespace}/${ref.name}`),
    ),
    note: (text: string) => log.info(text),
  };
}

async function writeAll(rollout: Rollout): Promise<void> {
  const { plan, ports, lock, signal, state } = rollout;
  const { app, namespace, inventory } = plan.state;
  const { restore, created } = plan.snapshot;
  if (plan.inherited === undefined && restore.length + created.length > 0 && plan.state.lease !== undefined) {
    const packed = packSnapshot(plan.snapshot, app, namespace, lock.record.revision);
    for (const secret of packed.secrets) await createAnew(secret, ports, signal);
    await lock.write({ phase: "applying", snapshot: packed.pointer }, signal);
  }
  const members = [...plan.objects, ...plan.pruned];
  if (!isCovered(inventory, members, namespace)) {
    const parent = parentSecret(
      app,
      namespace,
      members,
      { groupKinds: inventory?.groupKinds ?? [], namespaces: inventory?.namespaces ?? [] },
      ports.version,
    );
    await ports.kube.apply(parent, { fieldManager: FIELD_MANAGER, force: true }, signal);
  }
  const waited = dependedOn(plan.objects.flatMap(({ wanted }) => (wanted === undefined ? [] : [wanted.object])));
  const changing = plan.objects.filter((one) => one.action !== "unchanged");
  const waves = [...new Set(changing.map((one) => one.wave))].sort((a, b) => a - b);
  for (const [index, wave] of waves.entries()) {
    const group = changing.filter((one) => one.wave === wave);
    await writeWave(rollout, wave, group);
    const next = waves[index + 1];
    if (next === undefined) break;
    const crossesSync = Math.floor(next / WAVES_PER_SYNC) !== Math.floor(wave / WAVES_PER_SYNC);
    const needed = group.filter(
      ({ wanted }) => crossesSync || (wanted !== undefined && waited.has(dependencyName(wanted.object))),
    );
    if (needed.length > 0) await awaitHealthy(rollout, needed);
  }
  state.happened(`${changing.length} objects written`);
}

/** A snapshot of this number can be there already when a run was killed right after writing it. */
async function createAnew(secret: KubeObject, { kube }: Ports, signal: AbortSignal): Promise<void> {
  try {
    await kube.create(secret, { signal });
  } catch (error) {
    if (!(error instanceof Error && "status" in error && error.status === 409)) throw error;
    await kube.delete(
      { apiVersion: "v1", kind: "Secret", namespace: secret.metadata.namespace, name: secret.metadata.name },
      { signal },
    );
    await kube.create(secret, { signal });
  }
}

async function writeWave(rollout: Rollout, wave: number, group: readonly PlannedObject[]): Promise<void> {
  const { plan, ports, signal, view, state } = rollout;
  const written = await inParallel(group, plan.inputs.concurrency, async (one) => {
    const { object, warnings } = await writeObject(one, plan.inputs, ports, signal);
    if (one.live === undefined) rollout.created.set(one.identity, object);
    for (const warning of warnings) state.warnings.push(`${nameOf(one.ref)}: ${warning}`);
    return object;
  });
  const kind = WAVE_NAMES[((wave % WAVES_PER_SYNC) + WAVES_PER_SYNC) % WAVES_PER_SYNC] ?? "objects";
  ports.log.info(`${kind}: ${written.length} written`);
  const definitions = group.filter(({ ref }) => ref.kind === "CustomResourceDefinition");
  // Watching begins with the workloads, so that the first fatal sign is seen while the rest is still being written.
  await view.track(written);
  if (definitions.length > 0) {
    const result = await gate(
      definitions.map(({ ref }) => ref),
      view,
      {
        budgets: plan.inputs.budgets,
        timeoutMs: CRD_WAIT_MS,
        noProgressMs: CRD_WAIT_MS,
        stableForMs: 0,
        app: plan.state.app,
      },
      { clock: ports.clock, log: ports.log, serverTime: () => ports.kube.serverTime() },
      signal,
    );
    ports.kube.forgetDiscovery();
    if (result.failure !== undefined) throw notEstablished(definitions, result);
  }
}

function notEstablished(definitions: readonly PlannedObject[], result: GateResult): ActionError {
  const bad = definitions.find(({ identity }) =>
    result.verdicts.some((verdict) => identityOf(verdict.ref) === identity && verdict.status !== "healthy"),
  );
  return new ActionError("CRD_NOT_READY", {
    message: `CRD ${bad?.ref.name ?? ""} is not established after 60 s: ${result.failure?.message ?? ""}`,
    hint: "look at the conditions of the CRD: names may clash with another one",
    file: bad?.source?.file,
    line: bad?.source?.line,
  });
}

async function awaitHealthy(rollout: Rollout, needed: readonly PlannedObject[]): Promise<void> {
  const result = await runGate(rollout, needed, 0);
  rollout.state.learn(result);
  if (result.failure !== undefined) {
    rollout.state.failure = result.failure;
    throw gateError(result.failure, placeOf(rollout, result), undefined);
  }
}

/** Everything that changed, and what was not healthy before. */
async function waitForAll(rollout: Rollout): Promise<GateResult> {
  const { plan, view } = rollout;
  const resting = plan.objects.filter((one) => one.action === "unchanged" && one.live !== undefined);
  await view.track(resting.flatMap(({ live, wanted }) => (live === undefined || wanted === undefined ? [] : [live])));
  return await runGate(rollout, plan.objects, plan.inputs.stableFor);
}

async function runGate(rollout: Rollout, members: readonly PlannedObject[], stableForMs: number): Promise<GateResult> {
  const { plan, ports, view, signal, startedAt } = rollout;
  const spent = ports.clock.now() - startedAt;
  return await gate(
    members.map(({ ref }) => ref),
    view,
    {
      budgets: plan.inputs.budgets,
      timeoutMs: Math.max(1000, plan.inputs.timeout - spent),
      noProgressMs: plan.inputs.noProgressTimeout,
      stableForMs,
      typicalMs: plan.typicalMs,
      app: plan.state.app,
    },
    { clock: ports.clock, log: ports.log, serverTime: () => ports.kube.serverTime() },
    signal,
  );
}

/** The line of the manifest that is to blame. */
export function placeOf(rollout: Rollout, result: Pick<GateResult, "failure">): { file?: string; line?: number } {
  const ref = result.failure?.blames[0]?.verdicts[0]?.ref;
  const planned = ref === undefined ? undefined : rollout.plan.objects.find((one) => one.identity === identityOf(ref));
  return planned?.source === undefined ? {} : { file: planned.source.file, line: planned.source.line };
}

async function finish(rollout: Rollout): Promise<Outcome> {
  const { plan, ports, state, lock, signal, view } = rollout;
  state.happened("all healthy");
  if (plan.pruned.length > 0) {
    await lock.write({ phase: "pruning" }, signal);
    const { deleted, warnings } = await pruneObjects(plan.pruned, plan.inputs.concurrency, ports, signal);
    state.pruned = deleted.length;
    state.warnings.push(...warnings);
    state.happened(`${deleted.length} objects deleted that left the set`);
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
  const { history, dropped } = nextHistory(lock.record, plan.inputs.historyMax);
  await dropSnapshots(plan.state.app, plan.state.namespace, dropped, ports);
  const seconds = Math.max(1, Math.round((ports.clock.now() - rollout.startedAt) / 1000));
  await lock.release(
    {
      phase: "done",
      outcome: "applied",
      snapshot: undefined,
      history,
      durations: [...lock.record.durations, seconds].slice(-5),
    },
    signal,
  );
  ports.saveState({ finished: "true" });
  const live = plan.objects.flatMap(({ identity, wanted }) => view.current(identity) ?? wanted?.object ?? []);
  state.environmentUrl = plan.inputs.environmentUrl ?? environmentUrl(live);
  await state.deployment?.say("success", `${changedCount(plan)} objects changed, all healthy`, state.environmentUrl);
  return state.end("applied", undefined, lock);
}

export function changedCount({ counts }: SetPlan): number {
  return counts.created + counts.updated + counts.pruned;
}
