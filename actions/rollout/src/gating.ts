import { type GateResult, gate, gateError } from "./gate.ts";
import { type BlamePlace, blamePlace } from "./place.ts";
import type { PlannedObject } from "./plan.ts";
import type { Rollout } from "./rollout.ts";

/** Objects that others depend on: the next wave begins when they are healthy. */
export async function awaitHealthy(rollout: Rollout, needed: readonly PlannedObject[]): Promise<void> {
  const result = await runGate(rollout, needed, 0);
  rollout.state.learn(result);
  if (result.failure !== undefined) {
    rollout.state.failure = result.failure;
    throw gateError(result.failure, placeOf(rollout, result));
  }
}

/** Everything that changed, and what was not healthy before. */
export async function waitForAll(rollout: Rollout): Promise<GateResult> {
  const { plan, view } = rollout;
  const resting = plan.objects.filter((one) => one.action === "unchanged" && one.live !== undefined);
  await view.track(resting.flatMap(({ live, wanted }) => (live === undefined || wanted === undefined ? [] : [live])));
  return await runGate(rollout, plan.objects, plan.inputs.stableFor);
}

async function runGate(rollout: Rollout, members: readonly PlannedObject[], stableForMs: number): Promise<GateResult> {
  const { plan, ports, view, signal, startedAt } = rollout;
  const spent = ports.clock.now() - startedAt;
  return await gate(
    members.map(({ ref }) => ref),
    view,
    {
      budgets: plan.inputs.budgets,
      timeoutMs: Math.max(1000, plan.inputs.timeout - spent),
      noProgressMs: plan.inputs.noProgressTimeout,
      stableForMs,
      typicalMs: plan.typicalMs,
      app: plan.state.app,
    },
    { clock: ports.clock, log: ports.log, serverTime: () => ports.kube.serverTime() },
    signal,
  );
}

/** The line of the manifest that is to blame. */
export function placeOf(rollout: Rollout, { failure }: Pick<GateResult, "failure">): BlamePlace {
  return failure === undefined ? {} : blamePlace(failure.why, failure.blames[0]?.verdicts[0], rollout.plan.objects);
}
