import type { KubeObject } from "@eks-actions/manifest";

/** Runs before everything else, or after it; `skip`: a hook for an event that a rollout is not. */
export type HookPhase = "before" | "after" | "skip";

const HELM = "helm.sh/hook";
const HELM_WEIGHT = "helm.sh/hook-weight";
const ARGO = "argocd.argoproj.io/hook";

/** When a hook of helm or Argo CD runs; `undefined` for ordinary objects. */
export function hookPhase(object: KubeObject): HookPhase | undefined {
  const notes = object.metadata.annotations ?? {};
  const helm = words(notes[HELM]);
  const argo = words(notes[ARGO]);
  if (helm.length + argo.length === 0 || argo.includes("Sync")) return undefined;
  if (helm.some((word) => /^pre-(install|upgrade)$/.test(word)) || argo.includes("PreSync")) return "before";
  if (helm.some((word) => /^post-(install|upgrade)$/.test(word)) || argo.includes("PostSync")) return "after";
  return "skip";
}

/** Order among the hooks of one phase. */
export function hookWeight(object: KubeObject): number {
  const weight = object.metadata.annotations?.[HELM_WEIGHT];
  return weight !== undefined && /^-?\d{1,6}$/.test(weight) ? Number(weight) : 0;
}

/** Jobs and Pods run anew with each release that changes something, as helm's `before-hook-creation` does. */
export function runsAnew(object: KubeObject): boolean {
  const phase = hookPhase(object);
  return (phase === "before" || phase === "after") && (object.kind === "Job" || object.kind === "Pod");
}

function words(text: string | undefined): readonly string[] {
  return (text ?? "")
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}
