import { isAbsolute, resolve } from "node:path";
import { ActionError, collect, type RawInputs, type RunContext } from "@eks-actions/action";
import { parsePolicyArn, parseRoleArn, partitionOf, type RoleArn } from "./aws-names.ts";
import { foreignInputs } from "./foreign-inputs.ts";
import type { Values } from "./inputs.ts";
import type { SessionNameTemplate } from "./session-name.ts";

/** How the job proves who it is. */
export type Proof =
  | { readonly kind: "oidc" }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "chain"; readonly externalId: string | undefined };

export interface RoleInput {
  readonly profile: string;
  readonly role: RoleArn;
  readonly region: string;
}

export interface ClusterInput {
  readonly profile: string;
  readonly name: string;
  readonly region: string;
  /** Undefined: the cluster's ARN. */
  readonly contextName: string | undefined;
}

/** Inputs that agree with each other. */
export interface Inputs {
  readonly mode: "login" | "plan" | "verify-trust";
  /** Always there for `login`. */
  readonly region: string | undefined;
  /** Empty without a role, which only `plan` and `verify-trust` allow. */
  readonly roles: readonly RoleInput[];
  readonly allowedAccountIds: readonly string[];
  readonly audience: string;
  readonly sessionName: SessionNameTemplate;
  readonly durationSeconds: number;
  readonly proof: Proof;
  readonly sessionPolicy: string | undefined;
  readonly sessionPolicyPreset: "eks-kubectl" | undefined;
  readonly sessionPolicyArns: readonly string[];
  readonly credentials: "env" | "profile" | "none";
  readonly refresh: boolean;
  readonly clusters: readonly ClusterInput[];
  /** Undefined: in the private folder. */
  readonly kubeconfigPath: string | undefined;
  readonly namespace: string | undefined;
  readonly outputCredentials: boolean;
  readonly maskAccountId: boolean;
  readonly maxWaitMs: number;
  readonly requestTimeoutMs: number;
  readonly propagationWaitMs: number;
  readonly stsEndpoint: string | undefined;
  readonly httpProxy: string | undefined;
  readonly noProxy: string | undefined;
  readonly trustPolicyFile: string | undefined;
  readonly claims: Readonly<Record<string, string>>;
  readonly onPost: "restore" | "keep" | "clear";
  /** What to tell about inputs that have no effect. */
  readonly notices: readonly string[];
}

/** The rules between inputs. @throws ActionError with every fault of the pass */
export function resolveInputs(raw: RawInputs, read: () => Values, run: RunContext): Inputs {
  const foreign = foreignInputs(raw);
  const faults: ActionError[] = [...foreign.errors];
  let values: Values;
  try {
    values = read();
  } catch (error) {
    if (!(error instanceof ActionError)) throw error;
    throw collect([...faults, error]) ?? error;
  }
  const fault = (found: ActionError | undefined) => {
    if (found !== undefined) faults.push(found);
  };
  const roles = rolesOf(values, fault);
  for (const conflict of conflicts(values, roles.length)) faults.push(conflict);
  for (const found of accountFaults(values, roles)) faults.push(found);
  for (const found of partitionFaults(values, roles)) faults.push(found);
  const clusters = clustersOf(values, roles, fault);
  const failure = collect(faults);
  if (failure !== undefined) throw failure;

  const path = (given: string | undefined) =>
    given === undefined || isAbsolute(given) ? given : resolve(run.workspace, given);
  const wantsProfile = values.refresh || values.awsProfile !== undefined || values.roles.length > 0;
  const notices = [...foreign.notices];
  if (values.mode === "verify-trust" && roles.length > 0) {
    notices.push("`mode: verify-trust` looks at the trust policy and the claims only; the role inputs have no effect");
  }
  if (values.maskAwsAccountId) {
    notices.push("`mask-aws-account-id`: the runner drops job outputs that hold the masked account id");
  }
  return {
    mode: values.mode,
    region: values.awsRegion,
    roles: values.mode === "verify-trust" ? [] : roles,
    allowedAccountIds: values.allowedAccountIds,
    audience: values.audience,
    sessionName: values.roleSessionName,
    durationSeconds: values.roleDurationSeconds,
    proof: proofOf(values, path),
    sessionPolicy: values.inlineSessionPolicy,
    sessionPolicyPreset: values.sessionPolicyPreset,
    sessionPolicyArns: values.managedSessionPolicies,
    credentials: values.credentials ?? (wantsProfile ? "profile" : "env"),
    refresh: values.refresh,
    clusters,
    kubeconfigPath: values.kubeconfig === "auto" ? undefined : path(values.kubeconfig),
    namespace: values.namespace,
    outputCredentials: values.outputCredentials,
    maskAccountId: values.maskAwsAccountId,
    maxWaitMs: values.maxWaitSeconds * 1000,
    requestTimeoutMs: values.requestTimeoutSeconds * 1000,
    propagationWaitMs: values.propagationWaitSeconds * 1000,
    stsEndpoint: values.stsEndpoint,
    httpProxy: values.httpProxy,
    noProxy: values.noProxy,
    trustPolicyFile: path(values.trustPolicyFile),
    claims: values.claims,
    onPost: values.onPost,
    notices,
  };
}

