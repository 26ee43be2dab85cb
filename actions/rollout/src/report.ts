import {
  type ActionError,
  type Annotation,
  collect,
  errorAnnotations,
  formatDuration,
  type Report,
  type Story,
} from "@eks-actions/action";
import { nameOf } from "@eks-actions/manifest";
import { code, footer, symbols, text } from "@eks-actions/markdown";
import type { Inputs } from "./inputs.ts";
import type { Facts } from "./observe.ts";
import type { Outcome, Result } from "./outcome.ts";
import type { Plan, SetPlan } from "./plan.ts";
import { countsLine, objectsOf } from "./report/describe.ts";
import { hintMarkdown, prose } from "./report/prose.ts";
import { rolloutSummary, type SummaryFacts, timelineTable, title } from "./report/summary.ts";

export type RolloutStory = Story<Inputs, Facts, Plan, Outcome>;

/** How a run ended in one word, and why it is red. */
export interface Ending {
  readonly result: Result;
  readonly error: ActionError | undefined;
}

export function endingOf(story: RolloutStory): Ending {
  return { result: resultOf(story), error: errorOf(story) };
}

/** What a run leaves behind, by whatever way it ended; `reportPath` is where the same stands for machines. Pure. */
export function report(story: RolloutStory, reportPath: string | undefined): Report {
  const { plan, outcome } = story;
  const { result, error } = endingOf(story);
  const facts = factsOf(story);
  const unseen = collect(outcome?.isShown === true ? errorsOf({ ...story, outcome: undefined }) : errorsOf(story));
  return {
    exitCode: error === undefined ? 0 : 1,
    lastLine: lastLine(story, result, facts),
    summary: summaryOf(story, result, facts),
    annotations: [...(unseen === undefined ? [] : errorAnnotations(unseen)), ...warnings(outcome, plan)],
    outputs: { ...outputsOf(story, result), "report-json": reportPath ?? "" },
    errors: error === undefined ? [] : [error],
  };
}

/** What went wrong in the cluster, then what went wrong with the step after that. */
function errorsOf({ outcome, error }: Pick<RolloutStory, "error"> & { readonly outcome?: Outcome | undefined }) {
  return [outcome?.error, error].filter((one) => one !== undefined);
}

function errorOf(story: RolloutStory): ActionError | undefined {
  return collect(errorsOf(story));
}

function resultOf({ inputs, outcome, plan, cancelled }: RolloutStory): Result {
  if (outcome !== undefined) return outcome.result;
  if (cancelled) return "cancelled";
  return plan !== undefined && inputs?.mode === "plan" ? "planned" : "failed";
}

function outputsOf(story: RolloutStory, result: Result): Readonly<Record<string, string>> {
  const { outcome, plan } = story;
  const error = errorOf(story);
  const counts = plan?.kind === "set" ? plan.counts : undefined;
  const pruned = result === "planned" ? (counts?.pruned ?? 0) : (outcome?.pruned ?? 0);
  const wasWritten = result !== "failed" || outcome !== undefined;
  const count = (value: number | undefined) => String(wasWritten ? (value ?? 0) : 0);
  return {
    result,
    changed: count((counts?.created ?? 0) + (counts?.updated ?? 0) + pruned),
    created: count(counts?.created),
    updated: count(counts?.updated),
    pruned: count(pruned),
    unchanged: count(counts?.unchanged),
    cause: error?.code ?? "",
    "cause-message": (error?.message ?? "").replace(/\s+/g, " ").slice(0, 300),
    phase: outcome?.phase ?? "",
    revision: outcome?.revision === undefined ? "" : String(outcome.revision),
    "plan-json": outcome?.planPath ?? "",
    "environment-url": outcome?.environmentUrl ?? "",
    "deployment-id": outcome?.deploymentId === undefined ? "" : String(outcome.deploymentId),
  };
}

function factsOf(story: RolloutStory): SummaryFacts {
  const { inputs, run } = story;
  const namespace = story.plan?.kind === "set" ? story.plan.state.namespace : (inputs?.namespace ?? "default");
  return {
    app: inputs?.app ?? "rollout",
    where: inputs?.environment ?? namespace,
    durationMs: story.endedAt - story.startedAt,
    startedAt: story.startedAt,
    footer: footer({ action: "rollout", commits: [run.sha], runUrl: run.runUrl, endedAt: story.endedAt }),
  };
}

