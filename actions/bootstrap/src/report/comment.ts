import { formatDuration, type RunContext } from "@eks-actions/action";
import {
  code,
  cutMiddle,
  details,
  fitBody,
  type Part,
  footer as suiteFooter,
  table,
  text,
} from "@eks-actions/markdown";
import type { Action, Change } from "../plan/action.ts";
import { kindWord } from "../plan/kinds.ts";
import { configHash } from "../plan/names.ts";
import { sha256 } from "../plan/value.ts";
import { headline, howWord, planSymbol, prose, shownValue, symbolOf } from "../plan/words.ts";
import type { Plan } from "../plan.ts";

const MAX_ROWS = 200;

/** Finds the comment again: one for each cluster and owner. */
export function commentMarker(plan: Plan): string {
  const { name, region } = plan.facts.config.metadata;
  return `<!-- eks-actions:bootstrap:${sha256(`${plan.inputs.owner}|${name}|${region}`).slice(0, 8)} -->`;
}

/** Finds the issue about drift again. */
export function driftMarker(plan: Plan): string {
  return commentMarker(plan).replace("eks-actions:bootstrap:", "eks-actions:bootstrap-drift:");
}

/** The plan as a reviewer reads it. */
export function commentBody(plan: Plan, run: Pick<RunContext, "sha" | "runUrl">): string {
  const parts: readonly Part[] = [
    { id: "title", markdown: title(plan) },
    { id: "causes", markdown: causes(plan) },
    { id: "table", markdown: changeTable(plan.actions, MAX_ROWS) },
    ...folds(plan),
    { id: "footer", markdown: footer(plan, run) },
  ];
  const fitted = fitBody(parts);
  if (fitted.fits) return fitted.body;
  return fitBody(
    parts.map((part) => (part.id === "table" ? { ...part, markdown: changeTable(plan.actions, 40) } : part)),
  ).body;
}

function title(plan: Plan): string {
  const { name, region } = plan.facts.config.metadata;
  const verb = plan.kind === "destroy" ? "destroy: " : "";
  const about = plan.actions.length === 0 ? "" : `; about ${formatDuration(plan.timing.expectedSeconds * 1000)}`;
  return `## ${planSymbol(plan)} ${code(name)} → ${code(region)}: ${verb}${headline(plan)}${about}`;
}

/** What stands in the way, at most five; else the headline fact. */
export function causes(plan: Plan): string {
  const blocking = plan.findings.filter((finding) => finding.level === "fatal" || finding.level === "block");
  if (blocking.length === 0) {
    const warnings = plan.findings.filter((finding) => finding.level === "warn").slice(0, 5);
    const lead = plan.actions.length === 0 ? "**The cluster is as its file says.**" : "**Ready to apply.**";
    return [lead, ...warnings.map((finding) => `- ${prose(finding.message)}`)].join("\n");
  }
  const lines = blocking.slice(0, 5).map((finding, index) => {
    const hint = finding.allow === undefined ? firstLine(finding.hint) : `\`allow: ${finding.allow}\``;
    const place = finding.line === undefined ? "" : ` (${code(`${finding.file}:${finding.line}`)})`;
    const number = blocking.length === 1 ? "" : `${index + 1}. `;
    return `${number}**Blocked: \`${finding.code}\`** ${prose(finding.message)}${place}${hint === "" ? "" : ` → ${hint}`}`;
  });
  const more = blocking.length > 5 ? [`… and ${blocking.length - 5} more`] : [];
  return [...lines, ...more].join("\n");
}

function firstLine(hint: string | undefined): string {
  if (hint === undefined) return "";
  return hint.includes("\n")
    ? code(
        hint
          .split("\n")
          .map((line) => line.trim())
          .join(" "),
      )
    : prose(hint);
}

export function changeTable(actions: readonly Action[], max: number): string {
  if (actions.length === 0) return "";
  const rows = grouped(actions).flatMap((group) => (group.length > 2 ? [groupRow(group)] : group.flatMap(rowsOf)));
  const shown = rows.slice(0, max);
  const head = table(
    ["", "target", "field", "from → to", "how", "about"],
    ["left", "left", "left", "left", "left", "right"],
    shown,
  );
  return rows.length > max ? `${head}\n\n… and ${rows.length - max} more rows in the plan file` : head;
}

