import { nameOf } from "@eks-actions/manifest";
import { symbols, text } from "@eks-actions/markdown";
import { changeText } from "../live/diff.ts";
import type { ObjectAction } from "../model.ts";
import type { Plan, PlannedObject, SetPlan } from "../plan.ts";

const SYMBOL: Readonly<Record<ObjectAction, string>> = {
  create: symbols.create,
  update: symbols.change,
  adopt: symbols.change,
  recreate: symbols.replace,
  prune: symbols.remove,
  unchanged: symbols.nothing,
};

export function symbolOf(action: ObjectAction): string {
  return SYMBOL[action];
}

// A set of a thousand objects must not bury the lines that follow it.
const MOST_LINES = 60;
const MOST_FIELDS = 12;

/** The plan as log lines. */
export function describe(plan: Plan): readonly string[] {
  if (plan.kind === "recovery")
    return plan.apps.map(({ state, action, reason }) => `${state.app}: ${action} (${reason})`);
  const changing = [...plan.objects.filter((one) => one.action !== "unchanged"), ...plan.pruned];
  const lines = changing.slice(0, MOST_LINES).flatMap(linesOf);
  if (changing.length > MOST_LINES) lines.push(`… and ${objectsOf(changing.length - MOST_LINES)} more`);
  return [
    ...planWarnings(plan).map((warning) => `${symbols.attention} ${warning}`),
    ...lines,
    ...plan.kept.map(({ ref, reason }) => `${nameOf(ref)} leaves the set and stays: ${reason}`),
    countsLine(plan),
  ];
}

export function countsLine({ counts }: SetPlan): string {
  const { created, updated, pruned, unchanged } = counts;
  if (created + updated + pruned === 0)
    return `${symbols.nothing} nothing to change: ${objectsOf(unchanged)} as written`;
  return counted([created, "to create"], [updated, "to change"], [pruned, "to delete"], [unchanged, "unchanged"]);
}

/** The same in Markdown, a line each. */
export function warningLines(plan: SetPlan): readonly string[] {
  return planWarnings(plan).map((warning) => `${symbols.attention} ${text(warning)}`);
}

/** `2 created, 1 changed`: what there is none of is not said. */
export function counted(...parts: readonly (readonly [count: number, what: string])[]): string {
  return parts
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${count} ${what}`)
    .join(", ");
}

/** `1 object`, `12 objects` */
export function objectsOf(count: number): string {
  return `${count} ${count === 1 ? "object" : "objects"}`;
}

/** What a person should know before this plan is carried out. */
export function planWarnings({ inputs, recovery, snapshot, state }: SetPlan): readonly string[] {
  const found: string[] = [];
  if (recovery !== undefined)
    found.push(
      `${recovery.runUrl || recovery.holder} ended while ${recovery.phase}; this run goes on with its own set`,
    );
  if (inputs.onFailure === "revert" && state.inventory !== undefined && !snapshot.healthy)
    found.push("what is live is not healthy, so a failure of this rollout would stay as it is");
  return found;
}

function linesOf(one: PlannedObject): readonly string[] {
  const place = one.source === undefined ? "" : ` (${one.source.file}:${one.source.line})`;
  const namespace = one.ref.namespace === undefined ? "" : ` in ${one.ref.namespace}`;
  const forced = one.forced.length === 0 ? "" : `, takes fields over from ${one.forced.join(", ")}`;
  const head = `${symbolOf(one.action)} ${one.action} ${nameOf(one.ref)}${namespace}${place}${forced}`;
  if (one.action === "create" || one.action === "prune") return [head];
  const fields = one.diff.slice(0, MOST_FIELDS).map((change) => `  ${changeText(change)}`);
  const more = one.diff.length > MOST_FIELDS ? [`    … and ${one.diff.length - MOST_FIELDS} more fields`] : [];
  return [head, ...fields, ...more];
}
