import type { Action } from "./action.ts";
import { partOfId } from "./build.ts";

/**
 * Turns parts in `after` and `afterIssued` into ids of actions that are really planned, and sorts: an action stands
 * behind everything it waits for, ties by id.
 */
export function order(actions: readonly Action[]): readonly Action[] {
  const byPart = new Map<string, string[]>();
  for (const { id } of actions) {
    const part = partOfId(id);
    byPart.set(part, [...(byPart.get(part) ?? []), id]);
  }
  const ids = new Set(actions.map((action) => action.id));
  const expand = (names: readonly string[], own: string) =>
    [...new Set(names.flatMap((name) => (ids.has(name) ? [name] : (byPart.get(name) ?? []))))]
      .filter((id) => id !== own)
      .sort();
  const linked = actions.map((action) => ({
    ...action,
    after: expand(action.after, action.id),
    afterIssued: expand(action.afterIssued, action.id),
  }));
  return topological(linked);
}

function topological(actions: readonly Action[]): readonly Action[] {
  const left = new Map([...actions].sort((a, b) => (a.id < b.id ? -1 : 1)).map((action) => [action.id, action]));
  const sorted: Action[] = [];
  while (left.size > 0) {
    const ready = [...left.values()].filter((action) =>
      [...action.after, ...action.afterIssued].every((id) => !left.has(id)),
    );
    if (ready.length === 0) throw new Error(`actions wait for each other: ${[...left.keys()].join(", ")}`);
    for (const action of ready) {
      sorted.push(action);
      left.delete(action.id);
    }
  }
  return sorted;
}

export interface Timing {
  readonly expectedSeconds: number;
  /** Ids along the longest way. */
  readonly criticalPath: readonly string[];
}

/** The longest way through the actions by their usual length. */
export function timing(sorted: readonly Action[]): Timing {
  const ends = new Map<string, { readonly seconds: number; readonly via: string | undefined }>();
  let last: string | undefined;
  for (const action of sorted) {
    let via: string | undefined;
    let start = 0;
    for (const id of action.after) {
      const end = ends.get(id)?.seconds ?? 0;
      if (end > start) {
        start = end;
        via = id;
      }
    }
    ends.set(action.id, { seconds: start + action.expectedSeconds, via });
    if (last === undefined || start + action.expectedSeconds > (ends.get(last)?.seconds ?? 0)) last = action.id;
  }
  const criticalPath: string[] = [];
  for (let at = last; at !== undefined; at = ends.get(at)?.via) criticalPath.unshift(at);
  return { expectedSeconds: last === undefined ? 0 : (ends.get(last)?.seconds ?? 0), criticalPath };
}
