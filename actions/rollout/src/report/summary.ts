import { formatDuration } from "@eks-actions/action";
import { identityOf, nameOf } from "@eks-actions/manifest";
import { bar, code, cutMiddle, details, entities, symbols, table, text } from "@eks-actions/markdown";
import type { Outcome, Result } from "../outcome.ts";
import type { PlannedObject, SetPlan } from "../plan.ts";
import { counted, countsLine, objectsOf, symbolOf, warningLines } from "./describe.ts";
import { diffMarkdown } from "./diff-markdown.ts";
import { hintMarkdown, prose } from "./prose.ts";

export interface SummaryFacts {
  readonly app: string;
  readonly where: string;
  readonly durationMs: number;
  readonly startedAt: number;
  readonly footer: string;
}

const MOST_ROWS = 30;

/** The job summary of a rollout: title, the sentence that matters, one table, the timeline, the rest folded. */
export function rolloutSummary(plan: SetPlan, outcome: Outcome, facts: SummaryFacts): string {
  return [
    title(outcome, facts),
    sentence(plan, outcome),
    objectTable(plan, outcome),
    timelineTable(outcome, facts),
    ...folded(plan, outcome),
    facts.footer,
  ]
    .filter((part) => part !== "")
    .join("\n\n")
    .concat("\n");
}

export function title(outcome: Pick<Outcome, "result" | "error">, { app, where, durationMs }: SummaryFacts): string {
  const [symbol, good, bad] = ends[outcome.result];
  const head =
    outcome.error === undefined
      ? `${symbol} ${code(app)} → ${code(where)}: ${good}`
      : `${symbols.failed} ${code(app)} → ${code(where)}: ${bad}`;
  return `## ${head}, after ${formatDuration(durationMs)}`;
}

// A step can fail although the cluster is as wanted: then both are said.
const ends: Readonly<Record<Result, readonly [symbol: string, green: string, red: string]>> = {
  unchanged: [symbols.nothing, "nothing to change, all healthy", "nothing to change, all healthy, but the step failed"],
  applied: [symbols.done, "live and healthy", "live and healthy, but the step failed"],
  planned: [symbols.done, "planned", "planned, but the step failed"],
  recovered: [symbols.done, "recovered", "recovered, but the step failed"],
  reverted: [symbols.reverted, "put back and healthy", "reverted and healthy"],
  held: [symbols.failed, "failed, stays as it is", "failed, stays as it is"],
  cancelled: [symbols.failed, "cancelled", "cancelled"],
  failed: [symbols.failed, "failed", "failed"],
};

function sentence(plan: SetPlan, outcome: Outcome): string {
  const { error } = outcome;
  if (error === undefined) {
    if (outcome.result === "planned") return [`**${countsLine(plan)}**`, ...warningLines(plan)].join("\n\n");
    const { created, updated, unchanged } = plan.counts;
    const { pruned } = outcome;
    if (created + updated + pruned === 0) return `**${objectsOf(unchanged)} as written.**`;
    return `**${counted([created, "created"], [updated, "changed"], [pruned, "deleted"], [unchanged, "unchanged"])}.**`;
  }
  const place =
    error.file === undefined ? "" : ` (${code(`${error.file}${error.line === undefined ? "" : `:${error.line}`}`)})`;
  const hint = hintMarkdown(error.hint);
  const more =
    error.also.length === 0
      ? ""
      : `\n\n${error.also
          .slice(0, 20)
          .map((one) => `- ${code(one.code)} ${prose(one.message)}`)
          .join("\n")}`;
  return `**${code(error.code)} ${prose(error.message)}**${place}${hint}${more}`;
}

