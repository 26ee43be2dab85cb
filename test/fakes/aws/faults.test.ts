import { CreateVpcCommand, DescribeVpcsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { EKSClient, ListClustersCommand } from "@aws-sdk/client-eks";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { describe, expect, it } from "vitest";
import { virtualClock } from "../clock.ts";
import { type AwsOptions, startAws } from "./index.ts";
import { clientConfig, complaintsOf } from "./testing.ts";

describe("faults", () => {
  const withFaults = async (options: AwsOptions) => {
    const aws = await startAws({ latency: false, ...options });
    return { aws, eks: new EKSClient(clientConfig(aws)) };
  };

  it("meet the n-th request of their operation", async () => {
    const { aws, eks } = await withFaults({
      faults: [{ op: "eks:ListClusters", nth: 2, error: { code: "ServerException", message: "boom" } }],
    });
    await using _ = aws;
    await eks.send(new ListClustersCommand({}));
    await expect(eks.send(new ListClustersCommand({}))).rejects.toMatchObject({
      name: "ServerException",
      $metadata: { httpStatusCode: 500 },
    });
    await eks.send(new ListClustersCommand({}));
    expect(aws.requests.map((request) => request.error)).toEqual([undefined, "ServerException", undefined]);
  });

  it("cut the connection before or after the service acted", async () => {
    const { aws } = await withFaults({
      faults: [
        { op: "CreateVpc", nth: 1, drop: "before" },
        { op: "CreateVpc", nth: 2, drop: "after" },
      ],
    });
    await using _ = aws;
    const ec2 = new EC2Client(clientConfig(aws));
    await expect(ec2.send(new CreateVpcCommand({ CidrBlock: "10.0.0.0/16" }))).rejects.toThrow();
    expect(aws.account.network.vpcs.size).toBe(0);
    await expect(ec2.send(new CreateVpcCommand({ CidrBlock: "10.0.0.0/16" }))).rejects.toThrow();
    expect(aws.account.network.vpcs.size).toBe(1);
  });

  it("that no request met fail the test", async () => {
    const { aws } = await withFaults({ faults: [{ op: "eks:DeleteCluster", error: { code: "ServerException" } }] });
    expect(await complaintsOf(aws)).toContain("STANDIN_FAULT_UNUSED eks:DeleteCluster");
  });

  it("throttle the share asked for, in each service's words", async () => {
    const { aws, eks } = await withFaults({ throttle: 1 });
    await using _ = aws;
    await expect(eks.send(new ListClustersCommand({}))).rejects.toMatchObject({
      name: "ThrottlingException",
      $metadata: { httpStatusCode: 429 },
    });
    const ec2 = new EC2Client(clientConfig(aws));
    await expect(ec2.send(new DescribeVpcsCommand({}))).rejects.toMatchObject({ name: "RequestLimitExceeded" });
    const sts = new STSClient(clientConfig(aws));
    await expect(sts.send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({ name: "Throttling" });
  });

  it("fall the same way for equal seeds", async () => {
    const run = async (seed: number) => {
      const { aws, eks } = await withFaults({ seed, throttle: 0.5, clock: virtualClock() });
      for (let index = 0; index < 20; index += 1) {
        await eks.send(new ListClustersCommand({})).catch((error: Error) => error.name);
      }
      await aws[Symbol.asyncDispose]();
      return aws.requests;
    };
    expect(await run(5)).toEqual(await run(5));
    expect(await run(5)).not.toEqual(await run(6));
  });
});
