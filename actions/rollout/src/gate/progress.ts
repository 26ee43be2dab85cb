import type { Log } from "@eks-actions/action";
import type { Verdict } from "@eks-actions/health";
import { cutMiddle } from "@eks-actions/markdown";

// With many objects at work, a line for each pod would hide what matters.
const CALM_MS = 1000;
const FEW = 5;

export interface Progress extends Disposable {
  /** What is not done yet, of how many, and milliseconds since the wait began. */
  update(open: readonly Verdict[], total: number, elapsedMs: number): void;
}

/** Progress lines of a gate: one at each change, fewer when much is going on, at least one in 10 s. */
export function createProgress(
  options: { readonly app: string; readonly typicalMs?: number | undefined },
  log: Log,
): Progress {
  const wait = log.wait();
  let printedAt = Number.NEGATIVE_INFINITY;
  return {
    update(open, total, elapsedMs) {
      if (open.length > FEW && elapsedMs - printedAt < CALM_MS) return;
      const [only] = open;
      if (only === undefined) return;
      printedAt = elapsedMs;
      const isAlone = open.length === 1 && only.progress !== undefined;
      wait.update({
        what: isAlone ? cutMiddle(only.ref.name) : options.app,
        progress: isAlone ? progressOf(only) : `${total - open.length}/${total} healthy`,
        waiting: isAlone ? only.message : `${only.ref.kind} ${cutMiddle(only.ref.name)} ${shortOf(only)}`,
        typicalMs: options.typicalMs,
      });
    },
    [Symbol.dispose]() {
      wait[Symbol.dispose]();
    },
  };
}

/** Pods that are ready, once they are new ones: old pods that still serve make no progress. */
function progressOf({ progress }: Verdict): string {
  if (progress === undefined) return "";
  const { ready, updated, wanted, ofNew } = progress;
  return ofNew !== true && updated < wanted ? `${updated}/${wanted} updated` : `${ready}/${wanted} ready`;
}

function shortOf(verdict: Verdict): string {
  return `${progressOf(verdict)} ${verdict.message}`.trim();
}
