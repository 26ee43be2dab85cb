import type { Call, Step } from "../plan/action.ts";
import { create } from "../plan/build.ts";
import type { Context } from "../plan/context.ts";
import { tagsOf } from "../plan/tags.ts";
import { resolve } from "../plan/value.ts";

/** A role of nodes that EKS does not let in by itself. */
export interface NodeRoleEntry {
  readonly part: string;
  /** For people: `hybrid nodes`. */
  readonly name: string;
  /** ARN, or a reference to a role that is made in this run. */
  readonly principal: unknown;
  readonly type: "EC2_LINUX" | "HYBRID_LINUX";
  /** Part of the role, when it is ours. */
  readonly rolePart: string;
}

export function planRoleEntry(context: Context, { part, name, principal, type, rolePart }: NodeRoleEntry): Step {
  const arn = resolve(principal, context.known);
  const target = { kind: "AccessEntry", name };
  if (context.facts.entries.some((live) => live.entry.principalArn === arn))
    return { actions: [], unchanged: [target] };
  const call: Call = {
    service: "eks",
    operation: "CreateAccessEntry",
    args: {
      clusterName: context.ownership.cluster,
      principalArn: principal,
      type,
      tags: tagsOf(context.ownership, part, { type }),
    },
  };
  return { actions: [create({ part, op: "create", target, after: ["cluster", rolePart], calls: [call] })] };
}
