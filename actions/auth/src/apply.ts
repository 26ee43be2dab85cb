import { ActionError, collect } from "@eks-actions/action";
import { type AssumeProof, type AssumeResult, assume, createTokenSource } from "@eks-actions/aws";
import { symbols } from "@eks-actions/markdown";
import { type ClusterOutcome, lookUp } from "./clusters.ts";
import { restoreOf, variablesOf } from "./exported.ts";
import { removeWritten } from "./files/private-folder.ts";
import { type Granted, type WrittenFiles, writeFiles } from "./files/write.ts";
import type { LoginPlan, Plan, SessionPlan } from "./plan.ts";
import type { Ports } from "./ports.ts";
import { type RestoreState, SECRET_VARIABLES } from "./post/restore.ts";
import { readTokenFile } from "./token/token-file.ts";
import { clockTime } from "./utc.ts";

/** A role that AWS did not give. */
export type Refused = Extract<AssumeResult, { kind: "refused" }> & { readonly plan: SessionPlan };

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
    }
  | {
      /** Every role was given, and a cluster cannot be used. */
      readonly kind: "failed";
      readonly error: ActionError;
      readonly granted: readonly Granted[];
    }
  | {
      readonly kind: "refused";
      readonly refused: readonly Refused[];
      readonly granted: readonly Granted[];
    };

/** Requests under way at once, to STS and to EKS. */
const WIDTH = 4;

/** Takes every role, verifies every answer, looks up every cluster; writes only when nothing can fail any more. */
export function apply(plan: Plan, ports: Ports, signal: AbortSignal): Promise<Outcome> {
  if (plan.kind !== "login") throw new Error(`${plan.kind} changes nothing`);
  return ports.log.group("Apply", () => login(plan, ports, signal));
}

async function login(plan: LoginPlan, ports: Ports, signal: AbortSignal): Promise<Outcome> {
  const { granted, refused } = await takeRoles(plan, ports, signal);
  if (refused.length > 0) return { kind: "refused", refused, granted };
  const lookups = await inOrder(plan.clusters, WIDTH, (target) =>
    lookUp(target, granted, ports, signal).catch((error: unknown) => {
      if (signal.aborted || !(error instanceof ActionError)) throw error;
      return error;
    }),
  );
  const error = collect(lookups.filter((found) => found instanceof ActionError));
  if (error !== undefined) return { kind: "failed", error, granted };
  const clusters = lookups.filter((found): found is ClusterOutcome => !(found instanceof ActionError));
  const [first] = granted;
  if (first === undefined) throw new Error("a login has at least one role");
  maskFormer(plan, ports);
  signal.throwIfAborted();
  const files = writeFiles(plan, granted, clusters, ports);
  const variables = variablesOf(plan, first, files);
  return { kind: "granted", granted, clusters, files, variables, restore: restoreOf(plan, variables, files) };
}

/** Takes back what apply wrote when the runner's own files could not be written. */
export function undo(outcome: Outcome): void {
  if (outcome.kind === "granted") removeWritten(outcome.files);
}

/** Every role, also when one is refused: a person wants to know of all of them. Keys are masked at once. */
async function takeRoles(
  plan: LoginPlan,
  ports: Ports,
  signal: AbortSignal,
): Promise<{ readonly granted: readonly Granted[]; readonly refused: readonly Refused[] }> {
  const { allowedAccountIds, propagationWaitMs } = plan.inputs;
  const proof = proofOf(plan, ports, signal);
  const results = await inOrder(plan.sessions, WIDTH, async (session) => {
    const aws = { ...ports.aws, region: session.region };
    const sts = await ports.sts(session.region);
    const result = await assume(aws, sts, session.request, proof, { allowedAccountIds, propagationWaitMs }, signal);
    return { ...result, plan: session };
  });
  const granted = results.filter((result) => result.kind === "assumed");
  for (const { session } of granted) {
    for (const secret of [session.accessKeyId, session.secretAccessKey, session.sessionToken]) ports.log.mask(secret);
  }
  // Of a single role the last line tells the same.
  if (results.length > 1) for (const result of results) ports.log.info(lineOf(result));
  return { granted, refused: results.filter((result) => result.kind === "refused") };
}

function lineOf(result: AssumeResult & { readonly plan: SessionPlan }): string {
  const { role } = result.plan.request;
  const who = `role ${role.name} in ${role.accountId}`;
  if (result.kind === "refused") return `${symbols.failed} ${who} · ${result.error.code}`;
  return `${symbols.done} ${who} until ${clockTime(result.session.expiresAt)}`;
}

function proofOf({ inputs, facts, sourceOfChain }: LoginPlan, ports: Ports, signal: AbortSignal): AssumeProof {
  const { proof } = inputs;
  if (proof.kind === "chain") return { kind: "chain", source: sourceOfChain };
  const fetch = async () => {
    if (proof.kind === "file") return readTokenFile(proof.path, ports.aws.skew.now());
    const url = facts.env["ACTIONS_ID_TOKEN_REQUEST_URL"] ?? "";
    const bearer = facts.env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] ?? "";
    return ports.requestIdToken({ url, bearer }, signal);
  };
  return { kind: "web-identity", tokens: createTokenSource(fetch, ports.aws.skew, facts.idToken) };
}

// The runner prints a step's state in debug logs, and the former values are part of it.
function maskFormer(plan: LoginPlan, ports: Ports): void {
  for (const name of SECRET_VARIABLES) {
    const former = plan.facts.env[name] ?? "";
    if (former !== "") ports.log.mask(former);
  }
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
