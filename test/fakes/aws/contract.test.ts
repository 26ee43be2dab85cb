import { CreateClusterCommand, DescribeClusterCommand, EKSClient, ListClustersCommand } from "@aws-sdk/client-eks";
import { describe, expect, it } from "vitest";
import { startAws } from "./index.ts";
import { clientConfig, complaintsOf, sendRaw } from "./testing.ts";

describe("contract", () => {
  it("refuses an unknown member, and fails the test though the caller went on", async () => {
    const aws = await startAws();
    const body = JSON.stringify({
      name: "prod",
      roleArn: "arn:aws:iam::111122223333:role/x",
      resourcesVpcConfig: {},
      colour: "red",
    });
    const response = await sendRaw(aws, aws.issueSession(), {
      service: "eks",
      path: "/clusters",
      body,
      headers: { "content-type": "application/json" },
    });
    expect(response.status).toBe(400);
    expect(response.headers.get("x-amzn-errortype")).toBe("InvalidParameterException");
    expect(await complaintsOf(aws)).toContain("STANDIN_REQUEST_INVALID eks:CreateCluster: $.colour: unknown member");
  });

  it.each([
    ["a missing member", { name: "prod", roleArn: "x" }, "$.resourcesVpcConfig: required member missing"],
    ["a wrong type", { name: 7, roleArn: "x", resourcesVpcConfig: {} }, "$.name: expected string, got number 7"],
    [
      "a wrong item",
      { name: "prod", roleArn: "x", resourcesVpcConfig: { subnetIds: [1] } },
      "$.resourcesVpcConfig.subnetIds[0]: expected string, got number 1",
    ],
  ])("names the JSON path of %s", async (_name, body, complaint) => {
    const aws = await startAws();
    await sendRaw(aws, aws.issueSession(), { service: "eks", path: "/clusters", body: JSON.stringify(body) });
    expect(await complaintsOf(aws)).toContain(complaint);
  });

  it.each([
    [
      "sts",
      "Action=GetCallerIdentity&Version=2011-06-15&Colour=red",
      "sts:GetCallerIdentity: $.Colour: unknown member",
    ],
    ["ec2", "Action=DescribeVpcs&Version=2016-11-15&VpcId.1=a&Vpc.1=b", "ec2:DescribeVpcs: $.Vpc: unknown member"],
  ])("finds an unknown parameter of %s", async (service, body, complaint) => {
    const aws = await startAws();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const response = await sendRaw(aws, aws.issueSession(), { service, body, headers });
    expect(response.status).toBe(400);
    expect(await complaintsOf(aws)).toContain(complaint);
  });

  it("names handler and path when the stand-in itself answers an undeclared member", async () => {
    const aws = await startAws();
    aws.addCluster({ name: "prod" });
    Object.assign(aws.account.clusters.get("prod")?.cluster ?? {}, { colour: "red" });
    await new EKSClient(clientConfig(aws)).send(new DescribeClusterCommand({ name: "prod" }));
    expect(await complaintsOf(aws)).toContain(
      "STANDIN_RESPONSE_INVALID eks:DescribeCluster: handler of eks:DescribeCluster answers $.cluster.colour: unknown member",
    );
  });

  it("answers 501 for an operation nobody wrote and names it", async () => {
    const aws = await startAws();
    const headers = { "x-amz-target": "AmazonSSM.ListCommands", "content-type": "application/x-amz-json-1.1" };
    const response = await sendRaw(aws, aws.issueSession(), { service: "ssm", body: "{}", headers });
    expect(response.status).toBe(501);
    const rest = await sendRaw(aws, aws.issueSession(), { service: "eks", path: "/nothing" });
    expect(rest.status).toBe(501);
    const complaints = await complaintsOf(aws);
    expect(complaints).toContain("STANDIN_UNKNOWN_OPERATION ssm:ListCommands");
    expect(complaints).toContain("STANDIN_UNKNOWN_OPERATION POST /nothing");
  });

  it("notices a scripted error that the operation does not model", async () => {
    const aws = await startAws({ faults: [{ op: "eks:ListClusters", error: { code: "InvalidStateException" } }] });
    await expect(new EKSClient(clientConfig(aws)).send(new ListClustersCommand({}))).rejects.toThrow();
    expect(await complaintsOf(aws)).toContain(
      "STANDIN_ERROR_NOT_MODELLED eks:ListClusters: InvalidStateException is not among the errors of eks:ListClusters",
    );
  });

  it("refuses values beyond the patterns that the SDK does not carry, as AWS does", async () => {
    await using aws = await startAws();
    const eks = new EKSClient(clientConfig(aws));
    const create = (name: string, tags: Record<string, string> = {}) =>
      eks.send(
        new CreateClusterCommand({
          name,
          tags,
          roleArn: "arn:aws:iam::111122223333:role/cluster",
          resourcesVpcConfig: {},
        }),
      );
    await expect(create("-bad")).rejects.toMatchObject({
      name: "InvalidParameterException",
      message: expect.stringContaining("Value '-bad' at 'name' failed to satisfy constraint"),
    });
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`key-${index}`, "x"]));
    await expect(create("prod", many)).rejects.toThrow("less than or equal to 50");
  });
});
