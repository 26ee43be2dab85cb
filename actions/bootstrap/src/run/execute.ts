import { ActionError } from "@eks-actions/action";
import { awsErrorInfo, type UpdateOwner } from "@eks-actions/aws";
import type { Facts } from "../facts.ts";
import { runningUpdate } from "../observe/cluster.ts";
import type { Action, Call } from "../plan/action.ts";
import { partOfId } from "../plan/build.ts";
import { kindWord } from "../plan/kinds.ts";
import { asRecord, resolve } from "../plan/value.ts";
import type { Ports } from "../ports.ts";
import { adoptFound } from "./adopt-found.ts";
import { awsFault, doing } from "./aws-fault.ts";
import { findMade } from "./lookup.ts";
import { requestToken, tokenMember } from "./token.ts";
import { verdictOf } from "./verdict.ts";

/** What one run knows while it works; shared by all of its actions. */
export interface Work {
  readonly ports: Ports;
  readonly facts: Facts;
  /** Values of parts, growing as they come to exist. */
  readonly known: Map<string, string>;
  /** Parts of roles that this run made or changed: they may not be usable yet. */
  readonly freshRoles: Set<string>;
  /** Last change of a call before it is sent, for the lease. */
  readonly prepare: (call: Call, args: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  /** True while a node group is still being made. */
  readonly expectsNodes: () => boolean;
  /** How long an add-on may be DEGRADED while nodes are ready. */
  readonly addonTimeoutMs: number;
  /** Every request that was sent, for the report. */
  readonly sent: string[];
  /** What refusals taught this run, and no read shows. */
  readonly learned: Learned;
}

export interface Learned {
  /** EKS takes the next minor only when the node groups are at the live one. */
  nodesFirst: boolean;
  /** Node groups that failed once and were deleted, to be made again. */
  recreated: readonly string[];
}

/** What the calls of an action came to. */
export interface Issued {
  /** Of an EKS update. */
  readonly updateId?: string | undefined;
  /** AWS was at something else: the action has to be planned anew. */
  readonly replan: boolean;
}

const PROPAGATION_MS = 120_000;
const FRESH_ROLE_MS = 300_000;
const IN_USE_MS = 600_000;

/** Sends the calls of an action in order. @throws ActionError what no retry cures */
export async function issue(work: Work, action: Action): Promise<Issued> {
  let updateId: string | undefined;
  for (const call of action.calls) {
    const sent = await send(work, action, call);
    if (sent.replan) return sent;
    updateId = sent.updateId ?? updateId;
    if (call.service === "iam") work.freshRoles.add(partOfId(action.id));
  }
  return { updateId, replan: false };
}

async function send(work: Work, action: Action, call: Call): Promise<Issued> {
  const { ports, signal, facts } = work;
  const missing = new Set<string>();
  const resolved = resolve(call.args, work.known, missing);
  if (missing.size > 0) {
    throw new ActionError("INTERNAL", {
      message: `${action.id}: ${call.operation} needs ${[...missing].join(", ")}, which nothing has made`,
    });
  }
  const plain = asRecord(resolved);
  const member = tokenMember(call);
  const scope = [facts.account, facts.config.metadata.region, facts.config.metadata.name];
  const token =
    member === undefined
      ? {}
      : { [member]: requestToken(scope, action, call, plain, await generation(work, action, call)) };
  const args = work.prepare(call, { ...plain, ...token });
  const startedAt = ports.clock.now();
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      work.sent.push(`${call.service}:${call.operation}`);
      const answer = await ports.aws.write({ service: call.service, operation: call.operation, args }, signal);
      take(work, call, answer);
      return { updateId: updateIdOf(answer), replan: false };
    } catch (error) {
      if (signal.aborted || error instanceof ActionError) throw error;
      const elapsed = ports.clock.now() - startedAt;
      const next = await decide(work, action, call, error, attempt, elapsed);
      if (next.kind === "done") return { replan: next.replan };
      await ports.clock.sleep(next.waitMs, signal);
    }
  }
}

export type Next =
  | { readonly kind: "again"; readonly waitMs: number }
  | { readonly kind: "done"; readonly replan: boolean };

