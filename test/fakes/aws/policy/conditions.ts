import type { Statement } from "./document.ts";

/** Condition keys of a request, names in lower case. A key may hold several values. */
export type RequestContext = ReadonlyMap<string, readonly string[]>;

export function requestContext(
  entries: Readonly<Record<string, string | readonly string[] | undefined>>,
): RequestContext {
  const context = new Map<string, readonly string[]>();
  for (const [key, value] of Object.entries(entries)) {
    if (value === undefined) continue;
    context.set(key.toLowerCase(), typeof value === "string" ? [value] : [...value]);
  }
  return context;
}

type Test = (wanted: string, given: string) => boolean;

const same: Test = (wanted, given) => literal(wanted) === given;
const sameIgnoringCase: Test = (wanted, given) => literal(wanted).toLowerCase() === given.toLowerCase();
const like: Test = (wanted, given) => matchesPattern(wanted, given);
const number =
  (compare: (given: number, wanted: number) => boolean): Test =>
  (wanted, given) =>
    compare(Number(given), Number(wanted));

const operators: Readonly<Record<string, { readonly test: Test; readonly negated: boolean }>> = {
  StringEquals: { test: same, negated: false },
  StringNotEquals: { test: same, negated: true },
  StringEqualsIgnoreCase: { test: sameIgnoringCase, negated: false },
  StringNotEqualsIgnoreCase: { test: sameIgnoringCase, negated: true },
  StringLike: { test: like, negated: false },
  StringNotLike: { test: like, negated: true },
  ArnEquals: { test: like, negated: false },
  ArnLike: { test: like, negated: false },
  ArnNotEquals: { test: like, negated: true },
  ArnNotLike: { test: like, negated: true },
  Bool: { test: sameIgnoringCase, negated: false },
  NumericEquals: { test: number((given, wanted) => given === wanted), negated: false },
  NumericLessThanEquals: { test: number((given, wanted) => given <= wanted), negated: false },
  NumericLessThan: { test: number((given, wanted) => given < wanted), negated: false },
  NumericGreaterThanEquals: { test: number((given, wanted) => given >= wanted), negated: false },
  NumericGreaterThan: { test: number((given, wanted) => given > wanted), negated: false },
};

/** True if IAM knows the operator, prefix and suffix included. */
export function isOperator(name: string): boolean {
  const { base } = readOperator(name);
  return base === "Null" || operators[base] !== undefined;
}

/** All keys of all operators must hold. */
export function conditionsHold(statement: Statement, context: RequestContext): boolean {
  for (const [operator, keys] of statement.conditions) {
    for (const [key, wanted] of keys) {
      if (!conditionHolds(operator, wanted, context.get(key.toLowerCase()), context)) return false;
    }
  }
  return true;
}

function conditionHolds(
  name: string,
  patterns: readonly string[],
  given: readonly string[] | undefined,
  context: RequestContext,
): boolean {
  const { quantifier, base, ifExists } = readOperator(name);
  if (base === "Null") return patterns.some((value) => (value.toLowerCase() === "true") === (given === undefined));
  const operator = operators[base];
  if (operator === undefined) return false;
  const wanted = patterns.map((pattern) => fillVariables(pattern, context)).filter((value) => value !== undefined);
  const matches = (value: string) => wanted.some((pattern) => operator.test(pattern, value)) !== operator.negated;
  if (given === undefined) {
    if (ifExists || quantifier === "all") return true;
    return quantifier === "any" ? false : operator.negated;
  }
  if (quantifier === "all") return given.every(matches);
  if (quantifier === "any") return given.some(matches);
  return operator.negated ? given.every(matches) : given.some(matches);
}

function readOperator(name: string): {
  readonly quantifier: "all" | "any" | undefined;
  readonly base: string;
  readonly ifExists: boolean;
} {
  const [, prefix, base = "", suffix] = /^(ForAllValues:|ForAnyValue:)?(\w+?)(IfExists)?$/.exec(name) ?? [];
  return {
    quantifier: prefix === "ForAllValues:" ? "all" : prefix === "ForAnyValue:" ? "any" : undefined,
    base,
    ifExists: suffix !== undefined,
  };
}

// Policy variables. `${*}`, `${?}` and `${$}` are the characters themselves; an absent key makes the value match nothing.
function fillVariables(value: string, context: RequestContext): string | undefined {
  let absent = false;
  const filled = value.replace(/\$\{([^}]+)\}/g, (whole, name: string) => {
    if (name === "*" || name === "?" || name === "$") return whole;
    const found = context.get(name.toLowerCase())?.[0];
    if (found === undefined) absent = true;
    return found ?? "";
  });
  return absent ? undefined : filled;
}

function literal(pattern: string): string {
  return pattern.replace(/\$\{([*?$])\}/g, "$1");
}

const compiled = new Map<string, RegExp>();

/** `*` and `?` as wildcards, letter case matters unless the flag `i` is given. */
export function matchesPattern(pattern: string, text: string, flags = ""): boolean {
  const key = `${flags}/${pattern}`;
  const expression = compiled.get(key) ?? compile(pattern, flags);
  compiled.set(key, expression);
  return expression.test(text);
}

function compile(pattern: string, flags: string): RegExp {
  const source = [...pattern.matchAll(/\$\{([*?$])\}|[\s\S]/g)].map(([token, escaped]) => {
    if (escaped !== undefined) return `\\${escaped}`;
    if (token === "*") return "[\\s\\S]*";
    if (token === "?") return "[\\s\\S]";
    return token.replace(/[.+^${}()|[\]\\/-]/g, "\\$&");
  });
  return new RegExp(`^${source.join("")}$`, flags);
}
