import { nameOf } from "@eks-actions/manifest";
import { details, entities } from "@eks-actions/markdown";
import { changeText } from "../live/diff.ts";
import type { PlannedObject, SetPlan } from "../plan.ts";
import { objectsOf } from "./describe.ts";

const MOST_OBJECTS = 100;
const MOST_FIELDS = 50;

/** All changed fields, folded; `undefined` when nothing changes. */
export function diffMarkdown(plan: SetPlan, open = false): string | undefined {
  const changing = [...plan.objects.filter((one) => one.action !== "unchanged"), ...plan.pruned];
  if (changing.length === 0) return undefined;
  const body = changing.slice(0, MOST_OBJECTS).map(block).join("\n\n");
  const more = changing.length > MOST_OBJECTS ? `\n\n_… and ${objectsOf(changing.length - MOST_OBJECTS)} more_` : "";
  const folded = details(`Diff (${objectsOf(changing.length)})`, body + more);
  return open ? folded.replace("<details>", "<details open>") : folded;
}

// HTML in place of a fenced block: no text of a manifest can close it.
function block(one: PlannedObject): string {
  const place = one.source === undefined ? "" : ` · ${entities(`${one.source.file}:${one.source.line}`)}`;
  const head = `<b>${entities(`${one.action} ${nameOf(one.ref)}`)}</b>${place}`;
  if (one.diff.length === 0) return head;
  const lines = one.diff.slice(0, MOST_FIELDS).map((change) => entities(changeText(change)));
  if (one.diff.length > MOST_FIELDS) lines.push(`… and ${one.diff.length - MOST_FIELDS} more fields`);
  return `${head}\n<pre>${lines.join("\n")}</pre>`;
}
