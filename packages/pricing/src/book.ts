import { ActionError } from "@eks-actions/action/error";
import { embeddedRegions } from "./embedded.ts";
import { type InstanceType, instanceType, nearestTypes } from "./instance.ts";
import { divideRounded, type Money } from "./money.ts";
import { type DiscountGroup, ONE, type PriceFile } from "./price-file.ts";
import type { PriceTable, SourceName, Tier } from "./source.ts";

/** What one unit costs, and where that was read. */
export interface UnitPrice {
  /** `ec2.m5.large`, `nat.hour`. */
  readonly key: string;
  /** In the report's currency, discounts applied. */
  readonly price: Money;
  readonly source: SourceName;
  readonly date: string;
}

/** Prices of one region, from the best source for each key. Asking for what no source has throws, never guesses. */
export interface PriceBook {
  readonly region: string;
  readonly currency: string;
  /** @throws ActionError `PRICE_UNKNOWN` */
  service(key: string): UnitPrice;
  /** Price of a quantity in tiers, as `[unit price, quantity]` pairs. @throws ActionError `PRICE_UNKNOWN` */
  tiered(key: string, quantity: number): readonly { readonly unit: UnitPrice; readonly quantity: number }[];
  /** On-demand, an hour. @throws ActionError `PRICE_UNKNOWN`, `INSTANCE_TYPE_UNKNOWN` */
  ec2(type: string): UnitPrice;
  /** @throws ActionError `SPOT_PRICE_UNKNOWN` */
  spot(type: string): UnitPrice;
  /** The fee of EKS Auto Mode on top of the instance. @throws ActionError `PRICE_UNKNOWN` */
  autoMode(type: string): UnitPrice;
  hasFacts(type: string): boolean;
  hasEc2(type: string): boolean;
  hasSpot(type: string): boolean;
  hasAutoMode(type: string): boolean;
  hasService(key: string): boolean;
  /** Facts of a type, the price file's first. @throws ActionError `INSTANCE_TYPE_UNKNOWN` */
  facts(type: string): InstanceType;
  /** Names of all types with an on-demand price, in code unit order. */
  readonly offered: readonly string[];
}

export interface BookInit {
  readonly region: string;
  /** Best first. */
  readonly tables: readonly PriceTable[];
  readonly file?: PriceFile | undefined;
  /** Spot = on-demand · (1 − d), where no Spot price is known. In 1e-12. */
  readonly spotDiscount?: Money | undefined;
}

