import { ActionError, toActionError } from "@eks-actions/action";
import { KubeApiError } from "@eks-actions/kube";
import { at, identityOf, type KubeObject, nameOf, type ObjectRef, refOf } from "@eks-actions/manifest";
import { explain } from "./faults.ts";
import { type GateResult, gate } from "./gate.ts";
import type { Inputs } from "./inputs.ts";
import { FIELD_MANAGER } from "./model.ts";
import { inParallel } from "./parallel.ts";
import type { Ports } from "./ports.ts";
import type { Snapshot } from "./snapshot.ts";
import type { View } from "./view.ts";
import { kindWave } from "./waves.ts";

export interface RevertResult {
  readonly gate: GateResult;
  readonly restored: readonly ObjectRef[];
  readonly deleted: readonly ObjectRef[];
}

// Created ones whose loss would lose data stay, whatever became of the rollout.
const KEPT = new Set(["PersistentVolumeClaim", "CustomResourceDefinition", "Namespace", "PersistentVolume"]);

/** Puts the state of a snapshot back and waits until it is healthy, on its own clock. */
export async function revert(
  snapshot: Snapshot,
  created: ReadonlyMap<string, KubeObject>,
  view: View,
  inputs: Inputs,
  ports: Ports,
  signal: AbortSignal,
): Promise<RevertResult> {
  const { kube, log } = ports;
  const ordered = [...snapshot.restore].sort((a, b) => kindWave(a) - kindWave(b));
  const restored: KubeObject[] = [];
  for (const wave of [...new Set(ordered.map(kindWave))]) {
    const group = ordered.filter((object) => kindWave(object) === wave);
    const written = await inParallel(group, inputs.concurrency, async (object) => {
      try {
        return (
          await kube.apply(object, { fieldManager: FIELD_MANAGER, force: true, fieldValidation: "Ignore" }, signal)
        ).object;
      } catch (error) {
        throw explain(error, { ref: refOf(object), phase: "write" });
      }
    });
    restored.push(...written);
  }
  const deleted = await deleteCreated(snapshot.created, created, inputs, ports, signal);
  for (const object of restored) log.info(`${nameOf(refOf(object))} is back as it was`);
  await view.track(restored);
  await replaceStuckPods(restored, view, ports, signal);
  const result = await gate(
    restored.map(refOf),
    view,
    gateOptions(inputs),
    { clock: ports.clock, log, serverTime: () => kube.serverTime() },
    signal,
  );
  return { gate: result, restored: restored.map(refOf), deleted };
}

function gateOptions(inputs: Inputs) {
  return {
    budgets: inputs.budgets,
    timeoutMs: inputs.revertTimeout,
    noProgressMs: inputs.revertTimeout,
    stableForMs: 0,
    app: inputs.app,
  };
}

async function deleteCreated(
  refs: readonly ObjectRef[],
  created: ReadonlyMap<string, KubeObject>,
  inputs: Inputs,
  { kube, log }: Ports,
  signal: AbortSignal,
): Promise<readonly ObjectRef[]> {
  const own = refs.filter((ref) => !KEPT.has(ref.kind));
  const deleted = await inParallel(own, inputs.concurrency, async (ref) => {
    const live = created.get(identityOf(ref)) ?? (await kube.get(ref, signal));
    if (live === undefined) return undefined;
    try {
      // Without a UID this could delete what somebody else has made under the same name meanwhile.
      await kube.delete(ref, { uid: live.metadata.uid, propagation: "Background", signal });
      log.info(`${nameOf(ref)}, which this rollout had created, is deleted`);
      return ref;
    } catch (error) {
      if (error instanceof KubeApiError && error.status === 409) return undefined;
      throw explain(error, { ref, phase: "write" });
    }
  });
  return deleted.filter((ref) => ref !== undefined);
}

/** A StatefulSet does not replace a pod that never became ready, not even when its template is put right: k8s#67250. */
async function replaceStuckPods(
  restored: readonly KubeObject[],
  view: View,
  { kube, log }: Ports,
  signal: AbortSignal,
): Promise<void> {
  for (const set of restored.filter((object) => object.kind === "StatefulSet")) {
    const current = at(set, ["status", "currentRevision"]);
    const stuck = view.around(set, new Map()).pods.filter((pod) => {
      const isOwned = (pod.metadata.ownerReferences ?? []).some((owner) => owner.uid === set.metadata.uid);
      const conditions = at(pod, ["status", "conditions"]);
      const isReady =
        Array.isArray(conditions) &&
        conditions.some((one: unknown) => at(one, ["type"]) === "Ready" && at(one, ["status"]) === "True");
      return (
        isOwned &&
        !isReady &&
        pod.metadata.labels?.["controller-revision-hash"] !== current &&
        pod.metadata.deletionTimestamp === undefined
      );
    });
    for (const pod of stuck) {
      await kube.delete(refOf(pod), { uid: pod.metadata.uid, signal });
      log.info(`${nameOf(refOf(pod))} of the bad revision is deleted, because a StatefulSet would keep it`);
    }
  }
}

/** The revert did not end well: both causes in one error. */
export function revertFailed(
  app: string,
  first: ActionError | undefined,
  second: string,
  cause?: unknown,
): ActionError {
  const bug = toActionError(cause);
  return new ActionError("REVERT_FAILED", {
    message: `app ${app} was put back, but is not healthy: ${second}${first === undefined ? "" : ` (the rollout failed with ${first.code}: ${first.message})`}`,
    hint: `look at the objects; then try again:\n  with:\n    mode: revert\n    app: ${app}`,
    file: first?.file,
    line: first?.line,
    cause,
    also: cause !== undefined && bug.code === "INTERNAL" ? [bug] : [],
  });
}
