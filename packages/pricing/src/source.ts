import type { Money } from "./money.ts";

export type SourceName = "file" | "live" | "cache" | "embedded";

/** Prices of one region from one place. Instance prices are an hour's. */
export interface PriceTable {
  readonly source: SourceName;
  /** `YYYY-MM-DD`: when the figures were read. */
  readonly date: string;
  readonly region: string;
  readonly currency: string;
  readonly ec2: ReadonlyMap<string, Money>;
  readonly spot: ReadonlyMap<string, Money>;
  readonly autoMode: ReadonlyMap<string, Money>;
  readonly services: ReadonlyMap<string, ServicePrice>;
}

export interface ServicePrice {
  /** The last tier has no upper bound; most prices have one tier. */
  readonly tiers: readonly Tier[];
}

export interface Tier {
  readonly upTo: number | undefined;
  readonly price: Money;
}

export function flatPrice(price: Money): ServicePrice {
  return { tiers: [{ upTo: undefined, price }] };
}
