import type { Action } from "./action.ts";
import type { Finding } from "./finding.ts";
import { kindWord } from "./kinds.ts";

/** Words of the input `allow`: each lets a run do one dangerous kind of thing. */
export const words = [
  "upgrade",
  "rollback",
  "force-upgrade",
  "replace-nodegroup",
  "delete-nodegroup",
  "delete-addon",
  "delete-fargate-profile",
  "delete-access-entry",
  "delete-pod-identity",
  "delete-capability",
  "delete-identity-provider",
  "delete-network",
  "recreate-cluster",
  "one-way",
  "open-public-endpoint",
  "privileged-policy",
  "adopt",
  "disable-deletion-protection",
  "delete-volumes",
  "delete-log-group",
] as const;

export type Word = (typeof words)[number];

/** One finding for each word that the plan needs and the run lacks. */
export function consentFindings(actions: readonly Action[], allowed: readonly Word[]): readonly Finding[] {
  const missing = words.filter(
    (word) => !allowed.includes(word) && actions.some((action) => action.needs.includes(word)),
  );
  return missing.map((word) => {
    const named = actions.filter((action) => action.needs.includes(word)).map((action) => label(action));
    const shown = named.slice(0, 5).join(", ") + (named.length > 5 ? ` and ${named.length - 5} more` : "");
    return {
      level: "block",
      code: "CONSENT_REQUIRED",
      message: `${shown} ${named.length === 1 ? "needs" : "need"} the word \`${word}\``,
      hint: `if you want this, add to the step:\n  with:\n    allow: ${word}`,
      allow: word,
    };
  });
}

function label(action: Action): string {
  return `${action.op} of ${kindWord(action.target.kind)} ${action.target.name}`;
}
