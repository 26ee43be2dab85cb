import type { EksAddon, EksNodegroup } from "@eks-actions/aws";
import type { Action } from "../plan/action.ts";
import { create } from "../plan/build.ts";
import type { Context } from "../plan/context.ts";
import { usual } from "../plan/durations.ts";

/** A cluster that failed this long ago may hold what somebody has looked into: deleting it needs its word. */
const RECENT_MS = 60 * 60_000;

/** Causes that AWS may not have a minute later, or that another instance type avoids. */
const PASSING = ["IamThrottling"];
const LACKING = ["AsgInstanceLaunchFailures", "InstanceLimitExceeded"];

/** Nothing else can be planned while the control plane has failed: it is deleted, and the next plan makes it anew. */
export function deleteFailedCluster({ facts, ownership }: Context): readonly Action[] {
  const age = facts.now - (facts.cluster?.createdAt?.getTime() ?? 0);
  return [
    create({
      part: "cluster",
      suffix: "failed",
      op: "delete",
      target: { kind: "Cluster", name: ownership.cluster },
      destructive: true,
      needs: age < RECENT_MS ? [] : ["recreate-cluster"],
      calls: [{ service: "eks", operation: "DeleteCluster", args: { name: ownership.cluster } }],
      until: { kind: "cluster-gone" },
      expectedSeconds: usual.clusterDelete.usual,
    }),
  ];
}

/** True for a node group that never had nodes, failed by what passes, and was not made again by this run. */
export function mayMakeAgain(live: EksNodegroup, recreated: readonly string[]): boolean {
  const codes = (live.health?.issues ?? []).map((issue) => issue.code ?? "");
  const hasAlternatives = (live.instanceTypes ?? []).length > 1;
  return (
    live.status === "CREATE_FAILED" &&
    !recreated.includes(live.nodegroupName ?? "") &&
    codes.length > 0 &&
    codes.every((code) => PASSING.includes(code) || (hasAlternatives && LACKING.includes(code)))
  );
}

export function deleteFailedGroup(live: EksNodegroup): Action {
  const name = live.nodegroupName ?? "";
  return create({
    part: `ng-failed-${name}`,
    op: "delete",
    target: { kind: "NodeGroup", name },
    destructive: true,
    calls: [
      { service: "eks", operation: "DeleteNodegroup", args: { clusterName: live.clusterName, nodegroupName: name } },
    ],
    until: { kind: "nodegroup-gone", name, makesAgain: true },
    expectedSeconds: usual.nodegroupDelete.usual,
  });
}

/** An add-on that met objects of somebody else, where the file says that it wins. */
export function deleteFailedAddon(live: EksAddon): Action {
  const name = live.addonName ?? "";
  return create({
    part: `addon-failed-${name}`,
    op: "delete",
    target: { kind: "Addon", name },
    destructive: true,
    calls: [{ service: "eks", operation: "DeleteAddon", args: { clusterName: live.clusterName, addonName: name } }],
    until: { kind: "addon-gone", name },
    expectedSeconds: usual.addonDelete.usual,
  });
}

/** A failed control plane comes first: what stands behind it is planned once there is a new one. */
export function clusterFirst(actions: readonly Action[]): readonly Action[] {
  const deletion = actions.filter((action) => action.id === "cluster:delete:failed");
  return deletion.length > 0 ? deletion : actions;
}
