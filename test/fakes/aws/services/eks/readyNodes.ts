import type { ClusterRecord } from "../../state.ts";

/** True if a pod of a Deployment finds a node: a Ready one of a node group, or Auto Mode, which brings one. */
export function hasReadyNode(record: ClusterRecord): boolean {
  const nodes = [...record.readyNodes.values()].reduce((sum, count) => sum + count, 0);
  const { computeConfig } = record.cluster;
  return nodes > 0 || (computeConfig?.enabled === true && (computeConfig.nodePools ?? []).length > 0);
}
