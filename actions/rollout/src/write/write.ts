import { ActionError } from "@eks-actions/action";
import { KubeApiError, type KubeClient } from "@eks-actions/kube";
import { type KubeObject, type ManagedFields, nameOf, refOf } from "@eks-actions/manifest";
import { explain, isImmutable } from "../faults.ts";
import type { Inputs } from "../inputs.ts";
import { mergeFields } from "../live/ownership.ts";
import { fieldValidation, forcible, mayRecreate } from "../live/preflight.ts";
import { FIELD_MANAGER, HANDOVER_MANAGER } from "../model.ts";
import type { PlannedObject } from "../plan.ts";
import type { Ports } from "../ports.ts";
import { replicasToHandOver } from "../set/autoscaled.ts";

export interface Written {
  readonly object: KubeObject;
  readonly warnings: readonly string[];
}

/**
 * Brings one object of the plan into the cluster.
 * @throws ActionError `APPLY_REJECTED`, `FIELD_CONFLICT`, `FIELD_IMMUTABLE`, `FORBIDDEN`…
 */
export async function writeObject(
  planned: PlannedObject,
  inputs: Inputs,
  ports: Ports,
  signal: AbortSignal,
): Promise<Written> {
  const { wanted, live } = planned;
  if (wanted === undefined) throw new Error(`${nameOf(planned.ref)} has no manifest`);
  const occasion = { ref: wanted.ref, object: wanted.object, source: wanted.source, phase: "write" as const };
  const send = async (force: boolean) =>
    await ports.kube.apply(
      wanted.object,
      { fieldManager: FIELD_MANAGER, force, fieldValidation: fieldValidation(inputs.validate) },
      signal,
    );
  try {
    if (planned.action === "recreate" && live !== undefined) {
      await deleteAndWait(ports, live, signal);
      return await send(true);
    }
    if (live !== undefined) await prepare(ports.kube, wanted.object, live, signal);
    return await send(planned.forced.length > 0);
  } catch (error) {
    if (!(error instanceof KubeApiError)) throw error;
    try {
      if (forcible(error, inputs.forceConflicts) !== undefined) return await send(true);
      if (isImmutable(error) && live !== undefined && mayRecreate(wanted, inputs.recreate)) {
        await deleteAndWait(ports, live, signal);
        return await send(true);
      }
    } catch (second) {
      throw explain(second, occasion);
    }
    throw explain(error, occasion);
  }
}

/** What must happen before our apply: fields of client-side apply become ours, replicas go to an autoscaler. */
async function prepare(kube: KubeClient, desired: KubeObject, live: KubeObject, signal: AbortSignal): Promise<void> {
  const migrated = migratedFields(live.metadata.managedFields ?? []);
  const last = live.metadata.annotations?.[LAST_APPLIED];
  if (migrated !== undefined || last !== undefined) {
    const body = [
      { op: "test", path: "/metadata/resourceVersion", value: live.metadata.resourceVersion },
      ...(migrated === undefined ? [] : [{ op: "replace", path: "/metadata/managedFields", value: migrated }]),
      ...(last === undefined
        ? []
        : [{ op: "remove", path: `/metadata/annotations/${LAST_APPLIED.replaceAll("/", "~1")}` }]),
    ];
    await kube.patch(refOf(live), { type: "json", body, fieldManager: FIELD_MANAGER, signal });
  }
  const replicas = replicasToHandOver(desired, live);
  if (replicas === undefined) return;
  const { name, namespace } = live.metadata;
  const body = {
    apiVersion: live.apiVersion,
    kind: live.kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    spec: { replicas },
  };
  await kube.apply(body, { fieldManager: HANDOVER_MANAGER, force: true }, signal);
}

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/**
 * managedFields with the entry of `kubectl apply` made ours; `undefined` when there is none. Without this, fields that
 * leave the manifest later would stay for ever, owned by a manager that never writes again.
 */
export function migratedFields(entries: readonly ManagedFields[]): readonly ManagedFields[] | undefined {
  const isClientSide = (entry: ManagedFields) =>
    entry.manager === "kubectl-client-side-apply" && entry.operation === "Update" && (entry.subresource ?? "") === "";
  const old = entries.filter(isClientSide);
  const [first] = old;
  if (first === undefined) return undefined;
  const own = entries.find(
    (entry) => entry.manager === FIELD_MANAGER && entry.operation === "Apply" && (entry.subresource ?? "") === "",
  );
  const fieldsV1 = old.reduce<unknown>((merged, entry) => mergeFields(merged, entry.fieldsV1), own?.fieldsV1 ?? {});
  return [
    ...entries.filter((entry) => !isClientSide(entry) && entry !== own),
    { ...first, ...own, manager: FIELD_MANAGER, operation: "Apply", fieldsV1 },
  ];
}

const DELETE_WAIT_MS = 60_000;

/** Deletes and waits until the object is gone. Pods of a StatefulSet stay and are adopted by the new one. */
export async function deleteAndWait(
  ports: Pick<Ports, "kube" | "clock">,
  live: KubeObject,
  signal: AbortSignal,
): Promise<void> {
  const ref = refOf(live);
  const propagation = live.kind === "StatefulSet" ? "Orphan" : "Background";
  await ports.kube.delete(ref, { uid: live.metadata.uid, propagation, signal });
  const end = ports.clock.now() + DELETE_WAIT_MS;
  for (let pause = 50; ports.clock.now() < end; pause = Math.min(1000, pause * 2)) {
    const found = await ports.kube.get(ref, signal);
    if (found === undefined || found.metadata.uid !== live.metadata.uid) return;
    await ports.clock.sleep(pause, signal);
  }
  throw new ActionError("APPLY_REJECTED", {
    message: `${nameOf(ref)} was deleted to be created anew, but is not gone after 60 s`,
    hint: "look for finalizers: `kubectl get -o yaml` shows them",
  });
}