async function decide(
  work: Work,
  action: Action,
  call: Call,
  error: unknown,
  attempt: number,
  elapsedMs: number,
): Promise<Next> {
  const { ports } = work;
  const verdict = verdictOf(call, error);
  const info = awsErrorInfo(error);
  const again = (waitMs: number, why: string): Next => {
    ports.log.debug(`${action.id}: ${call.operation} ${info.code} (${why}), again in ${waitMs} ms`);
    return { kind: "again", waitMs };
  };
  const backoff = (capMs: number) =>
    Math.ceil(ports.random() * Math.min(capMs, 500 * 2 ** Math.min(attempt, 10))) + 100;
  switch (verdict.kind) {
    case "throttle":
      return again(Math.max(backoff(20_000), verdict.afterMs ?? 0), "throttled");
    case "unsure": {
      if (attempt > 8) throw awsFault(error, doing(action, call));
      const made = await findMade(ports.aws, work.facts.config.metadata.name, call, work.signal);
      if (made === undefined) return again(backoff(8_000), "no clear answer");
      for (const [key, value] of Object.entries(made)) work.known.set(key, value);
      return { kind: "done", replan: false };
    }
    case "propagation":
      if (elapsedMs < PROPAGATION_MS && mayBePropagating(work, call))
        return again(Math.min(5_000, 1_000 * attempt), "not visible yet");
      throw notUsable(error, action, call);
    case "busy":
      return busy(work, action, again);
    case "exists":
      if (elapsedMs >= IN_USE_MS) throw awsFault(error, doing(action, call));
      return adoptFound(work, action, call, error);
    case "done":
      return { kind: "done", replan: false };
    case "in-use":
      if (elapsedMs < IN_USE_MS) return again(10_000, "still in use");
      throw leftover(error, action);
    case "nodes-first":
      if (work.learned.nodesFirst) throw awsFault(error, doing(action, call));
      work.learned.nodesFirst = true;
      ports.log.info(`${kindWord(action.target.kind)} ${action.target.name}: ${info.message.split("\n")[0]}`);
      return { kind: "done", replan: true };
    case "gate":
      throw new ActionError("INSIGHT_ERROR", {
        message: `${doing(action, call)}: ${info.message.split("\n")[0]}`,
        hint: "cure the findings of the upgrade insights, or add `allow: force-upgrade`",
        cause: error,
      });
    case "fatal":
      throw awsFault(error, doing(action, call));
    default:
      return verdict satisfies never;
  }
}

/** A role is given time only if it is new: an old one with a wrong trust stays wrong. */
function mayBePropagating(work: Work, call: Call): boolean {
  if (call.service === "ec2") return true;
  if (work.freshRoles.size > 0) return true;
  return work.facts.roles.some((role) => work.ports.clock.now() - role.createdAt < FRESH_ROLE_MS);
}

/** Another update runs: it is waited for, then the object is looked at again. */
async function busy(work: Work, action: Action, again: (waitMs: number, why: string) => Next): Promise<Next> {
  if (action.op === "delete") return again(15_000, "another change is under way");
  const running = await runningUpdate(work.ports.aws, updateOwner(work, action), work.signal);
  if (running === undefined) return again(10_000, "another change is under way");
  work.ports.log.info(
    `${kindWord(action.target.kind)} ${action.target.name}: update ${running.id} is under way; waiting for it`,
  );
  await work.ports.clock.sleep(20_000, work.signal);
  return { kind: "done", replan: true };
}

/** Updates of an object so far: what makes the same change a new intention after somebody undid it. */
async function generation(work: Work, action: Action, call: Call): Promise<string> {
  if (call.generation !== undefined) return call.generation;
  if (call.service !== "eks" || !/^(Update(Cluster|Nodegroup|Addon)|AssociateEncryption)/.test(call.operation))
    return "";
  return [...(await work.ports.aws.eks.updateIds(updateOwner(work, action), work.signal))].sort().join(",");
}

/** Whose updates EKS keeps apart: those of the target, or the cluster's. */
function updateOwner(work: Work, { target }: Action): UpdateOwner {
  const cluster = work.facts.config.metadata.name;
  if (target.kind === "NodeGroup") return { cluster, nodegroup: target.name };
  return target.kind === "Addon" ? { cluster, addon: target.name } : { cluster };
}

function take(work: Work, call: Call, answer: Readonly<Record<string, unknown>>): void {
  for (const [key, path] of Object.entries(call.gives ?? {})) {
    const value = path.split(".").reduce<unknown>((node, name) => asRecord(node)[name], answer);
    if (typeof value === "string" || typeof value === "number") work.known.set(key, String(value));
  }
}

function updateIdOf(answer: Readonly<Record<string, unknown>>): string | undefined {
  const id = asRecord(answer["update"])["id"];
  return typeof id === "string" ? id : undefined;
}

function notUsable(error: unknown, action: Action, call: Call): ActionError {
  const info = awsErrorInfo(error);
  if (call.service !== "eks") return awsFault(error, doing(action, call));
  return new ActionError("ROLE_NOT_USABLE", {
    message: `${doing(action, call)}: ${info.message.split("\n")[0]}`,
    hint: "check that the role exists and that its trust policy names the service of this call",
    cause: error,
  });
}

function leftover(error: unknown, action: Action): ActionError {
  const info = awsErrorInfo(error);
  return new ActionError("LEFTOVERS", {
    message: `${kindWord(action.target.kind)} ${action.target.name} is still in use after 10 min: ${info.message.split("\n")[0]}`,
    hint: "delete what uses it (load balancers, network interfaces), then run again",
    cause: error,
  });
}
