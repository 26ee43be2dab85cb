import {
  CreateAddonCommand,
  CreateClusterCommand,
  CreateNodegroupCommand,
  DescribeAddonCommand,
  DescribeClusterCommand,
  DescribeNodegroupCommand,
  DescribeUpdateCommand,
  EKSClient,
  UpdateClusterConfigCommand,
  UpdateClusterVersionCommand,
} from "@aws-sdk/client-eks";
import { AttachRolePolicyCommand, CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { describe, expect, it } from "vitest";
import { virtualClock } from "../../../clock.ts";
import { type AwsOptions, startAws } from "../../index.ts";
import { clientConfig } from "../../testing.ts";

async function emptyAccount(options: AwsOptions = {}) {
  const clock = virtualClock();
  const aws = await startAws({ clock, durations: "bench", ...options });
  const config = clientConfig(aws);
  return { aws, clock, eks: new EKSClient(config), iam: new IAMClient(config) };
}

const serviceTrust = (service: string) => ({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
});

async function accountWithRoles(options: AwsOptions = {}) {
  const account = await emptyAccount(options);
  const clusterRole = account.aws.addRole({
    name: "cluster",
    trust: serviceTrust("eks.amazonaws.com"),
    managed: ["AmazonEKSClusterPolicy"],
  });
  const nodeRole = account.aws.addRole({
    name: "node",
    trust: serviceTrust("ec2.amazonaws.com"),
    managed: ["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"],
  });
  const { subnetIds } = account.aws.addNetwork();
  const create = (more = {}) =>
    account.eks.send(
      new CreateClusterCommand({
        name: "prod",
        roleArn: clusterRole,
        resourcesVpcConfig: { subnetIds },
        bootstrapSelfManagedAddons: false,
        accessConfig: { authenticationMode: "API" },
        ...more,
      }),
    );
  const status = async () => (await account.eks.send(new DescribeClusterCommand({ name: "prod" }))).cluster?.status;
  return { ...account, clusterRole, nodeRole, subnetIds, create, status };
}

describe("cluster", () => {
  it("is CREATING for ten minutes, then ACTIVE with endpoint, issuer and its creator's access entry", async () => {
    const { aws, clock, create, status, eks } = await accountWithRoles();
    await using _ = aws;
    await create();
    await clock.advance(599_000);
    expect(await status()).toBe("CREATING");
    expect((await eks.send(new DescribeClusterCommand({ name: "prod" }))).cluster?.endpoint).toBeUndefined();
    await clock.advance(1_000);
    const { cluster } = await eks.send(new DescribeClusterCommand({ name: "prod" }));
    expect(cluster).toMatchObject({
      status: "ACTIVE",
      endpoint: expect.stringMatching(/^https:/),
      identity: { oidc: { issuer: expect.stringMatching(/^https:\/\/oidc\.eks\.us-east-1/) } },
    });
    expect([...(aws.account.clusters.get("prod")?.accessEntries.keys() ?? [])]).toEqual([
      "arn:aws:iam::111122223333:role/test-admin",
    ]);
  });

  it("answers the same for the same client request token, and makes one cluster", async () => {
    const { aws, create } = await accountWithRoles();
    await using _ = aws;
    const first = await create({ clientRequestToken: "a".repeat(64) });
    const second = await create({ clientRequestToken: "a".repeat(64) });
    expect(second.cluster).toEqual(first.cluster);
    expect(aws.account.clusters.size).toBe(1);
    await expect(create({ clientRequestToken: "b".repeat(64) })).rejects.toMatchObject({
      name: "ResourceInUseException",
    });
  });

  it("refuses a second update while one runs, and takes it afterwards", async () => {
    const { aws, clock, create, eks } = await accountWithRoles();
    await using _ = aws;
    await create();
    await clock.advance(600_000);
    const protect = new UpdateClusterConfigCommand({ name: "prod", deletionProtection: true });
    const standard = new UpdateClusterConfigCommand({ name: "prod", upgradePolicy: { supportType: "STANDARD" } });
    const { update } = await eks.send(protect);
    await expect(eks.send(standard)).rejects.toMatchObject({
      name: "ResourceInUseException",
      message: expect.stringContaining(`currently has update ${update?.id} in progress`),
    });
    await clock.advance(120_000);
    const done = await eks.send(new DescribeUpdateCommand({ name: "prod", updateId: update?.id }));
    expect(done.update?.status).toBe("Successful");
    await eks.send(standard);
  });

  it("still shows ACTIVE for seconds after an update began", async () => {
    const { aws, clock, create, eks, status } = await accountWithRoles();
    await using _ = aws;
    await create();
    await clock.advance(600_000);
    await eks.send(new UpdateClusterConfigCommand({ name: "prod", deletionProtection: true }));
    expect(await status()).toBe("ACTIVE");
    await clock.advance(5_000);
    expect(await status()).toBe("UPDATING");
  });

  it("upgrades one minor at a time", async () => {
    const { aws, clock, create, eks } = await accountWithRoles();
    await using _ = aws;
    await create({ version: "1.33" });
    await clock.advance(600_000);
    await expect(eks.send(new UpdateClusterVersionCommand({ name: "prod", version: "1.35" }))).rejects.toThrow(
      "unsupported Kubernetes version update from 1.33 to 1.35",
    );
    await eks.send(new UpdateClusterVersionCommand({ name: "prod", version: "1.34" }));
    await clock.advance(600_000);
    expect((await eks.send(new DescribeClusterCommand({ name: "prod" }))).cluster?.version).toBe("1.34");
  });

  it("refuses a role made a moment ago with the eventual-consistency error, and takes it after the window", async () => {
    const { aws, clock, iam, create } = await accountWithRoles();
    await using _ = aws;
    const AssumeRolePolicyDocument = JSON.stringify(serviceTrust("eks.amazonaws.com"));
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName: "fresh", AssumeRolePolicyDocument }));
    const PolicyArn = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy";
    await iam.send(new AttachRolePolicyCommand({ RoleName: "fresh", PolicyArn }));
    await expect(create({ roleArn: Role?.Arn })).rejects.toMatchObject({
      name: "InvalidParameterException",
      message: "Role could not be assumed because the trusted entity is not correct",
    });
    await clock.advance(2_000);
    await create({ roleArn: Role?.Arn });
  });
});

