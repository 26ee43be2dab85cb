import { ActionError } from "@eks-actions/action";
import { type AssumedRoleArn, parseAssumedRoleArn, type RoleArn } from "./arn.ts";

/** Credentials that were verified to be of the role that was asked for. */
export interface Session {
  readonly role: RoleArn;
  readonly principal: AssumedRoleArn;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** The members of an STS answer that are used, as the SDK types them. */
export interface StsAnswer {
  readonly Credentials?:
    | {
        readonly AccessKeyId?: string | undefined;
        readonly SecretAccessKey?: string | undefined;
        readonly SessionToken?: string | undefined;
        readonly Expiration?: Date | undefined;
      }
    | undefined;
  readonly AssumedRoleUser?: { readonly Arn?: string | undefined } | undefined;
}

export interface SessionChecks {
  readonly role: RoleArn;
  readonly sessionName: string;
  /** Empty: every account. */
  readonly allowedAccountIds: readonly string[];
  /** By a corrected clock. */
  readonly nowMs: number;
}

/**
 * Takes an STS answer apart and trusts nothing in it: a value with a newline would become another variable in
 * GITHUB_ENV, and an answer for another role would let later steps act as somebody else.
 * @throws ActionError `STS_RESPONSE_INVALID`, `ACCOUNT_NOT_ALLOWED`, `ROLE_MISMATCH`
 */
export function readSession(answer: StsAnswer, checks: SessionChecks): Session {
  const given = answer.Credentials;
  const accessKeyId = field("AccessKeyId", given?.AccessKeyId);
  const secretAccessKey = field("SecretAccessKey", given?.SecretAccessKey);
  const sessionToken = field("SessionToken", given?.SessionToken);
  const expiresAt = given?.Expiration instanceof Date ? given.Expiration.getTime() : Number.NaN;
  if (Number.isNaN(expiresAt)) throw invalid("`Expiration` is missing or no date");
  if (expiresAt <= checks.nowMs) throw invalid(`\`Expiration\` ${new Date(expiresAt).toISOString()} has passed`);
  const arn = answer.AssumedRoleUser?.Arn;
  const principal = arn === undefined ? undefined : parseAssumedRoleArn(arn);
  if (principal === undefined) throw invalid("`AssumedRoleUser.Arn` is missing or no assumed role");
  checkPrincipal(principal, checks);
  return { role: checks.role, principal, accessKeyId, secretAccessKey, sessionToken, expiresAt };
}

function checkPrincipal(principal: AssumedRoleArn, { role, sessionName, allowedAccountIds }: SessionChecks): void {
  if (allowedAccountIds.length > 0 && !allowedAccountIds.includes(principal.accountId)) {
    throw new ActionError("ACCOUNT_NOT_ALLOWED", {
      message: `STS answered for account ${principal.accountId}, allowed is ${allowedAccountIds.join(", ")}`,
      hint: "nothing was exported; check the role ARN and `sts-endpoint`",
    });
  }
  const same =
    principal.partition === role.partition &&
    principal.accountId === role.accountId &&
    principal.roleName === role.name &&
    principal.sessionName === sessionName;
  if (same) return;
  throw new ActionError("ROLE_MISMATCH", {
    message: `asked for ${role.arn} with session ${sessionName}, STS answered for ${principal.arn}`,
    hint: "nothing was exported; check `sts-endpoint` and the proxy",
  });
}

function field(name: string, value: string | undefined): string {
  if (value === undefined || value === "") throw invalid(`\`${name}\` is missing`);
  if (!/^[\x21-\x7e]+$/.test(value)) throw invalid(`\`${name}\` holds a space or control character`);
  return value;
}

function invalid(what: string): ActionError {
  return new ActionError("STS_RESPONSE_INVALID", {
    message: `the answer of STS cannot be used: ${what}`,
    hint: "nothing was exported; check `sts-endpoint` and the proxy",
  });
}
