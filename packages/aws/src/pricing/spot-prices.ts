import { ActionError } from "@eks-actions/action";
import { awsErrorInfo } from "../classify.ts";
import { type Aws, describeFailure, send } from "../client.ts";
import { answerError, signedRequest } from "./signed-request.ts";

const PAGES = 20;

/**
 * The current Spot price of each type, mean over the zones, as decimal texts. Without permission there are none: Spot
 * then needs a stated discount.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html
 * @throws ActionError `PRICING_UNAVAILABLE`
 */
export async function readSpotPrices(
  aws: Aws,
  region: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const seen = new Map<string, Map<string, number>>();
  let token = "";
  try {
    for (let pages = 0; pages < PAGES; pages++) {
      const body = await send(aws, "ec2:DescribeSpotPriceHistory", signal, (abort) =>
        ask(aws, region, { ...query(aws.clock.now()), ...(token === "" ? {} : { NextToken: token }) }, abort),
      );
      for (const [, item = ""] of body.matchAll(/<item>([\s\S]*?)<\/item>/g)) collect(item, seen);
      token = element(body, "nextToken");
      if (token === "") break;
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (awsErrorInfo(error).kind === "denied") {
      aws.log?.info(`no Spot prices: ${describeFailure(error)}`);
      return new Map();
    }
    throw new ActionError("PRICING_UNAVAILABLE", {
      message: `ec2:DescribeSpotPriceHistory: ${describeFailure(error)}`,
      hint: "run again, or use `price-source: embedded`",
      cause: error,
    });
  }
  return new Map([...seen].map(([type, zones]) => [type, mean([...zones.values()]).toFixed(6)]));
}

type Query = Readonly<Record<string, string>>;

function query(now: number): Query {
  return {
    Action: "DescribeSpotPriceHistory",
    Version: "2016-11-15",
    "ProductDescription.1": "Linux/UNIX",
    StartTime: new Date(now).toISOString(),
    MaxResults: "1000",
  };
}

function collect(item: string, seen: Map<string, Map<string, number>>): void {
  const type = element(item, "instanceType");
  const price = Number(element(item, "spotPrice"));
  if (!/^[a-z0-9-]+\.[a-z0-9-]+$/.test(type) || !(price > 0)) return;
  const zones = seen.get(type) ?? new Map<string, number>();
  zones.set(element(item, "availabilityZone"), price);
  seen.set(type, zones);
}

function element(xml: string, name: string): string {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]?.trim() ?? "";
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

async function ask(aws: Aws, region: string, form: Query, signal: AbortSignal): Promise<string> {
  const suffix = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  const answer = await signedRequest(
    aws,
    {
      service: "EC2",
      signingName: "ec2",
      region,
      host: `ec2.${region}.${suffix}`,
      headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
      body: new URLSearchParams(form).toString(),
    },
    signal,
  );
  if (answer.status === 200) return answer.text;
  throw answerError(answer, element(answer.text, "Code"), element(answer.text, "Message"));
}
