import { instanceTypes } from "./instance.ts";
import { type Money, parseDecimal } from "./money.ts";
import type { PriceTable, ServicePrice } from "./source.ts";
import ec2 from "./table/ec2.json" with { type: "json" };
import services from "./table/services.json" with { type: "json" };

interface Ec2Region {
  readonly currency: string;
  readonly date: string;
  /** In 1e-5 an hour, in the order of the types; 0 = none. */
  readonly prices: readonly number[];
  readonly finer: Readonly<Record<string, string | undefined>>;
}
interface ServiceRow {
  readonly price: string | readonly (readonly [number | null, string])[];
  readonly unit: string;
  readonly usage?: boolean;
}
interface ServiceRegion {
  readonly currency: string;
  readonly date: string;
  readonly services: Readonly<Record<string, ServiceRow>>;
}

// Shapes that .github/scripts/prices.ts writes and --check verifies.
const ec2Regions = ec2.regions as Readonly<Record<string, Ec2Region>>;
const serviceRegions = services.regions as unknown as Readonly<Record<string, ServiceRegion>>;

export const embeddedRegions: readonly string[] = Object.keys(ec2Regions).sort();

/** Keys of services with their units, from the most complete region. */
const known: Readonly<Record<string, ServiceRow>> = serviceRegions["us-east-1"]?.services ?? {};
export const serviceKeys: readonly string[] = Object.keys(known);

/** `hour`, `GB-month`…, as AWS bills it. */
export function serviceUnit(key: string): string {
  return known[key]?.unit ?? "unit";
}

/** Billed by what is used; no number of it can be read from manifests. */
export function isUsageKey(key: string): boolean {
  return known[key]?.usage === true;
}

/** The snapshot that ships with the action; `undefined` for a region that it does not hold. */
export function embeddedTable(region: string): PriceTable | undefined {
  const prices = ec2Regions[region];
  const other = serviceRegions[region];
  if (prices === undefined) return undefined;
  return {
    source: "embedded",
    date: prices.date,
    region,
    currency: prices.currency,
    ec2: onDemand(prices),
    spot: new Map(),
    autoMode: new Map(),
    services: new Map(Object.entries(other?.services ?? {}).map(([key, row]) => [key, servicePrice(row)])),
  };
}

function onDemand(region: Ec2Region): ReadonlyMap<string, Money> {
  const map = new Map<string, Money>();
  for (const [index, { name }] of instanceTypes.entries()) {
    const units = region.prices[index] ?? 0;
    const finer = region.finer[name];
    if (finer !== undefined) map.set(name, exact(finer));
    else if (units > 0) map.set(name, BigInt(units) * 10n ** 7n);
  }
  return map;
}

function servicePrice(row: ServiceRow): ServicePrice {
  if (typeof row.price === "string") return { tiers: [{ upTo: undefined, price: exact(row.price) }] };
  return { tiers: row.price.map(([upTo, price]) => ({ upTo: upTo ?? undefined, price: exact(price) })) };
}

function exact(text: string): Money {
  const price = parseDecimal(text);
  if (price === undefined) throw new Error(`the price table holds ${text}`);
  return price;
}
