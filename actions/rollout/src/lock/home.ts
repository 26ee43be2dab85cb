import type { SetPlan } from "../plan.ts";
import type { Ports } from "../ports.ts";
import { writeObject } from "../write/write.ts";

/**
 * The lock lives in the app's own namespace. When that namespace comes with the set and is not there yet, it is made
 * before the lock; its wave then finds it as it should be.
 */
export async function makeHome(plan: SetPlan, ports: Ports, signal: AbortSignal): Promise<void> {
  const home = plan.objects.find(
    ({ ref, live }) => ref.kind === "Namespace" && ref.name === plan.state.namespace && live === undefined,
  );
  if (home?.wanted !== undefined) await writeObject(home, plan.inputs, ports, signal);
}
