import type { EksNodegroup } from "@eks-actions/aws";
import type { ManagedNodeGroup } from "@eks-actions/cluster-config";
import { natCount } from "../network/layout.ts";
import { isForeignNetwork, nodeSubnets } from "../network/subnets.ts";
import type { Action, Step } from "../plan/action.ts";
import { create } from "../plan/build.ts";
import { type Context, partOf } from "../plan/context.ts";
import { byClass, compare, type FieldPair } from "../plan/diff.ts";
import { usual } from "../plan/durations.ts";
import type { Finding } from "../plan/finding.ts";
import { replacementName } from "../plan/names.ts";
import { APPLIED, OWNER, tagsOf } from "../plan/tags.ts";
import { canonical } from "../plan/value.ts";
import { type PlannedTemplate, planTemplate } from "./launch-template.ts";
import { changeGroup, SHARED } from "./nodegroup-change.ts";
import { foreign, groupFindings } from "./nodegroup-checks.ts";
import {
  capacityType,
  eksTaint,
  groupAmiType,
  nodeGroupPairs,
  nodeRepair,
  nodeRoleReference,
  nodeUpdate,
} from "./nodegroup-fields.ts";

/** Must be there before a node is, else the node never becomes Ready. */
const NODE_ADDONS = ["addon-vpc-cni", "addon-kube-proxy", "addon-eks-pod-identity-agent"];

/** One node group of the file against the live groups that carry its part. */
export function planNodeGroup(context: Context, group: ManagedNodeGroup, version: string): Step {
  const template = planTemplate(context, group);
  const findings = groupFindings(context, group, version);
  const live = liveGroups(context, group);
  const current = live.find((candidate) => replaced(context, group, candidate).length === 0);
  const [first] = live;
  if (first === undefined) {
    return { actions: [...template.actions, createGroup(context, group, template, version, group.name)], findings };
  }
  if (first.tags?.[OWNER] !== undefined && first.tags[OWNER] !== context.ownership.owner) {
    return { actions: [], findings: [...findings, foreign(group, first.tags[OWNER])] };
  }
  if (current === undefined) return replaceGroup(context, group, template, version, live, findings);
  const old = live.filter((candidate) => candidate !== current);
  const step = changeGroup(context, group, template, current, version);
  const removals = old.map((candidate) => deleteGroup(candidate, [], ["replace-nodegroup"]));
  return { ...step, actions: [...step.actions, ...removals], findings: [...findings, ...(step.findings ?? [])] };
}

/** Live groups of one group of the file: by our tag, else by name. */
export function liveGroups(context: Context, group: ManagedNodeGroup): readonly EksNodegroup[] {
  const cluster = context.ownership.cluster;
  const { nodegroups } = context.facts;
  const tagged = nodegroups.filter((live) => partOf(cluster, live.tags ?? {}) === `ng-${group.name}`);
  return tagged.length > 0 ? tagged : nodegroups.filter((live) => live.nodegroupName === group.name);
}

function replaced(context: Context, group: ManagedNodeGroup, live: EksNodegroup): readonly FieldPair[] {
  const pairs = nodeGroupPairs(context, group, live);
  const changed = byClass(pairs, "G").filter(
    (pair) => canonical(pair.desired ?? null) !== canonical(pair.live ?? null),
  );
  // A role and subnets that do not exist yet cannot differ: they are made in this very run.
  return changed.filter((pair) => !JSON.stringify(pair.desired ?? null).includes('"ref"'));
}

