import { formatDuration, type RunContext } from "@eks-actions/action";
import { bar, code, cutMiddle, details, footer as suiteFooter, symbols, table, text } from "@eks-actions/markdown";
import type { Outcome } from "../apply.ts";
import { kindWord } from "../plan/kinds.ts";
import { headline, planSymbol, prose, symbolOf } from "../plan/words.ts";
import type { Plan } from "../plan.ts";
import type { Done } from "../run/scheduler.ts";
import { causes, changeTable } from "./comment.ts";

export interface Told {
  readonly run: Pick<RunContext, "sha" | "runUrl">;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly plan: Plan;
  /** Of the plan that was carried out. */
  readonly planHash: string;
  readonly outcome?: Outcome | undefined;
}

/** The job summary: what happened, what mattered, and when. */
export function summary(told: Told): string {
  const { plan, outcome } = told;
  const isWork = outcome !== undefined && outcome.done.length > 0;
  const parts = [
    title(told),
    sentence(told),
    isWork ? timeline(told, outcome.done) : changeTable(plan.actions, 200),
    notes(outcome),
    unmanaged(plan),
    isWork ? details(`Requests (${outcome.sent.length})`, requestTable(outcome.sent)) : "",
    footer(told),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function title({ plan, outcome, startedAt, endedAt }: Told): string {
  const { name, region } = plan.facts.config.metadata;
  const where = `${code(name)} → ${code(region)}`;
  const took = formatDuration(endedAt - startedAt);
  const result = outcome?.result ?? "failed";
  switch (result) {
    case "applied":
      return `## ${symbols.done} ${where}: converged, after ${took}`;
    case "destroyed":
      return `## ${symbols.remove} ${where}: destroyed, after ${took}`;
    case "unchanged":
      return `## ${symbols.nothing} ${where}: nothing to do, after ${took}`;
    case "planned":
      return `## ${planSymbol(plan)} ${where}: plan, ${headline(plan)}`;
    case "drifted":
      return `## ${symbols.attention} ${where}: drifted, ${headline(plan)}`;
    case "deferred":
      return `## ${symbols.waiting} ${where}: not done yet, after ${took}`;
    case "cancelled":
      return `## ${symbols.failed} ${where}: cancelled, after ${took}`;
    case "blocked":
      return `## ${symbols.failed} ${where}: blocked, nothing was changed`;
    case "failed":
      return `## ${symbols.failed} ${where}: failed, after ${took}`;
    default:
      return result satisfies never;
  }
}

function sentence({ plan, outcome }: Told): string {
  const errors = outcome?.errors ?? [];
  const [first, ...rest] = errors;
  if (first !== undefined && outcome?.result !== "planned") {
    const lines = [`**\`${first.code}\`: ${prose(first.message)}**`, ...hintLines(first.hint)];
    const more = rest.slice(0, 4).map((error, index) => `${index + 2}. \`${error.code}\`: ${prose(error.message)}`);
    return [...lines, ...(more.length === 0 ? [] : ["", ...more])].join("\n");
  }
  switch (outcome?.result) {
    case "applied": {
      const version = outcome.after.facts.cluster?.version ?? "";
      const nodes = outcome.after.facts.nodegroups.reduce(
        (sum, group) => sum + (group.scalingConfig?.desiredSize ?? 0),
        0,
      );
      return `**Kubernetes ${version} with ${nodes} node${nodes === 1 ? "" : "s"} is ready.**`;
    }
    case "unchanged":
      return "**The cluster is as its file says; no request changed anything.**";
    case "destroyed":
      return "**Everything that this file made is gone.**";
    case "deferred":
      return "**AWS works on; run again to continue.**";
    case "cancelled":
      return "**Nothing was rolled back; run again to continue.**";
    default:
      return causes(plan);
  }
}

/** One line stands behind an arrow, several are something to paste. */
function hintLines(hint: string | undefined): readonly string[] {
  if (hint === undefined) return [];
  return hint.includes("\n") ? ["", "```yaml", hint.replaceAll("```", "'''"), "```"] : ["", `→ ${prose(hint)}`];
}

/** When each action ran, as cells of one line. */
function timeline(told: Told, done: readonly Done[]): string {
  const ran = done.filter(
    (entry) =>
      entry.startedAt !== undefined && entry.action.calls.length + (entry.action.until === undefined ? 0 : 1) > 0,
  );
  const end = Math.max(told.endedAt, ...ran.map((entry) => entry.endedAt ?? 0));
  const start = Math.min(told.endedAt, ...ran.map((entry) => entry.startedAt ?? told.endedAt));
  const span = Math.max(1, end - start);
  const shown = ran.filter((entry) => entry.action.until !== undefined || entry.state !== "done").slice(0, 60);
  const rows = shown.map((entry) => {
    const from = (entry.startedAt ?? start) - start;
    const took = (entry.endedAt ?? end) - (entry.startedAt ?? start);
    return [
      stateSymbol(entry),
      `${entry.action.op} ${kindWord(entry.action.target.kind)} ${code(cutMiddle(entry.action.target.name))}`,
      `+${formatDuration(from)}`,
      entry.endedAt === undefined ? "still running" : formatDuration(took),
      formatDuration(entry.action.expectedSeconds * 1000),
      bar(took / span),
    ];
  });
  const quick = ran.length - shown.length;
  const head = table(
    ["", "what", "began", "took", "usually", ""],
    ["left", "left", "right", "right", "right", "left"],
    rows,
  );
  return quick > 0
    ? `${head}\n\nand ${quick} quick ones: ${quickWords(ran.filter((entry) => !shown.includes(entry)))}.`
    : head;
}

function quickWords(done: readonly Done[]): string {
  const names = new Map<string, Set<string>>();
  for (const { action } of done) {
    const word = kindWord(action.target.kind);
    names.set(word, (names.get(word) ?? new Set()).add(action.target.name));
  }
  return [...names].map(([word, { size }]) => (size === 1 ? `1 ${word}` : `${size} ${word}s`)).join(", ");
}

function stateSymbol(entry: Done): string {
  switch (entry.state) {
    case "done":
      return symbolOf(entry.action.op);
    case "failed":
      return symbols.failed;
    case "deferred":
    case "running":
      return symbols.waiting;
    case "skipped":
      return symbols.nothing;
    default:
      return entry.state satisfies never;
  }
}

function notes(outcome: Outcome | undefined): string {
  const found = [...new Set((outcome?.done ?? []).flatMap((entry) => entry.note ?? []))];
  return found.map((note) => `${symbols.attention} ${text(note)}`).join("\n");
}

function unmanaged(plan: Plan): string {
  if (plan.unmanaged.length === 0) return "";
  const lines = plan.unmanaged.map(
    (entry) => `- ${kindWord(entry.kind)} ${code(entry.name)}${entry.note === "" ? "" : ` · ${text(entry.note)}`}`,
  );
  return details(`Not managed here (${lines.length})`, lines.join("\n"));
}

function requestTable(sent: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of sent) counts.set(name, (counts.get(name) ?? 0) + 1);
  return table(
    ["request", "times"],
    ["left", "right"],
    [...counts].map(([name, count]) => [code(name), String(count)]),
  );
}

function footer({ planHash, outcome, run, endedAt }: Told): string {
  const requests = outcome === undefined ? [] : [`${outcome.reads} reads, ${outcome.writes} writes`];
  return suiteFooter({
    action: "bootstrap",
    commits: [run.sha],
    runUrl: run.runUrl,
    facts: [`plan \`${planHash.slice(0, 12)}\``, ...requests],
    endedAt,
  });
}
