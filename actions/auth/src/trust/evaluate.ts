import { isRecord } from "../json.ts";
import { type Claims, exposedKeys, providerName } from "../token/claims.ts";
import { asList, type ConditionKey, evaluateCondition, matchesPattern, type Truth } from "./condition.ts";
import type { TrustDocument, TrustStatement } from "./document.ts";
import { explicitDeny, type FailingKey } from "./failing-key.ts";
import { trustWarnings } from "./warnings.ts";

export interface TrustVerdict {
  readonly verdict: "allow" | "deny" | "unknown";
  readonly failing: readonly FailingKey[];
  /** What could not be decided offline, when it could change the verdict. */
  readonly undecided: readonly string[];
  readonly warnings: readonly string[];
}

/** One statement against one job. */
interface Match {
  readonly statement: TrustStatement;
  readonly truth: Truth;
  readonly failing: readonly FailingKey[];
  readonly undecided: readonly string[];
}

/**
 * Would this trust policy admit these claims? Three-valued: what cannot be known offline is `unknown`, never guessed.
 * `accountId` is the role's, where known.
 */
export function evaluateTrust(document: TrustDocument, claims: Claims, accountId?: string): TrustVerdict {
  const matches = document.statements.map((statement) => matchStatement(document, statement, claims, accountId));
  const allows = matches.filter((match) => match.statement.effect === "Allow");
  const denies = matches.filter((match) => match.statement.effect === "Deny");
  const warnings = trustWarnings(document, claims);
  const explicit = denies.find((match) => match.truth === true);
  if (explicit !== undefined) {
    const failing = [explicitDeny(explicit.statement.name)];
    return { verdict: "deny", failing, undecided: [], warnings };
  }
  const allow = any(allows.map((match) => match.truth));
  if (allow === false) return { verdict: "deny", failing: closest(allows), undecided: [], warnings };
  const open = [...(allow === "unknown" ? allows : []), ...denies].filter((match) => match.truth === "unknown");
  if (open.length > 0) {
    return { verdict: "unknown", failing: [], undecided: open.flatMap((match) => match.undecided), warnings };
  }
  return { verdict: "allow", failing: [], undecided: [], warnings };
}

function matchStatement(document: TrustDocument, statement: TrustStatement, claims: Claims, accountId?: string): Match {
  const failing: FailingKey[] = [];
  const undecided: string[] = [];
  const truths: Truth[] = [];
  const note = (truth: Truth, key: Omit<FailingKey, "statement">, why: string) => {
    truths.push(truth);
    if (truth === false) failing.push({ statement: statement.name, ...key });
    if (truth === "unknown") undecided.push(`${statement.name}: ${why}`);
  };

  const action = matchesAction(statement);
  note(
    action,
    { key: "Action", operator: "is", expected: statement.actions, presented: WEB_IDENTITY },
    "NotAction is not evaluated",
  );
  const provider = providerName(claims.iss);
  const presented = `arn:aws:iam::${accountId ?? "…"}:oidc-provider/${provider}`;
  const principal = matchesPrincipal(statement, provider, accountId);
  note(
    principal,
    { key: "Principal", operator: "Federated", expected: federated(statement), presented },
    "NotPrincipal is not evaluated",
  );
  for (const key of conditionKeys(statement)) {
    const exposed = presentedValue(key.key, claims);
    if (exposed === "unknown") {
      note("unknown", { ...shown(key), presented: undefined }, `${key.key} is known to AWS only`);
      continue;
    }
    const { truth, reason } = evaluateCondition(key, exposed.value, document.version === "2012-10-17");
    note(
      truth,
      { ...shown(key), presented: exposed.value, ...(exposed.note === undefined ? {} : { note: exposed.note }) },
      reason ?? "",
    );
  }
  return { statement, truth: all(truths), failing, undecided };
}

const WEB_IDENTITY = "sts:AssumeRoleWithWebIdentity";

function matchesAction(statement: TrustStatement): Truth {
  if (statement.hasNotAction) return "unknown";
  return statement.actions.some((pattern) => matchesPattern(WEB_IDENTITY.toLowerCase(), pattern.toLowerCase()));
}

function matchesPrincipal(statement: TrustStatement, provider: string, accountId: string | undefined): Truth {
  if (statement.hasNotPrincipal) return "unknown";
  if (statement.principal === "*") return true;
  return federated(statement).some((arn) => {
    if (arn === "*") return true;
    const match = /^arn:[a-z-]+:iam::(\d{12}):oidc-provider\/(.+)$/.exec(arn);
    return match?.[2] === provider && (accountId === undefined || match[1] === accountId);
  });
}

function federated(statement: TrustStatement): readonly string[] {
  return isRecord(statement.principal) ? asList(statement.principal["Federated"]) : [];
}

function conditionKeys(statement: TrustStatement): readonly ConditionKey[] {
  return Object.entries(statement.conditions).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, values]) => ({ operator, key, values })),
  );
}

/** The value that STS holds against a key: keys are case-insensitive, and only some claims are exposed. */
function presentedValue(
  key: string,
  claims: Claims,
): { readonly value: string | undefined; readonly note?: string } | "unknown" {
  const provider = providerName(claims.iss).toLowerCase();
  const lower = key.toLowerCase();
  if (lower.startsWith("aws:") || lower.startsWith("sts:")) return "unknown";
  if (!lower.startsWith(`${provider}:`))
    return { value: undefined, note: `keys of this job's issuer begin with ${provider}:` };
  const name = lower.slice(provider.length + 1);
  if (!exposedKeys(claims.iss).includes(name)) {
    return { value: undefined, note: `AWS offers no condition key for the claim ${name}` };
  }
  return { value: claims.values[name] };
}

function shown(key: ConditionKey): { key: string; operator: string; expected: readonly string[] } {
  return { key: key.key, operator: key.operator, expected: key.values };
}

/** Failing keys of the Allow with the fewest; those that speak of web identities first. */
function closest(allows: readonly Match[]): readonly FailingKey[] {
  const weight = (match: Match) =>
    match.failing.length + match.failing.filter((key) => key.key === "Action" || key.key === "Principal").length * 10;
  const [best] = [...allows].sort((a, b) => weight(a) - weight(b));
  if (best !== undefined) return best.failing;
  return [
    { statement: "policy", key: "Effect", operator: "Allow", expected: ["an Allow statement"], presented: undefined },
  ];
}

function all(truths: readonly Truth[]): Truth {
  if (truths.includes(false)) return false;
  return truths.includes("unknown") ? "unknown" : true;
}

function any(truths: readonly Truth[]): Truth {
  if (truths.includes(true)) return true;
  return truths.includes("unknown") ? "unknown" : false;
}
