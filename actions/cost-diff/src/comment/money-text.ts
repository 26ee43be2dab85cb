import { type Money, showDelta, showMoney, showUnitPrice } from "@eks-actions/pricing";

/** Money of a report: numbers with six decimals, shown as the voice page says. */
export interface MoneyText {
  amount(value: number): string;
  /** `–` for no change. */
  delta(value: number): string;
  /** `no change` for no change. */
  change(value: number): string;
  unit(value: number): string;
}

export function moneyText(currency: string): MoneyText {
  return {
    amount: (value) => showMoney(toMoney(value), currency),
    delta: (value) => (isNothing(value) ? "–" : showDelta(toMoney(value), currency)),
    change: (value) => showDelta(toMoney(value), currency),
    unit: (value) => showUnitPrice(toMoney(value, 12), currency),
  };
}

export function isNothing(value: number): boolean {
  return Math.abs(value) < 0.005;
}

/** Numbers of the JSON hold at most six decimals, unit prices twelve. */
function toMoney(value: number, decimals = 6): Money {
  return BigInt(Math.round(value * 10 ** decimals)) * 10n ** BigInt(12 - decimals);
}
