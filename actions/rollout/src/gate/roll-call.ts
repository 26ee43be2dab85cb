import { type Budgets, judge, type Verdict } from "@eks-actions/health";
import { identityOf, type KubeObject, type ObjectRef } from "@eks-actions/manifest";
import { judgeDeleted } from "../write/absent.ts";
import { needsWatch, type View } from "./view.ts";

/** The verdicts of all members of a gate, given anew only where something has changed or time has come. */
export interface RollCall {
  /** Looks at all members by the server's clock, milliseconds since the epoch; returns the verdicts that are new. */
  look(now: number): readonly Verdict[];
  /** Of those that are not done. */
  open(): readonly Verdict[];
  /** When time alone may change a verdict; infinite when it cannot. */
  recheckAt(now: number): number;
  /** Of all members in their order, each judged once more in view of how everything has ended. */
  settle(now: number): readonly Verdict[];
}

interface Member {
  readonly ref: ObjectRef;
  readonly identity: string;
  seen?: { readonly object: KubeObject | undefined; readonly version: number; readonly verdict: Verdict };
}

export function isDone(verdict: Verdict): boolean {
  return verdict.status === "healthy" || verdict.status === "suspended";
}

/** What a roll call sees of the cluster. */
type Scene = Pick<View, "current" | "around" | "versionAround">;

export function createRollCall(refs: readonly ObjectRef[], view: Scene, budgets: Budgets): RollCall {
  const members = refs.map((ref): Member => ({ ref, identity: identityOf(ref) }));
  const firstSeen = new Map<string, number>();
  // Most of a set is configuration, whose verdict cannot change once it is there.
  let restless: readonly Member[] = members;

  function judgeMember({ ref, identity }: Member, now: number): NonNullable<Member["seen"]> {
    const object = view.current(identity);
    if (object === undefined) return { object, version: 0, verdict: judgeDeleted(ref, firstSeen, now) };
    const version = view.versionAround(object);
    return { object, version, verdict: judge(object, view.around(object, firstSeen), budgets, now) };
  }

  function isFresh({ identity, seen }: Member, now: number): boolean {
    if (seen === undefined) return true;
    const object = view.current(identity);
    if (object !== seen.object || (seen.verdict.recheckAt ?? Number.POSITIVE_INFINITY) <= now) return true;
    return object !== undefined && view.versionAround(object) !== seen.version;
  }

  /** Keys keep the time of their first sight for as long as they are being watched. */
  function remember(now: number): void {
    const watching = new Set(restless.flatMap(({ seen }) => seen?.verdict.watching ?? []));
    for (const key of firstSeen.keys()) if (!watching.has(key)) firstSeen.delete(key);
    for (const key of watching) if (!firstSeen.has(key)) firstSeen.set(key, now);
  }

  return {
    look(now) {
      const fresh = restless.filter((member) => isFresh(member, now));
      if (fresh.length === 0) return [];
      for (const member of fresh) member.seen = judgeMember(member, now);
      remember(now);
      restless = restless.filter(({ seen }) => seen?.object === undefined || needsWatch(seen.object));
      return fresh.flatMap(({ seen }) => seen?.verdict ?? []);
    },
    open: () => restless.flatMap(({ seen }) => (seen === undefined || isDone(seen.verdict) ? [] : [seen.verdict])),
    recheckAt: (now) =>
      restless
        .map(({ seen }) => seen?.verdict.recheckAt ?? Number.POSITIVE_INFINITY)
        .reduce((first, time) => (time > now && time < first ? time : first), Number.POSITIVE_INFINITY),
    settle(now) {
      for (const member of members) member.seen = judgeMember(member, now);
      return members.flatMap(({ seen }) => seen?.verdict ?? []);
    },
  };
}
