import { addonSteps } from "../addons/steps.ts";
import { followedGroups, groupSteps, versionsOf } from "../nodes/nodegroup-steps.ts";
import type { Action, Step } from "../plan/action.ts";
import { create } from "../plan/build.ts";
import type { Context } from "../plan/context.ts";
import { usual } from "../plan/durations.ts";
import { rollbackGates, upgradeGates } from "./gates.ts";
import { insightLevel } from "./insights.ts";
import { minorOf, upgradePath } from "./versions.ts";

export interface UpgradeStep extends Step {
  /** The Kubernetes version at which nodes and add-ons end in this plan. */
  readonly version: string;
}

const EXCLUSIVE = [{ name: "cluster", shared: false }] as const;

/**
 * The way from the live version to the wanted one, behind every other change of the cluster. For each minor: insights,
 * control plane, add-ons that it leaves behind, and node groups where they must follow at once; the last minor's add-ons
 * and nodes follow by their own comparison with the file.
 */
export function planUpgrade(context: Context, target: string, after: readonly string[]): UpgradeStep {
  const { facts } = context;
  const live = facts.cluster?.version;
  if (live === undefined || facts.cluster?.status === "DELETING") return { actions: [], version: target };
  // The version that a running update ends at is known only once it has ended.
  if (facts.updates.some(({ type }) => /^Version/.test(type))) return { actions: [], version: live };
  if (minorOf(target) < minorOf(live)) {
    return {
      actions: [versionUpdate(context, "rollback", live, target, after)],
      findings: rollbackGates(context, target),
      version: target,
    };
  }
  const path = upgradePath(live, target);
  if (path.length === 0) return { actions: addonSteps(context, live, true, after).actions, version: target };
  return { actions: minors(context, live, path, after), findings: upgradeGates(context, path), version: target };
}

function minors(context: Context, live: string, path: readonly string[], after: readonly string[]): readonly Action[] {
  const { nodeRoll } = context.inputs;
  const actions: Action[] = [];
  const groups = new Map(versionsOf(context));
  let addons = addonSteps(context, live, false, after);
  let before = [...after, ...addons.actions.map((action) => action.id)];
  actions.push(...addons.actions);
  let from = live;
  for (const version of path) {
    const rolls = groupSteps(context, groups, from, followedGroups(context, groups, from, version), before);
    const gate = insightGate(context, version, [...before, ...rolls.map((action) => action.id)]);
    const behind = [...before, ...rolls.map((action) => action.id), ...gate.map((action) => action.id)];
    const update = versionUpdate(context, "upgrade", from, version, behind);
    actions.push(...rolls, ...gate, update);
    const isLast = version === path.at(-1);
    addons = addonSteps(context, version, isLast, [update.id], addons.versions);
    const steps = addons.actions.map((action) => action.id);
    const all = nodeRoll === "each-minor" && !isLast ? [...groups.keys()] : [];
    const follows = groupSteps(context, groups, version, all, [update.id, ...steps]);
    actions.push(...addons.actions, ...follows);
    before = [update.id, ...steps, ...follows.map((action) => action.id)];
    from = version;
  }
  return actions;
}

function versionUpdate(
  context: Context,
  op: "upgrade" | "rollback",
  from: string,
  version: string,
  after: readonly string[],
): Action {
  const { config, inputs } = context;
  const { name, forceUpdateVersion, rollbackConfig } = config.metadata;
  const force = forceUpdateVersion || inputs.allow.includes("force-upgrade");
  return create({
    part: "cluster",
    suffix: version,
    op,
    target: { kind: "Cluster", name },
    class: "C",
    needs: [op, ...(forceUpdateVersion ? (["force-upgrade"] as const) : [])],
    after,
    locks: EXCLUSIVE,
    calls: [
      {
        service: "eks",
        operation: "UpdateClusterVersion",
        args: {
          name,
          version,
          ...(force ? { force: true } : {}),
          ...(rollbackConfig === undefined || op === "upgrade" ? {} : { rollbackConfig }),
        },
      },
    ],
    until: { kind: "update" },
    changes: [{ path: "metadata.version", from, to: version, origin: "config" }],
    expectedSeconds: usual.clusterUpgrade.usual,
  });
}

/** Insights age: before each step they are made anew, and decide again. */
function insightGate(context: Context, version: string, after: readonly string[]): readonly Action[] {
  const level = insightLevel(context);
  if (level === undefined) return [];
  return [
    create({
      part: "insights",
      suffix: version,
      op: "wait",
      target: { kind: "Insights", name: `for ${version}` },
      after,
      until: { kind: "insights", version, level },
      expectedSeconds: usual.insights.usual,
    }),
  ];
}
