import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Report, RunContext } from "@eks-actions/action";
import { apply } from "../apply.ts";
import type { Outcome } from "../outcome.ts";
import type { Plan } from "../plan.ts";
import type { Ports } from "../ports.ts";
import { endingOf, type RolloutStory, report } from "../report.ts";
import { createRunState } from "../run-state.ts";
import { commentPlan } from "./comment.ts";
import { planJson, reportJson } from "./json.ts";

/** Runs the plan once it is on disk for machines. `mode: plan` ends with the comment. */
export async function applyWithPlanFile(plan: Plan, ports: Ports, signal: AbortSignal): Promise<Outcome> {
  const planPath =
    plan.kind === "set" ? writeIn(newFolder(ports.run), "plan.json", planJson(plan, ports.run, ports.kube)) : undefined;
  return { ...(await planOrApply(plan, ports, signal)), planPath };
}

async function planOrApply(plan: Plan, ports: Ports, signal: AbortSignal): Promise<Outcome> {
  if (plan.kind !== "set" || plan.inputs.mode !== "plan") return await apply(plan, ports, signal);
  await commentPlan(plan, ports, signal);
  return createRunState(ports).end("planned", undefined, undefined);
}

/** The report, and the same for machines on disk, by whatever way the run ended. A full disk costs that file only. */
export function reportWithFile(story: RolloutStory): Report {
  try {
    const planPath = story.outcome?.planPath;
    const folder = planPath === undefined ? newFolder(story.run) : dirname(planPath);
    return report(story, writeIn(folder, "report.json", reportJson(story, endingOf(story))));
  } catch (error) {
    const told = report(story, undefined);
    const message = `report-json is not written: ${error instanceof Error ? error.message : String(error)}`;
    return { ...told, annotations: [...told.annotations, { level: "warning", title: "WRITE_FAILED", message }] };
  }
}

function newFolder({ tempDir }: RunContext): string {
  return mkdtempSync(join(tempDir === "" ? tmpdir() : tempDir, "rollout-"));
}

function writeIn(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}
