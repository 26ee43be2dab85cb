import { createHash } from "node:crypto";
import type { RunContext } from "@eks-actions/action";

/** A session name in parts; CloudTrail shows the result as part of the principal. */
export interface SessionNameTemplate {
  readonly parts: readonly ({ readonly literal: string } | { readonly field: Field })[];
}

const FIELDS = ["repo", "owner", "run_id", "attempt", "job", "workflow", "actor", "sha7"] as const;
type Field = (typeof FIELDS)[number];

const MAX = 64;
const LITERAL = /^[A-Za-z0-9_+=,.@-]*$/;

/** @throws Error with the exact reason, for the input table */
export function parseSessionName(text: string): SessionNameTemplate {
  const parts: SessionNameTemplate["parts"][number][] = [];
  let hasField = false;
  for (const piece of text.split(/(\{[^{}]*\})/)) {
    const name = /^\{([^{}]*)\}$/.exec(piece)?.[1];
    if (name === undefined) {
      if (!LITERAL.test(piece)) throw new Error(`\`${piece}\` holds a character outside A–Z a–z 0–9 _ + = , . @ -`);
      if (piece !== "") parts.push({ literal: piece });
      continue;
    }
    const field = FIELDS.find((known) => known === name);
    if (field === undefined)
      throw new Error(`unknown field \`${piece}\`; fields are ${FIELDS.map((f) => `{${f}}`).join(" ")}`);
    hasField = true;
    parts.push({ field });
  }
  if (!hasField && (text.length < 2 || text.length > MAX))
    throw new Error(`${text.length} characters, 2–${MAX} are allowed`);
  return { parts };
}

/**
 * The name for this run, 2–64 characters. One that would be longer loses the end of its longest field and gets a hash of
 * the whole, so that names that differ only at the end stay different; what follows that field is kept.
 */
export function sessionName(template: SessionNameTemplate, run: RunContext): string {
  const values = template.parts.map((part) => ("literal" in part ? part.literal : fieldValue(part.field, run)));
  const whole = values.join("");
  if (whole.length <= MAX) return whole.length < 2 ? whole.padEnd(2, "-") : whole;
  const hash = createHash("sha256").update(whole).digest("hex").slice(0, 6);
  const lengths = template.parts.map((part, i) => ("field" in part ? (values[i] ?? "").length : -1));
  const longest = lengths.indexOf(Math.max(...lengths));
  const room = MAX - (whole.length - (values[longest] ?? "").length) - hash.length - 1;
  // With several long fields there may be no room for the longest one at all: then the whole is cut.
  if (room < 1) return `${whole.slice(0, MAX - hash.length - 1)}-${hash}`;
  values[longest] = `${(values[longest] ?? "").slice(0, room)}-${hash}`;
  return values.join("");
}

function fieldValue(field: Field, run: RunContext): string {
  const raw: Readonly<Record<Field, string>> = {
    repo: run.repository.slice(run.repository.indexOf("/") + 1),
    owner: run.repository.split("/")[0] ?? "",
    run_id: run.runId,
    attempt: run.runAttempt,
    job: run.job,
    workflow: run.workflow,
    actor: run.actor,
    sha7: run.sha.slice(0, 7),
  };
  return raw[field].replace(/[^A-Za-z0-9_+=,.@-]/g, "-");
}
