import type { Action, Call, Lock, Op, Target, Until } from "./action.ts";
import type { Word } from "./consent.ts";
import { usual } from "./durations.ts";

/** An action before ordering: `after` may name parts, and most members have a usual value. */
export interface Draft {
  /** Part that the action makes or changes; what others name in `after`. */
  readonly part: string;
  /** Tells several actions of one part apart: `nodegroup/web:update:labels`. */
  readonly suffix?: string | undefined;
  readonly op: Op;
  readonly target: Target;
  readonly class?: string | undefined;
  readonly destructive?: boolean | undefined;
  readonly needs?: readonly Word[] | undefined;
  readonly after?: readonly string[] | undefined;
  readonly afterIssued?: readonly string[] | undefined;
  readonly locks?: readonly Lock[] | undefined;
  readonly calls?: readonly Call[] | undefined;
  readonly until?: Until | undefined;
  readonly changes?: Action["changes"] | undefined;
  readonly expectedSeconds?: number | undefined;
}

export function create(draft: Draft): Action {
  const suffix = draft.suffix === undefined ? "" : `:${draft.suffix}`;
  return {
    id: `${draft.part}:${draft.op}${suffix}`,
    op: draft.op,
    target: draft.target,
    class: draft.class ?? "K",
    destructive: draft.destructive ?? false,
    needs: draft.needs ?? [],
    after: draft.after ?? [],
    afterIssued: draft.afterIssued ?? [],
    locks: draft.locks ?? [],
    calls: draft.calls ?? [],
    until: draft.until,
    changes: draft.changes ?? [],
    expectedSeconds: draft.expectedSeconds ?? usual.quick.usual,
  };
}

/** Zero or one action that is done as soon as its calls are answered. */
export function quick(
  part: string,
  target: Target,
  isNew: boolean,
  calls: readonly Call[],
  after: readonly string[],
  suffix?: string,
): readonly Action[] {
  if (calls.length === 0) return [];
  return [create({ part, suffix, op: isNew ? "create" : "update", target, calls, after, class: isNew ? "K" : "P" })];
}

/** The part of an action's id: what precedes the operation. */
export function partOfId(id: string): string {
  return id.slice(0, id.indexOf(":"));
}
