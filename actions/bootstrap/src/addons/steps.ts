import type { Addon } from "@eks-actions/cluster-config";
import type { Action } from "../plan/action.ts";
import { create } from "../plan/build.ts";
import type { Context } from "../plan/context.ts";
import { usual } from "../plan/durations.ts";
import { addonVersion, isLeftBehind, stepsBetween } from "../upgrade/versions.ts";

interface AddonSteps {
  readonly actions: readonly Action[];
  /** Add-on → its version after them. */
  readonly versions: ReadonlyMap<string, string>;
}

/**
 * Updates on the way, once the control plane is at `version`: of add-ons that this minor leaves behind, and of vpc-cni one
 * minor at a time. With `isLast` the last update of each is left to the comparison with the file.
 */
export function addonSteps(
  context: Context,
  version: string,
  isLast: boolean,
  after: readonly string[],
  reached: ReadonlyMap<string, string> = installed(context),
): AddonSteps {
  const versions = new Map(reached);
  const actions = context.config.addons.flatMap((addon) => {
    const from = versions.get(addon.name);
    const to = from === undefined ? undefined : wanted(context, addon, from, version, isLast);
    if (from === undefined || to === undefined || to === from) return [];
    const steps = stepsBetween(addon.name, from, to, context.facts.addonInfos.get(addon.name), version);
    versions.set(addon.name, to);
    let before = after;
    return (isLast ? steps.slice(0, -1) : steps).map((step, index) => {
      const action = update(context, addon, steps[index - 1] ?? from, step, before);
      before = [action.id];
      return action;
    });
  });
  return { actions, versions };
}

/** Part of the updates on the way of one add-on; its last update stands behind it. */
export function addonStepPart(name: string): string {
  return `addon-step-${name}`;
}

function installed({ facts, config }: Context): ReadonlyMap<string, string> {
  return new Map(
    facts.addons
      .filter((live) => live.status === "ACTIVE" || live.status === "DEGRADED" || live.status === "UPDATE_FAILED")
      .filter((live) => config.addons.some((addon) => addon.name === live.addonName))
      .map((live) => [live.addonName ?? "", live.addonVersion ?? ""]),
  );
}

function wanted(context: Context, addon: Addon, from: string, version: string, isLast: boolean): string | undefined {
  const info = context.facts.addonInfos.get(addon.name);
  if (isLast && addon.version !== undefined) return addonVersion(addon, info, version);
  if (!isLeftBehind(addon.name, from, info, version)) return from;
  // A version that the file names may fit the last minor alone; on the way the minor's own default will do.
  return addonVersion(addon, info, version) ?? addonVersion({ ...addon, version: undefined }, info, version);
}

function update(context: Context, addon: Addon, from: string, to: string, after: readonly string[]): Action {
  return create({
    part: addonStepPart(addon.name),
    suffix: to,
    op: "update",
    target: { kind: "Addon", name: addon.name },
    class: "P",
    after,
    locks: [{ name: `addon:${addon.name}`, shared: false }],
    calls: [
      {
        service: "eks",
        operation: "UpdateAddon",
        args: {
          clusterName: context.ownership.cluster,
          addonName: addon.name,
          addonVersion: to,
          resolveConflicts: addon.resolveConflicts ?? "PRESERVE",
        },
      },
    ],
    until: { kind: "update", addon: addon.name },
    changes: [{ path: `addons[${addon.name}].version`, from, to, origin: "config" }],
    expectedSeconds: usual.addonUpdate.usual,
  });
}
