import type * as Ec2 from "@aws-sdk/client-ec2";
import { fault } from "../../fault.ts";
import { type Handler, handler, page } from "../../world.ts";
import { hourlyPrice } from "../priceTable.ts";
import { passes } from "./find.ts";
import { instanceTable, sdkType } from "./instanceTable.ts";
import { zonesOf } from "./zones.ts";

const share = 0.35;

const describeSpotPriceHistory = handler<
  Ec2.DescribeSpotPriceHistoryCommandInput,
  Ec2.DescribeSpotPriceHistoryCommandOutput
>(({ world }, input) => {
  const wanted: readonly string[] = input.InstanceTypes ?? [];
  const products = input.ProductDescriptions ?? ["Linux/UNIX"];
  const prices = instanceTable
    .filter((facts) => wanted.length === 0 || wanted.includes(facts.type))
    .flatMap((facts) =>
      zonesOf(world).map((zone, index) => ({
        type: facts.type,
        zone: zone.name,
        price: (hourlyPrice(facts.type) * (share + index * 0.01)).toFixed(6),
      })),
    )
    .filter(() => products.includes("Linux/UNIX"))
    .filter((item) => input.AvailabilityZone === undefined || item.zone === input.AvailabilityZone)
    .filter((item) =>
      passes(input.Filters, {
        tags: [],
        values: {
          "instance-type": [item.type],
          "availability-zone": [item.zone],
          "product-description": ["Linux/UNIX"],
        },
      }),
    );
  const result = page(world, prices, { size: input.MaxResults, token: input.NextToken, max: 1000 }, () =>
    fault("InvalidParameterValue", "The token is not valid"),
  );
  return {
    SpotPriceHistory: result.items.map((item) => ({
      AvailabilityZone: item.zone,
      InstanceType: sdkType(item.type),
      ProductDescription: "Linux/UNIX",
      SpotPrice: item.price,
      Timestamp: new Date(world.agenda.now()),
    })),
    NextToken: result.next ?? "",
  };
});

export const spot: Readonly<Record<string, Handler>> = { DescribeSpotPriceHistory: describeSpotPriceHistory };
