import { connect } from "node:net";
import { CreateVpcCommand, DescribeVpcsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { CreateClusterCommand, DescribeClusterCommand, EKSClient, ListClustersCommand } from "@aws-sdk/client-eks";
import { IAMClient, ListRolesCommand } from "@aws-sdk/client-iam";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { describe, expect, it } from "vitest";
import { virtualClock } from "../clock.ts";
import { type AwsOptions, startAws } from "./index.ts";
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
    const elsewhere = new EKSClient({ ...clientConfig(aws, session), region: "eu-west-1" });
    await expect(elsewhere.send(new ListClustersCommand({}))).rejects.toMatchObject({
      name: "InvalidSignatureException",
    });
  });
});

describe("authorisation", () => {
  const policy = (Action: string | string[], Resource = "*", Condition = {}) => ({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action, Resource, Condition }],
  });

  it("allows what the role's policies allow on that resource, and words the refusal as AWS does", async () => {
    await using aws = await startAws();
    aws.addCluster({ name: "prod" });
    aws.addCluster({ name: "stage" });
    const roleArn = aws.addRole({
      name: "reader",
      inline: { read: policy("eks:Describe*", "arn:aws:eks:*:*:cluster/pr?d") },
    });
    const eks = new EKSClient(clientConfig(aws, aws.issueSession(roleArn)));
    await eks.send(new DescribeClusterCommand({ name: "prod" }));
    await expect(eks.send(new DescribeClusterCommand({ name: "stage" }))).rejects.toMatchObject({
      name: "AccessDeniedException",
      message:
        "User: arn:aws:sts::111122223333:assumed-role/reader/test is not authorized to perform: eks:DescribeCluster on resource: arn:aws:eks:us-east-1:111122223333:cluster/stage because no identity-based policy allows the eks:DescribeCluster action",
      $metadata: { httpStatusCode: 403 },
    });
    const iam = new IAMClient(clientConfig(aws, aws.issueSession(roleArn)));
    await expect(iam.send(new ListRolesCommand({}))).rejects.toMatchObject({ name: "AccessDenied" });
  });

  it("lets a Deny win, and checks request tags and passed roles", async () => {
    await using aws = await startAws();
    const { subnetIds } = aws.addNetwork();
    const clusterRole = aws.addRole({
      name: "cluster",
      trust: {
        Statement: [{ Effect: "Allow", Principal: { Service: "eks.amazonaws.com" }, Action: "sts:AssumeRole" }],
      },
      managed: ["AmazonEKSClusterPolicy"],
    });
    const create = (roleArn: string, tags: Record<string, string>) =>
      new EKSClient(clientConfig(aws, aws.issueSession(roleArn))).send(
        new CreateClusterCommand({ name: "prod", roleArn: clusterRole, tags, resourcesVpcConfig: { subnetIds } }),
      );
    const condition = { StringEquals: { "aws:RequestTag/eks-actions/owner": "acme" } };
    const creator = aws.addRole({ name: "creator", inline: { make: policy("eks:CreateCluster", "*", condition) } });
    await expect(create(creator, {})).rejects.toMatchObject({ name: "AccessDeniedException" });
    await expect(create(creator, { "eks-actions/owner": "acme" })).rejects.toThrow(
      `is not authorized to perform: iam:PassRole on resource: ${clusterRole}`,
    );
    const passer = { StringEquals: { "iam:PassedToService": "eks.amazonaws.com" } };
    aws.account.roles.get("creator")?.inline.set("pass", JSON.stringify(policy("iam:PassRole", "*", passer)));
    await create(creator, { "eks-actions/owner": "acme" });
    const deny = { Statement: [{ Effect: "Deny", Action: "ec2:*", Resource: "*" }] };
    const denied = aws.addRole({ name: "denied", managed: ["AdministratorAccess"], inline: { deny } });
    const ec2 = new EC2Client(clientConfig(aws, aws.issueSession(denied)));
    await expect(ec2.send(new DescribeVpcsCommand({}))).rejects.toMatchObject({
      name: "UnauthorizedOperation",
      message: expect.stringContaining("with an explicit deny in an identity-based policy"),
    });
  });
});

