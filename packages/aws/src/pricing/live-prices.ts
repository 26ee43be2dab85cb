import { ActionError } from "@eks-actions/action";
import { awsErrorInfo } from "../classify.ts";
import { type Aws, describeFailure, send } from "../client.ts";
import { hasUsage, type PriceListProduct, readProduct } from "./products.ts";
import { answerError, signedRequest } from "./signed-request.ts";
import { readSpotPrices } from "./spot-prices.ts";

/** Prices of a region as AWS lists them, in decimal texts. Instances, Spot and Auto Mode are an hour's. */
export interface LivePriceList {
  readonly region: string;
  readonly currency: string;
  /** `YYYY-MM-DD`: the newest publication among them. */
  readonly date: string;
  readonly ec2: ReadonlyMap<string, string>;
  readonly spot: ReadonlyMap<string, string>;
  readonly autoMode: ReadonlyMap<string, string>;
  /** By the keys of the price book. */
  readonly services: ReadonlyMap<string, readonly { readonly upTo?: number; readonly price: string }[]>;
}

interface Wanted {
  readonly key: string;
  readonly usage: string;
  readonly operation?: string;
}

const EKS: readonly Wanted[] = [
  { key: "eks.cluster", usage: "AmazonEKS-Hours:perCluster" },
  { key: "eks.extendedSupport", usage: "AmazonEKS-Hours:extendedSupport" },
  { key: "eks.pcp.tier-xl", usage: "AmazonEKS-Hours:XL-ProvisionedTier" },
  { key: "eks.pcp.tier-2xl", usage: "AmazonEKS-Hours:2XL-ProvisionedTier" },
  { key: "eks.pcp.tier-4xl", usage: "AmazonEKS-Hours:4XL-ProvisionedTier" },
  { key: "eks.pcp.tier-8xl", usage: "AmazonEKS-Hours:8XL-ProvisionedTier" },
  { key: "eks.capability.argocd", usage: "EKSCapabilities-ArgoCD-Hours:perCapability" },
  { key: "eks.capability.argocd.application", usage: "EKSCapabilities-ArgoCD-CR-Hours:perCustomResource" },
  { key: "eks.capability.ack", usage: "EKSCapabilities-ACK-Hours:perCapability" },
  { key: "eks.capability.ack.resource", usage: "EKSCapabilities-ACK-CR-Hours:perCustomResource" },
  { key: "eks.capability.kro", usage: "EKSCapabilities-KRO-Hours:perCapability" },
  { key: "eks.capability.kro.instance", usage: "EKSCapabilities-KRO-CR-Hours:perCustomResource" },
  { key: "eks.hybridNodes.vcpu", usage: "HybridNodes-Hours:pervCPU" },
  { key: "fargate.x86.vcpu", usage: "Fargate-vCPU-Hours:perCPU" },
  { key: "fargate.x86.gb", usage: "Fargate-GB-Hours" },
];
const BALANCERS: readonly Wanted[] = [
  { key: "elb.alb.hour", usage: "LoadBalancerUsage", operation: "LoadBalancing:Application" },
  { key: "elb.alb.lcu", usage: "LCUUsage", operation: "LoadBalancing:Application" },
  { key: "elb.nlb.hour", usage: "LoadBalancerUsage", operation: "LoadBalancing:Network" },
  { key: "elb.nlb.lcu", usage: "LCUUsage", operation: "LoadBalancing:Network" },
  { key: "elb.clb.hour", usage: "LoadBalancerUsage", operation: "LoadBalancing" },
];
const NETWORK: readonly Wanted[] = [
  { key: "nat.hour", usage: "NatGateway-Hours" },
  { key: "nat.gb", usage: "NatGateway-Bytes" },
  { key: "vpc.publicIpv4", usage: "PublicIPv4:InUseAddress" },
];
const VOLUMES = ["gp2", "gp3", "io1", "io2", "st1", "sc1", "standard"] as const;
const VOLUME_EXTRAS: readonly Wanted[] = [
  { key: "ebs.gp3.iops", usage: "EBS:VolumeP-IOPS.gp3" },
  { key: "ebs.gp3.throughput", usage: "EBS:VolumeP-Throughput.gp3" },
  { key: "ebs.io1.iops", usage: "EBS:VolumeP-IOPS.piops" },
  { key: "ebs.io2.iops", usage: "EBS:VolumeP-IOPS.io2" },
];

/**
 * Reads a region's prices with `pricing:GetProducts`, and Spot with `ec2:DescribeSpotPriceHistory` where that is allowed.
 * @throws ActionError `PRICING_DENIED`, `PRICING_UNAVAILABLE`
 */
