import { KubeApiError } from "@eks-actions/kube";
import { type KubeObject, nameOf, refOf } from "@eks-actions/manifest";
import { fieldValidation } from "../live/preflight.ts";
import { FIELD_MANAGER, labels, type Wanted } from "../model.ts";
import type { PlannedObject } from "../plan.ts";
import { isDeletedOnce } from "../set/hooks.ts";
import type { Rollout } from "./rollout.ts";
import { deleteAndWait } from "./write.ts";

// The way back must not wait long for what only tells of the failure.
const FAILURE_HOOKS_MS = 5_000;

/**
 * Takes away the hooks that their delete policy wants gone after success. One that cannot be deleted is a warning: all
 * is healthy, and nothing of it must be taken back for that.
 */
export async function deleteSucceededHooks(rollout: Rollout): Promise<void> {
  const { plan, state } = rollout;
  const ended = plan.objects.filter(({ wanted }) => wanted !== undefined && isDeletedOnce(wanted.object, "succeeded"));
  for (const one of ended) {
    try {
      await deleteHook(one, rollout, rollout.signal);
    } catch (error) {
      if (!(error instanceof KubeApiError)) throw error;
      state.warnings.push(`${nameOf(one.ref)}: the hook is not deleted: ${error.message}`);
    }
  }
}

/**
 * What hooks do when a rollout fails: failed ones go if their policy says so, and those of `SyncFail` are started, not
 * awaited. Their own trouble is a warning: it never hides why the rollout failed.
 */
export async function runFailureHooks(rollout: Rollout): Promise<void> {
  const { plan, state } = rollout;
  const signal = AbortSignal.any([rollout.signal, AbortSignal.timeout(FAILURE_HOOKS_MS)]);
  try {
    for (const one of plan.objects) {
      const isGone = one.wanted !== undefined && isDeletedOnce(one.wanted.object, "failed");
      if (isGone && state.verdicts.get(one.identity)?.status === "failed") await deleteHook(one, rollout, signal);
    }
    for (const hook of plan.failureHooks) {
      await startHook(hook, rollout, signal);
      state.happened(`hook ${nameOf(hook.ref)} started, because the rollout failed`);
    }
  } catch (error) {
    if (rollout.signal.aborted) return;
    state.warnings.push(`a hook for failures did not run: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function deleteHook(one: PlannedObject, { ports, view }: Rollout, signal: AbortSignal): Promise<void> {
  const uid = view.current(one.identity)?.metadata.uid;
  if (await ports.kube.delete(one.ref, { uid, propagation: "Background", signal }))
    ports.log.info(`hook ${nameOf(one.ref)} is deleted, as its delete policy says`);
}

async function startHook(hook: Wanted, { plan, ports }: Rollout, signal: AbortSignal): Promise<void> {
  const object = outsideSet(hook.object);
  const runsOnce = hook.ref.kind === "Job" || hook.ref.kind === "Pod";
  const live = runsOnce ? await ports.kube.get(refOf(object), signal) : undefined;
  if (live !== undefined) await deleteAndWait(ports, live, signal);
  const options = { fieldManager: FIELD_MANAGER, force: true, fieldValidation: fieldValidation(plan.inputs.validate) };
  await ports.kube.apply(object, options, signal);
}

/** Without the set's label: a later rollout would prune it as something that left the set. */
function outsideSet(object: KubeObject): KubeObject {
  const { [labels.partOf]: _, ...kept } = object.metadata.labels ?? {};
  return { ...object, metadata: { ...object.metadata, labels: kept } };
}
