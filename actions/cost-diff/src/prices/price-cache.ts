import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isRecord } from "@eks-actions/manifest";
import { flatPrice, type Money, type PriceTable, parseDecimal } from "@eks-actions/pricing";

const HOUR_MS = 3_600_000;

interface Cached {
  readonly table: PriceTable;
  readonly ageHours: number;
}

/** What an earlier run read live; anything that does not look so is passed over and read anew. */
export function readCache(folder: string, region: string, now: number): Cached | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(join(folder, `${region}.json`), "utf8"));
  } catch {
    // Absent or broken: a cache may be lost at any time.
    return undefined;
  }
  if (!isRecord(value) || value["schemaVersion"] !== 1 || value["region"] !== region) return undefined;
  const { date, readAt, currency } = value;
  if (
    typeof date !== "string" ||
    !/^\d{4}-\d\d-\d\d$/.test(date) ||
    typeof readAt !== "number" ||
    typeof currency !== "string"
  )
    return undefined;
  const ageHours = (now - readAt) / HOUR_MS;
  if (!(ageHours >= 0)) return undefined;
  const [ec2, spot, autoMode, services] = ["ec2", "spot", "autoMode", "services"].map((field) => prices(value[field]));
  if (ec2 === undefined || spot === undefined || autoMode === undefined || services === undefined) return undefined;
  return {
    ageHours,
    table: {
      source: "cache",
      date,
      region,
      currency,
      ec2,
      spot,
      autoMode,
      services: new Map([...services].map(([key, price]) => [key, flatPrice(price)])),
    },
  };
}

function prices(value: unknown): ReadonlyMap<string, Money> | undefined {
  if (!isRecord(value)) return undefined;
  const map = new Map<string, Money>();
  for (const [key, text] of Object.entries(value)) {
    const price = typeof text === "string" ? parseDecimal(text) : undefined;
    if (price === undefined || price <= 0n) return undefined;
    map.set(key, price);
  }
  return map;
}

/** Prices in tiers are not kept: they change seldom and the action carries them. */
export function writeCache(folder: string, table: PriceTable, now: number): void {
  const texts = (map: ReadonlyMap<string, Money>) =>
    Object.fromEntries([...map].sort().map(([key, price]) => [key, decimal(price)]));
  const flat = new Map<string, Money>();
  for (const [key, { tiers }] of table.services) {
    const [only, ...others] = tiers;
    if (only !== undefined && others.length === 0) flat.set(key, only.price);
  }
  const value = {
    schemaVersion: 1,
    region: table.region,
    currency: table.currency,
    date: table.date,
    readAt: now,
    ec2: texts(table.ec2),
    spot: texts(table.spot),
    autoMode: texts(table.autoMode),
    services: texts(flat),
  };
  writeFileSync(join(folder, `${table.region}.json`), `${JSON.stringify(value)}\n`);
}

function decimal(price: Money): string {
  const digits = String(price).padStart(13, "0");
  return `${digits.slice(0, -12)}.${digits.slice(-12, -2)}`;
}
