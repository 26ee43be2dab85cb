import type { RunContext } from "@eks-actions/action";
import type { ObjectRef } from "@eks-actions/manifest";
import type { Outcome } from "./outcome.ts";
import type { Plan, PlannedObject, SetPlan } from "./plan.ts";

/** The plan for machines. Values of Secrets are keyed hashes already. */
export function planJson(plan: SetPlan, run: RunContext): string {
  const { counts, inputs, state } = plan;
  const value = {
    schemaVersion: 1,
    app: state.app,
    namespace: state.namespace,
    mode: inputs.mode,
    strategy: "rolling",
    sha: run.sha,
    recovery: plan.recovery ?? null,
    summary: { create: counts.created, update: counts.updated, unchanged: counts.unchanged, prune: counts.pruned },
    objects: [...plan.objects, ...plan.pruned].map(plannedJson),
    kept: plan.kept,
    snapshot: { healthy: plan.snapshot.healthy, objects: plan.snapshot.restore.length },
    traffic: null,
  };
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function plannedJson(one: PlannedObject) {
  return {
    ref: refJson(one.ref),
    source: one.source === undefined ? null : { file: one.source.file, line: one.source.line },
    action: one.action,
    wave: one.wave,
    force: one.forced,
    diff: one.diff,
    notes: one.warnings,
  };
}

/** The outcome for machines. Logs and events are left to the summary: they may hold anything. */
export function reportJson(plan: Plan | undefined, outcome: Outcome, run: RunContext, durationMs: number): string {
  const value = {
    schemaVersion: 1,
    app: plan?.inputs.app ?? null,
    result: outcome.result,
    cause: outcome.error?.code ?? null,
    message: outcome.error?.message ?? null,
    run: { url: run.runUrl, sha: run.sha },
    durationMs,
    phase: outcome.phase ?? null,
    revision: outcome.revision ?? null,
    requests: outcome.requests,
    verdicts: [...outcome.verdicts.values()].map((verdict) => ({
      ref: refJson(verdict.ref),
      status: verdict.status,
      why: verdict.why,
      message: verdict.message,
      sure: verdict.sure,
      progress: verdict.progress ?? null,
    })),
    timeline: outcome.timeline.map(({ at, event }) => ({ at: new Date(at).toISOString(), event })),
    warnings: outcome.warnings,
  };
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function refJson(ref: ObjectRef) {
  return { apiVersion: ref.apiVersion, kind: ref.kind, namespace: ref.namespace ?? null, name: ref.name };
}