function proofOf(values: Values, path: (given: string | undefined) => string | undefined): Proof {
  if (values.roleChaining) return { kind: "chain", externalId: values.roleExternalId };
  const file = path(values.webIdentityTokenFile);
  return file === undefined ? { kind: "oidc" } : { kind: "file", path: file };
}

function rolesOf(values: Values, fault: (error: ActionError) => void): readonly RoleInput[] {
  const region = values.awsRegion ?? "";
  const profile = values.awsProfile ?? "eks-actions";
  if (values.roles.length > 0) return values.roles.map((target) => ({ ...target, region: target.region ?? region }));
  if (values.roleToAssume !== undefined) return [{ profile, role: values.roleToAssume, region }];
  if (values.roleName === undefined || values.accountId === undefined) return [];
  const arn = `arn:${partitionOf(region).id}:iam::${values.accountId}:role/${values.roleName.replace(/^\//, "")}`;
  const role = parseRoleArn(arn);
  if (role !== undefined) return [{ profile, role, region }];
  fault(
    new ActionError("INPUT_INVALID", {
      message: `inputs \`role-name\` and \`account-id\` make no role ARN: \`${arn}\``,
      hint: "write the path without a slash in front: `role-name: team/deploy`",
    }),
  );
  return [];
}

function conflict(message: string, hint: string): ActionError {
  return new ActionError("INPUT_CONFLICT", { message, hint });
}

function missing(name: string, mode: string, example: string): ActionError {
  return new ActionError("INPUT_REQUIRED", {
    message: `input \`${name}\` is required for \`mode: ${mode}\``,
    hint: `add to the step:\n  with:\n    ${name}: ${example}`,
  });
}

function* conflicts(values: Values, roleCount: number): Generator<ActionError> {
  const { mode } = values;
  const forms = [
    values.roleToAssume !== undefined && "`role-to-assume`",
    (values.roleName ?? values.accountId) !== undefined && "`role-name` with `account-id`",
    values.roles.length > 0 && "`roles`",
  ].filter((form) => form !== false);
  if (forms.length > 1) yield conflict(`${forms.join(" and ")} are both given`, "keep one of them");
  if ((values.roleName === undefined) !== (values.accountId === undefined)) {
    yield conflict("`role-name` and `account-id` need each other", "give both, or `role-to-assume` with the whole ARN");
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

function* accountFaults(values: Values, roles: readonly RoleInput[]): Generator<ActionError> {
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

function* partitionFaults(values: Values, roles: readonly RoleInput[]): Generator<ActionError> {
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

function clustersOf(
  values: Values,
  roles: readonly RoleInput[],
  fault: (error: ActionError) => void,
): readonly ClusterInput[] {
  const [first] = roles;
  return values.eksCluster.flatMap((target, i) => {
    if (target.profile !== undefined && values.roles.length === 0) {
      fault(
        conflict(`\`eks-cluster\`: \`${target.profile}=\` needs \`roles\``, `write \`eks-cluster: ${target.name}\``),
      );
      return [];
    }
    const owner = target.profile === undefined ? first : roles.find((role) => role.profile === target.profile);
    if (owner === undefined) {
      if (target.profile !== undefined) {
        fault(
          conflict(
            `\`eks-cluster\`: \`roles\` has no profile \`${target.profile}\``,
            `profiles are ${roles.map((r) => r.profile).join(", ")}`,
          ),
        );
      }
      return [];
    }
    const region = target.region ?? owner.region;
    if (region !== "" && partitionOf(region).id !== owner.role.partition) {
      fault(
        new ActionError("INPUT_INVALID", {
          message: `\`eks-cluster\`: region ${region} is not of partition ${owner.role.partition}`,
          hint: `the role ${owner.role.arn} can look up clusters of its own partition only`,
        }),
      );
    }
    return [{ profile: owner.profile, name: target.name, region, contextName: values.contextName[i] }];
  });
}
