/**
 * Exact Kubernetes quantities.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
const GRAMMAR = /^([+-]?)(\d+\.?\d*|\.\d+)(?:([KMGTPE]i|[numkMGTPE])|[eE]([+-]?\d{1,3}))?$/;

const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY: Readonly<Record<string, bigint>> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n };

const NANO = 9;
/** The API server stores at most 2^63 - 1. */
const MAX_NANOS = (2n ** 63n - 1n) * 10n ** 9n;

/**
 * The value in billionths, rounded away from zero as the API server does; `undefined` when the text is no quantity or
 * lies outside ±(2^63 - 1). YAML numbers are taken by their decimal text.
 */
export function parseQuantity(value: unknown): bigint | undefined {
  if (typeof value === "number" && !Number.isFinite(value)) return undefined;
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const text = String(value);
  if (text.length > 64) return undefined;
  const match = GRAMMAR.exec(text);
  if (match === null) return undefined;
  const [, sign, digits = "", suffix = "", exponent] = match;
  const [whole = "", fraction = ""] = digits.split(".");
  const shift = BINARY[suffix] ?? 0n;
  const power = NANO - fraction.length + (DECIMAL[suffix] ?? 0) + Number(exponent ?? 0);
  // More digits than any stored value has: refused before a huge power is computed.
  if (power > 40 + NANO) return BigInt(whole + fraction) === 0n ? 0n : undefined;
  const mantissa = BigInt(whole + fraction) << shift;
  const nanos = power >= 0 ? mantissa * 10n ** BigInt(power) : ceilDivide(mantissa, 10n ** BigInt(-power));
  if (nanos > MAX_NANOS) return undefined;
  return sign === "-" ? -nanos : nanos;
}

/** Thousandths, rounded up: CPU. `undefined` for no quantity, a negative one, or one that no number holds exactly. */
export function quantityMillis(value: unknown): number | undefined {
  return scaled(value, 10n ** 6n);
}

/** Whole units, rounded up: bytes, devices. `undefined` as `quantityMillis`. */
export function quantityUnits(value: unknown): number | undefined {
  return scaled(value, 10n ** 9n);
}

function scaled(value: unknown, unit: bigint): number | undefined {
  const nanos = parseQuantity(value);
  if (nanos === undefined || nanos < 0n) return undefined;
  const count = ceilDivide(nanos, unit);
  return count > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(count);
}

function ceilDivide(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b;
}

/** `1360` → `1,360m`; `500` → `500m`. */
export function formatMillis(millis: number): string {
  return `${group(millis)}m`;
}

/** Bytes in the largest binary unit that shows them exactly or with two digits: `512Mi`, `1.5Gi`. */
export function formatBytes(bytes: number): string {
  const mebibyte = 2 ** 20;
  if (bytes % mebibyte !== 0) {
    const mebibytes = bytes / mebibyte;
    return mebibytes >= 1 ? `${trim(mebibytes)}Mi` : `${group(bytes)}`;
  }
  const mebibytes = bytes / mebibyte;
  if (mebibytes >= 1024 && (mebibytes * 100) % 1024 === 0) return `${trim(mebibytes / 1024)}Gi`;
  return `${group(mebibytes)}Mi`;
}

function trim(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function group(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}
