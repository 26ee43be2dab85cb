import { formatDuration } from "@eks-actions/action";
import { kindWord } from "../plan/kinds.ts";
import { headline, howWord, shownValue, symbolOf } from "../plan/words.ts";
import type { Plan } from "../plan.ts";

const MAX_LINES = 120;

/** The plan as log lines. A plan without actions is two lines at most. */
export function describe(plan: Plan): readonly string[] {
  const { name, region } = plan.facts.config.metadata;
  const about = plan.actions.length === 0 ? "" : `; about ${formatDuration(plan.timing.expectedSeconds * 1000)}`;
  const lines = [`${name} → ${region}: ${headline(plan)}${about}`];
  for (const action of plan.actions) {
    lines.push(
      `${symbolOf(action.op)} ${kindWord(action.target.kind)} ${action.target.name} · ${howWord(action).replaceAll("`", "")}`,
    );
    for (const change of action.changes) {
      const origin = change.origin === "drift" ? " (drift)" : "";
      lines.push(
        `    ${change.path}: ${shownValue(change.from, change.path)} → ${shownValue(change.to, change.path)}${origin}`,
      );
    }
  }
  const shown =
    lines.length > MAX_LINES ? [...lines.slice(0, MAX_LINES), `… and ${lines.length - MAX_LINES} more lines`] : lines;
  const blocking = plan.findings.filter((finding) => finding.level === "fatal" || finding.level === "block");
  return [...shown, ...blocking.map((finding) => `${finding.code}: ${finding.message}`)];
}