/** Plain actions of one kind, such as six subnets, stand together. */
function grouped(actions: readonly Action[]): readonly (readonly Action[])[] {
  const groups = new Map<string, Action[]>();
  for (const action of actions) {
    const isPlain = action.changes.length === 0 && action.needs.length === 0 && action.target.kind !== "NodeGroup";
    const key = isPlain ? `${action.op} ${action.target.kind}` : action.id;
    groups.set(key, [...(groups.get(key) ?? []), action]);
  }
  return [...groups.values()];
}

function groupRow(group: readonly Action[]): readonly string[] {
  const [first] = group;
  if (first === undefined) return [];
  const names = [...new Set(group.map((action) => action.target.name))];
  const shown = names
    .slice(0, 6)
    .map((name) => code(cutMiddle(name)))
    .join(", ");
  const more = names.length > 6 ? ` and ${names.length - 6} more` : "";
  const longest = Math.max(...group.map((action) => action.expectedSeconds));
  const target = `${names.length} ${kindWord(first.target.kind)}s ${shown}${more}`;
  return [symbolOf(first.op), target, "", "", howWord(first), formatDuration(longest * 1000)];
}

function rowsOf(action: Action): readonly (readonly string[])[] {
  const target = `${kindWord(action.target.kind)} ${code(cutMiddle(action.target.name))}`;
  const about = formatDuration(action.expectedSeconds * 1000);
  if (action.changes.length === 0) return [[symbolOf(action.op), target, "", "", howWord(action), about]];
  return action.changes.map((change, index) => [
    index === 0 ? symbolOf(action.op) : "",
    index === 0 ? target : "",
    code(fieldName(change)),
    fromTo(change),
    index === 0 ? howWord(action) : "",
    index === 0 ? about : "",
  ]);
}

function fieldName(change: Change): string {
  return cutMiddle(change.path.replace(/^(nodegroup|addons|accessEntries|podIdentityAssociations)\[[^\]]*\]\./, ""));
}

function fromTo(change: Change): string {
  const from = code(shownValue(change.from, change.path));
  const to = code(shownValue(change.to, change.path));
  return `${from} → ${to}${change.origin === "drift" ? " (drift)" : ""}`;
}

function folds(plan: Plan): readonly Part[] {
  const found: Part[] = [];
  const fold = (id: string, name: string, lines: readonly string[], drop: number) => {
    if (lines.length === 0) return;
    found.push({
      id,
      markdown: details(`${name} (${lines.length})`, lines.join("\n")),
      drop,
      instead: `_Left out for size: ${name} (${lines.length})_`,
    });
  };
  fold(
    "drift",
    "Drift",
    plan.drift.map(
      (entry) =>
        `- ${kindWord(entry.target.kind)} ${code(entry.target.name)} ${code(entry.path)}: live ${code(shownValue(entry.from, entry.path))}, file ${code(shownValue(entry.to, entry.path))}`,
    ),
    3,
  );
  fold(
    "unmanaged",
    "Not managed here",
    plan.unmanaged.map(
      (entry) =>
        `- ${kindWord(entry.kind)} ${code(entry.name)}${entry.orphan ? ", made by us and no longer in the file" : ""}${entry.note === "" ? "" : ` · ${text(entry.note)}`}`,
    ),
    2,
  );
  fold(
    "unchanged",
    "Unchanged",
    plan.unchanged.map((target) => `- ${kindWord(target.kind)} ${code(target.name)}`),
    1,
  );
  const steps = plan.actions.map(
    (action) => `- ${code(action.id)}${action.after.length === 0 ? "" : ` after ${action.after.map(code).join(", ")}`}`,
  );
  if (steps.length > 0) {
    const body = [
      ...steps,
      "",
      `Longest way: ${plan.timing.criticalPath.map(code).join(" → ")}`,
      "",
      `Plan hash ${code(plan.planHash)}`,
    ];
    found.push({
      id: "order",
      markdown: details(`Order and times (${steps.length})`, body.join("\n")),
      drop: 0,
      instead: `Plan hash ${code(plan.planHash)}`,
    });
  }
  return found;
}

function footer(plan: Plan, run: Pick<RunContext, "sha" | "runUrl">): string {
  const hash = configHash(plan.facts.config).slice(0, 8);
  return suiteFooter({
    action: "bootstrap",
    commits: [run.sha],
    runUrl: run.runUrl,
    facts: [`plan \`${plan.planHash.slice(0, 12)}\``, `config \`${hash}\``, "updated in place"],
  });
}
