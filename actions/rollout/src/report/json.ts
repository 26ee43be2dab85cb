import type { RunContext } from "@eks-actions/action";
import type { Verdict } from "@eks-actions/health";
import type { KubeClient } from "@eks-actions/kube";
import type { ObjectRef } from "@eks-actions/manifest";
import type { PlannedObject, SetPlan } from "../plan.ts";
import type { Ending, RolloutStory } from "../report.ts";
import { planWarnings } from "./describe.ts";

/** The plan for machines. Values of Secrets are keyed hashes already. */
export function planJson(plan: SetPlan, run: RunContext, kube: Pick<KubeClient, "context" | "server">): string {
  const { counts, inputs, state, snapshot } = plan;
  const value = {
    schemaVersion: 1,
    app: state.app,
    namespace: state.namespace,
    mode: inputs.mode,
    strategy: "rolling",
    cluster: kube.context || kube.server,
    sha: run.sha,
    // A lock that somebody holds is an error, so what is left is a free one or that of a dead run.
    lock: (state.lease?.holder ?? "") === "" ? "free" : "expired",
    recovery: plan.recovery ?? null,
    summary: { create: counts.created, update: counts.updated, unchanged: counts.unchanged, prune: counts.pruned },
    objects: [...plan.objects, ...plan.pruned].map(plannedJson),
    kept: plan.kept,
    traffic: null,
    snapshot: {
      healthy: snapshot.healthy,
      objects: snapshot.restore.length,
      bytes: Buffer.byteLength(JSON.stringify(snapshot)),
    },
    warnings: planWarnings(plan),
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
export function reportJson(story: RolloutStory, { result, error }: Ending): string {
  const { inputs, outcome, run } = story;
  const value = {
    schemaVersion: 1,
    app: inputs?.app ?? null,
    result,
    cause: error?.code ?? null,
    message: error?.message ?? null,
    errors: (error?.all() ?? []).map(({ code, message, hint, file, line }) => ({
      code,
      message,
      hint: hint ?? null,
      file: file ?? null,
      line: line ?? null,
    })),
    run: { url: run.runUrl, sha: run.sha },
    durationMs: story.endedAt - story.startedAt,
    phase: outcome?.phase ?? null,
    revision: outcome?.revision ?? null,
    requests: outcome?.requests ?? null,
    verdicts: [...(outcome?.verdicts.values() ?? [])].map(verdictJson),
    timeline: (outcome?.timeline ?? []).map(({ at, event }) => ({ at: new Date(at).toISOString(), event })),
    warnings: outcome?.warnings ?? [],
  };
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function verdictJson({ ref, status, why, message, sure, progress }: Verdict) {
  return { ref: refJson(ref), status, why, message, sure, progress: progress ?? null };
}

function refJson(ref: ObjectRef) {
  return { apiVersion: ref.apiVersion, kind: ref.kind, namespace: ref.namespace ?? null, name: ref.name };
}
