import { CreateLaunchTemplateCommand, CreateLaunchTemplateVersionCommand, EC2Client } from "@aws-sdk/client-ec2";
import {
  CreateNodegroupCommand,
  DeleteNodegroupCommand,
  DescribeNodegroupCommand,
  DescribeUpdateCommand,
  EKSClient,
  ListNodegroupsCommand,
  UpdateNodegroupConfigCommand,
  UpdateNodegroupVersionCommand,
} from "@aws-sdk/client-eks";
import { AttachRolePolicyCommand, CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { describe, expect, it } from "vitest";
import { virtualClock } from "../../../clock.ts";
import { type AwsOptions, startAws } from "../../index.ts";
import { clientConfig } from "../../testing.ts";

const clusterName = "prod";
const trust = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
};
const managed = ["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"];

async function cluster(version = "1.35", options: AwsOptions = {}) {
  const clock = virtualClock();
  const aws = await startAws({ clock, durations: "bench", ...options });
  aws.addCluster({ name: clusterName, version });
  const config = clientConfig(aws);
  const eks = new EKSClient(config);
  const nodeRole = aws.addRole({ name: "node", trust, managed });
  const subnets = aws.account.clusters.get(clusterName)?.cluster.resourcesVpcConfig?.subnetIds;
  const create = (more = {}) =>
    eks.send(new CreateNodegroupCommand({ clusterName, nodegroupName: "web", nodeRole, subnets, ...more }));
  const describeGroup = async () =>
    (await eks.send(new DescribeNodegroupCommand({ clusterName, nodegroupName: "web" }))).nodegroup;
  return { aws, clock, eks, ec2: new EC2Client(config), iam: new IAMClient(config), create, describeGroup };
}

