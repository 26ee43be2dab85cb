import type { EksNodegroup } from "@eks-actions/aws";
import type { ManagedNodeGroup } from "@eks-actions/cluster-config";
import { deleteFailedGroup, mayMakeAgain } from "../cluster/failed.ts";
import type { Action, Call, Step } from "../plan/action.ts";
import { create } from "../plan/build.ts";
import type { Context } from "../plan/context.ts";
import { byClass, type Comparison, compare } from "../plan/diff.ts";
import { usual } from "../plan/durations.ts";
import type { Finding } from "../plan/finding.ts";
import { APPLIED, retag, type Tags } from "../plan/tags.ts";
import { canonical } from "../plan/value.ts";
import { minorOf } from "../upgrade/versions.ts";
import type { PlannedTemplate } from "./launch-template.ts";
import { eksTaint, nodeGroupPairs, nodeRepair, nodeUpdate, plainTaint } from "./nodegroup-fields.ts";
import { ROLLING } from "./nodegroup-steps.ts";

export const SHARED = [{ name: "cluster", shared: true }] as const;

export function changeGroup(
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
  if (mayMakeAgain(live, context.facts.recreated)) return { actions: [deleteFailedGroup(live)] };
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
    ...(has("minSize") || has("maxSize") || has("desiredCapacity") ? { scalingConfig: scaling(group, live) } : {}),
    ...(has("updateConfig") ? { updateConfig: nodeUpdate(group) } : {}),
    ...(has("warmPoolConfig") ? { warmPoolConfig: group.warmPoolConfig } : {}),
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
  calls.push(...retag(live.nodegroupArn, live.tags, { ...context.ownership.common, ...group.tags }, comparison.fields));
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
  const desired = group.manageDesired
    ? group.desiredCapacity
    : (live.scalingConfig?.desiredSize ?? group.desiredCapacity);
  return {
    minSize: group.minSize,
    maxSize: group.maxSize,
    // Unless the extension says otherwise an autoscaler owns this number; it moves only to stay within the bounds.
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
  // An image of the user's own has a version that EKS does not know.
  const behind = group.ami === undefined && live.version !== undefined && minorOf(live.version) < minorOf(version);
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
      locks: [{ name: `ng:${name}`, shared: false }, ROLLING, ...SHARED],
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
