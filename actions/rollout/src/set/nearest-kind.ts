import { editDistance } from "@eks-actions/action/edit-distance";
import { stableKinds } from "@eks-actions/kube";

/** The kind of Kubernetes' own that was likely meant: an apiVersion of yesterday, or a slip of the pen. */
export function nearestKind(apiVersion: string, kind: string): string | undefined {
  const all = stableKinds();
  // Of several versions the last is the newest.
  const found = all.findLast((one) => one.kind === kind) ?? all.find((one) => isNear(one.kind, kind));
  return found === undefined || (found.apiVersion === apiVersion && found.kind === kind)
    ? undefined
    : `${found.kind} of ${found.apiVersion}`;
}

function isNear(known: string, given: string): boolean {
  return editDistance(known.toLowerCase(), given.toLowerCase()) <= 2 && given.length > 3;
}
