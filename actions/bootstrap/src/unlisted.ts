import type { Step } from "./action.ts";
import { type Context, partOf } from "./context.ts";
import { deleteGroup, liveGroups } from "./nodegroup.ts";

/** Live node groups that no group of the file stands for. */
export function unlistedGroups(context: Context): Step {
  const { config, facts, ownership, inputs } = context;
  const listed = new Set(
    config.managedNodeGroups.flatMap((group) => liveGroups(context, group).map((live) => live.nodegroupName)),
  );
  const extra = facts.nodegroups.filter((live) => !listed.has(live.nodegroupName));
  const isOurs = (tags: Readonly<Record<string, string>> | undefined) =>
    partOf(ownership.cluster, tags ?? {}) !== undefined;
  const actions =
    inputs.unmanaged === "delete"
      ? extra.filter((live) => isOurs(live.tags)).map((live) => deleteGroup(live, [], ["delete-nodegroup"]))
      : [];
  return {
    actions,
    unmanaged: [
      ...extra.map((live) => ({
        kind: "NodeGroup",
        name: live.nodegroupName ?? "",
        orphan: isOurs(live.tags),
        note: `${live.scalingConfig?.desiredSize ?? 0} × ${live.instanceTypes?.join(", ") ?? "own template"}`,
      })),
      ...facts.fargateProfiles.map((name) => ({ kind: "FargateProfile", name, orphan: false, note: "" })),
      ...facts.capabilities.map((name) => ({ kind: "Capability", name, orphan: false, note: "" })),
    ],
  };
}
