import type { BasePorts } from "@eks-actions/action";
import { createAws, readLivePrices } from "@eks-actions/aws";
import { type Money, type PriceTable, parseDecimal } from "@eks-actions/pricing";
import type { LivePrices } from "./prices.ts";

/** AWS's own price list, read with the job's credentials. The SDK is loaded only when it is asked. */
export function createLivePrices(base: BasePorts): LivePrices {
  return async (region, keys, signal) => {
    const aws = createAws({
      region,
      clock: base.clock,
      run: { ...base.run, env: { ...base.run.env, ...keys } },
      action: "cost-diff",
      log: base.log,
      maxWaitMs: 60_000,
    });
    const list = await readLivePrices(aws, region, signal);
    return {
      source: "live",
      date: list.date,
      region,
      currency: list.currency,
      ec2: exact(list.ec2),
      spot: exact(list.spot),
      autoMode: exact(list.autoMode),
      services: new Map(
        [...list.services].map(([key, tiers]) => [
          key,
          { tiers: tiers.flatMap(({ price, upTo }) => toMoney(price).map((money) => ({ upTo, price: money }))) },
        ]),
      ),
    } satisfies PriceTable;
  };
}

function exact(texts: ReadonlyMap<string, string>): ReadonlyMap<string, Money> {
  return new Map([...texts].flatMap(([key, text]) => toMoney(text).map((price) => [key, price] as const)));
}

/** AWS writes ten decimals; more would not be kept exactly and is passed over. */
function toMoney(text: string): readonly Money[] {
  const price = parseDecimal(text);
  return price === undefined || price <= 0n ? [] : [price];
}
