import { type BasePorts, type FileCommands, rawInputs } from "@eks-actions/action";
import { readInputs } from "../inputs.ts";
import { readLockedState } from "../live/app-state.ts";
import { realPorts } from "../real-ports.ts";
import { createRunState } from "../run-state.ts";
import { recoveryOf } from "./plan.ts";
import { recoverApp } from "./recover.ts";
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
  if (app === undefined || namespace === undefined || holder === undefined || state["finished"] === "true")
    return undefined;
  const inputs = readInputs(rawInputs(base.run.env), base.run);
  const own = await realPorts(base, {
    ...inputs,
    kubeconfig: state["kubeconfig"] || inputs.kubeconfig,
    context: state["context"] || inputs.context,
  });
  // The lock is still held in the name of the main step.
  const ports = { ...own, holder };
  await using _ = ports.kube;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]);
  const found = await readLockedState(app, namespace, ports, limit);
  const record = found.lease?.record;
  if (found.lease?.holder !== holder || record === undefined) return undefined;
  const action = recoveryOf(record, inputs.onFailure === "revert");
  const snapshot =
    action === "revert" && record.snapshot !== undefined
      ? await loadSnapshot(app, namespace, record.snapshot, ports, limit)
      : undefined;
  const reason = `the run ended while ${record.phase}`;
  await recoverApp({ state: found, snapshot, action, reason }, inputs, createRunState(ports), ports, limit);
  return undefined;
}