function summaryOf(story: RolloutStory, result: Result, facts: SummaryFacts): string {
  const { plan, outcome } = story;
  const error = errorOf(story);
  if (plan?.kind === "set") return rolloutSummary(plan, { ...(outcome ?? bareOutcome(result)), error }, facts);
  const sentences = (error?.all() ?? []).map(
    (one) => `**${code(one.code)} ${prose(one.message)}**${hintMarkdown(one.hint)}`,
  );
  const timeline = outcome === undefined ? "" : timelineTable(outcome, facts);
  const apps = plan?.apps.map(({ state, action, reason }) => `- ${code(state.app)}: ${action} (${text(reason)})`) ?? [];
  return [title({ result, error }, facts), ...sentences, apps.join("\n"), timeline, facts.footer]
    .filter(Boolean)
    .join("\n\n")
    .concat("\n");
}

function bareOutcome(result: Result): Outcome {
  return {
    result,
    error: undefined,
    failure: undefined,
    diagnosis: undefined,
    verdicts: new Map(),
    healthyAfter: new Map(),
    timeline: [],
    warnings: [],
    pruned: 0,
    phase: undefined,
    revision: undefined,
    deploymentId: undefined,
    environmentUrl: undefined,
    requests: { requests: 0, writes: 0 },
    isShown: false,
    planPath: undefined,
  };
}

const MOST_WARNINGS = 10;

/** Each on the line of the object that it begins with, where the set has one. */
function warnings(outcome: Outcome | undefined, plan: Plan | undefined): readonly Annotation[] {
  const objects = plan?.kind === "set" ? plan.objects : [];
  const planned = objects.flatMap((one) => one.warnings.map((text) => `${nameOf(one.ref)}: ${text}`));
  const isOnlyPlanned = outcome === undefined || outcome.result === "planned";
  return [...(outcome?.warnings ?? []), ...(isOnlyPlanned ? planned : [])]
    .slice(0, MOST_WARNINGS)
    .map((message): Annotation => {
      const source = objects.find(({ ref }) => message.startsWith(`${nameOf(ref)}: `))?.source;
      return { level: "warning", title: "ROLLOUT_WARNING", message, file: source?.file, line: source?.line };
    });
}

function lastLine(story: RolloutStory, result: Result, facts: SummaryFacts): string {
  const { plan, outcome } = story;
  const error = errorOf(story);
  const after = `after ${formatDuration(facts.durationMs)}`;
  const where = `${facts.app} → ${facts.where}`;
  const good = goodEnd(result, plan, outcome);
  if (good !== undefined) {
    // The cluster is as wanted, whatever became of the step: both are said.
    if (error !== undefined) return `${symbols.failed} ${where}: ${good}; but ${error.describe()}`;
    const symbol = result === "unchanged" ? symbols.nothing : symbols.done;
    return `${symbol} ${where}: ${good}${result === "planned" ? "" : `, ${after}`}`;
  }
  switch (result) {
    case "reverted":
      if (error === undefined) return `${symbols.reverted} ${where}: the state before is back and healthy, ${after}`;
      return `${symbols.failed} ${where}: ${error.code}, reverted and healthy, ${after}`;
    case "held":
      return `${symbols.failed} ${where}: ${error?.code ?? "failed"}, stays as it is, ${after}`;
    default:
      return error === undefined
        ? `${symbols.failed} ${where}: ${result}, ${after}`
        : `${symbols.failed} ${error.describe()}`;
  }
}

/** What to say of the cluster when it went well. */
function goodEnd(result: Result, plan: Plan | undefined, outcome: Outcome | undefined): string | undefined {
  switch (result) {
    case "unchanged":
      return "nothing to change, all healthy";
    case "applied":
      return `${objectsOf(changed(plan, outcome))} changed, all healthy`;
    case "planned":
      return plan?.kind === "set" ? countsLine(plan).replace(/^\S+ (?=nothing)/, "") : "planned";
    case "recovered":
      return "recovered";
    default:
      return undefined;
  }
}

function changed(plan: Plan | undefined, outcome: Outcome | undefined): number {
  const counts: SetPlan["counts"] | undefined = plan?.kind === "set" ? plan.counts : undefined;
  return (counts?.created ?? 0) + (counts?.updated ?? 0) + (outcome?.pruned ?? 0);
}
