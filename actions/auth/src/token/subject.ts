import type { Claims } from "./claims.ts";

/**
 * GitHub's `sub` taken apart. Classic `repo:O/R:<context>`; immutable, for repositories made, renamed or transferred
 * after 2026-07-15, `repo:O@OID/R@RID:<context>`; customised: any other, set by a template of the organisation or
 * repository.
 */
export type Subject =
  | { readonly form: "classic"; readonly owner: string; readonly repo: string; readonly context: string }
  | {
      readonly form: "immutable";
      readonly owner: string;
      readonly ownerId: string;
      readonly repo: string;
      readonly repoId: string;
      readonly context: string;
    }
  | { readonly form: "customised" };

const IMMUTABLE = /^repo:([^/:@]+)@(\d+)\/([^/:@]+)@(\d+):(.+)$/s;
const CLASSIC = /^repo:([^/:@]+)\/([^/:@]+):(.+)$/s;
// With a template that has `repo` and more keys, key:value pairs follow the context.
const CONTEXT = /^(pull_request|environment:[^:]*|ref:[^:]*)$/s;

export function parseSubject(sub: string): Subject {
  const immutable = IMMUTABLE.exec(sub);
  if (immutable !== null) {
    const [, owner = "", ownerId = "", repo = "", repoId = "", context = ""] = immutable;
    return CONTEXT.test(context)
      ? { form: "immutable", owner, ownerId, repo, repoId, context }
      : { form: "customised" };
  }
  const classic = CLASSIC.exec(sub);
  if (classic === null) return { form: "customised" };
  const [, owner = "", repo = "", context = ""] = classic;
  return CONTEXT.test(context) ? { form: "classic", owner, repo, context } : { form: "customised" };
}

/** The same job's subject in the other form, which a policy may hold before or after a rename. */
export function otherForm(
  claims: Claims,
): { readonly form: "classic" | "immutable"; readonly sub: string } | undefined {
  const subject = parseSubject(claims.sub);
  switch (subject.form) {
    case "customised":
      return undefined;
    case "immutable":
      return { form: "classic", sub: `repo:${subject.owner}/${subject.repo}:${subject.context}` };
    case "classic": {
      const ownerId = claims.values["repository_owner_id"];
      const repoId = claims.values["repository_id"];
      if (ownerId === undefined || repoId === undefined) return undefined;
      const sub = `repo:${subject.owner}@${ownerId}/${subject.repo}@${repoId}:${subject.context}`;
      return { form: "immutable", sub };
    }
  }
}
