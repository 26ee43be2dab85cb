import type { Action, Lock } from "../plan/action.ts";
import { create } from "../plan/build.ts";
import { type Context, partOf } from "../plan/context.ts";
import { usual } from "../plan/durations.ts";
import { minorOf } from "../upgrade/versions.ts";

/** Kubelets may be three minors behind their API server. */
const MAX_SKEW = 3;

/** Rolls take capacity away: two node groups at a time. */
export const ROLLING: Lock = { name: "rolling", shared: true, limit: 2 };

/** Live node groups of the file that EKS can roll, and the minor that each is at. */
export function versionsOf({ facts, config, ownership }: Context): readonly (readonly [string, string])[] {
  const parts = config.managedNodeGroups.map((group) => `ng-${group.name}`);
  return facts.nodegroups.flatMap((live) => {
    const isFiled =
      parts.includes(partOf(ownership.cluster, live.tags ?? {}) ?? "") || parts.includes(`ng-${live.nodegroupName}`);
    const rolls = isFiled && live.amiType !== "CUSTOM" && (live.status === "ACTIVE" || live.status === "DEGRADED");
    return rolls && live.version !== undefined ? [[live.nodegroupName ?? "", live.version] as const] : [];
  });
}

/** Groups that must reach `from` before the control plane may go on to `next`. */
export function followedGroups(
  { facts }: Context,
  versions: ReadonlyMap<string, string>,
  from: string,
  next: string,
): readonly string[] {
  return [...versions]
    .filter(([, at]) => minorOf(next) - minorOf(at) > MAX_SKEW || (facts.nodesFirst && at !== from))
    .map(([name]) => name);
}

/** Rolls of `names` to `version`, and the note in `versions` that they are there then. */
export function groupSteps(
  context: Context,
  versions: Map<string, string>,
  version: string,
  names: readonly string[],
  after: readonly string[],
): readonly Action[] {
  return names.flatMap((name) => {
    const from = versions.get(name) ?? version;
    if (minorOf(from) >= minorOf(version)) return [];
    versions.set(name, version);
    return [roll(context, name, from, version, after)];
  });
}

function roll(context: Context, name: string, from: string, version: string, after: readonly string[]): Action {
  const force = context.inputs.allow.includes("force-upgrade");
  return create({
    part: `ng-step-${name}`,
    suffix: version,
    op: "upgrade",
    target: { kind: "NodeGroup", name },
    class: "R",
    needs: ["upgrade"],
    after,
    locks: [{ name: `ng:${name}`, shared: false }, ROLLING],
    calls: [
      {
        service: "eks",
        operation: "UpdateNodegroupVersion",
        args: {
          clusterName: context.ownership.cluster,
          nodegroupName: name,
          version,
          ...(force ? { force: true } : {}),
        },
      },
    ],
    until: { kind: "update", nodegroup: name },
    changes: [{ path: `nodegroup[${name}].version`, from, to: version, origin: "config" }],
    expectedSeconds: usual.nodegroupRoll.usual,
  });
}
