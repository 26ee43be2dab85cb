import { type KubeObject, refOf } from "@eks-actions/manifest";
import { line } from "./read.ts";
import type { Cause, FailureCause, Status, Sureness, Verdict } from "./verdict.ts";

type Extra = Partial<Omit<Verdict, "ref" | "status" | "why" | "message">>;

function verdict(object: KubeObject, status: Status, why: Cause, message: string, extra: Extra): Verdict {
  return {
    ref: refOf(object),
    status,
    why,
    message: line(message),
    sure: "certain",
    evidence: [],
    warnings: [],
    watching: [],
    wantsDetails: false,
    ...extra,
  };
}

export function healthy(object: KubeObject, message: string, extra: Extra = {}): Verdict {
  return verdict(object, "healthy", "OK", message, extra);
}

export function waiting(object: KubeObject, message: string, extra: Extra = {}): Verdict {
  return verdict(object, "progressing", "WAITING", message, extra);
}

export function suspended(object: KubeObject, message: string, extra: Extra = {}): Verdict {
  return verdict(object, "suspended", "OK", message, extra);
}

export function terminating(object: KubeObject, message: string, extra: Extra = {}): Verdict {
  return verdict(object, "terminating", "WAITING", message, extra);
}

export function failed(object: KubeObject, why: FailureCause, message: string, extra: Extra = {}): Verdict {
  return verdict(object, "failed", why, message, extra);
}

/** Trouble that is borne for a while: waiting until the budget is over, then failed. */
export function failedAfter(
  object: KubeObject,
  trouble: { readonly why: FailureCause; readonly message: string; readonly key: string; readonly sure?: Sureness },
  clock: { readonly since: number; readonly budgetMs: number; readonly now: number },
  extra: Extra = {},
): Verdict {
  const { why, message, key, sure = "certain" } = trouble;
  const end = clock.since + clock.budgetMs;
  const shared = { sure, watching: [key], ...extra };
  if (clock.now >= end) return failed(object, why, message, shared);
  return waiting(object, message, {
    ...shared,
    recheckAt: end,
    graceUntil: end,
    suspect: { why, message: line(message) },
  });
}
