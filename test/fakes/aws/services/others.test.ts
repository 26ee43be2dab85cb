import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  DeleteLogGroupCommand,
  DescribeLogGroupsCommand,
  PutRetentionPolicyCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { PricingClient, paginateGetProducts } from "@aws-sdk/client-pricing";
import { GetServiceQuotaCommand, ListServiceQuotasCommand, ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { GetParameterCommand, GetParametersCommand, paginateGetParametersByPath, SSMClient } from "@aws-sdk/client-ssm";
import { describe, expect, it } from "vitest";
import { startAws } from "../index.ts";
import { clientConfig } from "../testing.ts";

const ami = "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/standard/recommended";

describe("SSM", () => {
  it("knows AWS's AMI parameters and the release that node groups take", async () => {
    await using aws = await startAws();
    const ssm = new SSMClient(clientConfig(aws));
    const release = await ssm.send(new GetParameterCommand({ Name: `${ami}/release_version` }));
    expect(release.Parameter?.Value).toBe("1.35.5-20261110");
    const whole = await ssm.send(new GetParameterCommand({ Name: ami }));
    expect(JSON.parse(whole.Parameter?.Value ?? "{}")).toMatchObject({ release_version: "1.35.5-20261110" });
    const several = await ssm.send(new GetParametersCommand({ Names: [`${ami}/image_id`, "/nothing"] }));
    expect(several.Parameters?.[0]?.Value).toMatch(/^ami-0[0-9a-f]{16}$/);
    expect(several.InvalidParameters).toEqual(["/nothing"]);
    const names: (string | undefined)[] = [];
    for await (const page of paginateGetParametersByPath({ client: ssm }, { Path: ami })) {
      names.push(...(page.Parameters ?? []).map((parameter) => parameter.Name?.slice(ami.length)));
    }
    expect(names).toEqual(["/image_id", "/release_version", "/image_name"]);
    await expect(ssm.send(new GetParameterCommand({ Name: "/nothing" }))).rejects.toMatchObject({
      name: "ParameterNotFound",
    });
  });
});

describe("Pricing", () => {
  it("filters and pages products, each a JSON string", async () => {
    await using aws = await startAws();
    const client = new PricingClient(clientConfig(aws));
    const Filters = [
      { Type: "ANY_OF" as const, Field: "instanceType", Value: "m5.large,m5.xlarge,t3.medium" },
      { Type: "TERM_MATCH" as const, Field: "operatingSystem", Value: "Linux" },
      { Type: "TERM_MATCH" as const, Field: "tenancy", Value: "Shared" },
      { Type: "TERM_MATCH" as const, Field: "regionCode", Value: "us-east-1" },
    ];
    const prices: Record<string, string> = {};
    let pages = 0;
    for await (const page of paginateGetProducts({ client }, { ServiceCode: "AmazonEC2", Filters })) {
      pages += 1;
      for (const text of page.PriceList ?? []) {
        const { product, terms } = JSON.parse(String(text));
        const [offer] = Object.values<{ priceDimensions: object }>(terms.OnDemand);
        const [dimension] = Object.values<{ pricePerUnit: { USD: string } }>({ ...offer?.priceDimensions });
        prices[product.attributes.instanceType] = dimension?.pricePerUnit.USD ?? "";
      }
    }
    expect(pages).toBe(2);
    expect(prices).toEqual({ "m5.large": "0.0960000000", "m5.xlarge": "0.1920000000", "t3.medium": "0.0416000000" });
  });

  it("holds the anchors: cluster, extended support, NAT, load balancers, addresses", async () => {
    await using aws = await startAws({ smallPages: false });
    const client = new PricingClient(clientConfig(aws));
    const found: string[] = [];
    for (const ServiceCode of ["AmazonEKS", "AWSELB", "AmazonVPC", "AmazonEC2"]) {
      for await (const page of paginateGetProducts({ client }, { ServiceCode })) {
        found.push(
          ...(page.PriceList ?? []).map((text: unknown) => JSON.parse(String(text)).product.attributes.usagetype),
        );
      }
    }
    for (const suffix of [
      "AmazonEKS-Hours:perCluster",
      ":extendedSupport",
      "NatGateway-Hours",
      "LoadBalancerUsage",
      "InUseAddress",
    ]) {
      expect(found.some((usage) => usage.endsWith(suffix))).toBe(true);
    }
  });
});

describe("CloudWatch Logs", () => {
  it("keeps the retention of a log group", async () => {
    await using aws = await startAws();
    const logs = new CloudWatchLogsClient(clientConfig(aws));
    const logGroupName = "/aws/eks/prod/cluster";
    await expect(logs.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 30 }))).rejects.toMatchObject(
      { name: "ResourceNotFoundException" },
    );
    await logs.send(new CreateLogGroupCommand({ logGroupName }));
    await logs.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 30 }));
    const { logGroups } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: "/aws/eks/" }));
    expect(logGroups?.[0]).toMatchObject({ logGroupName, retentionInDays: 30 });
    await expect(logs.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 2 }))).rejects.toMatchObject({
      name: "InvalidParameterException",
    });
    await logs.send(new DeleteLogGroupCommand({ logGroupName }));
    expect(aws.account.logGroups.size).toBe(0);
  });
});

describe("Service Quotas", () => {
  it("tells the quota that is enforced", async () => {
    await using aws = await startAws();
    const quotas = new ServiceQuotasClient(clientConfig(aws));
    aws.account.quotas.set("vpc/L-F678F1CE", 7);
    const one = await quotas.send(new GetServiceQuotaCommand({ ServiceCode: "vpc", QuotaCode: "L-F678F1CE" }));
    expect(one.Quota?.Value).toBe(7);
    const list = await quotas.send(new ListServiceQuotasCommand({ ServiceCode: "eks" }));
    expect(list.Quotas?.length).toBe(2);
    expect(list.NextToken).toBeDefined();
    await expect(quotas.send(new ListServiceQuotasCommand({ ServiceCode: "nothing" }))).rejects.toMatchObject({
      name: "NoSuchResourceException",
    });
  });
});
