import { conditionsHold, matchesPattern, type RequestContext } from "./conditions.ts";
import { parsePolicy, type Statement } from "./document.ts";
import { actionMatches } from "./evaluate.ts";

/** Who asks to take a role. */
export type TrustPrincipal =
  | { readonly kind: "Federated"; readonly providerArn: string }
  | { readonly kind: "AWS"; readonly roleArn: string; readonly sessionArn: string; readonly accountId: string }
  | { readonly kind: "Service"; readonly service: string };

/** `direct`: the principal itself is named; `account`: only its account, so its own policies must allow it as well. */
export type TrustDecision = "direct" | "account" | "denied";

/** Evaluates a role's trust policy. A matching Deny wins, then a matching Allow. */
export function evaluateTrust(
  trust: string,
  action: string,
  principal: TrustPrincipal,
  context: RequestContext,
): TrustDecision {
  const matching = (parsePolicy(trust) ?? [])
    .filter((statement) => actionMatches(statement, action) && conditionsHold(statement, context))
    .map((statement) => ({ statement, match: principalMatch(statement, principal) }))
    .filter(({ match }) => match !== "denied");
  if (matching.some(({ statement }) => statement.effect === "Deny")) return "denied";
  if (matching.some(({ match }) => match === "direct")) return "direct";
  return matching.length > 0 ? "account" : "denied";
}

/** True if the service may assume the role at all, conditions aside: what EKS checks before it takes a role. */
export function trustsService(trust: string, service: string): boolean {
  return (parsePolicy(trust) ?? []).some(
    (statement) =>
      statement.effect === "Allow" &&
      actionMatches(statement, "sts:AssumeRole") &&
      principalMatch(statement, { kind: "Service", service }) === "direct",
  );
}

function principalMatch(statement: Statement, principal: TrustPrincipal): TrustDecision {
  if (statement.principals.has("*")) return "direct";
  const values = statement.principals.get(principal.kind) ?? [];
  switch (principal.kind) {
    case "Federated":
      return values.some((value) => value === "*" || value === principal.providerArn) ? "direct" : "denied";
    case "Service":
      return values.includes(principal.service) ? "direct" : "denied";
    case "AWS":
      if (values.some((value) => value === "*" || value === principal.roleArn || value === principal.sessionArn)) {
        return "direct";
      }
      return values.some((value) => isAccount(value, principal.accountId)) ? "account" : "denied";
    default:
      return principal satisfies never;
  }
}

function isAccount(value: string, accountId: string): boolean {
  return value === accountId || matchesPattern(`arn:aws*:iam::${accountId}:root`, value);
}
