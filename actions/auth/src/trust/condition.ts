/** Kleene's three values: `unknown` is what cannot be decided offline. */
export type Truth = boolean | "unknown";

/** One key under one operator of a Condition block. */
export interface ConditionKey {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

type Test = (presented: string, expected: string, hasVariables: boolean) => Truth;

const equals: Test = (presented, expected, hasVariables) => {
  const pattern = tokens(expected, hasVariables);
  return pattern === "unknown" ? pattern : presented === pattern.map((token) => token.text).join("");
};
const equalsIgnoreCase: Test = (presented, expected, hasVariables) =>
  equals(presented.toLowerCase(), expected.toLowerCase(), hasVariables);
const like: Test = (presented, expected, hasVariables) => {
  const pattern = tokens(expected, hasVariables);
  if (pattern === "unknown") return pattern;
  return matches(presented, pattern);
};

const OPERATORS: Readonly<Record<string, { readonly test: Test; readonly negated: boolean }>> = {
  stringequals: { test: equals, negated: false },
  stringnotequals: { test: equals, negated: true },
  stringequalsignorecase: { test: equalsIgnoreCase, negated: false },
  stringnotequalsignorecase: { test: equalsIgnoreCase, negated: true },
  stringlike: { test: like, negated: false },
  stringnotlike: { test: like, negated: true },
};

/**
 * One condition against the value that the request holds; `undefined` is an absent key. Values are alternatives; a
 * negated operator needs that none of them fits. Policy variables exist from version 2012-10-17 on.
 */
export function evaluateCondition(
  condition: ConditionKey,
  presented: string | undefined,
  hasVariables: boolean,
): { readonly truth: Truth; readonly reason?: string } {
  const match = /^(?:(ForAnyValue|ForAllValues):)?(\w+?)(IfExists)?$/i.exec(condition.operator);
  const [, set = "", base = "", ifExists] = match ?? [];
  if (base.toLowerCase() === "null" && set === "" && ifExists === undefined) return evaluateNull(condition, presented);
  const operator = OPERATORS[base.toLowerCase()];
  if (operator === undefined) return { truth: "unknown", reason: `operator ${condition.operator} is not evaluated` };
  if (presented === undefined) {
    if (ifExists !== undefined || set.toLowerCase() === "forallvalues") return { truth: true };
    return { truth: set.toLowerCase() === "foranyvalue" ? false : operator.negated };
  }
  const tests = condition.values.map((expected) => operator.test(presented, expected, hasVariables));
  const fits: Truth = tests.includes(true) ? true : tests.includes("unknown") ? "unknown" : false;
  if (fits === "unknown") return { truth: fits, reason: `${condition.key} holds a policy variable` };
  return { truth: operator.negated ? !fits : fits };
}

function evaluateNull(
  condition: ConditionKey,
  presented: string | undefined,
): { readonly truth: Truth; readonly reason?: string } {
  const wanted = condition.values.map((value) => value.toLowerCase());
  if (!wanted.every((value) => value === "true" || value === "false")) {
    return { truth: "unknown", reason: `Null on ${condition.key} is neither true nor false` };
  }
  return { truth: wanted.includes(presented === undefined ? "true" : "false") };
}

interface Token {
  readonly text: string;
  readonly wild: boolean;
}

/** Characters of a value; `${*}`, `${?}` and `${$}` are IAM's way to write these signs literally. */
function tokens(value: string, hasVariables: boolean): readonly Token[] | "unknown" {
  const result: Token[] = [];
  for (let i = 0; i < value.length; i++) {
    const sign = value[i] ?? "";
    if (hasVariables && sign === "$" && value[i + 1] === "{") {
      const literal = /^\$\{([*?$])\}/.exec(value.slice(i));
      if (literal === null) return "unknown";
      result.push({ text: literal[1] ?? "", wild: false });
      i += literal[0].length - 1;
      continue;
    }
    result.push({ text: sign, wild: sign === "*" || sign === "?" });
  }
  return result;
}

// Linear in pattern and text, unlike a regular expression with many stars.
function matches(text: string, pattern: readonly Token[]): boolean {
  let at = 0;
  let p = 0;
  let star = -1;
  let mark = 0;
  while (at < text.length) {
    const token = pattern[p];
    if (token?.wild === true && token.text === "*") {
      star = p++;
      mark = at;
    } else if (
      token !== undefined &&
      ((token.wild && token.text === "?") || (!token.wild && token.text === text[at]))
    ) {
      p++;
      at++;
    } else if (star >= 0) {
      p = star + 1;
      at = ++mark;
    } else return false;
  }
  return pattern.slice(p).every((token) => token.wild && token.text === "*");
}

/** IAM's `*` and `?`, without policy variables. */
export function matchesPattern(text: string, pattern: string): boolean {
  const read = tokens(pattern, false);
  return read !== "unknown" && matches(text, read);
}

/** A policy element that may be one value or a list. */
export function asList(value: unknown): readonly string[] {
  const items = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
  return items.map((item) => (typeof item === "string" ? item : String(item)));
}