describe("node group", () => {
  it("needs an ACTIVE cluster and the CNI, and lets Deployment add-ons become ACTIVE", async () => {
    const { aws, clock, create, eks, nodeRole, subnetIds } = await accountWithRoles();
    await using _ = aws;
    await create();
    const createNodes = () =>
      eks.send(new CreateNodegroupCommand({ clusterName: "prod", nodegroupName: "web", nodeRole, subnets: subnetIds }));
    await expect(createNodes()).rejects.toMatchObject({
      name: "InvalidRequestException",
      message: "Cluster 'prod' is not in ACTIVE status",
    });
    await clock.advance(600_000);
    for (const addonName of ["vpc-cni", "coredns"]) {
      await eks.send(new CreateAddonCommand({ clusterName: "prod", addonName }));
    }
    await createNodes();
    await clock.advance(61_000);
    const coredns = new DescribeAddonCommand({ clusterName: "prod", addonName: "coredns" });
    expect((await eks.send(coredns)).addon?.status).toBe("DEGRADED");
    await clock.advance(58_000);
    const nodes = new DescribeNodegroupCommand({ clusterName: "prod", nodegroupName: "web" });
    expect((await eks.send(nodes)).nodegroup?.status).toBe("ACTIVE");
    await clock.advance(15_000);
    expect((await eks.send(coredns)).addon?.status).toBe("ACTIVE");
  });

  it("fails after half an hour without a CNI", async () => {
    const { aws, clock, create, eks, nodeRole, subnetIds } = await accountWithRoles();
    await using _ = aws;
    await create();
    await clock.advance(600_000);
    await eks.send(
      new CreateNodegroupCommand({ clusterName: "prod", nodegroupName: "web", nodeRole, subnets: subnetIds }),
    );
    await clock.advance(1_970_000);
    const nodes = new DescribeNodegroupCommand({ clusterName: "prod", nodegroupName: "web" });
    expect((await eks.send(nodes)).nodegroup?.status).toBe("CREATING");
    await clock.advance(30_000);
    expect((await eks.send(nodes)).nodegroup).toMatchObject({
      status: "CREATE_FAILED",
      health: { issues: [{ code: "NodeCreationFailure" }] },
    });
  });
});
