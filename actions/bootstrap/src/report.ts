import {
  type ActionError,
  type Annotation,
  errorAnnotations,
  formatDuration,
  type Report,
  type Story,
} from "@eks-actions/action";
import { errorsOf, type Outcome, type Result } from "./apply.ts";
import type { Facts } from "./facts.ts";
import type { Inputs } from "./inputs.ts";
import type { Finding } from "./plan/finding.ts";
import { headline } from "./plan/words.ts";
import { type Plan, type PlanStatus, statusOf } from "./plan.ts";
import { countsOf } from "./report/plan-json.ts";
import { summary } from "./report/summary.ts";

export function report(story: Story<Inputs, Facts, Plan, Outcome>): Report {
  const { plan, outcome, error } = story;
  const last = outcome?.after ?? plan;
  const errors = [...(error === undefined ? [] : [error]), ...(outcome?.errors ?? []), ...planErrors(plan, outcome)];
  const result = resultOf(story);
  return {
    exitCode: exitCode(result, story),
    lastLine: lastLine(story, result, errors),
    summary:
      last === undefined || plan === undefined
        ? ""
        : summary({ ...story, plan: outcome?.done.length === 0 ? plan : last, planHash: plan.planHash, outcome }),
    annotations: [...annotations(errors), ...warnings(last?.findings ?? [], result)],
    outputs: outputs(last, outcome, result, errors),
    errors,
  };
}

/** In plan mode only what no consent cures is an error. */
function planErrors(plan: Plan | undefined, outcome: Outcome | undefined): readonly ActionError[] {
  if (plan === undefined || outcome?.result !== "planned") return [];
  return errorsOf(plan.findings.filter((finding) => finding.level === "fatal"));
}

function resultOf({ outcome, cancelled }: Story<Inputs, Facts, Plan, Outcome>): Result {
  if (cancelled) return "cancelled";
  return outcome?.result ?? "failed";
}

function exitCode(result: Result, { inputs, plan, error }: Story<Inputs, Facts, Plan, Outcome>): number {
  if (error !== undefined) return 1;
  switch (result) {
    case "unchanged":
    case "applied":
    case "destroyed":
      return 0;
    case "planned":
      return plan?.findings.some((finding) => finding.level === "fatal") === true ? 1 : 0;
    case "drifted":
      return inputs?.onDrift === "report" ? 0 : 2;
    case "deferred":
      return inputs?.onTimeout === "defer" ? 0 : 1;
    case "blocked":
    case "cancelled":
    case "failed":
      return 1;
    default:
      return result satisfies never;
  }
}

/** The cluster against its file once the run has ended. */
export function statusAfter(plan: Plan | undefined, result: Result): PlanStatus {
  switch (result) {
    case "failed":
      return "failed";
    case "blocked":
      return "blocked";
    case "deferred":
    case "cancelled":
      return "in-progress";
    default:
      return plan === undefined ? "failed" : statusOf(plan);
  }
}

function outputs(
  plan: Plan | undefined,
  outcome: Outcome | undefined,
  result: Result,
  errors: readonly ActionError[],
): Readonly<Record<string, string>> {
  const cluster = plan?.facts.cluster;
  const done = outcome?.done.filter((entry) => entry.state === "done" && entry.action.op !== "wait").length ?? 0;
  const planned = plan?.actions.filter((action) => action.op !== "wait").length ?? 0;
  const [first] = errors;
  return {
    status: statusAfter(plan, result),
    result,
    changed: String(result === "planned" || result === "drifted" ? planned : done),
    counts: plan === undefined ? "" : JSON.stringify(countsOf(plan)),
    "plan-hash": plan?.planHash ?? "",
    "report-json": outcome?.reportFile ?? "",
    "plan-json": outcome?.planFile ?? "",
    "cluster-name": plan?.facts.config.metadata.name ?? "",
    "cluster-arn": cluster?.arn ?? "",
    "cluster-version": cluster?.version ?? "",
    endpoint: cluster?.endpoint ?? "",
    ca: cluster?.certificateAuthority?.data ?? "",
    "oidc-issuer": cluster?.identity?.oidc?.issuer ?? "",
    cause: first?.code ?? "",
    "cause-message": first?.message.split("\n")[0] ?? "",
  };
}

function annotations(errors: readonly ActionError[]): readonly Annotation[] {
  return errors.flatMap(errorAnnotations).slice(0, 50);
}

/** In plan mode, what a consent would cure is a warning: the plan itself is good. */
function warnings(findings: readonly Finding[], result: Result): readonly Annotation[] {
  const isShown = ({ level }: Finding) =>
    level === "warn" || level === "info" || (level === "block" && (result === "planned" || result === "drifted"));
  return findings
    .filter(isShown)
    .slice(0, 20)
    .map((finding) => ({
      level: finding.level === "info" ? "notice" : "warning",
      title: finding.code,
      message: finding.hint === undefined ? finding.message : `${finding.message} → ${finding.hint}`,
      file: finding.file,
      line: finding.line,
      column: finding.column,
    }));
}

function lastLine(story: Story<Inputs, Facts, Plan, Outcome>, result: Result, errors: readonly ActionError[]): string {
  const { plan, outcome } = story;
  const name = plan?.facts.config.metadata.name ?? "cluster";
  const took = formatDuration(story.endedAt - story.startedAt);
  const [first] = errors;
  if (first !== undefined && result !== "deferred") return `❌ ${name}: ${first.describe()}`;
  switch (result) {
    case "planned":
      return plan === undefined ? "" : `${name}: ${headline(plan)} · plan ${plan.planHash.slice(0, 12)}`;
    case "unchanged":
      return `💤 ${name}: nothing to do, after ${took}`;
    case "applied":
      return `✅ ${name}: converged, after ${took} (${outcome?.reads ?? 0} reads, ${outcome?.writes ?? 0} writes)`;
    case "destroyed":
      return `➖ ${name}: destroyed, after ${took}`;
    case "drifted":
      return `⚠️ ${name}: drifted; ${plan === undefined ? "" : headline(plan)}`;
    case "deferred":
      return `⏳ ${name}: AWS works on after ${took}; run again to continue`;
    case "cancelled":
      return `❌ ${name}: cancelled after ${took}; run again to continue`;
    default:
      return `❌ ${name}: ${result}`;
  }
}