function createGroup(
  context: Context,
  group: ManagedNodeGroup,
  template: PlannedTemplate,
  version: string,
  name: string,
  desired: number = group.desiredCapacity,
): Action {
  const { config, ownership } = context;
  const fields = Object.fromEntries(
    nodeGroupPairs(context, group, undefined).map((pair) => [pair.path, pair.desired ?? null]),
  );
  const subnets = nodeSubnets(context, group);
  const ami = groupAmiType(group);
  const role = group.iam.instanceRoleARN === undefined ? [`role-ng-${group.name}`] : [];
  const args = {
    clusterName: config.metadata.name,
    nodegroupName: name,
    scalingConfig: { minSize: group.minSize, maxSize: group.maxSize, desiredSize: desired },
    subnets: subnets.map((subnet) => subnet.id),
    nodeRole: nodeRoleReference(group),
    ...(group.instanceTypes.length === 0 ? {} : { instanceTypes: group.instanceTypes }),
    ...(group.instanceTypes.length === 0 || group.ami !== undefined ? {} : { amiType: ami }),
    capacityType: capacityType(group),
    ...(Object.keys(group.labels).length === 0 ? {} : { labels: group.labels }),
    ...(group.taints.length === 0 ? {} : { taints: group.taints.map(eksTaint) }),
    ...(group.updateConfig === undefined ? {} : { updateConfig: nodeUpdate(group) }),
    ...(group.warmPoolConfig === undefined ? {} : { warmPoolConfig: group.warmPoolConfig }),
    ...(group.nodeRepairConfig === undefined ? {} : { nodeRepairConfig: nodeRepair(group) }),
    ...(group.releaseVersion === undefined ? {} : { releaseVersion: group.releaseVersion }),
    // The template's own image brings its version.
    ...(group.ami === undefined ? { version } : {}),
    launchTemplate: template.reference,
    tags: tagsOf(ownership, `ng-${group.name}`, fields, group.tags),
  };
  return create({
    part: `ng-${group.name}`,
    ...(name === group.name ? {} : { suffix: name }),
    op: "create",
    target: { kind: "NodeGroup", name },
    after: ["cluster", ...role, ...(template.part === undefined ? [] : [template.part]), ...routing(context, group)],
    afterIssued: NODE_ADDONS,
    locks: SHARED,
    calls: [{ service: "eks", operation: "CreateNodegroup", args }],
    until: { kind: "nodegroup-active", name },
    expectedSeconds: usual.nodegroupCreate.usual,
  });
}

/** Nodes reach the API and the registries only once their subnets have a way out. */
function routing(context: Context, group: ManagedNodeGroup): readonly string[] {
  if (isForeignNetwork(context)) return [];
  const zones = new Set(nodeSubnets(context, group).map((subnet) => subnet.zone)).size;
  if (!group.privateNetworking) return ["rt-public"];
  const tables = Array.from({ length: Math.max(zones, 3) }, (_, index) => [
    `rt-private-${index}`,
    `rt-private-${index}-route`,
  ]);
  return natCount(context.config, zones) === 0 ? tables.flatMap(([table]) => table ?? []) : tables.flat();
}

function replaceGroup(
  context: Context,
  group: ManagedNodeGroup,
  template: PlannedTemplate,
  version: string,
  live: readonly EksNodegroup[],
  findings: readonly Finding[],
): Step {
  const [first] = live;
  const fields = byClass(nodeGroupPairs(context, group, first), "G").map((pair) => pair.desired);
  const name = replacementName(group.name, fields);
  const comparison = compare(context.config, nodeGroupPairs(context, group, first), first?.tags?.[APPLIED]);
  const desired = Math.min(
    group.maxSize,
    Math.max(group.minSize, first?.scalingConfig?.desiredSize ?? group.desiredCapacity),
  );
  const made: Action = {
    ...createGroup(context, group, template, version, name, desired),
    op: "replace",
    class: "G",
    needs: ["replace-nodegroup"],
    destructive: true,
    changes: comparison.changes,
  };
  const removals = live.map((old) => deleteGroup(old, [made.id], ["replace-nodegroup"]));
  const warning: Finding = {
    level: "warn",
    code: "NOTICE",
    target: { kind: "NodeGroup", name: group.name },
    message: `node group ${group.name} is replaced by ${name}; selectors on eks.amazonaws.com/nodegroup stop to match`,
  };
  return { actions: [...template.actions, made, ...removals], findings: [...findings, warning] };
}

/** Deletes one group; EKS drains it under the disruption budgets. */
export function deleteGroup(live: EksNodegroup, after: readonly string[], needs: Action["needs"]): Action {
  const name = live.nodegroupName ?? "";
  const isGoing = live.status === "DELETING";
  return create({
    part: `ng-gone-${name}`,
    op: isGoing ? "wait" : "delete",
    target: { kind: "NodeGroup", name },
    destructive: true,
    needs,
    after,
    calls: isGoing
      ? []
      : [
          {
            service: "eks",
            operation: "DeleteNodegroup",
            args: { clusterName: live.clusterName, nodegroupName: name },
          },
        ],
    until: { kind: "nodegroup-gone", name },
    expectedSeconds: usual.nodegroupDelete.usual,
  });
}
