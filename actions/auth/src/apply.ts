import { ActionError, collect } from "@eks-actions/action";
import {
  type AssumeProof,
  type AssumeResult,
  type AwsRetry,
  assume,
  createTokenSource,
  EKS_TOKEN_LIMIT,
  withCredentials,
} from "@eks-actions/aws";
import { removeWritten } from "./files/private-folder.ts";
import { type FoundCluster, type Granted, type WrittenFiles, writeFiles } from "./files/write.ts";
import type { LoginPlan, Plan, SessionPlan } from "./plan.ts";
import type { Ports } from "./ports.ts";
import { type RestoreState, SECRET_VARIABLES, savedVariables, sha256 } from "./post/restore.ts";
import { readTokenFile } from "./token/token-file.ts";

/** A role that AWS did not give. */
export type Refused = Extract<AssumeResult, { kind: "refused" }> & { readonly plan: SessionPlan };

export interface ClusterOutcome extends FoundCluster {
  readonly context: string;
  /** Characters of a token for this cluster now. */
  readonly tokenLength: number;
}

/** What the run cost, for the report. */
export interface Effort {
  readonly requests: { readonly oidc: number; readonly sts: number; readonly eks: number };
  readonly retries: readonly AwsRetry[];
  readonly skewMs: number;
}

/** What came of a login. A refusal is an outcome, so that the report can explain it; then nothing was written. */
export type Outcome =
  | {
      readonly kind: "granted";
      readonly granted: readonly Granted[];
      readonly clusters: readonly ClusterOutcome[];
      readonly files: WrittenFiles;
      /** For later steps. */
      readonly variables: Readonly<Record<string, string>>;
      readonly restore: RestoreState;
      readonly effort: Effort;
    }
  | {
      /** Every role was given, and a cluster cannot be used. */
      readonly kind: "failed";
      readonly error: ActionError;
      readonly granted: readonly Granted[];
      readonly effort: Effort;
    }
  | {
      readonly kind: "refused";
      readonly refused: readonly Refused[];
      readonly granted: readonly Granted[];
      readonly effort: Effort;
    };

/** Takes every role, verifies every answer, looks up every cluster; writes only when nothing can fail any more. */
export async function apply(plan: Plan, ports: Ports, signal: AbortSignal): Promise<Outcome> {
  if (plan.kind !== "login") throw new Error(`${plan.kind} changes nothing`);
  let oidc = plan.facts.oidcRequests;
  const proof = proofOf(plan, ports, signal, () => oidc++);
  const results = await assumeAll(plan, ports, proof, signal);
  let eks = 0;
  const again = (api: string) => ports.aws.retries.filter((retry) => retry.api.startsWith(`${api}:`)).length;
  const effort = (): Effort => ({
    requests: {
      oidc: oidc + again("oidc"),
      sts: results.reduce((sum, { result }) => sum + result.calls, 0),
      eks: eks + again("eks"),
    },
    retries: [...ports.aws.retries],
    skewMs: ports.aws.skew.offsetMs,
  });
  const granted = results.flatMap(({ plan: session, result }) =>
    result.kind === "assumed" ? [{ plan: session, session: result.session }] : [],
  );
  const refused = results.flatMap(({ plan: session, result }) =>
    result.kind === "refused" ? [{ ...result, plan: session }] : [],
  );
  for (const { session } of granted) {
    for (const secret of [session.accessKeyId, session.secretAccessKey, session.sessionToken]) ports.log.mask(secret);
  }
  if (refused.length > 0) return { kind: "refused", refused, granted, effort: effort() };
  const lookups = await inOrder(plan.clusters, 4, async (target) => {
    eks++;
    return lookUp(target, granted, ports, signal).catch((error: unknown) => {
      if (signal.aborted || !(error instanceof ActionError)) throw error;
      return error;
    });
  });
  const error = collect(lookups.flatMap((found) => (found instanceof ActionError ? [found] : [])));
  if (error !== undefined) return { kind: "failed", error, granted, effort: effort() };
  const clusters = lookups.flatMap((found) => (found instanceof ActionError ? [] : [found]));
  maskFormer(plan, ports);
  signal.throwIfAborted();
  const files = writeFiles(plan, granted, clusters, ports);
  const variables = variablesOf(plan, granted, files);
  return {
    kind: "granted",
    granted,
    clusters,
    files,
    variables,
    restore: restoreOf(plan, variables, files),
    effort: effort(),
  };
}

/** Takes back what apply wrote when the runner's own files could not be written. */
export function undo(outcome: Outcome): void {
  if (outcome.kind === "granted") removeWritten(outcome.files);
}

function proofOf(plan: LoginPlan, ports: Ports, signal: AbortSignal, count: () => void): AssumeProof {
  const { proof } = plan.inputs;
  if (proof.kind === "chain") return { kind: "chain", source: plan.sourceOfChain };
  const { env } = plan.facts;
  const fetch = async () => {
    if (proof.kind === "file") return readTokenFile(proof.path, ports.aws.skew.now());
    count();
    const url = env["ACTIONS_ID_TOKEN_REQUEST_URL"] ?? "";
    const bearer = env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] ?? "";
    return ports.requestIdToken({ url, bearer }, signal);
  };
  return { kind: "web-identity", tokens: createTokenSource(fetch, ports.aws.skew, plan.facts.idToken) };
}