export async function readLivePrices(aws: Aws, region: string, signal: AbortSignal): Promise<LivePriceList> {
  const ask = productReader({ ...aws, region: priceRegion(region) }, region, signal);
  const instances = await ask("AmazonEC2", [
    ["operatingSystem", "Linux"],
    ["preInstalledSw", "NA"],
    ["capacitystatus", "Used"],
    ["marketoption", "OnDemand"],
    ["tenancy", "Shared"],
    ["productFamily", "Compute Instance"],
  ]);
  const eks = await ask("AmazonEKS", []);
  const balancers = await ask("AWSELB", []);
  const storage = await ask("AmazonEC2", [["productFamily", "Storage"]]);
  const provisioned = await ask("AmazonEC2", [["productFamily", "System Operation"]]);
  const throughput = await ask("AmazonEC2", [["productFamily", "Provisioned Throughput"]]);
  const gateways = await ask("AmazonEC2", [["productFamily", "NAT Gateway"]]);
  const addresses = await ask("AmazonVPC", []);
  const all = [...instances, ...eks, ...balancers, ...storage, ...gateways, ...addresses];
  const services = new Map([
    ...pick(eks, EKS),
    ...pick(balancers, BALANCERS),
    ...pick([...gateways, ...addresses], NETWORK),
    ...pick([...provisioned, ...throughput], VOLUME_EXTRAS),
    ...VOLUMES.flatMap((name) => {
      const found = storage.find(({ attributes }) => attributes["volumeApiName"] === name);
      return found === undefined ? [] : [[`ebs.${name}.gb`, found.tiers] as const];
    }),
  ]);
  return {
    region,
    currency: all[0]?.currency ?? "USD",
    date:
      all
        .map(({ date }) => date)
        .sort()
        .at(-1) ?? new Date(aws.clock.now()).toISOString().slice(0, 10),
    ec2: byType(instances, "instanceType"),
    autoMode: byType(
      eks.filter(({ attributes }) => attributes["eksproducttype"] === "AutoMode"),
      "instancetype",
    ),
    spot: await readSpotPrices(aws, region, signal),
    services,
  };
}

function pick(products: readonly PriceListProduct[], wanted: readonly Wanted[]) {
  return wanted.flatMap(({ key, usage, operation }) => {
    const found = products.find(
      (product) =>
        hasUsage(product, usage) && (operation === undefined || product.attributes["operation"] === operation),
    );
    return found === undefined ? [] : [[key, found.tiers] as const];
  });
}

function byType(products: readonly PriceListProduct[], attribute: string): ReadonlyMap<string, string> {
  return new Map(
    products.flatMap(({ attributes, tiers }) => {
      const [name, price] = [attributes[attribute], tiers[0]?.price];
      return name === undefined || price === undefined ? [] : [[name, price] as const];
    }),
  );
}

/** The price list lives in few regions, whatever region it is about. */
function priceRegion(region: string): string {
  if (region.startsWith("cn-")) return "cn-northwest-1";
  if (region.startsWith("eu-")) return "eu-central-1";
  return region.startsWith("ap-") ? "ap-south-1" : "us-east-1";
}

type Filters = readonly (readonly [string, string])[];

function productReader(aws: Aws, about: string, signal: AbortSignal) {
  return async (service: string, filters: Filters): Promise<readonly PriceListProduct[]> => {
    const products: PriceListProduct[] = [];
    let token = "";
    try {
      do {
        const page = await send(aws, "pricing:GetProducts", signal, (abort) =>
          getProducts(aws, { service, about, filters, token }, abort),
        );
        for (const entry of page.entries) {
          const product = readProduct(entry);
          if (product !== undefined) products.push(product);
        }
        token = page.next;
      } while (token !== "");
    } catch (error) {
      if (signal.aborted || error instanceof ActionError) throw error;
      throw explain(error, service);
    }
    return products;
  };
}

interface ProductQuery {
  readonly service: string;
  readonly about: string;
  readonly filters: Filters;
  readonly token: string;
}

/** https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html */
async function getProducts(aws: Aws, query: ProductQuery, signal: AbortSignal) {
  const suffix = aws.region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  const answer = await signedRequest(
    aws,
    {
      service: "PRICING",
      signingName: "pricing",
      region: aws.region,
      host: `api.pricing.${aws.region}.${suffix}`,
      headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": "AWSPriceListService.GetProducts" },
      body: JSON.stringify({
        ServiceCode: query.service,
        FormatVersion: "aws_v1",
        MaxResults: 100,
        Filters: [["regionCode", query.about] as const, ...query.filters].map(([Field, Value]) => ({
          Type: "TERM_MATCH",
          Field,
          Value,
        })),
        ...(query.token === "" ? {} : { NextToken: query.token }),
      }),
    },
    signal,
  );
  const body = parseObject(answer.text);
  if (answer.status !== 200) {
    const type = String(body["__type"] ?? "");
    throw answerError(answer, type.slice(type.lastIndexOf("#") + 1), String(body["message"] ?? body["Message"] ?? ""));
  }
  const list = body["PriceList"];
  return {
    entries: (Array.isArray(list) ? list : []).filter((entry): entry is string => typeof entry === "string"),
    next: typeof body["NextToken"] === "string" ? body["NextToken"] : "",
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    // A proxy's page in place of JSON: the status tells what to do.
    return {};
  }
}

function explain(cause: unknown, service: string): ActionError {
  const kind = awsErrorInfo(cause).kind;
  const message = `pricing:GetProducts of ${service}: ${describeFailure(cause)}`;
  if (kind === "denied" || kind === "expired") {
    return new ActionError("PRICING_DENIED", {
      message,
      hint: 'add to the role\'s policy: {"Effect":"Allow","Action":["pricing:GetProducts","ec2:DescribeSpotPriceHistory"],"Resource":"*"}',
      cause,
    });
  }
  return new ActionError("PRICING_UNAVAILABLE", { message, hint: "run again, or use `price-source: embedded`", cause });
}
