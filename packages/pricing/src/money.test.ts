import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decimalText,
  parseDecimal,
  percent,
  showDelta,
  showMoney,
  showUnitPrice,
  times,
  toCents,
  toNumber,
} from "./money.ts";

const money = (text: string) => parseDecimal(text, 12) ?? 0n;

describe("money", () => {
  it.each(["1e-5", "", ".5", "1.", "0x1", "1,5", "NaN", "1.12345678901", " 1", "١"])("does not read %j", (text) => {
    expect(parseDecimal(text)).toBeUndefined();
  });

  it("keeps the smallest price exact over a month", () => {
    expect(times(money("0.0000000001"), 730)).toBe(73_000n);
  });

  it("reads back what it writes, with six decimals", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 1e12 }), (micros) => {
        expect(toNumber(BigInt(micros) * 1_000_000n)).toBe(micros / 1e6);
      }),
    );
  });

  it.each([
    ["0.005", "$0.01"],
    ["0.004999", "$0.00"],
    ["-0.005", "-$0.01"],
    ["-0.004", "$0.00"],
    ["181.18", "$181.18"],
    ["999.994", "$999.99"],
    ["999.995", "$1,000"],
    ["1000", "$1,000"],
    ["-1234567.5", "-$1,234,568"],
  ])("shows %s as %s", (amount, shown) => expect(showMoney(money(amount))).toBe(shown));

  it.each([
    ["71.68", "+$71.68"],
    ["-3.65", "-$3.65"],
    ["0.0049", "no change"],
    ["0.005", "+$0.01"],
  ])("shows the difference %s as %s", (amount, shown) => expect(showDelta(money(amount))).toBe(shown));

  it("shows other currencies by sign or code, and unit prices as AWS writes them", () => {
    expect(showMoney(money("12.3"), "EUR")).toBe("€12.30");
    expect(showMoney(money("12.3"), "CNY")).toBe("CNY 12.30");
    expect(showUnitPrice(money("0.045"))).toBe("$0.045");
    expect(showUnitPrice(money("0.1"))).toBe("$0.10");
    expect(showUnitPrice(money("0.000111"))).toBe("$0.000111");
  });

  it("gives percent only of what is above zero", () => {
    expect(percent(money("71.68"), money("181.18"))).toBe("39.6");
    expect(percent(money("1"), 0n)).toBeUndefined();
    expect(toCents(money("-0.125"))).toBe("-0.13");
  });

  it("writes small numbers without an exponent", () => {
    expect(decimalText(5e-5)).toBe("0.00005");
    expect(decimalText(1.5e-7)).toBe("0.00000015");
    expect(decimalText(0.1)).toBe("0.1");
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: 1e-12, max: 1e12 }), (value) => {
        expect(Number(decimalText(value))).toBe(value);
      }),
    );
  });
});
