import { judge, nothingAround } from "@eks-actions/health";
import { recover } from "./back/recover.ts";
import { isDone } from "./gate/roll-call.ts";
import type { Outcome } from "./outcome.ts";
import type { Plan, SetPlan } from "./plan.ts";
import type { Ports } from "./ports.ts";
import { createRunState } from "./run-state.ts";
import { applySet } from "./write/apply-set.ts";

/** Executes the plan. Decides no policy; a failed rollout is an outcome, not an exception. */
export async function apply(plan: Plan, ports: Ports, signal: AbortSignal): Promise<Outcome> {
  if (plan.kind === "recovery") return await recover(plan, ports, signal);
  if (isSettled(plan, ports)) {
    const state = createRunState(ports);
    return {
      ...state.end("unchanged", undefined, undefined),
      phase: plan.state.lease?.record?.phase,
      revision: plan.state.lease?.record?.revision,
    };
  }
  return await applySet(plan, ports, signal);
}

/** Nothing to write and everything healthy: the run ends without a lock and without a request. */
function isSettled(plan: SetPlan, ports: Ports): boolean {
  const { created, updated, pruned } = plan.counts;
  if (created + updated + pruned > 0 || plan.shrinks || plan.recovery !== undefined) return false;
  const now = ports.kube.serverTime();
  return plan.objects.every(
    ({ live }) =>
      live !== undefined &&
      isDone(judge(live, { ...nothingAround, startedAt: now, rules: plan.rules }, plan.inputs.budgets, now)),
  );
}
