/** One product of the AWS price list, on demand. */
export interface PriceListProduct {
  readonly family: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly currency: string;
  /** `YYYY-MM-DD` of the publication. */
  readonly date: string;
  /** Decimal texts, lowest tier first. `upTo` is absent for the last tier. */
  readonly tiers: readonly { readonly upTo?: number; readonly price: string }[];
}

/**
 * Reads one entry of GetProducts' `PriceList`; `undefined` for an entry without an on-demand price above zero.
 * https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-service-price-list-file-for-services.html
 */
export function readProduct(text: string): PriceListProduct | undefined {
  const entry = record(JSON.parse(text));
  const product = record(entry["product"]);
  const [term] = Object.values(record(record(entry["terms"])["OnDemand"]));
  const dimensions = Object.values(record(record(term)["priceDimensions"]))
    .map(record)
    .map((dimension) => {
      const [currency = "", price] = Object.entries(record(dimension["pricePerUnit"]))[0] ?? [];
      const end = String(dimension["endRange"] ?? "Inf");
      return {
        currency,
        price: perMebibyte(String(price ?? ""), String(dimension["unit"] ?? "")),
        from: Number(dimension["beginRange"] ?? 0),
        ...(end === "Inf" ? {} : { upTo: Number(end) }),
      };
    })
    .filter(({ price }) => /^\d+(\.\d+)?$/.test(price) && Number(price) > 0)
    .sort((a, b) => a.from - b.from);
  const [first] = dimensions;
  if (first === undefined) return undefined;
  return {
    family: String(product["productFamily"] ?? ""),
    attributes: Object.fromEntries(
      Object.entries(record(product["attributes"])).map(([name, value]) => [name, String(value)]),
    ),
    currency: first.currency,
    date: String(entry["publicationDate"] ?? "").slice(0, 10),
    tiers: dimensions.map(({ price, upTo }) => (upTo === undefined ? { price } : { price, upTo })),
  };
}

/** gp3 throughput is listed by the GiBps-month, and sold by the MiBps. */
function perMebibyte(price: string, unit: string): string {
  return unit.toLowerCase() === "gibps-mo" ? (Number(price) / 1024).toFixed(10) : price;
}

/** Usage types of us-east-1 come with and without `USE1-`, those of other regions always with a prefix. */
export function hasUsage(product: PriceListProduct, suffix: string): boolean {
  const usage = product.attributes["usagetype"] ?? "";
  return usage === suffix || usage.endsWith(`-${suffix}`);
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}
