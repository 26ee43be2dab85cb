import type { KubeObject } from "@eks-actions/manifest";
import { boolAt, conditionOf, eventsOf } from "./read.ts";
import type { Around } from "./verdict.ts";

/** Nodes by name: whether a pod there can be judged, and whether new pods may go there. */
export function nodeStates(
  nodes: readonly KubeObject[],
): ReadonlyMap<string, { ready: boolean; schedulable: boolean }> {
  return new Map(
    nodes.map((node) => [
      node.metadata.name,
      {
        ready: conditionOf(node, "Ready")?.status === "True" && node.metadata.deletionTimestamp === undefined,
        schedulable: boolAt(node, "spec", "unschedulable") !== true,
      },
    ]),
  );
}

const AUTOSCALED =
  /^(karpenter\.sh\/|eks\.amazonaws\.com\/|cluster-autoscaler\.kubernetes\.io\/|k8s\.io\/cluster-autoscaler)/;

/** Signs of something that adds nodes: labels of nodes, or events about this pod. */
export function hasAutoscaler(around: Around, podUid: string | undefined): boolean {
  // Without the right to read nodes the longer grace is the safe one.
  if (around.nodes === undefined) return true;
  const labelled = around.nodes.some((node) =>
    Object.keys(node.metadata.labels ?? {}).some((label) => AUTOSCALED.test(label)),
  );
  return (
    labelled ||
    eventsOf(around.events, podUid, around.startedAt).some(
      (event) => event.reason === "TriggeredScaleUp" || event.reason === "Nominated",
    )
  );
}
