import { code, symbols, text } from "@eks-actions/markdown";
import type { Plan } from "../plan.ts";
import { countsOf } from "../report/plan-json.ts";
import type { Action, Op } from "./action.ts";

export function symbolOf(op: Op): string {
  switch (op) {
    case "create":
      return symbols.create;
    case "update":
    case "adopt":
      return symbols.change;
    case "delete":
      return symbols.remove;
    case "wait":
      return symbols.waiting;
    case "roll":
    case "replace":
    case "upgrade":
    case "rollback":
      return symbols.replace;
    default:
      return op satisfies never;
  }
}

/** A message for Markdown: what stands in backticks becomes code, the rest is plain. */
export function prose(message: string): string {
  return message
    .split(/`([^`]*)`/)
    .map((piece, index) => (index % 2 === 1 ? code(piece) : spaced(piece)))
    .join("")
    .trim();
}

function spaced(piece: string): string {
  return `${/^\s/.test(piece) ? " " : ""}${text(piece)}${/\S\s+$/.test(piece) ? " " : ""}`;
}

/** How the change reaches the object, and the word that it needs. */
export function howWord(action: Action): string {
  const how = {
    create: "create",
    update: "in place",
    adopt: "tag as ours",
    delete: "delete",
    wait: "AWS is at work",
    roll: "roll nodes",
    replace: "replace",
    upgrade: "upgrade",
    rollback: "roll back",
  }[action.op];
  return action.needs.length === 0 ? how : `${how}, needs ${action.needs.map((word) => `\`${word}\``).join(", ")}`;
}

/** `upgrade 1.34 → 1.35, 3 to create, 1 change, nothing deleted`. */
export function headline(plan: Plan): string {
  const counts = countsOf(plan);
  const parts: string[] = [];
  const upgrades = plan.actions.filter((action) => action.target.kind === "Cluster" && action.op === "upgrade");
  const [first] = upgrades;
  if (first !== undefined) {
    parts.push(`upgrade ${String(first.changes[0]?.from)} → ${String(upgrades.at(-1)?.changes[0]?.to)}`);
  }
  if (counts.create > 0) parts.push(`${counts.create} to create`);
  const changes = counts.update + counts.roll + counts.adopt + (counts.upgrade - upgrades.length);
  if (changes > 0) parts.push(`${changes} change${changes === 1 ? "" : "s"}`);
  if (counts.replace > 0) parts.push(`${counts.replace} replaced`);
  if (counts.wait > 0 && parts.length === 0) parts.push(`${counts.wait} under way`);
  if (parts.length === 0 && counts.delete === 0) return "nothing to do";
  parts.push(counts.delete > 0 ? `${counts.delete} deleted` : "nothing deleted");
  return parts.join(", ");
}

/** The symbol that says what kind of plan it is. */
export function planSymbol(plan: Plan): string {
  if (plan.findings.some((finding) => finding.level === "fatal")) return symbols.failed;
  const has = (...ops: readonly Op[]) => plan.actions.some((action) => ops.includes(action.op));
  if (plan.actions.length === 0) return symbols.nothing;
  if (has("delete")) return symbols.remove;
  if (has("upgrade", "replace", "roll", "rollback")) return symbols.replace;
  if (has("create")) return symbols.create;
  return has("update", "adopt") ? symbols.change : symbols.waiting;
}

const SECRET = /pass(word)?|token|secret|key/i;

/** A value for a table cell: short, on one line, secrets hidden. The caller escapes it. */
export function shownValue(value: unknown, path: string): string {
  if (value === null || value === undefined) return "–";
  if (SECRET.test(path.split(".").at(-1) ?? "") && !/keyARN|volumeKms/.test(path)) return "***";
  const text =
    typeof value === "string"
      ? value
      : JSON.stringify(value, (key, member: unknown) => (SECRET.test(key) ? "***" : member));
  return text.length <= 120 ? text : `${text.slice(0, 119)}…`;
}
