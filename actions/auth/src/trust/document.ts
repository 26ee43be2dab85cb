import { ActionError } from "@eks-actions/action";
import { parseRoleArn } from "../aws-names.ts";
import { isRecord } from "../json.ts";
import { asList } from "./condition.ts";

/** A trust policy as read from a file. */
export interface TrustDocument {
  readonly version: string;
  readonly statements: readonly TrustStatement[];
  /** From the output of `aws iam get-role`. */
  readonly accountId: string | undefined;
}

export interface TrustStatement {
  /** `Sid`, or `statement 2`. */
  readonly name: string;
  readonly effect: "Allow" | "Deny";
  readonly actions: readonly string[];
  readonly hasNotAction: boolean;
  readonly principal: unknown;
  readonly hasNotPrincipal: boolean;
  /** Operator → key → values. */
  readonly conditions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

/**
 * A trust policy, or the output of `aws iam get-role` that holds one (as an object, or URL-encoded as the API has it).
 * @throws ActionError `TRUST_POLICY_FILE_INVALID` on the line to blame
 */
export function parseTrustDocument(text: string, file: string): TrustDocument {
  const refuse = (message: string, line?: number) =>
    new ActionError("TRUST_POLICY_FILE_INVALID", {
      message: `${file}: ${message}`,
      hint: "write a trust policy with `Statement`, or the output of `aws iam get-role --role-name NAME`",
      file,
      line,
    });
  let value: unknown;
  try {
    // Editors on Windows begin a file with a byte order mark.
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw refuse(`is not JSON: ${reason.replace(/\s+/g, " ")}`, faultyLine(text, reason));
  }
  const role = roleOf(value);
  let policy = role === undefined ? value : role["AssumeRolePolicyDocument"];
  if (typeof policy === "string") policy = decode(policy);
  if (!isRecord(policy) || policy["Statement"] === undefined) throw refuse("has no `Statement`");
  const list = Array.isArray(policy["Statement"]) ? policy["Statement"] : [policy["Statement"]];
  const statements = list.map((item: unknown, i) => {
    const statement = isRecord(item) ? readStatement(item, i) : undefined;
    if (statement === undefined)
      throw refuse(`statement ${i + 1} is not an IAM statement with Effect, Principal and Action`);
    return statement;
  });
  const arn = typeof role?.["Arn"] === "string" ? parseRoleArn(role["Arn"]) : undefined;
  return { version: String(policy["Version"] ?? "2008-10-17"), statements, accountId: arn?.accountId };
}

/** What `aws iam get-role` prints, whole or with `--query Role`. */
function roleOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (!isRecord(value)) return undefined;
  if (isRecord(value["Role"])) return value["Role"];
  return value["AssumeRolePolicyDocument"] === undefined ? undefined : value;
}

function readStatement(item: Readonly<Record<string, unknown>>, index: number): TrustStatement | undefined {
  const effect = item["Effect"];
  if (effect !== "Allow" && effect !== "Deny") return undefined;
  const hasNotAction = item["NotAction"] !== undefined;
  const hasNotPrincipal = item["NotPrincipal"] !== undefined;
  if (item["Action"] === undefined && !hasNotAction) return undefined;
  if (item["Principal"] === undefined && !hasNotPrincipal) return undefined;
  const conditions: Record<string, Record<string, readonly string[]>> = {};
  const block = item["Condition"] ?? {};
  if (!isRecord(block)) return undefined;
  for (const [operator, keys] of Object.entries(block)) {
    if (!isRecord(keys)) return undefined;
    conditions[operator] = Object.fromEntries(Object.entries(keys).map(([key, values]) => [key, asList(values)]));
  }
  const sid = item["Sid"];
  return {
    name: typeof sid === "string" && sid !== "" ? sid : `statement ${index + 1}`,
    effect,
    actions: asList(item["Action"]),
    hasNotAction,
    principal: item["Principal"],
    hasNotPrincipal,
    conditions,
  };
}

function decode(text: string): unknown {
  try {
    return JSON.parse(text.trimStart().startsWith("{") ? text : decodeURIComponent(text));
  } catch {
    // The caller refuses what has no `Statement`, and this has none.
    return undefined;
  }
}

/** 1-based line of the fault. For an unexpected token V8 tells no position: it is the first beginning that has it. */
function faultyLine(text: string, reason: string): number {
  const told = /\(line (\d+) column/.exec(reason)?.[1];
  if (told !== undefined) return Number(told);
  let good = 0;
  let bad = text.length;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (hasUnexpectedToken(text.slice(0, middle))) bad = middle;
    else good = middle;
  }
  return text.slice(0, bad).split("\n").length;
}

function hasUnexpectedToken(start: string): boolean {
  try {
    JSON.parse(start);
    return false;
  } catch (error) {
    // Any other fault of a beginning is that it ends too early.
    return error instanceof Error && error.message.startsWith("Unexpected token");
  }
}
