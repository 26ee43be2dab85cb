import { ActionError } from "@eks-actions/action";
import { type AppState, readState } from "./app-state.ts";
import type { Inputs } from "./inputs.ts";
import type { Ports } from "./ports.ts";
import type { Snapshot } from "./snapshot.ts";
import { loadSnapshot } from "./snapshot-store.ts";

/** Apps whose state is put in order: `mode: revert` and `mode: reconcile`. */
export interface RecoveryFacts {
  readonly kind: "recovery";
  readonly apps: readonly { readonly state: AppState; readonly snapshot: Snapshot | undefined }[];
}

/** What stands in the Leases and snapshots of the app, or of all apps of the namespace. */
export async function observeRecovery(
  inputs: Inputs,
  namespace: string,
  ports: Ports,
  signal: AbortSignal,
): Promise<RecoveryFacts> {
  const names = inputs.app === "*" ? await appsIn(namespace, ports, signal) : [inputs.app];
  const apps = [];
  for (const app of names) {
    const state = await readState(app, namespace, ports, signal);
    const pointer = state.lease?.record?.snapshot ?? state.lease?.record?.history.at(-1);
    if (inputs.mode === "revert" && pointer === undefined) {
      throw new ActionError("SNAPSHOT_INVALID", {
        message: `app ${app} in ${namespace} has no snapshot to go back to`,
        hint: "roll out the wanted version with `mode: apply`",
      });
    }
    apps.push({
      state,
      snapshot: pointer === undefined ? undefined : await loadSnapshot(app, namespace, pointer, ports, signal),
    });
  }
  return { kind: "recovery", apps };
}

async function appsIn(namespace: string, { kube }: Ports, signal: AbortSignal): Promise<readonly string[]> {
  const type = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", plural: "leases", namespaced: true };
  const { items } = await kube.list(type, { namespace, labelSelector: "eks-actions.dev/app", signal });
  return items.map((lease) => lease.metadata.labels?.["eks-actions.dev/app"] ?? "").filter((app) => app !== "");
}
