import { ActionError, toActionError } from "@eks-actions/action";
import { observe } from "./observe.ts";
import type { Action } from "./plan/action.ts";
import { readApproval } from "./plan/approval.ts";
import { knownParts } from "./plan/context.ts";
import type { Finding } from "./plan/finding.ts";
import { kindWord } from "./plan/kinds.ts";
import { isDisruptive, isOpen } from "./plan/maintenance.ts";
import { configHash } from "./plan/names.ts";
import { CONFIG_HASH } from "./plan/tags.ts";
import { plan as makePlan, type Plan, statusOf } from "./plan.ts";
import type { Ports } from "./ports.ts";
import { driftOutcome } from "./report/drift.ts";
import { publishPlan } from "./report/publish.ts";
import type { Learned, Work } from "./run/execute.ts";
import { begunAt, dropLeftLeases, letOtherBegin, takeLease } from "./run/lease.ts";
import { plainWrite } from "./run/plain-write.ts";
import { type Done, schedule } from "./run/scheduler.ts";
import { refreshInsights } from "./upgrade/insights.ts";

export type Result =
  | "unchanged"
  | "planned"
  | "applied"
  | "drifted"
  | "destroyed"
  | "deferred"
  | "blocked"
  | "cancelled"
  | "failed";

export interface Outcome {
  readonly result: Result;
  /** The plan after the last look: what is left to do. */
  readonly after: Plan;
  readonly done: readonly Done[];
  readonly errors: readonly ActionError[];
  /** Requests by `service:Operation`, in order. */
  readonly sent: readonly string[];
  readonly reads: number;
  /** Mutating requests, repeated ones and tags of our own included. */
  readonly writes: number;
  readonly planFile?: string | undefined;
  readonly reportFile?: string | undefined;
}

/** A plan that needs more rounds than this does not converge. */
const MAX_ROUNDS = 12;

/** Carries the plan out, or publishes it, and looks again until nothing is left to do. */
export async function apply(planned: Plan, ports: Ports, signal: AbortSignal): Promise<Outcome> {
  const { inputs } = planned;
  if (inputs.mode === "plan") return publishPlan(planned, ports);
  if (inputs.mode === "drift") return driftOutcome(planned, ports);
  const first = await withFreshInsights(planned, ports, signal);
  const blocking = errorsOf(first.findings);
  if (blocking.length > 0) return outcome("blocked", first, ports, { errors: blocking });
  if (first.actions.length === 0) {
    if (first.kind === "destroy") return outcome("destroyed", first, ports, {});
    if (statusOf(first) === "converged") await remember(first, ports, signal);
    await dropLeftLeases(ports, first.facts, signal);
    return outcome("unchanged", first, ports, {});
  }
  const approval = readApproval(inputs, ports);
  approval.check(first);
  return ports.log.group(first.kind === "destroy" ? "Destroy" : "Apply", () =>
    converge(first, ports, signal, approval),
  );
}

/** Insights are up to a day old: before one blocks a run for good, EKS looks again. */
async function withFreshInsights(plan: Plan, ports: Ports, signal: AbortSignal): Promise<Plan> {
  const blocking = plan.findings.filter(({ level }) => level === "block" || level === "fatal");
  if (blocking.length === 0 || blocking.some(({ code }) => code !== "INSIGHT_ERROR")) return plan;
  await refreshInsights(ports, plan.facts.config.metadata.name, signal);
  return look(plan, ports, { nodesFirst: false, recreated: [] }, signal);
}

