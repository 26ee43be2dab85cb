import { isRecord } from "../contract.ts";

/** One statement of a policy, lists made plain. */
export interface Statement {
  readonly effect: "Allow" | "Deny";
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly resources: readonly string[];
  readonly notResources: readonly string[];
  /** `AWS`, `Federated`, `Service` → values; `*` alone is `{ "*": ["*"] }`. */
  readonly principals: ReadonlyMap<string, readonly string[]>;
  readonly notPrincipals: boolean;
  /** Operator → key → values. */
  readonly conditions: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;
}

const parsed = new Map<string, readonly Statement[] | undefined>();

/** Reads a policy document; `undefined` where IAM would answer MalformedPolicyDocument. Each text is read once. */
export function parsePolicy(text: string): readonly Statement[] | undefined {
  if (!parsed.has(text)) parsed.set(text, readPolicy(text));
  return parsed.get(text);
}

function readPolicy(text: string): readonly Statement[] | undefined {
  const document = parseJson(text);
  if (!isRecord(document)) return undefined;
  const raw = document["Statement"];
  const statements = (Array.isArray(raw) ? raw : [raw]).map(parseStatement);
  return statements.every((statement) => statement !== undefined) ? statements : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

function parseStatement(raw: unknown): Statement | undefined {
  if (!isRecord(raw)) return undefined;
  const effect = raw["Effect"];
  if (effect !== "Allow" && effect !== "Deny") return undefined;
  const conditions = parseConditions(raw["Condition"]);
  const principals = parsePrincipals(raw["Principal"]);
  if (conditions === undefined || principals === undefined) return undefined;
  const actions = strings(raw["Action"]);
  const notActions = strings(raw["NotAction"]);
  if (actions.length + notActions.length === 0) return undefined;
  return {
    effect,
    actions,
    notActions,
    resources: strings(raw["Resource"]),
    notResources: strings(raw["NotResource"]),
    principals,
    notPrincipals: raw["NotPrincipal"] !== undefined,
    conditions,
  };
}

function parsePrincipals(raw: unknown): Map<string, readonly string[]> | undefined {
  if (raw === undefined) return new Map();
  if (raw === "*") return new Map([["*", ["*"]]]);
  if (!isRecord(raw)) return undefined;
  return new Map(Object.entries(raw).map(([kind, values]) => [kind, strings(values)]));
}

function parseConditions(raw: unknown): Map<string, Map<string, readonly string[]>> | undefined {
  if (raw === undefined) return new Map();
  if (!isRecord(raw)) return undefined;
  const result = new Map<string, Map<string, readonly string[]>>();
  for (const [operator, keys] of Object.entries(raw)) {
    if (!isRecord(keys)) return undefined;
    result.set(operator, new Map(Object.entries(keys).map(([key, values]) => [key, strings(values)])));
  }
  return result;
}

function strings(raw: unknown): readonly string[] {
  if (raw === undefined) return [];
  return (Array.isArray(raw) ? raw : [raw]).map(String);
}
