import type { ResourceType } from "@eks-actions/kube";
import { at, identityOf, type KubeObject, nameOf, refOf } from "@eks-actions/manifest";
import type { View } from "../gate/view.ts";
import type { Ports } from "../ports.ts";

const POD: ResourceType = { apiVersion: "v1", kind: "Pod", plural: "pods", namespaced: true };
/** For the controller to see that the StatefulSet was put right; one that is down holds the gate up, not this. */
const OBSERVED_WITHIN_MS = 30_000;

/**
 * A StatefulSet does not replace a pod that never became ready, not even when its template is put right: k8s#67250.
 * Until its controller has seen the change it may still make pods of the bad revision, so that is waited for.
 */
export async function replaceStuckPods(
  restored: KubeObject,
  view: View,
  { kube, log, clock }: Pick<Ports, "kube" | "log" | "clock">,
  signal: AbortSignal,
): Promise<void> {
  const set = await observed(restored, view, clock, signal);
  const good = [at(set, ["status", "currentRevision"]), at(set, ["status", "updateRevision"])];
  const { items } = await kube.list(POD, { namespace: set.metadata.namespace, signal });
  const stuck = items.filter(
    (pod) =>
      (pod.metadata.ownerReferences ?? []).some((owner) => owner.uid === set.metadata.uid) &&
      !isReady(pod) &&
      !good.includes(pod.metadata.labels?.["controller-revision-hash"]) &&
      pod.metadata.deletionTimestamp === undefined,
  );
  for (const pod of stuck) {
    await kube.delete({ ...refOf(pod), apiVersion: "v1", kind: "Pod" }, { uid: pod.metadata.uid, signal });
    log.info(
      `${nameOf({ kind: "Pod", name: pod.metadata.name })} of the bad revision is deleted, because a StatefulSet would keep it`,
    );
  }
}

async function observed(
  restored: KubeObject,
  view: View,
  clock: Ports["clock"],
  signal: AbortSignal,
): Promise<KubeObject> {
  const end = clock.now() + OBSERVED_WITHIN_MS;
  const over = new AbortController();
  const limit = clock.sleep(OBSERVED_WITHIN_MS, AbortSignal.any([signal, over.signal])).catch(() => undefined);
  try {
    for (;;) {
      signal.throwIfAborted();
      const set = view.current(identityOf(refOf(restored))) ?? restored;
      const seen = Number(at(set, ["status", "observedGeneration"]) ?? 0);
      if (seen >= Number(at(restored, ["metadata", "generation"]) ?? 0) || clock.now() >= end) return set;
      await Promise.race([view.changed(), limit]);
    }
  } finally {
    over.abort();
  }
}

function isReady(pod: KubeObject): boolean {
  const conditions = at(pod, ["status", "conditions"]);
  return (
    Array.isArray(conditions) &&
    conditions.some((one: unknown) => at(one, ["type"]) === "Ready" && at(one, ["status"]) === "True")
  );
}
