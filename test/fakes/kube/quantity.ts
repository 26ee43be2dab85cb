/** Resource quantities: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
const binary = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const decimal: readonly (readonly [string, number])[] = [
  ["n", -9],
  ["u", -6],
  ["m", -3],
  ["", 0],
  ["k", 3],
  ["M", 6],
  ["G", 9],
  ["T", 12],
  ["P", 15],
  ["E", 18],
];
const pattern = /^([+-]?)(\d+\.?\d*|\.\d+)(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?\d+))?$/;
const nano = 1_000_000_000n;

interface Parsed {
  readonly nanos: bigint;
  readonly isBinary: boolean;
}

function parse(text: string): Parsed | undefined {
  const [, sign = "", digits = "", binarySuffix, decimalSuffix, exponent] = pattern.exec(text) ?? [];
  if (digits === "") return undefined;
  const [whole = "", fraction = ""] = digits.split(".");
  const scale = binarySuffix === undefined ? 1n : 1024n ** BigInt(binary.indexOf(binarySuffix));
  const power = Number(exponent ?? decimal.find(([suffix]) => suffix === (decimalSuffix ?? ""))?.[1] ?? 0);
  const shift = 9 + power - fraction.length;
  const base = BigInt(`${whole}${fraction}` || "0") * scale;
  const divisor = 10n ** BigInt(Math.max(0, -shift));
  const nanos = shift >= 0 ? base * 10n ** BigInt(shift) : (base + divisor - 1n) / divisor;
  return { nanos: sign === "-" ? -nanos : nanos, isBinary: binarySuffix !== undefined };
}

export const isQuantity = (text: string): boolean => parse(text) !== undefined;

/** The value as a number of base units (cores, bytes); NaN where the text is no quantity. */
export function quantityValue(text: string | number | undefined): number {
  if (text === undefined) return 0;
  const parsed = parse(String(text));
  return parsed === undefined ? Number.NaN : Number(parsed.nanos) / 1e9;
}

/** The spelling in which the API server returns a quantity: `0.5` → `500m`, `1024Mi` → `1Gi`. */
export function canonicalQuantity(text: string): string {
  const parsed = parse(text);
  if (parsed === undefined) return text;
  const { nanos, isBinary } = parsed;
  if (nanos === 0n) return "0";
  if (isBinary && nanos % nano === 0n) {
    const units = nanos / nano;
    let power = 0;
    while (power < 6 && units % 1024n ** BigInt(power + 1) === 0n) power += 1;
    return `${units / 1024n ** BigInt(power)}${binary[power]}`;
  }
  const fitting = [...decimal].reverse().find(([, power]) => nanos % 10n ** BigInt(power + 9) === 0n);
  const [suffix, power] = fitting ?? ["n", -9];
  return `${nanos / 10n ** BigInt(power + 9)}${suffix}`;
}
