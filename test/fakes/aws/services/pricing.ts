import { createHash } from "node:crypto";
import type * as Pricing from "@aws-sdk/client-pricing";
import { fault } from "../fault.ts";
import { type Handler, handler, page } from "../world.ts";
import { type Product, productsOf } from "./priceTable.ts";

const formatVersion = "aws_v1";
const offerCode = "JRTCKXETXF";
const rateCode = "6YS6EN2CT7";

const getProducts = handler<Pricing.GetProductsCommandInput, Pricing.GetProductsCommandOutput>(({ world }, input) => {
  const ofService = productsOf(world.account).filter((product) => product.service === input.ServiceCode);
  if (ofService.length === 0) {
    throw fault("InvalidParameterException", `Invalid service code: ${input.ServiceCode}`);
  }
  if (input.FormatVersion !== undefined && input.FormatVersion !== formatVersion) {
    throw fault("InvalidParameterException", `Invalid format version: ${input.FormatVersion}`);
  }
  const matching = ofService.filter((product) => (input.Filters ?? []).every((filter) => passes(filter, product)));
  const result = page(world, matching, { size: input.MaxResults, token: input.NextToken, max: 100 }, () =>
    fault("InvalidNextTokenException", "The pagination token is invalid."),
  );
  return {
    FormatVersion: formatVersion,
    PriceList: result.items.map((product) => JSON.stringify(priceListEntry(product))),
    ...(result.next === undefined ? {} : { NextToken: result.next }),
  };
});

function passes(filter: Pricing.Filter, product: Product): boolean {
  const field = filter.Field ?? "";
  const wanted = filter.Value ?? "";
  const values: Readonly<Record<string, string>> = {
    ...product.attributes,
    productFamily: product.family,
    ServiceCode: product.service,
  };
  const given = values[field];
  switch (filter.Type) {
    case "TERM_MATCH":
    case "EQUALS":
      return given === wanted;
    case "CONTAINS":
      return given?.includes(wanted) === true;
    case "ANY_OF":
      return given !== undefined && wanted.split(",").includes(given);
    case "NONE_OF":
      return given === undefined || !wanted.split(",").includes(given);
    default:
      throw fault("InvalidParameterException", `Unknown filter type: ${filter.Type}`);
  }
}

/** A product as the price list holds it: nested maps keyed by SKU and rate codes. */
function priceListEntry(product: Product): unknown {
  const sku = createHash("sha256")
    .update(JSON.stringify([product.service, product.family, product.attributes]))
    .digest("hex")
    .slice(0, 16)
    .toUpperCase();
  const dimensions = product.prices.map((price, index) => {
    const next = product.prices[index + 1];
    return [
      `${sku}.${offerCode}.${rateCode}${index === 0 ? "" : index}`,
      {
        unit: product.unit,
        endRange: next?.from ?? "Inf",
        beginRange: price.from,
        description: `$${price.usd} per ${product.unit}`,
        appliesTo: [],
        rateCode: `${sku}.${offerCode}.${rateCode}${index === 0 ? "" : index}`,
        pricePerUnit: { USD: price.usd },
      },
    ];
  });
  return {
    product: { productFamily: product.family, attributes: product.attributes, sku },
    serviceCode: product.service,
    terms: {
      OnDemand: {
        [`${sku}.${offerCode}`]: {
          priceDimensions: Object.fromEntries(dimensions),
          sku,
          effectiveDate: "2026-11-01T00:00:00Z",
          offerTermCode: offerCode,
          termAttributes: {},
        },
      },
    },
    version: "20261119010203",
    publicationDate: "2026-11-19T01:02:03Z",
  };
}

/** Price List Query API. */
export const pricing: Readonly<Record<string, Handler>> = { GetProducts: getProducts };
