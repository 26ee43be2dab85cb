import { conditionsHold, matchesPattern, type RequestContext } from "./conditions.ts";
import { parsePolicy, type Statement } from "./document.ts";

/** What a principal wants to do. */
export interface AccessRequest {
  /** `eks:DescribeCluster` */
  readonly action: string;
  readonly resource: string;
  readonly context: RequestContext;
}

export type Decision = "allow" | "explicit-deny" | "implicit-deny";

/** Identity-based policies as JSON texts: a matching Deny wins, then a matching Allow. */
export function evaluate(policies: readonly string[], request: AccessRequest): Decision {
  const statements = policies.flatMap((text) => parsePolicy(text) ?? []);
  const matching = statements.filter((statement) => applies(statement, request));
  if (matching.some((statement) => statement.effect === "Deny")) return "explicit-deny";
  return matching.some((statement) => statement.effect === "Allow") ? "allow" : "implicit-deny";
}

function applies(statement: Statement, request: AccessRequest): boolean {
  return (
    actionMatches(statement, request.action) &&
    resourceMatches(statement, request.resource) &&
    conditionsHold(statement, request.context)
  );
}

/** Action names ignore letter case. */
export function actionMatches(statement: Statement, action: string): boolean {
  if (statement.notActions.length > 0)
    return !statement.notActions.some((pattern) => matchesPattern(pattern, action, "i"));
  return statement.actions.some((pattern) => matchesPattern(pattern, action, "i"));
}

function resourceMatches(statement: Statement, resource: string): boolean {
  if (statement.notResources.length > 0)
    return !statement.notResources.some((pattern) => matchesPattern(pattern, resource));
  return statement.resources.some((pattern) => pattern === "*" || matchesPattern(pattern, resource));
}
