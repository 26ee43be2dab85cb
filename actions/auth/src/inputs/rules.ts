import { isAbsolute, resolve } from "node:path";
import { ActionError, collect, type RawInputs, type RunContext } from "@eks-actions/action";
import { parseRoleArn, partitionOf, type RoleArn } from "../aws-names.ts";
import type { Values } from "../inputs.ts";
import { accountFaults, conflict, conflicts, partitionFaults } from "./conflicts.ts";
import { foreignInputs } from "./foreign.ts";
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
  /** The workflow file that defines the job, `owner/repo/path@ref`; undefined where GitHub does not tell. */
  readonly jobWorkflowRef: string | undefined;
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
  // `verify-trust` looks at no role, so no role can be wrong.
  const taken = values.mode === "verify-trust" ? [] : roles;
  for (const found of conflicts(values, roles.length)) faults.push(found);
  for (const found of accountFaults(values, taken)) faults.push(found);
  for (const found of partitionFaults(values, taken)) faults.push(found);
  const clusters = clustersOf(values, roles, fault);
  fault(sameContext(clusters, roles));
  const failure = collect(faults);
  if (failure !== undefined) throw failure;

  const notices = [...foreign.notices, ...noticesOf(values, roles)];
  return settled(values, { roles: taken, clusters, notices, workspace: run.workspace });
}

function noticesOf(values: Values, roles: readonly RoleInput[]): readonly string[] {
  const notices: string[] = [];
  if (values.mode === "verify-trust" && roles.length > 0) {
    notices.push("`mode: verify-trust` looks at the trust policy and the claims only; the role inputs have no effect");
  }
  if (values.maskAwsAccountId) {
    notices.push("`mask-aws-account-id`: the runner drops job outputs that hold the masked account id");
  }
  return notices;
}

interface Resolved {
  readonly roles: readonly RoleInput[];
  readonly clusters: readonly ClusterInput[];
  readonly notices: readonly string[];
  readonly workspace: string;
}

/** Values without a fault, with the defaults that depend on each other. */
function settled(values: Values, { roles, clusters, notices, workspace }: Resolved): Inputs {
  const path = (given: string | undefined) =>
    given === undefined || isAbsolute(given) ? given : resolve(workspace, given);
  const wantsProfile = values.refresh || values.awsProfile !== undefined || values.roles.length > 0;
  return {
    mode: values.mode,
    region: values.awsRegion,
    roles,
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
    jobWorkflowRef: values.jobWorkflowRef,
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

/** Two roles may look at one cluster, but then the contexts need names of their own. */
function sameContext(clusters: readonly ClusterInput[], roles: readonly RoleInput[]): ActionError | undefined {
  const contexts = clusters.map(({ contextName, profile, name, region }) => {
    const account = roles.find((role) => role.profile === profile)?.role.accountId ?? "";
    return contextName ?? `${account}/${region}/${name}`;
  });
  const twice = clusters[contexts.findIndex((context, i) => contexts.indexOf(context) !== i)];
  if (twice === undefined) return undefined;
  return conflict(
    `\`eks-cluster\` names cluster ${twice.name} in ${twice.region} twice`,
    "give each line a name:\n  with:\n    context-name: |\n      read\n      write",
  );
}
