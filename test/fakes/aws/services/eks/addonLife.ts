import { type Addon, AddonIssueCode } from "@aws-sdk/client-eks";
import type { Outcome } from "../../aws.ts";
import type { DurationName } from "../../durations.ts";
import type { ClusterRecord } from "../../state.ts";
import type { World } from "../../world.ts";
import { member } from "./closedLists.ts";
import { today } from "./find.ts";
import { hasReadyNode } from "./readyNodes.ts";

const durationNames: Readonly<Record<string, DurationName>> = {
  coredns: "addonCoredns",
  "kube-proxy": "addonKubeProxy",
  "vpc-cni": "addonVpcCni",
  "eks-pod-identity-agent": "addonPodIdentity",
};

const daemonSets = new Set(["vpc-cni", "kube-proxy", "eks-pod-identity-agent", "eks-node-monitoring-agent"]);

/** Deployments wait for a Ready node; DaemonSets are content without one. */
export function isDeployment(addonName: string | undefined): boolean {
  return !daemonSets.has(addonName ?? "");
}

/** Virtual seconds from the moment the add-on's pods can run until it is ACTIVE. */
export function addonSeconds(world: World, addonName: string | undefined): number {
  return world.durations(durationNames[addonName ?? ""] ?? "addonOther", addonName ?? "");
}

/** Moves an add-on towards what its pods allow: ACTIVE, or DEGRADED while no node is Ready. */
export function settleAddon(world: World, record: ClusterRecord, addon: Addon): void {
  const canRun = () => !isDeployment(addon.addonName) || hasReadyNode(record);
  const isThere = () => record.addons.get(addon.addonName ?? "") === addon && addon.status !== "DELETING";
  if (canRun()) {
    world.agenda.after(addonSeconds(world, addon.addonName), () => {
      if (isThere() && canRun()) finish(world, addon, []);
    });
    return;
  }
  world.agenda.after(world.durations("addonNoNode", addon.addonName ?? ""), () => {
    if (isThere() && !canRun()) {
      finish(world, addon, [
        {
          code: "InsufficientNumberOfReplicas",
          message: "The add-on is unhealthy because it doesn't have the desired number of replicas.",
          resourceIds: [],
        },
      ]);
    }
  });
}

function finish(world: World, addon: Addon, issues: NonNullable<NonNullable<Addon["health"]>["issues"]>): void {
  if (addon.status === "CREATE_FAILED" || addon.status === "UPDATING") return;
  addon.status = issues.length > 0 ? "DEGRADED" : "ACTIVE";
  addon.health = { issues };
  addon.modifiedAt = today(world);
}

function addonIssue(outcome: Outcome): NonNullable<NonNullable<Addon["health"]>["issues"]>[number] {
  return {
    code: member(AddonIssueCode, outcome.code),
    message: outcome.message ?? `The add-on failed: ${outcome.code}`,
    resourceIds: [],
  };
}

/** The scripted bad end of a creation. */
export function spoilAddon(world: World, addon: Addon, outcome: Outcome): void {
  const issues = [addonIssue(outcome)];
  world.agenda.after(addonSeconds(world, addon.addonName), () => {
    if (addon.status !== "CREATING") return;
    addon.status = outcome.degraded === true ? "DEGRADED" : "CREATE_FAILED";
    addon.health = { issues };
    addon.modifiedAt = today(world);
  });
}
