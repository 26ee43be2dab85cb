import type { Clock } from "@eks-actions/action";
import type { Usual } from "../plan/durations.ts";

/** How a wait ended. `note`: the object stands, with a remark. */
export interface Ended {
  readonly note?: string | undefined;
  /** It did not end well, but the next plan knows what to do. */
  readonly replan?: boolean | undefined;
}

export const DONE: Ended = {};

/** One look at what is waited for; `undefined` while it goes on. */
export type Look = (elapsedSeconds: number) => Promise<Ended | undefined>;

/** First looks come fast, for what is done at once or refused at once; seconds. */
const FIRST = [0.25, 0.5, 1, 2, 4, 8, 16] as const;

/**
 * Seconds to wait before the next look. After the first ones every 20 s, until most of the shortest usual time has
 * passed, then every 5 s: the end is near, and a look costs little. Without a known shortest time every 10 s.
 */
export function nextLook(looks: number, elapsedSeconds: number, usual: Usual): number {
  const first = FIRST[looks];
  if (first !== undefined) return first;
  if (usual.p10 === undefined) return 10;
  const near = usual.p10 * 0.8;
  if (elapsedSeconds >= near) return 5;
  return Math.min(20, Math.max(1, near - elapsedSeconds));
}

/** Looks until `look` answers something. */
export async function pollUntil<T>(
  clock: Clock,
  usual: Usual,
  signal: AbortSignal,
  look: (elapsedSeconds: number) => Promise<T | undefined>,
): Promise<T> {
  const startedAt = clock.now();
  for (let looks = 0; ; looks++) {
    const elapsed = (clock.now() - startedAt) / 1000;
    await clock.sleep(nextLook(looks, elapsed, usual) * 1000, signal);
    const found = await look((clock.now() - startedAt) / 1000);
    if (found !== undefined) return found;
  }
}

/** Health issues of an object in AWS's own words. */
export type Issues =
  | readonly {
      readonly code?: string | undefined;
      readonly message?: string | undefined;
      readonly resourceIds?: string[] | undefined;
    }[]
  | undefined;

/** `: Code: message (ids); …`, or nothing. */
export function issueText(issues: Issues): string {
  if (issues === undefined || issues.length === 0) return "";
  const shown = issues.map((issue) => {
    const ids = issue.resourceIds ?? [];
    return `${issue.code}: ${issue.message}${ids.length === 0 ? "" : ` (${ids.slice(0, 5).join(", ")})`}`;
  });
  return `: ${shown.join("; ").slice(0, 1000)}`;
}
