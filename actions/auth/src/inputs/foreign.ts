import { ActionError, type RawInputs } from "@eks-actions/action";

/** What we say to an input of aws-actions/configure-aws-credentials that this action does not take. */
interface Answer {
  /** Only this value is refused; any other is harmless. */
  readonly when?: RegExp;
  readonly refuse?: string;
  readonly notice?: string;
}

const keys: Answer = {
  refuse: "set the keys in the step's `env:` and take the role with `role-chaining: true`",
};
const tags: Answer = {
  refuse: "under OIDC, session tags come only from a claim of the token that GitHub does not send; remove the input",
};
const retries: Answer = { notice: "`max-wait-seconds` bounds all retries here" };
const noEffect: Answer = { notice: "it has no effect here" };

const ANSWERS: Readonly<Record<string, Answer>> = {
  "aws-access-key-id": keys,
  "aws-secret-access-key": keys,
  "aws-session-token": keys,
  "custom-tags": tags,
  "transitive-tag-keys": tags,
  "use-existing-credentials": { when: /^true$/i, refuse: "use `role-chaining: true`, or no step at all" },
  "force-skip-oidc": { when: /^true$/i, refuse: "use `role-chaining: true`, or no step at all" },
  "output-env-credentials": {
    when: /^false$/i,
    refuse: "write `credentials: none` or `credentials: profile`",
  },
  "overwrite-aws-profile": {
    refuse: "write `credentials: profile`; `~/.aws` is never touched, so there is nothing to overwrite",
  },
  "disable-retry": retries,
  "retry-max-attempts": retries,
  "action-timeout-s": retries,
  "special-characters-workaround": noEffect,
  "unset-current-credentials": noEffect,
  "role-skip-session-tagging": noEffect,
  "translate-env-variables": noEffect,
};

/** Refused where ignoring the input would change what the job may do, else a notice. */
export function foreignInputs(raw: RawInputs): {
  readonly errors: readonly ActionError[];
  readonly notices: readonly string[];
} {
  const errors: ActionError[] = [];
  const notices: string[] = [];
  for (const [name, answer] of Object.entries(ANSWERS)) {
    const value = raw[name]?.trim() ?? "";
    if (value === "") continue;
    if (answer.refuse !== undefined && (answer.when === undefined || answer.when.test(value))) {
      errors.push(
        new ActionError("INPUT_UNSUPPORTED", { message: `input \`${name}\` is not supported`, hint: answer.refuse }),
      );
    } else {
      notices.push(`input \`${name}\`: ${answer.notice ?? "this value is the only behaviour here"}`);
    }
  }
  return { errors, notices };
}
