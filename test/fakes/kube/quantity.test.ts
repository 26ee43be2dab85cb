import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalQuantity, isQuantity, quantityValue } from "./quantity.ts";

describe("quantities", () => {
  it.each([
    ["0.5", "500m"],
    ["1000m", "1"],
    ["1024Mi", "1Gi"],
    ["1.5Gi", "1536Mi"],
    ["0", "0"],
    ["100", "100"],
    ["2000", "2k"],
    ["1e3", "1k"],
    ["0.1", "100m"],
    ["128974848", "128974848"],
  ])("%s is written %s", (given, written) => {
    expect(canonicalQuantity(given)).toBe(written);
  });

  it("refuses what is none", () => {
    expect(["", "x", "1 Gi", "1Gib", "--1"].filter(isQuantity)).toEqual([]);
  });

  it("keeps the value whatever the spelling", () => {
    const suffix = fc.constantFrom("", "m", "k", "M", "Ki", "Mi", "Gi");
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), suffix, (count, unit) => {
        const text = `${count}${unit}`;
        expect(quantityValue(canonicalQuantity(text))).toBeCloseTo(quantityValue(text), 6);
      }),
    );
  });
});
