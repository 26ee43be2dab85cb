/** An exact amount in 1e-12 of a currency. Amounts of the bill are a month's. */
export type Money = bigint;

/** Hours in a month, as AWS's own calculator counts: 43,800 minutes. */
export const HOURS_PER_MONTH = 730;

const DECIMALS = 12;
const UNIT = 10n ** BigInt(DECIMALS);
/** Quantities have six decimals, so that hours, GB and shares of them are exact. */
const QUANTITY_UNIT = 1_000_000n;

/** A plain decimal of at most `decimals` places as `Money`, exactly; `undefined` for anything else. Never a float. */
export function parseDecimal(value: string, decimals = 10): Money | undefined {
  const match = /^(-?)(\d{1,12})(?:\.(\d+))?$/.exec(value);
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = ""] = match;
  if (fraction.length > decimals) return undefined;
  const amount = BigInt(whole) * UNIT + BigInt(fraction.padEnd(DECIMALS, "0"));
  return sign === "-" ? -amount : amount;
}

/** A number's shortest decimal text without an exponent: `5e-5` → `0.00005`. */
export function decimalText(value: number): string {
  const text = String(value);
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text;
  const [, sign = "", lead = "", fraction = "", exponent = "0"] = match;
  const digits = lead + fraction;
  const point = 1 + Number(exponent);
  if (point >= digits.length) return sign + digits.padEnd(point, "0");
  return point > 0
    ? `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
    : `${sign}0.${"0".repeat(-point)}${digits}`;
}

/** `price` a unit times `quantity` units; the quantity is taken to six decimals. */
export function times(price: Money, quantity: number): Money {
  return divideRounded(price * BigInt(Math.round(quantity * 1_000_000)), QUANTITY_UNIT);
}

/** `amount · numerator / denominator`, rounded half away from zero once. */
export function ratio(amount: Money, numerator: bigint, denominator: bigint): Money {
  return divideRounded(amount * numerator, denominator);
}

export function divideRounded(a: bigint, b: bigint): bigint {
  const isNegative = a < 0n !== b < 0n;
  const [n, d] = [abs(a), abs(b)];
  const rounded = (2n * n + d) / (2n * d);
  return isNegative ? -rounded : rounded;
}

export function abs(amount: Money): Money {
  return amount < 0n ? -amount : amount;
}

export function sum(amounts: Iterable<Money>): Money {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return total;
}

/** For JSON: a number of at most six decimals. */
export function toNumber(amount: Money, decimals = 6): number {
  const scaled = divideRounded(amount, 10n ** BigInt(DECIMALS - decimals));
  // Through the decimal text: dividing two floats would make 71.680000000000007.
  return Number(fixed(scaled, decimals));
}

/** Whole micro-units of currency, for the packer. */
export function toMicros(amount: Money): number {
  return Number(divideRounded(amount, 10n ** 6n));
}

export function fromMicros(micros: number): Money {
  return BigInt(Math.round(micros)) * 10n ** 6n;
}

/** `181.18`, half away from zero, for outputs. */
export function toCents(amount: Money): string {
  return fixed(divideRounded(amount, 10n ** 10n), 2);
}

/** `12.5` percent of `base`, with one decimal; `undefined` when base is not above zero. */
export function percent(part: Money, base: Money): string | undefined {
  return base > 0n ? fixed(divideRounded(part * 1000n, base), 1) : undefined;
}

const SIGNS: Readonly<Record<string, string>> = { USD: "$", EUR: "€", GBP: "£", JPY: "¥" };

/** `$181.18`, from a thousand on `$1,234`; other currencies by their code: `CNY 12.30`. */
export function showMoney(amount: Money, currency = "USD"): string {
  const cents = divideRounded(abs(amount), 10n ** 10n);
  const text =
    cents >= 100_000n ? String(divideRounded(abs(amount), UNIT)).replace(/\B(?=(\d{3})+$)/g, ",") : fixed(cents, 2);
  const sign = amount < 0n && cents > 0n ? "-" : "";
  return `${sign}${SIGNS[currency] ?? `${currency} `}${text}`;
}

/** With its sign: `+$71.68`, `-$3.65`. Below half a cent: `no change`. */
export function showDelta(amount: Money, currency = "USD"): string {
  if (abs(amount) < 5n * 10n ** 9n) return "no change";
  return amount > 0n ? `+${showMoney(amount, currency)}` : showMoney(amount, currency);
}

/** A unit price as AWS writes it, without trailing zeros but with at least two decimals: `$0.045`, `$0.10`. */
export function showUnitPrice(price: Money, currency = "USD"): string {
  const text = fixed(divideRounded(price, 100n), 10).replace(/(\.\d\d\d*?)0+$/, "$1");
  return `${SIGNS[currency] ?? `${currency} `}${text}`;
}

function fixed(scaled: bigint, decimals: number): string {
  const digits = String(abs(scaled)).padStart(decimals + 1, "0");
  const cut = digits.length - decimals;
  const text = decimals === 0 ? digits : `${digits.slice(0, cut)}.${digits.slice(cut)}`;
  return scaled < 0n ? `-${text}` : text;
}
