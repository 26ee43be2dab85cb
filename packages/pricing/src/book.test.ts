import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type BookInit, createPriceBook } from "./book.ts";
import { minorNumber, newestMinor, supportWindow } from "./calendar.ts";
import { embeddedTable } from "./embedded.ts";
import { instanceType, instanceTypes, nearestTypes } from "./instance.ts";
import { parseDecimal, times } from "./money.ts";
import { parsePriceFile } from "./price-file.ts";
import type { PriceTable } from "./source.ts";

const money = (text: string) => parseDecimal(text, 12) ?? 0n;
const embedded = (region: string): PriceTable => {
  const table = embeddedTable(region);
  if (table === undefined) throw new Error(`no table of ${region}`);
  return table;
};
const file = (value: object, region = "us-east-1") =>
  parsePriceFile(
    { file: "prices.yaml", value: { schemaVersion: 1, ...value }, lineOf: (path) => path.length + 1 },
    region,
    "2026-11-01",
  );
const book = (init: Partial<BookInit> = {}) =>
  createPriceBook({ region: "us-east-1", tables: [embedded("us-east-1")], ...init });

describe("the committed tables", () => {
  it("pass the script's own check", () => {
    const root = join(import.meta.dirname, "../../..");
    const said = execFileSync(process.execPath, [join(root, ".github/scripts/prices.ts"), "--check"], { cwd: root });
    expect(String(said)).toContain("in order");
  });

  it("unpack what a type is", () => {
    expect(instanceType("m7g.large")).toMatchObject({
      category: "m",
      generation: 7,
      arch: "arm64",
      vcpu: 2,
      memoryMib: 8192,
      isNitro: true,
    });
    expect(instanceType("u-6tb1.56xlarge")).toMatchObject({ category: "u", generation: 1 });
    expect(instanceType("m7i-flex.large")).toMatchObject({ category: "m", generation: 7, isFlex: true });
    expect(instanceType("g4dn.xlarge")).toMatchObject({ gpus: 1, gpuName: "NVIDIA T4" });
    expect(instanceType("mac2-m2.metal")).toMatchObject({ arch: "mac" });
    expect(instanceTypes.length).toBeGreaterThanOrEqual(1373);
  });

  it("know the support calendar", () => {
    expect(supportWindow("1.33")).toEqual({ endOfStandard: "2026-07-29", endOfExtended: "2027-07-29" });
    expect(supportWindow("1.99")).toBeUndefined();
    expect(minorNumber(newestMinor())).toBeGreaterThanOrEqual(36);
  });
});

