import { observeRecovery, type RecoveryFacts } from "./back/observe.ts";
import type { Inputs } from "./inputs.ts";
import type { Ports } from "./ports.ts";
import { observeSet, type SetFacts } from "./set/observe.ts";

export type Facts = SetFacts | RecoveryFacts;

/** Reads everything that is needed before deciding. Nothing is written, dry-runs included. */
export async function observe(inputs: Inputs, ports: Ports, signal: AbortSignal): Promise<Facts> {
  return await ports.log.group("Observe", async () => {
    const namespace = inputs.namespace ?? ports.kube.defaultNamespace;
    if (inputs.mode === "revert" || inputs.mode === "reconcile")
      return await observeRecovery(inputs, namespace, ports, signal);
    return await observeSet(inputs, namespace, ports, signal);
  });
}
