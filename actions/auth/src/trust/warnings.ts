import { isRecord } from "../json.ts";
import { type Claims, providerName } from "../token/claims.ts";
import { asList } from "./condition.ts";
import type { TrustDocument, TrustStatement } from "./document.ts";

/** Patterns that admit more than their author likely meant. */
export function trustWarnings(document: TrustDocument, claims: Claims): readonly string[] {
  const provider = providerName(claims.iss);
  return document.statements
    .filter((statement) => statement.effect === "Allow")
    .flatMap((statement) => [...warningsOf(statement, provider)].map((text) => `${statement.name}: ${text}`));
}

function* warningsOf(statement: TrustStatement, provider: string): Generator<string> {
  const principals = isRecord(statement.principal)
    ? Object.values(statement.principal).flatMap(asList)
    : asList(statement.principal);
  if (principals.includes("*")) yield "`Principal: *` admits every issuer and account";
  const operators = Object.entries(statement.conditions);
  for (const [operator] of operators) {
    if (/^ForAllValues:/i.test(operator))
      yield `\`${operator}\` is true when the key is absent; use it without ForAllValues`;
  }
  const has = (claim: string) =>
    operators.some(([, keys]) =>
      Object.keys(keys).some((key) => key.toLowerCase() === `${provider}:${claim}`.toLowerCase()),
    );
  if (!has("sub"))
    yield "no condition on `sub`: every repository of the issuer is admitted as far as the other keys allow";
  if (!has("aud")) yield "no condition on `aud`: tokens made for other services are admitted";
  for (const [operator, keys] of operators) {
    if (!/Like/i.test(operator) || /Not/i.test(operator)) continue;
    for (const [key, values] of Object.entries(keys)) {
      if (!key.toLowerCase().endsWith(":sub")) continue;
      const wide = values.find((value) => /[*?]/.test(value.split("/")[0] ?? ""));
      if (wide !== undefined)
        yield `\`${wide}\` has a wildcard before the first \`/\`: owners with similar names are admitted too`;
    }
  }
}