describe("the price book", () => {
  it.each([
    ["m5.large", "0.01152"],
    ["m7g.large", "0.00979"],
    ["m7i.large", "0.0121"],
    ["t4g.medium", "0.00403"],
  ])("takes %s's Auto Mode fee as AWS lists it: %s an hour", (type, hourly) => {
    expect(book().autoMode(type).price).toBe(money(hourly));
  });

  it("keeps prices finer than a thousandth of a cent", () => {
    expect(book().ec2("p4d.24xlarge").price).toBe(money("21.957642"));
  });

  it("prices hybrid nodes in tiers", () => {
    const parts = book().tiered("eks.hybridNodes.vcpu", 700_000);
    expect(parts.reduce((total, part) => total + times(part.unit.price, part.quantity), 0n)).toBe(money("13256"));
  });

  it("names an unknown type with near ones, and a price that no source has", () => {
    expect(() => book().ec2("z9.large")).toThrow(/z9\.large is in no table; near: z1d\.large/);
    expect(() => book().ec2("mac2.metal")).toThrow(
      /no price of ec2\.mac2\.metal in us-east-1; tried embedded 2026-07-20/,
    );
    expect(() => book().autoMode("g6.xlarge")).toThrow("autoMode.g6.xlarge");
    expect(() => book().spot("m5.large")).toThrow("no Spot price of m5.large");
    const gov = createPriceBook({ region: "us-gov-west-1", tables: [embedded("us-gov-west-1")] });
    expect(() => gov.service("eks.cluster")).toThrow("no price of eks.cluster in us-gov-west-1");
    expect(() => createPriceBook({ region: "moon-base-1", tables: [] })).toThrow("no prices of region moon-base-1");
  });

  it("takes a stated Spot discount off the on-demand price", () => {
    expect(book({ spotDiscount: money("0.6") }).spot("m5.large").price).toBe(money("0.0384"));
  });

  it("prefers the file, then live, then what ships", () => {
    const live: PriceTable = {
      ...embedded("us-east-1"),
      source: "live",
      date: "2026-11-20",
      ec2: new Map([["m5.large", money("0.09")]]),
    };
    const tables = [live, embedded("us-east-1")];
    expect(book({ tables }).ec2("m5.large")).toMatchObject({ source: "live", price: money("0.09") });
    expect(book({ tables }).ec2("m5.xlarge")).toMatchObject({ source: "embedded" });
    const own = file({ ec2: { "m5.large": "0.08" }, services: { "nat.hour": 0.04 } });
    expect(book({ tables, file: own }).ec2("m5.large")).toMatchObject({
      source: "file",
      date: "2026-11-01",
      price: money("0.08"),
    });
    expect(own.overrides).toBe(2);
  });

  it("works in a region that only the file knows", () => {
    const own = file({ services: { "eks.cluster": "0.1" } }, "moon-base-1");
    const moon = createPriceBook({ region: "moon-base-1", tables: [], file: own });
    expect(moon.service("eks.cluster")).toMatchObject({ source: "file" });
    expect(() => moon.service("nat.hour")).toThrow("no price of nat.hour in moon-base-1");
  });

  it("applies factors, agreements and the rate, each where it holds", () => {
    const own = file({
      currency: "EUR",
      rate: 0.92,
      multiply: { ec2: 0.88 },
      edp: { discount: 0.05 },
      savingsPlan: { coverage: 0.6, discount: 0.28 },
    });
    const prices = book({ file: own });
    expect(prices.currency).toBe("EUR");
    // 0.096 · 0.88 · 0.95 · (1 − 0.168) · 0.92
    expect(prices.ec2("m5.large").price).toBe(money("0.06143115264"));
    expect(prices.service("eks.cluster").price).toBe(money("0.092"));
    expect(prices.service("nat.hour").price).toBe(money("0.03933"));
    const onEks = book({ file: file({ edp: { discount: 0.05, eks: true } }) });
    expect(onEks.service("eks.cluster").price).toBe(money("0.095"));
  });

  it("refuses to mix currencies", () => {
    const yuan: PriceTable = { ...embedded("us-east-1"), currency: "CNY" };
    expect(() => book({ tables: [yuan] })).toThrow("are in CNY");
  });
});

describe("the price file", () => {
  it.each([
    [{ ec2: { "m5.large": -1 } }, /ec2\.m5\.large is -1, not above 0/],
    [{ ec2: { "m5.large": 0 } }, /not above 0/],
    [{ ec2: { "m5.large": "0.00000000001" } }, /at most ten places|is "0\.0/],
    [{ ec2: { "m5.large": "cheap" } }, /is "cheap"/],
    [{ ec2: [] }, /ec2 is \[\], not a mapping/],
    [{ ecc2: {} }, /ecc2 is an unknown key/],
    [{ services: { "nat.hours": 1 } }, /services\.nat\.hours is an unknown service/],
    [{ region: "eu-west-1" }, /is eu-west-1, but the cluster is in us-east-1/],
    [{ currency: "EUR" }, /EUR without a rate/],
    [{ savingsPlan: { coverage: 0.5 } }, /needs coverage and discount/],
    [{ rates: { cpuHour: 1 } }, /needs cpuHour and gibHour/],
    [{ markup: 0.5 }, /below 1/],
    [{ multiply: { lambda: 1 } }, /multiply\.lambda is an unknown key/],
    [{ types: { x9: { vcpu: 1 } } }, /is no instance type name/],
    [{ types: { "x9.large": { vcpu: 0 } } }, /vcpu is 0/],
    [{ schemaVersion: 2 }, /schemaVersion is 2/],
  ])("refuses %j", (value, message) => {
    expect(() => file(value)).toThrow(message);
  });

  it("says on which line", () => {
    try {
      file({ ec2: { "m5.large": -1 } });
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: "PRICE_FILE_INVALID", file: "prices.yaml", line: 3 });
    }
  });

  it("describes types that no table has", () => {
    const own = file({
      ec2: { "x9.large": "0.5" },
      types: { "x9.large": { vcpu: 2, memoryMiB: 8192, arch: "arm64", enis: 3, ipv4PerEni: 10 } },
    });
    const prices = book({ file: own });
    expect(prices.facts("x9.large")).toMatchObject({ family: "x9", arch: "arm64", isNitro: true });
    expect(prices.offered).toContain("x9.large");
  });

  it("takes the smallest price exactly", () => {
    expect(book({ file: file({ ec2: { "m5.large": "0.0000000001" } }) }).ec2("m5.large").price).toBe(100n);
  });
});

it("nearestTypes prefers the same family", () => {
  expect(nearestTypes("m5.largee")[0]).toMatch(/^m5\./);
});
