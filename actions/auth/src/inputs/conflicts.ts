import { ActionError } from "@eks-actions/action";
import { parsePolicyArn, partitionOf } from "../aws-names.ts";
import type { Values } from "../inputs.ts";
import type { RoleInput } from "./rules.ts";

export function conflict(message: string, hint: string): ActionError {
  return new ActionError("INPUT_CONFLICT", { message, hint });
}

function missing(name: string, mode: string, example: string): ActionError {
  return new ActionError("INPUT_REQUIRED", {
    message: `input \`${name}\` is required for \`mode: ${mode}\``,
    hint: `add to the step:\n  with:\n    ${name}: ${example}`,
  });
}

/** Inputs that exclude or need each other. */
export function* conflicts(values: Values, roleCount: number): Generator<ActionError> {
  const { mode } = values;
  const forms = [
    values.roleToAssume !== undefined && "`role-to-assume`",
    (values.roleName ?? values.accountId) !== undefined && "`role-name` with `account-id`",
    values.roles.length > 0 && "`roles`",
  ].filter((form) => form !== false);
  // `verify-trust` ignores them, with a notice.
  if (mode !== "verify-trust") {
    if (forms.length > 1) yield conflict(`${forms.join(" and ")} are both given`, "keep one of them");
    if ((values.roleName === undefined) !== (values.accountId === undefined)) {
      yield conflict(
        "`role-name` and `account-id` need each other",
        "give both, or `role-to-assume` with the whole ARN",
      );
    }
  }
  if (mode === "login" && forms.length === 0) {
    yield missing(
      "role-to-assume",
      mode,
      "arn:aws:iam::111122223333:role/deploy  # or role-name and account-id, or roles",
    );
  }
  if (mode === "login" && values.awsRegion === undefined) yield missing("aws-region", mode, "eu-west-1");
  if (mode === "verify-trust" && values.trustPolicyFile === undefined) {
    yield missing("trust-policy-file", mode, "iam/deploy-trust.json");
  }
  if (mode === "plan" && roleCount > 1) yield conflict("`mode: plan` takes at most one role", "run it once a role");
  if (mode !== "verify-trust" && Object.keys(values.claims).length > 0) {
    yield conflict("`claims` is for `mode: verify-trust` only", "remove `claims`: this mode uses the job's own");
  }
  if (mode !== "login" && values.roleChaining) {
    yield conflict(
      `\`role-chaining\` and \`mode: ${mode}\` exclude each other`,
      "without OIDC there are no claims: drop `role-chaining`",
    );
  }
  yield* proofConflicts(values);
  yield* targetConflicts(values);
}

function* proofConflicts(values: Values): Generator<ActionError> {
  if (values.roleChaining && values.webIdentityTokenFile !== undefined) {
    yield conflict("`role-chaining` and `web-identity-token-file` exclude each other", "drop one");
  }
  if (values.roleExternalId !== undefined && !values.roleChaining) {
    yield conflict("`role-external-id` needs `role-chaining: true`", "a web identity has no external id: drop it");
  }
  if (values.roleChaining && values.roleDurationSeconds > 3600) {
    yield new ActionError("INPUT_INVALID", {
      message: `input \`role-duration-seconds\`: ${values.roleDurationSeconds} s is not accepted with \`role-chaining\``,
      hint: "AWS limits chained sessions to 3600 s",
    });
  }
  if (values.refresh && (values.roleChaining || values.webIdentityTokenFile !== undefined)) {
    const other = values.roleChaining ? "role-chaining" : "web-identity-token-file";
    yield conflict(
      `\`refresh\` and \`${other}\` exclude each other`,
      "only the job's own OIDC token can be asked for again: drop one",
    );
  }
}

function* targetConflicts(values: Values): Generator<ActionError> {
  if (values.credentials === "env") {
    const other = [
      values.refresh && "refresh",
      values.awsProfile !== undefined && "aws-profile",
      values.roles.length > 0 && "roles",
    ].find((name) => name !== false);
    if (other !== undefined) {
      yield conflict(
        `\`credentials: env\` and \`${other}\` exclude each other`,
        "write `credentials: profile`, or drop one",
      );
    }
  }
  if (values.roles.length > 0 && values.awsProfile !== undefined) {
    yield conflict(
      "`aws-profile` and `roles` are both given",
      "each line of `roles` names its profile: drop `aws-profile`",
    );
  }
  if (values.sessionPolicyPreset !== undefined && values.eksCluster.length === 0) {
    yield conflict("`session-policy-preset` needs `eks-cluster`", "name the clusters that the session may look up");
  }
  if (values.sessionPolicyPreset !== undefined && values.inlineSessionPolicy !== undefined) {
    yield conflict("`session-policy-preset` and `inline-session-policy` exclude each other", "drop one");
  }
  if (values.contextName.length > 0 && values.contextName.length !== values.eksCluster.length) {
    yield conflict(
      `\`context-name\` has ${values.contextName.length} lines, \`eks-cluster\` has ${values.eksCluster.length}`,
      "write one context name for each cluster, in the same order",
    );
  }
}

/** Roles that a guard does not let pass. */
export function* accountFaults(values: Values, roles: readonly RoleInput[]): Generator<ActionError> {
  for (const { role } of roles) {
    if (values.allowedAccountIds.length > 0 && !values.allowedAccountIds.includes(role.accountId)) {
      yield new ActionError("ACCOUNT_NOT_ALLOWED", {
        message: `${role.arn} is of account ${role.accountId}, \`allowed-account-ids\` has ${values.allowedAccountIds.join(", ")}`,
        hint: "nothing was exported; correct the role, or add the account",
      });
    }
    const expected = values.expectedRole;
    if (expected !== undefined && expected !== role.arn && expected !== role.name) {
      yield new ActionError("ROLE_MISMATCH", {
        message: `the role is ${role.arn}, \`expected-role\` is ${expected}`,
        hint: "nothing was exported; a variable in the ARN may be wrong",
      });
    }
  }
}

/** ARNs of another partition than their region. */
export function* partitionFaults(values: Values, roles: readonly RoleInput[]): Generator<ActionError> {
  const policies = values.managedSessionPolicies.flatMap((arn) => parsePolicyArn(arn) ?? []);
  for (const { role, region } of roles) {
    if (region === "") continue;
    const { id } = partitionOf(region);
    for (const { arn, partition } of [role, ...policies]) {
      if (partition === id) continue;
      yield new ActionError("INPUT_INVALID", {
        message: `${arn} is of partition ${partition}, region ${region} of partition ${id}`,
        hint: "a role can be taken only in its own partition: change `aws-region` or the ARN",
      });
    }
  }
}