describe("session policies and boundaries", () => {
  const allow = (Action: string, Resource = "*") =>
    JSON.stringify({ Statement: [{ Effect: "Allow", Action, Resource }] });

  it("narrow what the role may do", async () => {
    await using aws = await startAws();
    aws.addCluster({ name: "prod" });
    const roleArn = aws.addRole({ name: "wide", managed: ["AdministratorAccess"] });
    const caller = aws.addRole({ name: "caller", managed: ["AdministratorAccess"] });
    const sts = new STSClient(clientConfig(aws, aws.issueSession(caller)));
    const Policy = allow("eks:DescribeCluster", "arn:aws:eks:us-east-1:111122223333:cluster/prod");
    const answer = await sts.send(new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: "narrow", Policy }));
    const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = answer.Credentials ?? {};
    const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
    const eks = new EKSClient({ ...clientConfig(aws), credentials });
    await eks.send(new DescribeClusterCommand({ name: "prod" }));
    await expect(eks.send(new ListClustersCommand({}))).rejects.toThrow(
      "because no session policy allows the eks:ListClusters action",
    );
    const wide = aws.account.roles.get("wide");
    if (wide === undefined) throw new Error("no role");
    wide.permissionsBoundary = "arn:aws:iam::aws:policy/IAMFullAccess";
    await expect(eks.send(new DescribeClusterCommand({ name: "prod" }))).rejects.toThrow(
      "because no permissions boundary allows the eks:DescribeCluster action",
    );
  });
});

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

describe("time", () => {
  it("shows CREATING at least twice before ACTIVE to a poller at scale 1/600", async () => {
    await using aws = await startAws({ seed: 3 });
    const { subnetIds } = aws.addNetwork();
    const trust = {
      Statement: [{ Effect: "Allow", Principal: { Service: "eks.amazonaws.com" }, Action: "sts:AssumeRole" }],
    };
    const roleArn = aws.addRole({ name: "cluster", trust, managed: ["AmazonEKSClusterPolicy"] });
    const eks = new EKSClient(clientConfig(aws));
    await eks.send(new CreateClusterCommand({ name: "prod", roleArn, resourcesVpcConfig: { subnetIds } }));
    const seen: string[] = [];
    while (seen.at(-1) !== "ACTIVE") {
      const { cluster } = await eks.send(new DescribeClusterCommand({ name: "prod" }));
      seen.push(cluster?.status ?? "");
      await aws.clock.sleep(60_000);
    }
    expect(seen.filter((status) => status === "CREATING").length).toBeGreaterThanOrEqual(2);
    expect(seen.length).toBeLessThan(30);
  });

  it("jumps with the in-process handler while no request is open", async () => {
    const clock = virtualClock();
    await using aws = await startAws({ clock, latency: true, durations: "bench" });
    using _ = clock.autoAdvance(aws.isBusy);
    const eks = new EKSClient({ ...clientConfig(aws), requestHandler: aws.requestHandler });
    const start = clock.now();
    await eks.send(new ListClustersCommand({}));
    expect(clock.now() - start).toBe(150);
  });
});

describe("server", () => {
  it("stays up after malformed bytes, huge bodies and strange paths", async () => {
    await using aws = await startAws();
    const { hostname, port } = new URL(aws.url);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => socket.write("NOT HTTP AT ALL\r\n\r\n"));
      socket.on("data", (data) => resolve(data.toString()));
      socket.on("error", reject);
    });
    expect(answer).toContain("400 Bad Request");
    const huge = await fetch(aws.url, { method: "POST", body: "x".repeat(1024 * 1024 + 1) }).then(
      (response) => response.status,
      () => 413,
    );
    expect(huge).toBe(413);
    await new EKSClient(clientConfig(aws)).send(new ListClustersCommand({}));
  });

  it("hides no credentials in its environment for built actions", async () => {
    await using aws = await startAws();
    expect(Object.keys(aws.env).filter((name) => /KEY|TOKEN|SECRET/.test(name))).toEqual([]);
    expect(aws.env["AWS_ENDPOINT_URL_EKS"]).toBe(aws.url);
  });
});