/** @throws ActionError `PRICE_REGION_UNKNOWN`, `CURRENCY_MIXED` */
export function createPriceBook(init: BookInit): PriceBook {
  const { region, file } = init;
  const tables = [...(file === undefined ? [] : [file.table]), ...init.tables];
  const currency = file?.currency ?? "USD";
  if (tables.length === 0) {
    throw new ActionError("PRICE_REGION_UNKNOWN", {
      message: `no prices of region ${region}: the action carries ${embeddedRegions.join(", ")}`,
      hint: "run with AWS credentials (`pricing:GetProducts`), or give a `price-file`",
    });
  }
  for (const table of tables) {
    if (table.currency === "USD" || table.currency === currency) continue;
    throw new ActionError("CURRENCY_MIXED", {
      message: `prices of ${region} are in ${table.currency} (${table.source} ${table.date}), the report is in ${currency}`,
      hint: `write in the price file \`currency: ${table.currency}\` and its \`rate\``,
    });
  }
  const ownTypes = new Map((file?.types ?? []).map((type) => [type.name, type]));
  const effective = (raw: Money, table: PriceTable, group: DiscountGroup | undefined): Money =>
    adjust(raw, group, file, table.currency === currency && currency !== "USD");
  const find = <T>(pick: (table: PriceTable) => T | undefined): { table: PriceTable; value: T } | undefined => {
    for (const table of tables) {
      const value = pick(table);
      if (value !== undefined) return { table, value };
    }
    return undefined;
  };
  const unit = (key: string, table: PriceTable, raw: Money, group: DiscountGroup | undefined): UnitPrice => ({
    key,
    price: effective(raw, table, group),
    source: table.source,
    date: table.date,
  });
  const unknown = (key: string, line: string) =>
    new ActionError("PRICE_UNKNOWN", {
      message: `no price of ${key} in ${region}; tried ${tables.map((table) => `${table.source} ${table.date}`).join(", ")}`,
      hint: `run with AWS credentials, or write in the price file \`${line}\``,
    });
  const tiers = (key: string): { table: PriceTable; value: readonly Tier[] } => {
    const found = find((table) => table.services.get(key)?.tiers);
    if (found === undefined) throw unknown(key, `services: { ${key}: "…" }`);
    return found;
  };
  const facts = (name: string): InstanceType => {
    const type = ownTypes.get(name) ?? instanceType(name);
    if (type !== undefined) return type;
    throw new ActionError("INSTANCE_TYPE_UNKNOWN", {
      message: `instance type ${name} is in no table; near: ${nearestTypes(name).join(", ")}`,
      hint: `correct the name, or describe it in the price file: \`types: { ${name}: { vcpu: 2, memoryMiB: 8192, enis: 3, ipv4PerEni: 10 } }\``,
    });
  };
  const onDemand = (name: string) => find((table) => table.ec2.get(name));
  const spotOf = (name: string): UnitPrice | undefined => {
    const known = find((table) => table.spot.get(name));
    if (known !== undefined) return unit(`spot.${name}`, known.table, known.value, "spot");
    const base = onDemand(name);
    if (init.spotDiscount === undefined || base === undefined) return undefined;
    const raw = divideRounded(base.value * (ONE - init.spotDiscount), ONE);
    return unit(`spot.${name}`, base.table, raw, "spot");
  };
  const autoModeOf = (name: string): UnitPrice | undefined => {
    const known = find((table) => table.autoMode.get(name));
    if (known !== undefined) return unit(`autoMode.${name}`, known.table, known.value, "autoMode");
    const base = onDemand(name);
    const { gpus, neurons } = facts(name);
    // Accelerated types have a lower share that AWS does not publish as a rule.
    if (base === undefined || gpus > 0 || neurons > 0) return undefined;
    const fiveDecimals = 10n ** 7n;
    const raw = divideRounded(base.value * 12n, 100n * fiveDecimals) * fiveDecimals;
    return unit(`autoMode.${name}`, base.table, raw, "autoMode");
  };
  return {
    region,
    currency,
    facts,
    service(key) {
      const { table, value } = tiers(key);
      return unit(key, table, value[0]?.price ?? 0n, groupOf(key));
    },
    tiered(key, quantity) {
      const { table, value } = tiers(key);
      let from = 0;
      return value.flatMap(({ upTo, price }) => {
        const part = Math.max(0, Math.min(quantity, upTo ?? Number.POSITIVE_INFINITY) - from);
        from = upTo ?? from;
        return part === 0 ? [] : [{ unit: unit(key, table, price, groupOf(key)), quantity: part }];
      });
    },
    ec2(name) {
      const found = onDemand(name);
      if (found !== undefined) return unit(`ec2.${name}`, found.table, found.value, "ec2");
      facts(name);
      throw unknown(`ec2.${name}`, `ec2: { ${name}: "…" }`);
    },
    spot(name) {
      const found = spotOf(name);
      if (found !== undefined) return found;
      facts(name);
      throw new ActionError("SPOT_PRICE_UNKNOWN", {
        message: `no Spot price of ${name} in ${region}; tried ${tables.map((table) => `${table.source} ${table.date}`).join(", ")}`,
        hint: "run with AWS credentials (`ec2:DescribeSpotPriceHistory`), or state a discount: `spot-discount: 0.6`",
      });
    },
    autoMode(name) {
      const found = autoModeOf(name);
      if (found === undefined) throw unknown(`autoMode.${name}`, `autoMode: { ${name}: "…" }`);
      return found;
    },
    hasFacts: (name) => (ownTypes.get(name) ?? instanceType(name)) !== undefined,
    hasEc2: (name) => onDemand(name) !== undefined,
    hasSpot: (name) => spotOf(name) !== undefined,
    hasAutoMode: (name) => autoModeOf(name) !== undefined,
    hasService: (key) => find((table) => table.services.get(key)) !== undefined,
    offered: [...new Set(tables.flatMap((table) => [...table.ec2.keys()]))].sort(),
  };
}

function groupOf(key: string): DiscountGroup | undefined {
  if (key === "vpc.publicIpv4") return "ipv4";
  const prefix = key.slice(0, key.indexOf("."));
  switch (prefix) {
    case "eks":
    case "fargate":
    case "ebs":
    case "elb":
    case "nat":
      return prefix;
    default:
      return undefined;
  }
}

/** Source × multiply × (1 − edp) × (1 − coverage · discount) × rate, rounded once. */
function adjust(
  raw: Money,
  group: DiscountGroup | undefined,
  file: PriceFile | undefined,
  isOwnCurrency: boolean,
): Money {
  if (file === undefined) return raw;
  const { multiply, edp, savingsPlan, rate } = file.adjustments;
  let numerator = raw;
  let denominator = 1n;
  const apply = (factor: Money) => {
    numerator *= factor;
    denominator *= ONE;
  };
  const factor = group === undefined ? undefined : multiply.get(group);
  if (factor !== undefined) apply(factor);
  const isEksFee = group === "eks" || group === "autoMode";
  if (edp !== undefined && (!isEksFee || edp.onEks)) apply(ONE - edp.discount);
  if (savingsPlan !== undefined && (group === "ec2" || group === "fargate")) {
    numerator *= ONE * ONE - savingsPlan.coverage * savingsPlan.discount;
    denominator *= ONE * ONE;
  }
  if (rate !== undefined && !isOwnCurrency) apply(rate);
  return divideRounded(numerator, denominator);
}
