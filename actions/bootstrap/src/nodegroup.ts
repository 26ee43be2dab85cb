import type { EksNodegroup } from "@eks-actions/aws";
import type { ManagedNodeGroup } from "@eks-actions/cluster-config";
import type { Action, Call, Step } from "./action.ts";
import { create } from "./build.ts";
import { type Context, partOf } from "./context.ts";
import { byClass, type Comparison, compare, type FieldPair } from "./diff.ts";
import { usual } from "./durations.ts";
import type { Finding } from "./finding.ts";
import { type PlannedTemplate, planTemplate } from "./launch-template.ts";
import { replacementName } from "./names.ts";
import { natCount } from "./network-layout.ts";
import {
  capacityType,
  eksTaint,
  groupAmiType,
  nodeGroupPairs,
  nodeRepair,
  nodeRoleReference,
  plainTaint,
} from "./nodegroup-fields.ts";
import { isForeignNetwork, nodeSubnets } from "./subnets.ts";
import { APPLIED, OWNER, type Tags, tagsOf, userTags } from "./tags.ts";
import { canonical } from "./value.ts";
import { minorOf } from "./versions.ts";

const SHARED = [{ name: "cluster", shared: true }] as const;
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
  const ami = groupAmiType(context, group);
  const role = group.iam.instanceRoleARN === undefined ? [`role-ng-${group.name}`] : [];
  const args = {
    clusterName: config.metadata.name,
    nodegroupName: name,
    scalingConfig: { minSize: group.minSize, maxSize: group.maxSize, desiredSize: desired },
    subnets: subnets.map((subnet) => subnet.id),
    nodeRole: nodeRoleReference(group),
    ...(group.instanceTypes.length === 0 ? {} : { instanceTypes: group.instanceTypes, amiType: ami }),
    capacityType: capacityType(group),
    ...(Object.keys(group.labels).length === 0 ? {} : { labels: group.labels }),
    ...(group.taints.length === 0 ? {} : { taints: group.taints.map(eksTaint) }),
    ...(group.updateConfig === undefined ? {} : { updateConfig: group.updateConfig }),
    ...(group.nodeRepairConfig === undefined ? {} : { nodeRepairConfig: nodeRepair(group) }),
    ...(group.releaseVersion === undefined ? {} : { releaseVersion: group.releaseVersion }),
    version,
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

function changeGroup(
  context: Context,
  group: ManagedNodeGroup,
  template: PlannedTemplate,
  live: EksNodegroup,
  version: string,
): Step {
  const name = live.nodegroupName ?? group.name;
  const target = { kind: "NodeGroup", name };
  const part = `ng-${group.name}`;
  if (live.status === "CREATE_FAILED" || live.status === "DELETE_FAILED") return failedGroup(context, group, live);
  const running = context.facts.updates.find((update) => update.nodegroup === name);
  if (live.status === "CREATING") {
    const wait = create({
      part,
      op: "wait",
      target,
      until: { kind: "nodegroup-active", name },
      expectedSeconds: usual.nodegroupCreate.usual,
    });
    return { actions: [...template.actions, wait] };
  }
  const waiting =
    running === undefined
      ? []
      : [
          create({
            part,
            suffix: running.id,
            op: "wait",
            target,
            until: { kind: "update", nodegroup: name, id: running.id },
            expectedSeconds: usual.nodegroupRoll.usual,
          }),
        ];
  const comparison = compare(context.config, nodeGroupPairs(context, group, live), live.tags?.[APPLIED]);
  const after = waiting.map((action) => action.id);
  const inPlace = configUpdate(context, group, live, comparison, after);
  const rolls = roll(context, group, template, live, comparison, version, [
    ...after,
    ...inPlace.map((action) => action.id),
  ]);
  const actions = [...template.actions, ...waiting, ...inPlace, ...rolls];
  const issues = live.health?.issues ?? [];
  const findings: Finding[] =
    issues.length === 0
      ? []
      : [
          {
            level: "warn",
            code: "NOTICE",
            target,
            message: `node group ${name}: ${issues.map((issue) => `${issue.code}: ${issue.message}`).join("; ")}`,
          },
        ];
  return { actions, findings, unchanged: actions.length === 0 ? [target] : [] };
}

function failedGroup(context: Context, group: ManagedNodeGroup, live: EksNodegroup): Step {
  const issues = (live.health?.issues ?? []).map((issue) => `${issue.code}: ${issue.message}`).join("; ");
  const name = live.nodegroupName ?? group.name;
  return {
    actions: [],
    findings: [
      {
        level: "fatal",
        code: "NODEGROUP_FAILED",
        target: { kind: "NodeGroup", name },
        message: `node group ${name} of ${context.ownership.cluster} is ${live.status}${issues === "" ? "" : `: ${issues}`}`,
        hint: "cure the cause, delete the group, and run again",
      },
    ],
  };
}

function configUpdate(
  context: Context,
  group: ManagedNodeGroup,
  live: EksNodegroup,
  comparison: Comparison,
  after: readonly string[],
): readonly Action[] {
  const changed = byClass(comparison.changed, "P");
  if (changed.length === 0) return [];
  const name = live.nodegroupName ?? group.name;
  const has = (field: string) => changed.some((pair) => pair.path.endsWith(`.${field}`));
  const config = {
    ...(has("labels") ? { labels: labelChange(group.labels, live.labels ?? {}) } : {}),
    ...(has("taints") ? { taints: taintChange(group, live) } : {}),
    ...(has("minSize") || has("maxSize") ? { scalingConfig: scaling(group, live) } : {}),
    ...(has("updateConfig") ? { updateConfig: group.updateConfig } : {}),
    ...(has("nodeRepairConfig") ? { nodeRepairConfig: nodeRepair(group) } : {}),
  };
  const calls: Call[] = [];
  if (Object.keys(config).length > 0) {
    calls.push({
      service: "eks",
      operation: "UpdateNodegroupConfig",
      args: { clusterName: context.ownership.cluster, nodegroupName: name, ...config },
    });
  }
  const tags: Tags = { ...context.ownership.common, ...group.tags };
  const removed = Object.keys(userTags(live.tags)).filter((key) => !(key in tags));
  calls.push({
    service: "eks",
    operation: "TagResource",
    args: {
      resourceArn: live.nodegroupArn,
      tags: { ...(has("tags") ? tags : {}), [APPLIED]: { hashOf: comparison.fields } },
    },
  });
  if (has("tags") && removed.length > 0) {
    calls.push({
      service: "eks",
      operation: "UntagResource",
      args: { resourceArn: live.nodegroupArn, tagKeys: removed },
    });
  }
  return [
    create({
      part: `ng-${group.name}`,
      op: "update",
      target: { kind: "NodeGroup", name },
      class: "P",
      after: ["cluster", ...after],
      locks: [{ name: `ng:${name}`, shared: false }],
      calls,
      until: Object.keys(config).length > 0 ? { kind: "update", nodegroup: name } : undefined,
      changes: comparison.changes.filter((change) => changed.some((pair) => pair.path === change.path)),
      expectedSeconds: usual.nodegroupUpdate.usual,
    }),
  ];
}

function labelChange(wanted: Tags, live: Tags): unknown {
  const set = Object.fromEntries(Object.entries(wanted).filter(([key, value]) => live[key] !== value));
  const removed = Object.keys(live).filter((key) => !(key in wanted));
  return {
    ...(Object.keys(set).length === 0 ? {} : { addOrUpdateLabels: set }),
    ...(removed.length === 0 ? {} : { removeLabels: removed }),
  };
}

/** A taint is key and effect together: another value is an update, another effect is another taint. */
function taintChange(group: ManagedNodeGroup, live: EksNodegroup): unknown {
  const wanted = group.taints.map(eksTaint);
  const present = (live.taints ?? []).map(plainTaint);
  const same = (a: { key: string; effect: string }, b: { key: string; effect: string }) =>
    a.key === b.key && a.effect === b.effect;
  const set = wanted.filter((taint) => !present.some((other) => canonical(other) === canonical(taint)));
  const removed = present.filter((taint) => !wanted.some((other) => same(other, taint)));
  return {
    ...(set.length === 0 ? {} : { addOrUpdateTaints: set }),
    ...(removed.length === 0 ? {} : { removeTaints: removed }),
  };
}

function scaling(group: ManagedNodeGroup, live: EksNodegroup): unknown {
  const desired = live.scalingConfig?.desiredSize ?? group.desiredCapacity;
  return {
    minSize: group.minSize,
    maxSize: group.maxSize,
    // An autoscaler owns this number; it moves only when it would lie outside the new bounds.
    desiredSize: Math.min(group.maxSize, Math.max(group.minSize, desired)),
  };
}

function roll(
  context: Context,
  group: ManagedNodeGroup,
  template: PlannedTemplate,
  live: EksNodegroup,
  comparison: Comparison,
  version: string,
  after: readonly string[],
): readonly Action[] {
  const name = live.nodegroupName ?? group.name;
  const newTemplate = template.differsFrom(live.launchTemplate);
  const release = byClass(comparison.changed, "R").length > 0;
  const behind = live.version !== undefined && minorOf(live.version) < minorOf(version);
  if (!newTemplate && !release && !behind) return [];
  const force = context.inputs.allow.includes("force-upgrade");
  return [
    create({
      part: `ng-${group.name}`,
      op: behind ? "upgrade" : "roll",
      target: { kind: "NodeGroup", name },
      class: "R",
      needs: behind ? ["upgrade"] : [],
      after: ["cluster", ...(template.part === undefined ? [] : [template.part]), ...after],
      locks: [{ name: `ng:${name}`, shared: false }, ...SHARED],
      calls: [
        {
          service: "eks",
          operation: "UpdateNodegroupVersion",
          args: {
            clusterName: context.ownership.cluster,
            nodegroupName: name,
            ...(newTemplate ? { launchTemplate: template.reference } : {}),
            ...(behind ? { version } : {}),
            ...(release ? { releaseVersion: group.releaseVersion } : {}),
            ...(force ? { force: true } : {}),
          },
        },
      ],
      until: { kind: "update", nodegroup: name },
      changes: [
        ...comparison.changes.filter((change) => change.path.endsWith(".releaseVersion")),
        ...(behind
          ? [{ path: `nodegroup[${group.name}].version`, from: live.version, to: version, origin: "config" as const }]
          : []),
        ...(newTemplate
          ? [
              {
                path: `nodegroup[${group.name}].launchTemplate`,
                from: live.launchTemplate?.version ?? null,
                to: "new version",
                origin: "config" as const,
              },
            ]
          : []),
      ],
      expectedSeconds: usual.nodegroupRoll.usual,
    }),
  ];
}

function groupFindings(context: Context, group: ManagedNodeGroup, version: string): readonly Finding[] {
  const target = { kind: "NodeGroup", name: group.name };
  const findings: Finding[] = [];
  if (nodeSubnets(context, group).length === 0) {
    findings.push({
      level: "fatal",
      code: "SUBNET_INVALID",
      target,
      path: `${group.source}.subnets`,
      message: `node group ${group.name} has no ${group.privateNetworking ? "private" : "public"} subnet`,
      hint: group.privateNetworking
        ? "name private subnets under `vpc.subnets.private`"
        : "set `privateNetworking: true`",
    });
  }
  if (group.instanceTypes.length > 0 && groupAmiType(context, group) === undefined) {
    findings.push({
      level: "fatal",
      code: "CONFIG_UNSUPPORTED_FIELD",
      target,
      path: `${group.source}.amiFamily`,
      message: `EKS has no ${group.amiFamily} image for ${group.instanceTypes[0]}`,
      hint: "choose AmazonLinux2023 or Bottlerocket",
    });
  }
  if (group.amiFamily === "AmazonLinux2" && minorOf(version) >= 33) {
    findings.push({
      level: "fatal",
      code: "AMI_UNSUPPORTED",
      target,
      path: `${group.source}.amiFamily`,
      message: `AmazonLinux2 is not offered for Kubernetes ${version}`,
      hint: "amiFamily: AmazonLinux2023",
    });
  }
  return findings;
}

function foreign(group: ManagedNodeGroup, owner: string): Finding {
  return {
    level: "fatal",
    code: "OWNED_BY_OTHER",
    target: { kind: "NodeGroup", name: group.name },
    message: `node group ${group.name} belongs to \`${owner}\``,
    hint: "choose another name for the group",
  };
}
