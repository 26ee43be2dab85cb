import type { PlannedObject } from "../plan.ts";
import { blamePlace } from "../report/place.ts";
import type { Rollout } from "../write/rollout.ts";
import { type GateResult, gate, gateError } from "./gate.ts";

/** Objects that others depend on: the next wave begins when they are healthy. @throws ActionError the cause */
export async function awaitHealthy(rollout: Rollout, needed: readonly PlannedObject[]): Promise<void> {
  await passGate(rollout, needed, 0);
}

/** Everything that changed, and what was not healthy before. @throws ActionError the cause */
export async function waitForAll(rollout: Rollout): Promise<void> {
  const { plan, view } = rollout;
  const resting = plan.objects.filter((one) => one.action === "unchanged" && one.live !== undefined);
  await view.track(resting.flatMap(({ live, wanted }) => (live === undefined || wanted === undefined ? [] : [live])));
  await passGate(rollout, plan.objects, plan.inputs.stableFor);
}

/** What the gate learned stays with the run, whichever way it ends. */
async function passGate(rollout: Rollout, members: readonly PlannedObject[], stableForMs: number): Promise<void> {
  const result = await runGate(rollout, members, stableForMs);
  const { failure } = result;
  rollout.state.learn(result);
  if (failure === undefined) return;
  rollout.state.failure = failure;
  throw gateError(failure, blamePlace(failure.why, failure.blames[0]?.verdicts[0], rollout.plan.objects));
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
