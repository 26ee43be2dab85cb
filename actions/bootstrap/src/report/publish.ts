import { type Outcome, outcome } from "../apply.ts";
import type { Plan } from "../plan.ts";
import type { Ports } from "../ports.ts";
import { commentBody, commentMarker } from "./comment.ts";
import { planJson } from "./plan-json.ts";

/** Writes the plan for machines, and for reviewers where they look: on the pull request. Nothing in AWS changes. */
export async function publishPlan(plan: Plan, ports: Ports): Promise<Outcome> {
  const planFile = ports.writeReport(`bootstrap-plan-${plan.facts.config.metadata.name}.json`, planJson(plan));
  ports.log.info(`plan ${plan.planHash.slice(0, 12)} written to ${planFile}`);
  if (plan.inputs.comment === "auto" && ports.run.eventName.startsWith("pull_request")) {
    const answer = await ports.comment(commentMarker(plan), {
      body: commentBody(plan, ports.run),
      hasActions: plan.actions.length > 0,
    });
    ports.log.info(answer);
  }
  return outcome("planned", plan, ports, { planFile });
}
