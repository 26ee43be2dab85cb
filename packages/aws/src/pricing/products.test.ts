import { describe, expect, it } from "vitest";
import { hasUsage, readProduct } from "./products.ts";

const entry = (dimensions: object, attributes: object = {}, publicationDate = "2026-09-24T20:00:00Z") =>
  JSON.stringify({
    product: { productFamily: "Storage", attributes: { usagetype: "EUW1-EBS:VolumeUsage.gp3", ...attributes } },
    terms: { OnDemand: { "A.B": { priceDimensions: dimensions } } },
    publicationDate,
  });
const dimension = (price: string, more: object = {}) => ({
  unit: "GB-Mo",
  beginRange: "0",
  endRange: "Inf",
  pricePerUnit: { USD: price },
  ...more,
});

describe("readProduct", () => {
  it("reads price, currency and date", () => {
    expect(readProduct(entry({ a: dimension("0.0800000000") }))).toMatchObject({
      family: "Storage",
      currency: "USD",
      date: "2026-09-24",
      tiers: [{ price: "0.0800000000" }],
    });
  });

  it("orders tiers and knows where each ends", () => {
    const tiers = {
      b: dimension("0.014", { beginRange: "576000", endRange: "Inf" }),
      a: dimension("0.02", { beginRange: "0", endRange: "576000" }),
    };
    expect(readProduct(entry(tiers))?.tiers).toEqual([{ price: "0.02", upTo: 576_000 }, { price: "0.014" }]);
  });

  it("turns throughput that is listed by the GiBps into MiBps", () => {
    expect(readProduct(entry({ a: dimension("40.96", { unit: "GiBps-mo" }) }))?.tiers).toEqual([
      { price: "0.0400000000" },
    ]);
  });

  it.each(["0.0000000000", "-1", "free", ""])("has no price for %j", (price) => {
    expect(readProduct(entry({ a: dimension(price) }))).toBeUndefined();
  });

  it("finds usage types with and without the region's prefix", () => {
    const product = readProduct(entry({ a: dimension("1") }));
    expect(product && hasUsage(product, "EBS:VolumeUsage.gp3")).toBe(true);
    expect(product && hasUsage(product, "VolumeUsage.gp3")).toBe(false);
    const plain = readProduct(entry({ a: dimension("1") }, { usagetype: "NatGateway-Hours" }));
    expect(plain && hasUsage(plain, "NatGateway-Hours")).toBe(true);
  });
});
