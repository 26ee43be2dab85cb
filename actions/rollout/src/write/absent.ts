import { judgeAbsent, type Verdict } from "@eks-actions/health";
import { identityOf, type ObjectRef } from "@eks-actions/manifest";

/** Whoever deletes an object in order to make it anew does so within this time. */
const ANEW_WITHIN_MS = 10_000;

/** Verdict on an object that was written and is gone: somebody else has deleted it, and nobody will bring it back. */
export function judgeDeleted(ref: ObjectRef, firstSeen: ReadonlyMap<string, number>, now: number): Verdict {
  const key = `absent ${identityOf(ref)}`;
  const end = (firstSeen.get(key) ?? now) + ANEW_WITHIN_MS;
  const verdict = judgeAbsent(ref);
  if (now < end) return { ...verdict, watching: [key], recheckAt: end };
  const message = "was deleted by somebody else while it was rolled out";
  return { ...verdict, status: "failed", why: "RESOURCE_FAILED", message, watching: [key] };
}
