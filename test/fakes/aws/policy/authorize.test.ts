import { DescribeVpcsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { CreateClusterCommand, DescribeClusterCommand, EKSClient, ListClustersCommand } from "@aws-sdk/client-eks";
import { IAMClient, ListRolesCommand } from "@aws-sdk/client-iam";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { describe, expect, it } from "vitest";
import { startAws } from "../index.ts";
import { clientConfig } from "../testing.ts";

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
    const inline = aws.account.roles.get("creator")?.inline;
    inline?.set("pass", JSON.stringify(policy("iam:PassRole", "*", passer)));
    // Tags at creation are tagging, and the first cluster of an account brings EKS's own role with it.
    await expect(create(creator, { "eks-actions/owner": "acme" })).rejects.toThrow("to perform: eks:TagResource on");
    inline?.set("tag", JSON.stringify(policy("eks:TagResource", "*")));
    await expect(create(creator, { "eks-actions/owner": "acme" })).rejects.toThrow("iam:CreateServiceLinkedRole on");
    inline?.set("linked", JSON.stringify(policy("iam:CreateServiceLinkedRole", "*")));
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
