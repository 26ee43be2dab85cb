import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatBytes, formatMillis, parseQuantity, quantityMillis, quantityUnits } from "./quantity.ts";

const GI = 2 ** 30;

describe("quantities", () => {
  it.each([
    ["100m", 100],
    ["0.1", 100],
    ["1", 1000],
    [1, 1000],
    [0.5, 500],
    [".5", 500],
    ["1.", 1000],
    ["+2", 2000],
    ["1e3", 1_000_000],
    ["1E-3", 1],
    ["2k", 2_000_000],
    ["1u", 1],
    ["1n", 1],
    ["0.0001", 1],
    ["1500u", 2],
    ["0", 0],
  ])("reads CPU %j as %d thousandths, rounded up", (given, millis) => {
    expect(quantityMillis(given)).toBe(millis);
  });

  it.each([
    ["1Gi", GI],
    ["512Mi", 512 * 2 ** 20],
    ["1M", 1e6],
    ["2.5G", 2.5e9],
    ["1.5Ki", 1536],
    ["128974848", 128974848],
    ["129e6", 129e6],
    ["123m", 1],
    [1e9, 1e9],
    ["1Pi", 2 ** 50],
    ["4E", undefined],
  ])("reads bytes %j as %d", (given, bytes) => {
    expect(quantityUnits(given)).toBe(bytes);
  });

  it.each([
    "1cpu",
    "",
    " ",
    "1 Gi",
    "Gi",
    "1gi",
    "1K",
    "0x10",
    "1e",
    "1e3Mi",
    "--1",
    "9e999",
    "1e1000",
    "NaN",
    "Infinity",
    "1_000",
    "٣",
    "1,5",
    "-",
    ".",
    null,
    true,
    undefined,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    {},
    [],
    "1".repeat(65),
    "9223372036854775808",
  ])("refuses %j", (given) => {
    expect(parseQuantity(given)).toBeUndefined();
  });

  it("refuses negative requests but reads their value", () => {
    expect(parseQuantity("-1")).toBe(-1_000_000_000n);
    expect(quantityMillis("-1")).toBeUndefined();
    expect(quantityUnits("-0")).toBe(0);
  });

  it("agrees with decimal arithmetic on random quantities", () => {
    const suffixes = { "": 9n, m: 6n, u: 3n, n: 0n, k: 12n, M: 15n, G: 18n } as const;
    fc.assert(
      fc.property(
        fc.nat({ max: 9_999_999 }),
        fc.nat({ max: 3 }),
        fc.constantFrom("", "m", "u", "n", "k", "M", "G"),
        (digits, decimals, suffix) => {
          const text = `${digits}`.padStart(decimals + 1, "0");
          const cut = text.length - decimals;
          const written = decimals === 0 ? text : `${text.slice(0, cut)}.${text.slice(cut)}`;
          const power = suffixes[suffix] - BigInt(decimals);
          const expected =
            power >= 0n ? BigInt(digits) * 10n ** power : (BigInt(digits) + 10n ** -power - 1n) / 10n ** -power;
          expect(parseQuantity(written + suffix)).toBe(expected);
        },
      ),
    );
  });

  it("never throws and never takes more than a moment", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.anything(), fc.stringMatching(/^[+-]?[0-9.]{0,20}[eEKMGTPimnuk0-9+-]{0,6}$/)),
        (value) => {
          const nanos = parseQuantity(value);
          expect(nanos === undefined || typeof nanos === "bigint").toBe(true);
        },
      ),
    );
  });
});

describe("display", () => {
  it.each([
    [500, "500m"],
    [1360, "1,360m"],
    [1234567, "1,234,567m"],
  ])("shows %d thousandths as %s", (millis, shown) => expect(formatMillis(millis)).toBe(shown));

  it.each([
    [512 * 2 ** 20, "512Mi"],
    [GI, "1Gi"],
    [1.5 * GI, "1.5Gi"],
    [11618 * 2 ** 20, "11,618Mi"],
    [1e6, "1,000,000"],
    [2.5e9, "2384.19Mi"],
  ])("shows %d bytes as %s", (bytes, shown) => expect(formatBytes(bytes)).toBe(shown));
});
