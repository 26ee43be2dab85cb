import { deleteRole } from "../access/roles.ts";
import type { Action, Step } from "../plan/action.ts";
import { type Context, partOf } from "../plan/context.ts";
import { OWNER } from "../plan/tags.ts";
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
    ],
  };
}

/** Roles of ours that no part of the file uses any more. They go behind what used them. */
export function unlistedRoles(context: Context, wanted: readonly string[], actions: readonly Action[]): Step {
  const { facts, ownership, inputs } = context;
  const extra = facts.roles.filter((role) => {
    const part = partOf(ownership.cluster, role.tags);
    return part !== undefined && role.tags[OWNER] === ownership.owner && !wanted.includes(part);
  });
  const gone = actions.filter((action) => action.op === "delete" || action.op === "replace").map((action) => action.id);
  return {
    actions: inputs.unmanaged === "delete" ? extra.map((role) => deleteRole(context, role, gone)) : [],
    unmanaged: extra.map((role) => ({ kind: "Role", name: role.name, orphan: true, note: "" })),
  };
}
