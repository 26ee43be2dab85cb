import { serviceKeys } from "./embedded.ts";
import type { InstanceType } from "./instance.ts";
import { nameParts } from "./instance.ts";
import { type Money, parseDecimal } from "./money.ts";
import { flatPrice, type PriceTable } from "./source.ts";
import { nearest, type Strict, type StrictDocument, strict } from "./strict.ts";

export const DISCOUNT_GROUPS = ["ec2", "spot", "fargate", "autoMode", "eks", "ebs", "elb", "nat", "ipv4"] as const;
export type DiscountGroup = (typeof DISCOUNT_GROUPS)[number];

/** What a customer pays instead of the list price. Shares and factors are in 1e-12, like money. */
export interface Adjustments {
  readonly multiply: ReadonlyMap<DiscountGroup, Money>;
  readonly edp: { readonly discount: Money; readonly onEks: boolean } | undefined;
  readonly savingsPlan: { readonly coverage: Money; readonly discount: Money } | undefined;
  /** 1 USD in the report's currency. */
  readonly rate: Money | undefined;
}

export interface PriceFile {
  readonly table: PriceTable;
  readonly currency: string;
  readonly adjustments: Adjustments;
  /** On the bill's total, a row of its own. */
  readonly markup: Money | undefined;
  /** Nodes by requests alone. */
  readonly rates: { readonly cpuHour: Money; readonly gibHour: Money } | undefined;
  readonly types: readonly InstanceType[];
  /** How many prices the file sets. */
  readonly overrides: number;
}

const KEYS = [
  "schemaVersion",
  "region",
  "currency",
  "rate",
  "ec2",
  "spot",
  "autoMode",
  "services",
  "types",
  "multiply",
  "edp",
  "savingsPlan",
  "markup",
  "rates",
];

/** @param date of the file, for the footer. @throws ActionError `PRICE_FILE_INVALID` */
export function parsePriceFile(document: StrictDocument, region: string, date: string): PriceFile {
  const read = strict("PRICE_FILE_INVALID", document);
  read.fields([], KEYS);
  if (read.whole(["schemaVersion"], 1, 1) === undefined)
    read.fail(["schemaVersion"], "is missing", "write `schemaVersion: 1`");
  const own = read.text(["region"]);
  if (own !== undefined && own !== region) {
    read.fail(
      ["region"],
      `is ${own}, but the cluster is in ${region}`,
      `write a price file for ${region}, or drop \`region\``,
    );
  }
  const currency = read.text(["currency"], /^[A-Z]{3}$/, "a currency code like `EUR`") ?? "USD";
  const rate = read.decimal(["rate"], { isAboveZero: true });
  if (currency !== "USD" && rate === undefined) {
    read.fail(["currency"], `is ${currency} without a rate`, "write `rate: 0.92`, the price of 1 USD in it");
  }
  const prices = (field: string) => priceMap(read, field);
  const services = prices("services");
  for (const key of services.keys()) {
    if (serviceKeys.includes(key)) continue;
    const near = nearest(key, serviceKeys);
    read.fail(["services", key], "is an unknown service", near === undefined ? undefined : `did you mean \`${near}\`?`);
  }
  const table: PriceTable = {
    source: "file",
    date,
    region,
    currency: "USD",
    ec2: prices("ec2"),
    spot: prices("spot"),
    autoMode: prices("autoMode"),
    services: new Map([...services].map(([key, price]) => [key, flatPrice(price)])),
  };
  return {
    table,
    currency,
    adjustments: adjustments(read, rate),
    markup: read.decimal(["markup"], { min: "1" }),
    rates: rates(read),
    types: read.entries(["types"]).map(([name]) => typeFacts(read, name)),
    overrides: table.ec2.size + table.spot.size + table.autoMode.size + table.services.size,
  };
}

function priceMap(read: Strict, field: string): Map<string, Money> {
  const map = new Map<string, Money>();
  for (const [key] of read.entries([field])) {
    const price = read.decimal([field, key], { isAboveZero: true });
    if (price === undefined) read.fail([field, key], "has no price", "write a price above 0");
    else map.set(key, price);
  }
  return map;
}

function adjustments(read: Strict, rate: Money | undefined): Adjustments {
  read.fields(["multiply"], DISCOUNT_GROUPS);
  const multiply = new Map<DiscountGroup, Money>();
  for (const group of DISCOUNT_GROUPS) {
    const factor = read.decimal(["multiply", group], { isAboveZero: true, max: "100" });
    if (factor !== undefined) multiply.set(group, factor);
  }
  read.fields(["edp"], ["discount", "eks"]);
  const edp = read.decimal(["edp", "discount"], { min: "0", max: "0.99" });
  read.fields(["savingsPlan"], ["coverage", "discount"]);
  const coverage = read.decimal(["savingsPlan", "coverage"], { min: "0", max: "1" });
  const discount = read.decimal(["savingsPlan", "discount"], { min: "0", max: "0.99" });
  if ((coverage === undefined) !== (discount === undefined)) {
    read.fail(["savingsPlan"], "needs coverage and discount", "write `savingsPlan: { coverage: 0.6, discount: 0.28 }`");
  }
  return {
    multiply,
    rate,
    edp: edp === undefined ? undefined : { discount: edp, onEks: read.flag(["edp", "eks"]) ?? false },
    savingsPlan: coverage === undefined || discount === undefined ? undefined : { coverage, discount },
  };
}

function rates(read: Strict): PriceFile["rates"] {
  read.fields(["rates"], ["cpuHour", "gibHour"]);
  const cpuHour = read.decimal(["rates", "cpuHour"], { isAboveZero: true });
  const gibHour = read.decimal(["rates", "gibHour"], { isAboveZero: true });
  if (cpuHour === undefined && gibHour === undefined) return undefined;
  if (cpuHour === undefined || gibHour === undefined) {
    return read.fail(["rates"], "needs cpuHour and gibHour", 'write `rates: { cpuHour: "0.03", gibHour: "0.004" }`');
  }
  return { cpuHour, gibHour };
}

function typeFacts(read: Strict, name: string): InstanceType {
  const at = (field: string) => ["types", name, field];
  read.fields(["types", name], ["vcpu", "memoryMiB", "arch", "enis", "ipv4PerEni", "nitro", "gpus"]);
  if (!/^[a-z0-9-]+\.[a-z0-9-]+$/.test(name))
    read.fail(["types", name], "is no instance type name", "write `x9.large`");
  const need = (field: string, max: number) =>
    read.whole(at(field), 1, max) ?? read.fail(at(field), "is missing", `write \`${field}\` of the type`);
  const gpus = read.whole(at("gpus"), 0, 64) ?? 0;
  return {
    ...nameParts(name),
    name,
    vcpu: need("vcpu", 4096),
    memoryMib: need("memoryMiB", 2 ** 26),
    arch: read.oneOf(at("arch"), ["amd64", "arm64"]) ?? "amd64",
    enis: need("enis", 64),
    ipv4PerEni: need("ipv4PerEni", 256),
    isNitro: read.flag(at("nitro")) ?? true,
    isMetal: name.includes(".metal"),
    isBurstable: /^t\d/.test(name),
    isCurrent: true,
    isFlex: name.includes("-flex."),
    hasEniTrunking: false,
    gpus,
    gpuName: gpus > 0 ? "NVIDIA" : "",
    neurons: 0,
    nvmeGb: 0,
  };
}

/** 1 in the scale of shares and factors. */
export const ONE: Money = parseDecimal("1") ?? 0n;