function assumeAll(
  plan: LoginPlan,
  ports: Ports,
  proof: AssumeProof,
  signal: AbortSignal,
): Promise<readonly { readonly plan: SessionPlan; readonly result: AssumeResult }[]> {
  const { allowedAccountIds, propagationWaitMs } = plan.inputs;
  return inOrder(plan.sessions, 4, async (session) => {
    const aws = { ...ports.aws, region: session.region };
    const sts = await ports.sts(session.region);
    const result = await assume(aws, sts, session.request, proof, { allowedAccountIds, propagationWaitMs }, signal);
    return { plan: session, result };
  });
}

async function lookUp(
  target: LoginPlan["clusters"][number],
  granted: readonly Granted[],
  ports: Ports,
  signal: AbortSignal,
): Promise<ClusterOutcome> {
  const owner = granted.find((candidate) => candidate.plan.profile === target.profile);
  if (owner === undefined) throw new Error(`no session for profile ${target.profile}`);
  const { session } = owner;
  const keys = {
    accessKeyId: session.accessKeyId,
    secretAccessKey: session.secretAccessKey,
    sessionToken: session.sessionToken,
  };
  const options = {
    name: target.name,
    accountId: session.principal.accountId,
    partition: session.role.partition,
    principal: session.principal.arn,
  };
  const access = await ports.describeCluster(withCredentials(ports.aws, keys, target.region), options, signal);
  const { token } = await ports.eksToken({
    cluster: access.tokenName,
    region: target.region,
    keys,
    nowMs: ports.aws.skew.now(),
  });
  ports.log.mask(token);
  if (token.length > EKS_TOKEN_LIMIT) {
    throw new ActionError("EKS_TOKEN_TOO_LONG", {
      message: `the EKS token for ${target.name} has ${token.length} characters, the API server reads ${EKS_TOKEN_LIMIT}; the session token alone has ${session.sessionToken.length}`,
      hint: "drop `inline-session-policy` or `managed-session-policies`: a session token should stay below about 2,500 characters",
    });
  }
  if (access.authenticationMode === "CONFIG_MAP") {
    ports.log.annotate({
      level: "notice",
      title: "CONFIG_MAP",
      message: `cluster ${target.name} has authentication mode CONFIG_MAP: access entries do not work there, the role must be in the aws-auth ConfigMap`,
    });
  }
  return { target, access, context: target.contextName ?? access.arn, tokenLength: token.length };
}

// The runner prints a step's state in debug logs, and the former values are part of it.
function maskFormer(plan: LoginPlan, ports: Ports): void {
  for (const name of SECRET_VARIABLES) {
    const former = plan.facts.env[name] ?? "";
    if (former !== "") ports.log.mask(former);
  }
}

function variablesOf(
  plan: LoginPlan,
  granted: readonly Granted[],
  files: WrittenFiles,
): Readonly<Record<string, string>> {
  const { inputs, facts } = plan;
  const [first] = granted;
  if (first === undefined) throw new Error("a login has at least one role");
  const variables: Record<string, string> = {};
  if (inputs.credentials !== "none") {
    variables["AWS_REGION"] = first.plan.region;
    variables["AWS_DEFAULT_REGION"] = first.plan.region;
  }
  if (inputs.credentials === "env") {
    variables["AWS_ACCESS_KEY_ID"] = first.session.accessKeyId;
    variables["AWS_SECRET_ACCESS_KEY"] = first.session.secretAccessKey;
    variables["AWS_SESSION_TOKEN"] = first.session.sessionToken;
  }
  if (files.configPath !== undefined) {
    variables["AWS_CONFIG_FILE"] = files.configPath;
    variables["AWS_PROFILE"] = first.plan.profile;
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]) {
      if ((facts.env[name] ?? "") !== "") variables[name] = "";
    }
  }
  if (files.kubeconfig !== undefined) variables["KUBECONFIG"] = files.kubeconfig.path;
  return variables;
}

function restoreOf(plan: LoginPlan, variables: Readonly<Record<string, string>>, files: WrittenFiles): RestoreState {
  const { folder, kubeconfig, kubeconfigPath, formerKubeconfig } = files;
  return {
    schemaVersion: 1,
    onPost: plan.inputs.onPost,
    variables: savedVariables(variables, plan.facts.env),
    folder,
    kubeconfig:
      kubeconfigPath === undefined || kubeconfig === undefined
        ? undefined
        : { path: kubeconfigPath, sha256: sha256(kubeconfig.text), former: formerKubeconfig },
  };
}

/** Runs `work` for every item, at most `width` at once; results keep the order of the items. */
async function inOrder<T, R>(items: readonly T[], width: number, work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const lane = async () => {
    for (const [i, item] of queue) results[i] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
  return results;
}
