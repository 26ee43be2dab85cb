import { KubeApiError } from "@eks-actions/kube";
import { rethrow } from "../faults.ts";
import type { AppState } from "../live/app-state.ts";
import type { Ports } from "../ports.ts";
import { parentName } from "../set/set.ts";
import { hold, type Lock } from "./held-lock.ts";
import { locked } from "./locked.ts";
import { isHeld, type LeaseState, leaseObject, type RolloutRecord, readLease } from "./record.ts";

/**
 * Takes the lock: creates the Lease, or takes over a free or expired one. The loser of a race gets `LOCKED`.
 * @throws ActionError `LOCKED`, `FORBIDDEN`, `NAMESPACE_MISSING`
 */
export async function takeLock(
  state: AppState,
  record: RolloutRecord,
  ports: Ports,
  signal: AbortSignal,
): Promise<Lock> {
  const { kube, holder } = ports;
  const { app, namespace } = state;
  const ref = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", namespace, name: parentName(app) };
  const read = async () => {
    const found = await kube.get(ref, signal);
    return found === undefined ? undefined : readLease(found);
  };
  const taken = (lease: LeaseState, kept: RolloutRecord, isInherited: boolean) =>
    hold({ app, ref, lease, record: kept, isInherited }, ports);
  let current = state.lease;
  if (current === undefined) {
    try {
      const lease = leaseObject(app, namespace, { holder, now: kube.serverTime(), transitions: 0, record });
      return taken(readLease(await kube.create(lease, { signal, isRepeatable: true })), record, false);
    } catch (error) {
      if (!isConflict(error)) rethrow(error, { ref, phase: "write" });
      current = await read();
    }
  }
  // The answer to our own request was lost, and its repeat refused; or the post step goes on for its main step.
  if (current?.holder === holder) return taken(current, current.record ?? record, true);
  const refuse = (lease: LeaseState | undefined) => locked({ app, lease, now: kube.serverTime() });
  if (current === undefined || isHeld(current, kube.serverTime())) throw refuse(current);
  const isInherited = current.holder !== "";
  try {
    const lease = leaseObject(app, namespace, {
      holder,
      now: kube.serverTime(),
      transitions: current.transitions + 1,
      record,
      resourceVersion: current.resourceVersion,
    });
    return taken(readLease(await kube.update(lease, { signal, isRepeatable: true })), record, isInherited);
  } catch (error) {
    if (!isConflict(error)) rethrow(error, { ref, phase: "write" });
    const winner = await read();
    if (winner?.holder === holder) return taken(winner, record, isInherited);
    throw refuse(winner);
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof KubeApiError && error.status === 409;
}