async function converge(
  first: Plan,
  ports: Ports,
  signal: AbortSignal,
  approval: ReturnType<typeof readApproval>,
): Promise<Outcome> {
  const { inputs } = first;
  const deadline = ports.clock.now() + inputs.maxDuration;
  const sent: string[] = [];
  const done: Done[] = [];
  const freshRoles = new Set<string>();
  const learned: Learned = { nodesFirst: false, recreated: [] };
  const lease = await takeLease(ports, first.facts, signal);
  const stop = new AbortController();
  const renewals = lease.keep(AbortSignal.any([stop.signal, signal]));
  let plan = first;
  try {
    if (await letOtherBegin(ports, begunAt(first.facts) ?? 0, signal)) plan = await look(first, ports, learned, signal);
    for (let round = 1; ; round++) {
      const work: Work = {
        ports,
        facts: plan.facts,
        known: new Map(knownParts(plan.facts)),
        freshRoles,
        prepare: (call, args) => lease.decorate(call, args),
        signal,
        expectsNodes: () => false,
        addonTimeoutMs: inputs.addonTimeout,
        sent,
        learned,
      };
      // A window may close between two minors, or two rolls: what has not begun by then waits for the next one.
      const windows = plan.facts.config.extension?.maintenanceWindows ?? [];
      const mayBegin = (action: Action) => !isDisruptive(action) || isOpen(windows, ports.clock.now());
      const results = await schedule(plan.actions, work, { concurrency: inputs.concurrency, deadline, mayBegin });
      done.push(...results);
      const errors = results.flatMap((entry) => entry.error ?? []);
      if (signal.aborted) return outcome("cancelled", plan, ports, { done, sent });
      if (errors.length > 0)
        return outcome("failed", await look(plan, ports, learned, signal), ports, { done, sent, errors });
      if (ports.clock.now() >= deadline) {
        return outcome("deferred", plan, ports, {
          done,
          sent,
          errors: inputs.onTimeout === "fail" ? [timeout(results)] : [],
        });
      }
      plan = await look(plan, ports, learned, signal);
      const blocking = errorsOf(plan.findings);
      if (blocking.length > 0) return outcome("failed", plan, ports, { done, sent, errors: blocking });
      if (plan.actions.length === 0) break;
      approval.check(plan);
      if (round >= MAX_ROUNDS) return outcome("failed", plan, ports, { done, sent, errors: [endless(plan)] });
      ports.log.info(`${plan.actions.length} action${plan.actions.length === 1 ? "" : "s"} left: ${shortList(plan)}`);
    }
    if (statusOf(plan) === "converged") await remember(plan, ports, signal);
    return outcome(plan.kind === "destroy" ? "destroyed" : "applied", plan, ports, { done, sent });
  } catch (thrown) {
    if (signal.aborted) return outcome("cancelled", plan, ports, { done, sent });
    return outcome("failed", plan, ports, { done, sent, errors: [toActionError(thrown)] });
  } finally {
    stop.abort();
    await renewals;
    if (plan.kind === "apply" && !signal.aborted) await lease.release(signal);
  }
}

async function look(plan: Plan, ports: Ports, learned: Learned, signal: AbortSignal): Promise<Plan> {
  return makePlan(plan.inputs, { ...(await observe(plan.inputs, ports, signal)), ...learned });
}

/** The config that the cluster has converged to, for those who look at its tags. */
async function remember(plan: Plan, ports: Ports, signal: AbortSignal): Promise<void> {
  const { cluster, config } = plan.facts;
  const hash = configHash(config);
  if (plan.kind !== "apply" || cluster?.arn === undefined || cluster.tags?.[CONFIG_HASH] === hash) return;
  const args = { resourceArn: cluster.arn, tags: { [CONFIG_HASH]: hash } };
  await plainWrite(ports, { service: "eks", operation: "TagResource", args }, signal).catch((error: unknown) =>
    ports.log.debug(`config hash not kept: ${String(error)}`),
  );
}

export function errorsOf(findings: readonly Finding[]): readonly ActionError[] {
  return findings
    .filter((finding) => finding.level === "fatal" || finding.level === "block")
    .map(
      (finding) =>
        new ActionError(finding.code === "NOTICE" ? "INTERNAL" : finding.code, {
          message: finding.message,
          hint: finding.hint,
          file: finding.file,
          line: finding.line,
          column: finding.column,
        }),
    );
}

interface Details {
  readonly done?: readonly Done[];
  readonly sent?: readonly string[];
  readonly errors?: readonly ActionError[];
  readonly planFile?: string | undefined;
}

export function outcome(result: Result, after: Plan, ports: Ports, details: Details): Outcome {
  return {
    result,
    after,
    done: details.done ?? [],
    errors: details.errors ?? [],
    sent: details.sent ?? [],
    reads: ports.aws.traffic.reads,
    writes: ports.aws.traffic.writes,
    planFile: details.planFile,
  };
}

function timeout(results: readonly Done[]): ActionError {
  const open = results
    .filter((entry) => entry.state === "running")
    .map((entry) => `${kindWord(entry.action.target.kind)} ${entry.action.target.name}`);
  return new ActionError("TIMEOUT", {
    message: `the deadline passed while AWS worked on ${open.slice(0, 5).join(", ") || "nothing"}`,
    hint: "AWS works on; run again to continue, or raise `max-duration`",
  });
}

function endless(plan: Plan): ActionError {
  return new ActionError("INTERNAL", {
    message: `the cluster does not converge: after ${MAX_ROUNDS} rounds ${shortList(plan)} are still to do`,
  });
}

function shortList(plan: Plan): string {
  const names = plan.actions
    .slice(0, 5)
    .map((action) => `${action.op} ${kindWord(action.target.kind)} ${action.target.name}`);
  return names.join(", ") + (plan.actions.length > 5 ? ` and ${plan.actions.length - 5} more` : "");
}
