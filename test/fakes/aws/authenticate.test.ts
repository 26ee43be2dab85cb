import { DescribeVpcsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { DescribeClusterCommand, EKSClient, ListClustersCommand } from "@aws-sdk/client-eks";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { describe, expect, it } from "vitest";
import { startAws } from "./index.ts";
import { clientConfig, sendRaw } from "./testing.ts";

describe("authentication", () => {
  it("refuses unsigned, unknown, forged, expired and skewed requests in the service's own words", async () => {
    await using aws = await startAws();
    const good = aws.issueSession();
    const config = clientConfig(aws, good);
    const who = (credentials: typeof good) =>
      new STSClient({ ...config, credentials }).send(new GetCallerIdentityCommand({}));
    await who(good);
    await expect(who({ ...good, accessKeyId: "ASIAUNKNOWN" })).rejects.toMatchObject({ name: "InvalidClientTokenId" });
    await expect(who({ ...good, secretAccessKey: "wrong" })).rejects.toMatchObject({ name: "SignatureDoesNotMatch" });
    await expect(who(aws.issueSession(undefined, { durationSeconds: -1 }))).rejects.toMatchObject({
      name: "ExpiredToken",
    });
    const describe = (credentials: typeof good, systemClockOffset = 0) =>
      new EKSClient({ ...config, credentials, systemClockOffset }).send(new DescribeClusterCommand({ name: "prod" }));
    await expect(describe({ ...good, secretAccessKey: "wrong" })).rejects.toMatchObject({
      name: "InvalidSignatureException",
      $metadata: { httpStatusCode: 403 },
    });
    await expect(describe(good, -3600_000)).rejects.toMatchObject({
      name: "InvalidSignatureException",
      message: expect.stringMatching(/^Signature expired: \d{8}T\d{6}Z is now earlier than/),
    });
    await expect(describe({ ...good, accessKeyId: "ASIAUNKNOWN" })).rejects.toMatchObject({
      name: "UnrecognizedClientException",
    });
    const vpcs = new EC2Client({ ...config, credentials: { ...good, secretAccessKey: "wrong" } });
    await expect(vpcs.send(new DescribeVpcsCommand({}))).rejects.toMatchObject({ name: "AuthFailure" });
    const unsigned = await fetch(`${aws.url}/clusters`);
    expect([unsigned.status, unsigned.headers.get("x-amzn-errortype")]).toEqual([
      403,
      "MissingAuthenticationTokenException",
    ]);
  });

  it("refuses a signature for another service or region", async () => {
    await using aws = await startAws();
    const session = aws.issueSession();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const body = "Action=GetCallerIdentity&Version=2011-06-15";
    const response = await sendRaw(aws, session, { service: "iam", body, headers });
    expect(await response.text()).toContain(
      "Credential should be scoped to correct service: &apos;sts&apos;.".replaceAll("&apos;", "'"),
    );
    const nowhere = new EKSClient({ ...clientConfig(aws, session), region: "xx-east-1" });
    await expect(nowhere.send(new ListClustersCommand({}))).rejects.toMatchObject({
      name: "InvalidSignatureException",
    });
  });
});

describe("regions", () => {
  it("share IAM and sessions, and keep their own clusters", async () => {
    await using aws = await startAws();
    aws.addCluster({ name: "prod" });
    aws.addCluster({ name: "far", region: "eu-west-1" });
    const config = clientConfig(aws);
    const listIn = async (region: string) =>
      (await new EKSClient({ ...config, region }).send(new ListClustersCommand({}))).clusters;
    expect([await listIn("us-east-1"), await listIn("eu-west-1"), await listIn("eu-north-1")]).toEqual([
      ["prod"],
      ["far"],
      [],
    ]);
    const describe = new DescribeClusterCommand({ name: "prod" });
    await expect(new EKSClient({ ...config, region: "eu-west-1" }).send(describe)).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
    expect(aws.accountIn("eu-west-1").clusters.get("far")?.cluster.arn).toBe(
      "arn:aws:eks:eu-west-1:111122223333:cluster/far",
    );
  });
});
