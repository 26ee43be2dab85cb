import { apply } from "./apply.ts";
import { commentPlan } from "./comment.ts";
import { planJson, reportJson } from "./json.ts";
import type { Outcome } from "./outcome.ts";
import type { Plan } from "./plan.ts";
import type { Ports } from "./ports.ts";
import { createRunState } from "./run-state.ts";

/** Runs the plan between its two files for machines. `mode: plan` ends after the first one and the comment. */
export async function applyWithFiles(plan: Plan, ports: Ports, signal: AbortSignal): Promise<Outcome> {
  const began = ports.clock.now();
  const planPath = plan.kind === "set" ? ports.writeReport("plan.json", planJson(plan, ports.run)) : undefined;
  const outcome = await planOrApply(plan, ports, signal);
  const reportPath = ports.writeReport("report.json", reportJson(plan, outcome, ports.run, ports.clock.now() - began));
  return { ...outcome, planPath, reportPath };
}

async function planOrApply(plan: Plan, ports: Ports, signal: AbortSignal): Promise<Outcome> {
  if (plan.kind !== "set" || plan.inputs.mode !== "plan") return await apply(plan, ports, signal);
  await commentPlan(plan, ports, signal);
  return createRunState(ports).end("planned", undefined, undefined);
}
