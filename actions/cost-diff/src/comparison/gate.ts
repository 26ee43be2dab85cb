import { type Money, ratio, toNumber } from "@eks-actions/pricing";
import { hasLimit, type Inputs } from "../inputs.ts";
import type { Gate, GateRule } from "../report-file/report-model.ts";

export interface GateFacts {
  readonly base: Money;
  readonly head: Money;
  /** Pods that cannot be placed. */
  readonly unplaced: { readonly base: number; readonly head: number };
  readonly labels: readonly string[];
}

type GateInputs = Pick<Inputs, "failOn" | "maxIncreaseUsd" | "maxIncreasePercent" | "maxTotalUsd" | "approveLabel">;

const HALF_CENT = 5_000_000_000n;

/** Compares unrounded figures, strictly: a limit that is met exactly is kept. */
export function judge(inputs: GateInputs & Inputs, facts: GateFacts): Gate {
  const failOn = inputs.failOn ?? (hasLimit(inputs) ? "threshold" : "none");
  if (failOn === "none") return { verdict: "off", rules: [] };
  const diff = facts.head - facts.base;
  const rules: GateRule[] = [];
  if (failOn === "increase")
    rules.push({ rule: "increase", limit: 0, value: toNumber(diff), exceeded: diff > HALF_CENT });
  if (inputs.maxIncreaseUsd !== undefined) {
    rules.push({
      rule: "max-increase-usd",
      limit: toNumber(inputs.maxIncreaseUsd),
      value: toNumber(diff),
      exceeded: diff > inputs.maxIncreaseUsd,
    });
  }
  if (inputs.maxIncreasePercent !== undefined) rules.push(percentRule(inputs.maxIncreasePercent, facts));
  if (inputs.maxTotalUsd !== undefined) {
    rules.push({
      rule: "max-total-usd",
      limit: toNumber(inputs.maxTotalUsd),
      value: toNumber(facts.head),
      exceeded: facts.head > inputs.maxTotalUsd,
    });
  }
  const more = facts.unplaced.head > facts.unplaced.base;
  if (more)
    rules.push({ rule: "unschedulable", limit: facts.unplaced.base, value: facts.unplaced.head, exceeded: true });
  if (!rules.some(({ exceeded }) => exceeded)) return { verdict: "passed", rules };
  return { verdict: facts.labels.includes(inputs.approveLabel) ? "overridden" : "failed", rules };
}

/** With nothing before, any cost is more than any percent. */
function percentRule(limit: Money, { base, head }: GateFacts): GateRule {
  if (base <= 0n) {
    return { rule: "max-increase-percent", limit: toNumber(limit), value: null, exceeded: head > 0n };
  }
  const hundred = 100n * 10n ** 12n;
  const value = ratio(hundred, head - base, base);
  return {
    rule: "max-increase-percent",
    limit: toNumber(limit),
    value: toNumber(value),
    exceeded: (head - base) * hundred > limit * base,
  };
}
