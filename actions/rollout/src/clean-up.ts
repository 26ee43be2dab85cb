import { type BasePorts, type FileCommands, rawInputs } from "@eks-actions/action";
import { readState } from "./app-state.ts";
import { readInputs } from "./inputs.ts";
import { realPorts } from "./real-ports.ts";
import { recoverApp } from "./recover.ts";
import { createRunState } from "./run-state.ts";
import { loadSnapshot } from "./snapshot-store.ts";

// A cancelled job is killed after five minutes.
const LIMIT_MS = 4.5 * 60_000;

/** Finishes what a cancelled or killed run has left: reverts if that is the policy, and frees the lock. */
export async function cleanUp(
  state: Readonly<Record<string, string>>,
  base: BasePorts,
  signal: AbortSignal,
): Promise<FileCommands | undefined> {
  const { app, namespace, holder } = state;
  if (app === undefined || namespace === undefined || state["finished"] === "true") return undefined;
  const inputs = readInputs(rawInputs(base.run.env), base.run);
  const ports = await realPorts(base, {
    ...inputs,
    kubeconfig: state["kubeconfig"] || inputs.kubeconfig,
    context: state["context"] || inputs.context,
  });
  await using _ = ports.kube;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]);
  const found = await readState(app, namespace, ports, limit);
  const { lease } = found;
  if (lease === undefined || lease.holder !== holder || lease.record === undefined || lease.record.phase === "done")
    return undefined;
  const pointer = lease.record.snapshot;
  const isOpen = /^(applying|gating|aborting|reverting)$/.test(lease.record.phase);
  const goesBack =
    isOpen && pointer?.healthy === true && inputs.onFailure === "revert" && found.inventory !== undefined;
  const snapshot = goesBack ? await loadSnapshot(app, namespace, pointer, ports, limit) : undefined;
  const action = snapshot === undefined ? "finish" : "revert";
  await recoverApp(
    { state: found, snapshot, action, reason: `the run ended while ${lease.record.phase}` },
    inputs,
    createRunState(ports),
    ports,
    limit,
  );
  return undefined;
}
