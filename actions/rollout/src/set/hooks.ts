import type { KubeObject } from "@eks-actions/manifest";

/** Runs before everything else, after it, or when it failed; `skip`: a hook for an event that a rollout is not. */
export type HookPhase = "before" | "after" | "failed" | "skip";

const HELM = "helm.sh/hook";
const HELM_WEIGHT = "helm.sh/hook-weight";
const ARGO = "argocd.argoproj.io/hook";
const ARGO_WAVE = "argocd.argoproj.io/sync-wave";
const DELETE_POLICIES = ["helm.sh/hook-delete-policy", "argocd.argoproj.io/hook-delete-policy"] as const;

/**
 * When a hook of helm or Argo CD runs; `undefined` for ordinary objects.
 * https://helm.sh/docs/topics/charts_hooks/ and https://argo-cd.readthedocs.io/en/stable/user-guide/resource_hooks/
 */
export function hookPhase(object: KubeObject): HookPhase | undefined {
  const helm = words(object, HELM);
  const argo = words(object, ARGO);
  if (helm.length + argo.length === 0 || argo.includes("Sync")) return undefined;
  if (helm.some((word) => /^pre-(install|upgrade)$/.test(word)) || argo.includes("PreSync")) return "before";
  if (helm.some((word) => /^post-(install|upgrade)$/.test(word)) || argo.includes("PostSync")) return "after";
  return argo.includes("SyncFail") ? "failed" : "skip";
}

/** Order among the hooks of one phase: helm's weight, else Argo's sync-wave. */
export function hookWeight(object: KubeObject): number {
  const notes = object.metadata.annotations ?? {};
  const weight = notes[HELM_WEIGHT] ?? notes[ARGO_WAVE];
  return weight !== undefined && /^-?\d{1,6}$/.test(weight) ? Number(weight) : 0;
}

/** Jobs and Pods run anew with each release that changes something, as both tools' `before-hook-creation` does. */
export function runsAnew(object: KubeObject): boolean {
  return isRunHook(object) && (object.kind === "Job" || object.kind === "Pod");
}

/** True for a hook whose delete policy takes it away once it has ended so. */
export function isDeletedOnce(object: KubeObject, end: "succeeded" | "failed"): boolean {
  const policies = DELETE_POLICIES.flatMap((name) => words(object, name)).map((word) =>
    word.replaceAll("-", "").toLowerCase(),
  );
  return isRunHook(object) && policies.includes(`hook${end}`);
}

function isRunHook(object: KubeObject): boolean {
  const phase = hookPhase(object);
  return phase === "before" || phase === "after";
}

function words(object: KubeObject, annotation: string): readonly string[] {
  return (object.metadata.annotations?.[annotation] ?? "")
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}
