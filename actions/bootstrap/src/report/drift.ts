import { ActionError } from "@eks-actions/action";
import { errorsOf, type Outcome, outcome } from "../apply.ts";
import type { Plan } from "../plan.ts";
import type { Ports } from "../ports.ts";
import { commentBody, driftMarker } from "./comment.ts";
import { planJson } from "./plan-json.ts";

/** How the live cluster differs from the file. Reads only. */
export async function driftOutcome(plan: Plan, ports: Ports): Promise<Outcome> {
  const planFile = ports.writeReport(`bootstrap-drift-${plan.facts.config.metadata.name}.json`, planJson(plan));
  const fatal = errorsOf(plan.findings.filter((finding) => finding.level === "fatal"));
  if (fatal.length > 0) return outcome("failed", plan, ports, { errors: fatal, planFile });
  if (plan.facts.cluster === undefined) {
    const { name, region } = plan.facts.config.metadata;
    const error = new ActionError("NAME_CONFLICT", {
      message: `cluster ${name} does not exist in ${region}`,
      hint: "apply the file first",
    });
    return outcome("failed", plan, ports, { errors: [error], planFile });
  }
  const drifted = hasDrift(plan);
  if (plan.inputs.driftIssue === "auto") {
    const { name, region } = plan.facts.config.metadata;
    const body = drifted ? commentBody(plan, ports.run) : undefined;
    const title = `Cluster ${name} in ${region} has drifted from ${plan.facts.config.file}`;
    ports.log.info(await ports.driftIssue(driftMarker(plan), { title, body }));
  }
  return outcome(drifted ? "drifted" : "unchanged", plan, ports, { planFile });
}

/** Differences that a person has to look at: changed fields, missing parts, and objects that nobody declared. */
export function hasDrift(plan: Plan): boolean {
  return plan.actions.some((action) => action.op !== "wait") || plan.unmanaged.some((entry) => entry.orphan);
}
