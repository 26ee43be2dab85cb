/** A key of the closest Allow that does not fit, or a Deny that does. */
export interface FailingKey {
  /** `Sid`, or `statement 2`. */
  readonly statement: string;
  readonly key: string;
  readonly operator: string;
  readonly expected: readonly string[];
  /** Undefined: the request does not hold the key. */
  readonly presented: string | undefined;
  /** Why a claim that the token has counts as absent. */
  readonly note?: string;
}

const DENY = "Deny";

/** A statement that denies the job: it wins over every Allow. */
export function explicitDeny(statement: string): FailingKey {
  return { statement, key: "Effect", operator: DENY, expected: ["another job"], presented: "this job" };
}

export function isExplicitDeny(key: FailingKey): boolean {
  return key.operator === DENY;
}

/** One sentence without its full stop, the two values side by side; `mark` is for names and values. */
export function sentenceOf(key: FailingKey, mark: (value: string) => string = (value) => value): string {
  if (isExplicitDeny(key)) return `${mark(key.statement)} denies this job, and a Deny wins over every Allow`;
  const expected = key.expected.map(mark).join(" or ");
  const presented = key.presented === undefined ? "nothing" : mark(key.presented);
  const note = key.note === undefined ? "" : ` (${key.note})`;
  return `${mark(key.statement)}: ${mark(key.key)} ${mark(key.operator)} expects ${expected}, presented was ${presented}${note}`;
}