function objectTable(plan: SetPlan, outcome: Outcome): string {
  const all = [...plan.objects, ...plan.pruned];
  const isOfNote = (one: PlannedObject) =>
    one.action !== "unchanged" || outcome.verdicts.get(one.identity)?.status === "failed";
  const noted = all.filter(isOfNote).sort((a, b) => weight(a, outcome) - weight(b, outcome));
  if (noted.length === 0) return "";
  const rows = noted.slice(0, MOST_ROWS).map((one) => row(one, outcome));
  const more = noted.length > MOST_ROWS ? `\n\n_… and ${objectsOf(noted.length - MOST_ROWS)} more_` : "";
  return (
    table(["object", "action", "verdict", "ready", "time"], ["left", "left", "left", "right", "right"], rows) + more
  );
}

// What failed first, then what has pods: those are the rows that people look for.
function weight(one: PlannedObject, outcome: Outcome): number {
  const verdict = outcome.verdicts.get(one.identity);
  if (verdict?.status === "failed") return 0;
  if (verdict?.progress !== undefined) return verdict.status === "healthy" ? 2 : 1;
  return 3;
}

function row(one: PlannedObject, outcome: Outcome): readonly string[] {
  const verdict = outcome.verdicts.get(identityOf(one.ref));
  const took = outcome.healthyAfter.get(one.identity);
  const ready = verdict?.progress === undefined ? "" : `${verdict.progress.ready}/${verdict.progress.wanted}`;
  const words =
    verdict === undefined
      ? ""
      : verdict.status === "failed"
        ? `failed ${code(verdict.why)}`
        : verdict.status === "healthy"
          ? "healthy"
          : `${verdict.status}: ${text(verdict.message.slice(0, 80))}`;
  return [
    `${text(one.ref.kind)} ${code(cutMiddle(one.ref.name))}`,
    `${symbolOf(one.action)} ${one.action}`,
    words,
    ready,
    took === undefined || took === 0 ? "" : formatDuration(took),
  ];
}

export function timelineTable({ timeline }: Outcome, { startedAt, durationMs }: SummaryFacts): string {
  if (timeline.length === 0) return "";
  const rows = timeline.map(({ at, event }) => {
    const after = Math.max(0, at - startedAt);
    return [
      new Date(at).toISOString().slice(11, 19),
      `+${formatDuration(after)}`,
      text(event),
      bar(durationMs === 0 ? 0 : after / durationMs),
    ];
  });
  return table(["at", "+", "event", ""], ["left", "right", "left", "left"], rows);
}

function folded(plan: SetPlan, outcome: Outcome): readonly string[] {
  const parts: string[] = [];
  const { diagnosis } = outcome;
  if (diagnosis !== undefined && diagnosis.events.length > 0) {
    const rows = diagnosis.events.map((event) => [
      text(event.object),
      text(event.reason),
      text(event.message),
      String(event.count),
    ]);
    parts.push(
      details(
        `Events (${rows.length})`,
        table(["object", "reason", "message", "count"], ["left", "left", "left", "right"], rows),
      ),
    );
  }
  for (const excerpt of diagnosis?.logs ?? []) {
    const name = `Log of ${entities(excerpt.pod)}, container ${entities(excerpt.container)}${excerpt.previous ? ", before its last restart" : ""} (${excerpt.lines.length} lines)`;
    parts.push(details(name, `<pre>${excerpt.lines.map(entities).join("\n")}</pre>`));
  }
  const diff = diffMarkdown(plan);
  if (diff !== undefined) parts.push(diff);
  if (outcome.warnings.length > 0)
    parts.push(
      details(
        `Warnings (${outcome.warnings.length})`,
        outcome.warnings
          .slice(0, 50)
          .map((one) => `- ${text(one)}`)
          .join("\n"),
      ),
    );
  if (plan.kept.length > 0) {
    parts.push(
      details(
        `Left in the cluster (${plan.kept.length})`,
        plan.kept.map(({ ref, reason }) => `- ${text(nameOf(ref))}: ${prose(reason)}`).join("\n"),
      ),
    );
  }
  const { requests, writes } = outcome.requests;
  parts.push(details(`Requests (${requests})`, `${requests} requests, ${writes} of them writes`));
  return parts;
}
