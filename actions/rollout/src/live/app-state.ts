import { rethrow } from "../faults.ts";
import { type LeaseState, readLease } from "../lock/record.ts";
import type { Ports } from "../ports.ts";
import { parentName } from "../set/set.ts";
import { type Inventory, readInventory } from "./inventory.ts";

/** The app as it stands in the cluster. */
export interface AppState {
  readonly app: string;
  readonly namespace: string;
  readonly inventory: Inventory | undefined;
  readonly lease: LeaseState | undefined;
  /** By the API server's clock. */
  readonly now: number;
}

/** The app's inventory, and its Lease if there ever was a rollout. */
export async function readState(app: string, namespace: string, ports: Ports, signal: AbortSignal): Promise<AppState> {
  const { kube } = ports;
  const parentRef = { apiVersion: "v1", kind: "Secret", namespace, name: parentName(app) };
  const leaseRef = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", namespace, name: parentName(app) };
  const parent = await kube
    .get(parentRef, signal)
    .catch((error: unknown) => rethrow(error, { ref: parentRef, phase: "read" }));
  if (parent === undefined) return { app, namespace, inventory: undefined, lease: undefined, now: kube.serverTime() };
  const inventory = readInventory(parent, app, namespace);
  const lease = await kube
    .get(leaseRef, signal)
    .catch((error: unknown) => rethrow(error, { ref: leaseRef, phase: "read" }));
  return {
    app,
    namespace,
    inventory,
    lease: lease === undefined ? undefined : readLease(lease),
    now: kube.serverTime(),
  };
}

/** As `readState`, but with the Lease of a first run that died before it had an inventory. */
export async function readLockedState(
  app: string,
  namespace: string,
  ports: Ports,
  signal: AbortSignal,
): Promise<AppState> {
  const state = await readState(app, namespace, ports, signal);
  if (state.lease !== undefined || state.inventory !== undefined) return state;
  const ref = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", namespace, name: parentName(app) };
  const found = await ports.kube.get(ref, signal).catch((error: unknown) => rethrow(error, { ref, phase: "read" }));
  return { ...state, lease: found === undefined ? undefined : readLease(found) };
}