describe("node groups", () => {
  it("have EKS's defaults, and let their role into the cluster", async () => {
    const { aws, clock, eks, create, describeGroup } = await cluster();
    await using _ = aws;
    await create({ labels: { team: "shop" }, scalingConfig: { minSize: 2, maxSize: 4, desiredSize: 3 } });
    await clock.advance(119_000);
    expect(await describeGroup()).toMatchObject({
      status: "ACTIVE",
      amiType: "AL2023_x86_64_STANDARD",
      capacityType: "ON_DEMAND",
      instanceTypes: ["t3.medium"],
      releaseVersion: "1.35.5-20261110",
      version: "1.35",
      diskSize: 20,
      updateConfig: { maxUnavailable: 1 },
      scalingConfig: { minSize: 2, maxSize: 4, desiredSize: 3 },
    });
    const entries = aws.account.clusters.get(clusterName)?.accessEntries;
    expect(entries?.get("arn:aws:iam::111122223333:role/node")?.entry).toMatchObject({
      type: "EC2_LINUX",
      kubernetesGroups: ["system:nodes"],
    });
    expect((await eks.send(new ListNodegroupsCommand({ clusterName }))).nodegroups).toEqual(["web"]);
    expect(aws.account.clusters.get(clusterName)?.readyNodes.get("web")).toBe(3);
  });

  it.each([
    [
      "sizes out of order",
      { scalingConfig: { minSize: 3, maxSize: 4, desiredSize: 2 } },
      "Minimum capacity 3 can't be greater than desired size 2",
    ],
    [
      "an unknown instance type",
      { instanceTypes: ["m99.large"] },
      "The following supplied instance types do not exist: [m99.large]",
    ],
    [
      "an image for another architecture",
      { instanceTypes: ["m6g.large"], amiType: "AL2023_x86_64_STANDARD" },
      "[m6g.large] is not a valid instance type for requested amiType",
    ],
    ["Amazon Linux 2 from 1.33 on", { amiType: "AL2_x86_64" }, "Requested amiType AL2_x86_64 is not supported"],
    ["a version above the cluster's", { version: "1.36" }, "Requested Nodegroup version 1.36 is not supported"],
    ["a release that never was", { releaseVersion: "1.35.0-20200101" }, "Requested release version"],
    ["a subnet that is not there", { subnets: ["subnet-0123"] }, "The subnet ID 'subnet-0123' does not exist"],
    ["a taint effect of kubectl's spelling", { taints: [{ key: "a", effect: "NoSchedule" }] }, "enum value set"],
  ])("refuse %s", async (_name, more, text) => {
    const { aws, create } = await cluster();
    await using _ = aws;
    await expect(create(more)).rejects.toMatchObject({
      name: "InvalidParameterException",
      message: expect.stringContaining(text),
    });
  });

  it("refuse a role made a moment ago, and take it after it has spread", async () => {
    const { aws, clock, iam, create } = await cluster();
    await using _ = aws;
    const AssumeRolePolicyDocument = JSON.stringify(trust);
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName: "fresh", AssumeRolePolicyDocument }));
    for (const name of managed) {
      await iam.send(new AttachRolePolicyCommand({ RoleName: "fresh", PolicyArn: `arn:aws:iam::aws:policy/${name}` }));
    }
    await expect(create({ nodeRole: Role?.Arn })).rejects.toThrow("cannot be assumed");
    await clock.advance(2_000);
    await create({ nodeRole: Role?.Arn });
  });

  it("change labels, taints and sizes in one update, taints by key and effect", async () => {
    const { aws, clock, eks, create, describeGroup } = await cluster();
    await using _ = aws;
    const [soft, hard] = [
      { key: "a", value: "1", effect: "PREFER_NO_SCHEDULE" as const },
      { key: "a", value: "1", effect: "NO_SCHEDULE" as const },
    ];
    await create({ taints: [soft, hard], labels: { old: "x" } });
    await clock.advance(119_000);
    const group = { clusterName, nodegroupName: "web" };
    const { update } = await eks.send(
      new UpdateNodegroupConfigCommand({
        ...group,
        labels: { addOrUpdateLabels: { team: "shop" }, removeLabels: ["old"] },
        taints: { addOrUpdateTaints: [{ ...hard, value: "2" }] },
        scalingConfig: { maxSize: 6 },
      }),
    );
    await expect(eks.send(new UpdateNodegroupVersionCommand(group))).rejects.toThrow(
      `Cannot VersionUpdate because nodegroup web currently has update ${update?.id} in progress`,
    );
    await clock.advance(30_000);
    expect(await describeGroup()).toMatchObject({
      labels: { team: "shop" },
      taints: [soft, { ...hard, value: "2" }],
      scalingConfig: { minSize: 1, maxSize: 6, desiredSize: 2 },
    });
    expect((await describeGroup())?.labels).toEqual({ team: "shop" });
  });

  it("roll to the cluster's version as long as their nodes take", async () => {
    const { aws, clock, eks, create, describeGroup } = await cluster();
    await using _ = aws;
    await create({ version: "1.34" });
    await clock.advance(119_000);
    expect((await describeGroup())?.releaseVersion).toBe("1.34.7-20261110");
    const group = { clusterName, nodegroupName: "web" };
    const { update } = await eks.send(new UpdateNodegroupVersionCommand({ ...group, version: "1.35" }));
    await clock.advance((1485 + 2 * 158 - 1) * 1000);
    expect((await describeGroup())?.status).toBe("UPDATING");
    await clock.advance(1_000);
    expect(await describeGroup()).toMatchObject({
      status: "ACTIVE",
      version: "1.35",
      releaseVersion: "1.35.5-20261110",
    });
    const ask = new DescribeUpdateCommand({ name: clusterName, nodegroupName: "web", updateId: update?.id });
    expect((await eks.send(ask)).update?.status).toBe("Successful");
  });

  it("follow their launch template, which must have been there from the start", async () => {
    const { aws, clock, eks, ec2, create, describeGroup } = await cluster();
    await using _ = aws;
    const LaunchTemplateName = "eks-actions-prod-web";
    const LaunchTemplateData = { InstanceType: "m5.large" as const };
    const made = await ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName, LaunchTemplateData }));
    const id = made.LaunchTemplate?.LaunchTemplateId;
    await expect(create({ launchTemplate: { id }, instanceTypes: ["m5.large"] })).rejects.toThrow("cannot be in both");
    await expect(create({ launchTemplate: { id }, diskSize: 50 })).rejects.toThrow(
      "Disk size must be specified within",
    );
    await create({ launchTemplate: { id, version: "1" } });
    await clock.advance(119_000);
    await ec2.send(
      new CreateLaunchTemplateVersionCommand({
        LaunchTemplateName,
        SourceVersion: "1",
        LaunchTemplateData: { EbsOptimized: true },
      }),
    );
    const launchTemplate = { id, version: "2" };
    await eks.send(new UpdateNodegroupVersionCommand({ clusterName, nodegroupName: "web", launchTemplate }));
    await clock.advance(3600_000);
    expect((await describeGroup())?.launchTemplate).toEqual({ id, name: LaunchTemplateName, version: "2" });
    await create({ nodegroupName: "plain" });
    await clock.advance(119_000);
    await expect(
      eks.send(new UpdateNodegroupVersionCommand({ clusterName, nodegroupName: "plain", launchTemplate })),
    ).rejects.toThrow("created without one");
  });

  it("end as a test scripted it: failed with an issue, or an update that failed", async () => {
    const { aws, clock, eks, create, describeGroup } = await cluster("1.35", {
      faults: [
        { op: "CreateNodegroup", nth: 1, outcome: { code: "AsgInstanceLaunchFailures", message: "no capacity" } },
        { op: "UpdateNodegroupVersion", outcome: { code: "PodEvictionFailure" } },
      ],
    });
    await using _ = aws;
    await create();
    await clock.advance(119_000);
    expect(await describeGroup()).toMatchObject({
      status: "CREATE_FAILED",
      health: { issues: [{ code: "AsgInstanceLaunchFailures", message: "no capacity" }] },
    });
    await create({ nodegroupName: "two", version: "1.34" });
    await clock.advance(119_000);
    const two = { clusterName, nodegroupName: "two" };
    const { update } = await eks.send(new UpdateNodegroupVersionCommand(two));
    await clock.advance(3600_000);
    const done = await eks.send(
      new DescribeUpdateCommand({ name: clusterName, nodegroupName: "two", updateId: update?.id }),
    );
    expect(done.update).toMatchObject({ status: "Failed", errors: [{ errorCode: "PodEvictionFailure" }] });
    const after = await eks.send(new DescribeNodegroupCommand(two));
    expect(after.nodegroup).toMatchObject({ status: "ACTIVE", version: "1.34" });
  });

  it("may be made again by the same token once they are gone", async () => {
    const { aws, clock, eks, create } = await cluster();
    await using _ = aws;
    const clientRequestToken = "c".repeat(64);
    await create({ clientRequestToken });
    await clock.advance(119_000);
    await eks.send(new DeleteNodegroupCommand({ clusterName, nodegroupName: "web" }));
    await clock.advance(252_000);
    const again = await create({ clientRequestToken });
    expect(again.nodegroup?.status).toBe("CREATING");
    await expect(create({ clientRequestToken, diskSize: 50 })).rejects.toMatchObject({
      name: "InvalidRequestException",
    });
  });

  it("stop at the quota", async () => {
    const { aws, create } = await cluster();
    await using _ = aws;
    aws.account.quotas.set("eks/L-6D54EA21", 1);
    await create();
    await expect(create({ nodegroupName: "more" })).rejects.toMatchObject({ name: "ResourceLimitExceededException" });
  });
});
