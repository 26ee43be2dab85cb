import { leftoversOf } from "../destroy/leftovers.ts";
import type { Action } from "../plan/action.ts";
import { actionHash, approvedArgs } from "../plan/hash.ts";
import { configHash } from "../plan/names.ts";
import { type Plan, statusOf } from "../plan.ts";
import { costFacts } from "./cost-facts.ts";

export interface Counts {
  readonly create: number;
  readonly update: number;
  readonly roll: number;
  readonly replace: number;
  readonly upgrade: number;
  readonly delete: number;
  readonly adopt: number;
  readonly wait: number;
  readonly noop: number;
  readonly conflict: number;
  readonly drift: number;
  readonly unmanaged: number;
  readonly orphan: number;
}

export function countsOf(plan: Plan): Counts {
  const of = (...ops: readonly Action["op"][]) => plan.actions.filter((action) => ops.includes(action.op)).length;
  return {
    create: of("create"),
    update: of("update"),
    roll: of("roll"),
    replace: of("replace"),
    upgrade: of("upgrade", "rollback"),
    delete: of("delete"),
    adopt: of("adopt"),
    wait: of("wait"),
    noop: plan.unchanged.length,
    conflict: plan.findings.filter((finding) => finding.level === "fatal" || finding.level === "block").length,
    drift: plan.drift.length,
    unmanaged: plan.unmanaged.filter((entry) => !entry.orphan).length,
    orphan: plan.unmanaged.filter((entry) => entry.orphan).length,
  };
}

/** The plan for machines, schemaVersion 1. No times, tokens or random ids: equal input, equal bytes. */
export function planJson(plan: Plan): string {
  const { facts, inputs } = plan;
  const { config, cluster } = facts;
  const document = {
    schemaVersion: 1,
    mode: plan.kind,
    owner: inputs.owner,
    cluster: {
      name: config.metadata.name,
      region: config.metadata.region,
      account: facts.account,
      partition: facts.partition,
      exists: cluster !== undefined,
      status: cluster?.status ?? null,
      version: cluster?.version ?? null,
    },
    config: { files: [config.file], hash: configHash(config) },
    resolved: plan.resolved,
    status: statusOf(plan),
    planHash: plan.planHash,
    counts: countsOf(plan),
    actions: plan.actions.map((action) => ({
      id: action.id,
      op: action.op,
      target: action.target,
      class: action.class,
      destructive: action.destructive,
      needs: action.needs,
      after: [...new Set([...action.after, ...action.afterIssued])].sort(),
      locks: action.locks.map((lock) => lock.name),
      calls: action.calls.map(({ service, operation, args }) => ({ service, operation, args: approvedArgs(args) })),
      changes: action.changes,
      expectedSeconds: action.expectedSeconds,
      hash: actionHash(action),
    })),
    findings: plan.findings,
    drift: plan.drift,
    unmanaged: plan.unmanaged,
    leftovers: plan.kind === "destroy" ? leftoversOf(facts) : [],
    timing: plan.timing,
    cost: costFacts(plan),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
