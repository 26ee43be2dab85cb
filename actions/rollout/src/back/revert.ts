import { ActionError, toActionError } from "@eks-actions/action";
import { KubeApiError } from "@eks-actions/kube";
import { identityOf, type KubeObject, nameOf, type ObjectRef, refOf } from "@eks-actions/manifest";
import { explain } from "../faults.ts";
import { type GateResult, gate } from "../gate/gate.ts";
import type { View } from "../gate/view.ts";
import type { Inputs } from "../inputs.ts";
import { isMember } from "../live/inventory.ts";
import { FIELD_MANAGER } from "../model.ts";
import type { Ports } from "../ports.ts";
import { kindWave } from "../set/waves.ts";
import { inParallel } from "../write/parallel.ts";
import type { Snapshot } from "./snapshot.ts";
import { replaceStuckPods } from "./stuck-pods.ts";

export interface RevertResult {
  readonly gate: GateResult;
  readonly restored: readonly ObjectRef[];
  readonly deleted: readonly ObjectRef[];
}

// Created ones whose loss would lose data stay, whatever became of the rollout.
const KEPT = new Set(["PersistentVolumeClaim", "CustomResourceDefinition", "Namespace", "PersistentVolume"]);

export interface Base {
  readonly snapshot: Snapshot;
  /** What this very run has made, by identity. */
  readonly created: ReadonlyMap<string, KubeObject>;
  /** Id of the app's ApplySet: what another run has made carries it. */
  readonly applySet: string;
}

/** Puts the state of a snapshot back and waits until it is healthy, on its own clock. */
export async function revert(
  base: Base,
  view: View,
  inputs: Inputs,
  ports: Ports,
  signal: AbortSignal,
): Promise<RevertResult> {
  const { kube, log } = ports;
  const ordered = [...base.snapshot.restore].sort((a, b) => kindWave(a) - kindWave(b));
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
  const deleted = await deleteCreated(base, inputs, ports, signal);
  for (const object of restored) log.info(`${nameOf(refOf(object))} is back as it was`);
  await view.track(restored);
  for (const set of restored.filter(({ kind }) => kind === "StatefulSet"))
    await replaceStuckPods(set, view, ports, signal);
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
  { snapshot, created, applySet }: Base,
  inputs: Inputs,
  { kube, log }: Ports,
  signal: AbortSignal,
): Promise<readonly ObjectRef[]> {
  const own = snapshot.created.filter((ref) => !KEPT.has(ref.kind));
  const deleted = await inParallel(own, inputs.concurrency, async (ref) => {
    const live = created.get(identityOf(ref)) ?? (await kube.get(ref, signal));
    // A run that was killed may never have come to make it, and then it is somebody else's.
    if (live === undefined || !isMember(live, applySet)) return undefined;
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
