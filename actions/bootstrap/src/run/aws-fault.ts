import { ActionError, toActionError } from "@eks-actions/action";
import { awsErrorInfo } from "@eks-actions/aws";
import type { Action, Call } from "../plan/action.ts";
import { kindWord } from "../plan/kinds.ts";

/** An AWS error that nothing heals, as one of ours. `doing` completes “AWS refused …”. */
export function awsFault(error: unknown, doing: string): ActionError {
  // AWS says nothing of the kind: it is our own bug, and its stack must be seen.
  if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) {
    return toActionError(error);
  }
  const info = awsErrorInfo(error);
  const request = info.requestId === undefined ? "" : ` (request ${info.requestId})`;
  const message = `${doing}: ${info.code}: ${info.message.split("\n")[0]?.slice(0, 500)}${request}`;
  switch (info.kind) {
    case "denied":
      return new ActionError("ACCESS_DENIED", {
        message,
        hint: "give the role the policy of this mode: actions/bootstrap/iam/{plan,apply,destroy}.json",
        cause: error,
      });
    case "expired":
      return new ActionError("CREDENTIALS_EXPIRED", {
        message,
        hint: "give the action its own role, which it renews:\n  with:\n    role-to-assume: arn:aws:iam::…:role/…",
        cause: error,
      });
    default:
      if (/LimitExceeded/.test(info.code)) {
        return new ActionError("QUOTA_EXCEEDED", {
          message,
          hint: "ask for more under Service Quotas, or remove what is not needed",
          cause: error,
        });
      }
      if (info.code === "UnsupportedAvailabilityZone") {
        return new ActionError("ZONE_UNSUPPORTED", {
          message,
          hint: `list \`availabilityZones\` that EKS accepts${validZones(error)}`,
          cause: error,
        });
      }
      if (/CredentialsProvider|CouldNotLoadCredentials/.test(info.code)) {
        return new ActionError("ACCESS_DENIED", {
          message: `${doing}: no AWS credentials`,
          hint: "log in first with the auth action, or set `role-to-assume`",
          cause: error,
        });
      }
      if (info.code === "ENOTFOUND") {
        return new ActionError("AWS_REFUSED", {
          message,
          hint: "AWS has no such host: check `metadata.region`",
          cause: error,
        });
      }
      return new ActionError("AWS_REFUSED", {
        message,
        hint: "read AWS's sentence above; running again is safe",
        cause: error,
      });
  }
}

/** The zones that EKS itself names in its refusal. */
function validZones(error: unknown): string {
  const zones = typeof error === "object" && error !== null && "validZones" in error ? error.validZones : undefined;
  return Array.isArray(zones) && zones.length > 0 ? `: [${zones.join(", ")}]` : "";
}

/** What a call is for, as the beginning of a message. */
export function doing(action: Action, call: Call): string {
  return `${kindWord(action.target.kind)} ${action.target.name}, ${call.service}:${call.operation}`;
}
