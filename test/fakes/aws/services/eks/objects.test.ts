import {
  AssociateEncryptionConfigCommand,
  AssociateIdentityProviderConfigCommand,
  CancelUpdateCommand,
  CreateAddonCommand,
  CreateCapabilityCommand,
  CreateFargateProfileCommand,
  DeleteAddonCommand,
  DeleteCapabilityCommand,
  DeleteClusterCommand,
  DeleteFargateProfileCommand,
  DescribeAddonCommand,
  DescribeAddonConfigurationCommand,
  DescribeAddonVersionsCommand,
  DescribeCapabilityCommand,
  DescribeClusterCommand,
  DescribeClusterVersionsCommand,
  DescribeFargateProfileCommand,
  DescribeIdentityProviderConfigCommand,
  DescribeInsightCommand,
  DescribeInsightsRefreshCommand,
  DescribeUpdateCommand,
  DisassociateIdentityProviderConfigCommand,
  EKSClient,
  ListAddonsCommand,
  ListCapabilitiesCommand,
  ListFargateProfilesCommand,
  ListIdentityProviderConfigsCommand,
  ListInsightsCommand,
  ListPodIdentityAssociationsCommand,
  ListUpdatesCommand,
  StartInsightsRefreshCommand,
  UpdateAddonCommand,
  UpdateCapabilityCommand,
  UpdateClusterConfigCommand,
  UpdateClusterVersionCommand,
} from "@aws-sdk/client-eks";
import { describe, expect, it } from "vitest";
import { virtualClock } from "../../../clock.ts";
import { startAws } from "../../index.ts";
import { clientConfig } from "../../testing.ts";

const clusterName = "prod";
const trust = (service: string) => ({
  Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: ["sts:AssumeRole", "sts:TagSession"] }],
});

async function cluster(version = "1.34") {
  const clock = virtualClock();
  const aws = await startAws({ clock, durations: "bench" });
  aws.addCluster({ name: clusterName, version });
  const record = aws.account.clusters.get(clusterName);
  if (record === undefined) throw new Error("no cluster");
  return { aws, clock, eks: new EKSClient(clientConfig(aws)), record };
}

describe("add-ons", () => {
  it("come in versions that fit the cluster, with a schema for their values", async () => {
    const { aws, eks } = await cluster();
    await using _ = aws;
    const versions = await eks.send(
      new DescribeAddonVersionsCommand({ addonName: "kube-proxy", kubernetesVersion: "1.34" }),
    );
    const offered = versions.addons?.[0]?.addonVersions ?? [];
    expect(offered.map((version) => version.addonVersion)).toEqual([
      "v1.34.3-eksbuild.5",
      "v1.34.3-eksbuild.2",
      "v1.34.0-eksbuild.2",
    ]);
    expect(offered.filter((version) => version.compatibilities?.[0]?.defaultVersion).length).toBe(1);
    const addonVersion = "v1.54.0-eksbuild.1";
    const configuration = await eks.send(
      new DescribeAddonConfigurationCommand({ addonName: "aws-ebs-csi-driver", addonVersion }),
    );
    expect(JSON.parse(configuration.configurationSchema ?? "{}").additionalProperties).toBe(false);
    expect(configuration.podIdentityConfiguration?.[0]?.serviceAccount).toBe("ebs-csi-controller-sa");
  });

  it("refuse what the cluster cannot take", async () => {
    const { aws, eks } = await cluster();
    await using _ = aws;
    const create = (addonName: string, more = {}) =>
      eks.send(new CreateAddonCommand({ clusterName, addonName, ...more }));
    await expect(create("nothing")).rejects.toThrow("not supported in 1.34 kubernetes version");
    await expect(create("coredns", { addonVersion: "v1" })).rejects.toThrow("Addon version specified is not supported");
    await expect(create("coredns", { configurationValues: '{"replicaCoun":3}' })).rejects.toThrow(
      "$.replicaCoun: is not defined in the schema",
    );
    await create("coredns", { configurationValues: '{"replicaCount":3}' });
    await expect(create("coredns")).rejects.toMatchObject({ name: "ResourceInUseException" });
  });

  it("are updated and deleted with their own lock and their pod identity associations", async () => {
    const { aws, clock, eks } = await cluster();
    await using _ = aws;
    const roleArn = aws.addRole({ name: "cni", trust: trust("pods.eks.amazonaws.com") });
    const addon = { clusterName, addonName: "vpc-cni" };
    await eks.send(
      new CreateAddonCommand({ ...addon, podIdentityAssociations: [{ serviceAccount: "aws-node", roleArn }] }),
    );
    await clock.advance(30_000);
    const listed = await eks.send(new ListPodIdentityAssociationsCommand({ clusterName }));
    expect(listed.associations?.[0]?.ownerArn).toContain(":addon/prod/vpc-cni/");
    const addonVersion = "v1.21.2-eksbuild.1";
    const { update } = await eks.send(new UpdateAddonCommand({ ...addon, addonVersion }));
    await expect(eks.send(new UpdateAddonCommand(addon))).rejects.toMatchObject({ name: "ResourceInUseException" });
    const own = await eks.send(new ListUpdatesCommand({ name: clusterName, addonName: "vpc-cni" }));
    expect(own.updateIds).toEqual([update?.id]);
    await clock.advance(30_000);
    expect((await eks.send(new DescribeAddonCommand(addon))).addon).toMatchObject({ addonVersion, status: "ACTIVE" });
    await eks.send(new DeleteAddonCommand(addon));
    await clock.advance(20_000);
    expect((await eks.send(new ListAddonsCommand({ clusterName }))).addons).toEqual([]);
    expect((await eks.send(new ListPodIdentityAssociationsCommand({ clusterName }))).associations).toEqual([]);
  });
});

describe("Fargate profiles", () => {
  it("move one at a time", async () => {
    const { aws, clock, eks, record } = await cluster();
    await using _ = aws;
    const podExecutionRoleArn = aws.addRole({ name: "fargate", trust: trust("eks-fargate-pods.amazonaws.com") });
    for (const table of aws.account.network.routeTables.values()) table.Associations = [];
    const subnets = record.cluster.resourcesVpcConfig?.subnetIds;
    const selectors = [{ namespace: "shop" }];
    const create = (fargateProfileName: string, roleArn = podExecutionRoleArn) =>
      eks.send(
        new CreateFargateProfileCommand({
          clusterName,
          fargateProfileName,
          podExecutionRoleArn: roleArn,
          subnets,
          selectors,
        }),
      );
    await create("one");
    await expect(create("two")).rejects.toThrow("currently has Fargate profile one in status CREATING");
    await clock.advance(130_000);
    const one = { clusterName, fargateProfileName: "one" };
    expect((await eks.send(new DescribeFargateProfileCommand(one))).fargateProfile?.status).toBe("ACTIVE");
    await expect(create("two", aws.addRole({ name: "wrong" }))).rejects.toThrow(
      "Misconfigured PodExecutionRole Trust Policy",
    );
    await expect(eks.send(new DeleteClusterCommand({ name: clusterName }))).rejects.toThrow(
      "fargate profiles attached",
    );
    await eks.send(new DeleteFargateProfileCommand(one));
    await expect(create("two")).rejects.toThrow("in status DELETING");
    await clock.advance(120_000);
    expect((await eks.send(new ListFargateProfilesCommand({ clusterName }))).fargateProfileNames).toEqual([]);
  });
});

describe("cluster settings", () => {
  it("change one type at a time, and not at all where nothing changes", async () => {
    const { aws, clock, eks } = await cluster();
    await using _ = aws;
    const change = (more: object) => eks.send(new UpdateClusterConfigCommand({ name: clusterName, ...more }));
    const logging = { clusterLogging: [{ types: ["api", "audit"] as const, enabled: true }] };
    await expect(change({ logging, deletionProtection: true })).rejects.toThrow(
      "Only one type of update can be allowed.",
    );
    await expect(change({ resourcesVpcConfig: { endpointPublicAccess: true } })).rejects.toThrow(
      "Cluster is already at the desired configuration",
    );
    await expect(change({ resourcesVpcConfig: { endpointPublicAccess: false } })).rejects.toThrow(
      "cannot be false at the same time",
    );
    const { update } = await change({ logging });
    expect(update).toMatchObject({ type: "LoggingUpdate", status: "InProgress" });
    await clock.advance(120_000);
    await expect(change({ logging })).rejects.toThrow("No changes needed");
    expect([...aws.account.logGroups.keys()]).toEqual(["/aws/eks/prod/cluster"]);
    await change({ resourcesVpcConfig: { endpointPrivateAccess: true, publicAccessCidrs: ["10.0.0.0/8"] } });
    await clock.advance(120_000);
    const { cluster: shown } = await eks.send(new DescribeClusterCommand({ name: clusterName }));
    expect(shown?.resourcesVpcConfig).toMatchObject({ endpointPrivateAccess: true, publicAccessCidrs: ["10.0.0.0/8"] });
    expect(shown?.logging?.clusterLogging?.[0]).toEqual({ types: ["api", "audit"], enabled: true });
  });

  it("switch Auto Mode on in one call with all three parts", async () => {
    const { aws, clock, eks } = await cluster();
    await using _ = aws;
    const nodeRoleArn = aws.addRole({ name: "auto", trust: trust("ec2.amazonaws.com") });
    const computeConfig = { enabled: true, nodePools: ["general-purpose"], nodeRoleArn };
    const change = (more: object) =>
      eks.send(new UpdateClusterConfigCommand({ name: clusterName, computeConfig, ...more }));
    await expect(change({})).rejects.toThrow("all either fully enabled or fully disabled");
    await change({
      storageConfig: { blockStorage: { enabled: true } },
      kubernetesNetworkConfig: { elasticLoadBalancing: { enabled: true } },
    });
    await clock.advance(120_000);
    const { cluster: shown } = await eks.send(new DescribeClusterCommand({ name: clusterName }));
    expect(shown?.computeConfig).toEqual(computeConfig);
  });

  it("take encryption once", async () => {
    const { aws, clock, eks } = await cluster();
    await using _ = aws;
    const keyArn = "arn:aws:kms:us-east-1:111122223333:key/1234";
    const encrypt = () =>
      eks.send(
        new AssociateEncryptionConfigCommand({
          clusterName,
          encryptionConfig: [{ resources: ["secrets"], provider: { keyArn } }],
        }),
      );
    const { update } = await encrypt();
    await clock.advance(3_899_000);
    const ask = new DescribeUpdateCommand({ name: clusterName, updateId: update?.id });
    expect((await eks.send(ask)).update?.status).toBe("InProgress");
    await clock.advance(1_000);
    expect((await eks.send(ask)).update?.status).toBe("Successful");
    await expect(encrypt()).rejects.toMatchObject({ name: "InvalidRequestException" });
  });

  it("keep a protected cluster from deletion", async () => {
    const { aws, clock, eks } = await cluster();
    await using _ = aws;
    const protect = (deletionProtection: boolean) =>
      eks.send(new UpdateClusterConfigCommand({ name: clusterName, deletionProtection }));
    await protect(true);
    await clock.advance(120_000);
    const remove = () => eks.send(new DeleteClusterCommand({ name: clusterName }));
    await expect(remove()).rejects.toMatchObject({ name: "InvalidRequestException" });
    await protect(false);
    await clock.advance(120_000);
    await remove();
    await clock.advance(180_000);
    await expect(eks.send(new DescribeClusterCommand({ name: clusterName }))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: "No cluster found for name: prod.",
    });
  });

  it("hold one OIDC identity provider", async () => {
    const { aws, clock, eks } = await cluster();
    await using _ = aws;
    const oidc = { identityProviderConfigName: "corp", issuerUrl: "https://idp.example", clientId: "kubernetes" };
    await eks.send(new AssociateIdentityProviderConfigCommand({ clusterName, oidc }));
    await clock.advance(600_000);
    const identityProviderConfig = { type: "oidc", name: "corp" };
    const shown = await eks.send(new DescribeIdentityProviderConfigCommand({ clusterName, identityProviderConfig }));
    expect(shown.identityProviderConfig?.oidc?.status).toBe("ACTIVE");
    const list = await eks.send(new ListIdentityProviderConfigsCommand({ clusterName }));
    expect(list.identityProviderConfigs).toEqual([identityProviderConfig]);
    await eks.send(new DisassociateIdentityProviderConfigCommand({ clusterName, identityProviderConfig }));
    await clock.advance(600_000);
    expect((await eks.send(new ListIdentityProviderConfigsCommand({ clusterName }))).identityProviderConfigs).toEqual(
      [],
    );
  });
});

describe("upgrade", () => {
  it("is refused while an insight is in ERROR, unless forced", async () => {
    const { aws, clock, eks, record } = await cluster();
    await using _ = aws;
    await expect(eks.send(new DescribeInsightsRefreshCommand({ clusterName }))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
    await eks.send(new StartInsightsRefreshCommand({ clusterName }));
    expect((await eks.send(new DescribeInsightsRefreshCommand({ clusterName }))).status).toBe("IN_PROGRESS");
    await clock.advance(30_000);
    expect((await eks.send(new DescribeInsightsRefreshCommand({ clusterName }))).status).toBe("COMPLETED");
    const filter = { categories: ["UPGRADE_READINESS" as const], kubernetesVersions: ["1.35"] };
    const { insights } = await eks.send(new ListInsightsCommand({ clusterName, filter }));
    expect(insights?.[0]?.insightStatus?.status).toBe("PASSING");
    const insight = record.insights.get(insights?.[0]?.id ?? "");
    if (insight === undefined) throw new Error("no insight");
    insight.insightStatus = { status: "ERROR", reason: "deprecated API in use" };
    const shown = await eks.send(new DescribeInsightCommand({ clusterName, id: insight.id }));
    expect(shown.insight?.insightStatus?.reason).toBe("deprecated API in use");
    const upgrade = { name: clusterName, version: "1.35" };
    await expect(eks.send(new UpdateClusterVersionCommand(upgrade))).rejects.toMatchObject({
      name: "InvalidStateException",
    });
    await eks.send(new UpdateClusterVersionCommand({ ...upgrade, force: true }));
  });

  it("can be rolled back within a week, and that rollback cancelled", async () => {
    const { aws, clock, eks } = await cluster();
    await using _ = aws;
    const move = (version: string) => eks.send(new UpdateClusterVersionCommand({ name: clusterName, version }));
    const up = await move("1.35");
    await expect(
      eks.send(new CancelUpdateCommand({ name: clusterName, updateId: up.update?.id })),
    ).rejects.toMatchObject({ name: "InvalidRequestException" });
    await clock.advance(600_000);
    const { update } = await move("1.34");
    expect(update?.type).toBe("VersionRollback");
    const cancelled = await eks.send(new CancelUpdateCommand({ name: clusterName, updateId: update?.id }));
    expect(cancelled.update?.status).toBe("Cancelled");
    await clock.advance(8 * 24 * 3600_000);
    await expect(move("1.34")).rejects.toThrow("unsupported Kubernetes version update from 1.35 to 1.34");
  });

  it("knows the versions on offer, their support and the default", async () => {
    const { aws, eks } = await cluster();
    await using _ = aws;
    const standard = await eks.send(new DescribeClusterVersionsCommand({ versionStatus: "STANDARD_SUPPORT" }));
    expect(standard.clusterVersions?.map((version) => version.clusterVersion)).toEqual(["1.36", "1.35"]);
    expect(standard.nextToken).toBeDefined();
    const byDefault = await eks.send(new DescribeClusterVersionsCommand({ defaultOnly: true }));
    expect(byDefault.clusterVersions?.map((version) => version.clusterVersion)).toEqual(["1.35"]);
  });
});

describe("capabilities", () => {
  it("are one of each type, and keep their cluster from deletion", async () => {
    const { aws, clock, eks } = await cluster();
    await using _ = aws;
    const roleArn = aws.addRole({ name: "ack", trust: trust("capabilities.eks.amazonaws.com") });
    const capability = { clusterName, capabilityName: "ack" };
    const wish = { ...capability, type: "ACK" as const, roleArn, deletePropagationPolicy: "RETAIN" as const };
    await eks.send(new CreateCapabilityCommand(wish));
    await expect(eks.send(new CreateCapabilityCommand({ ...wish, capabilityName: "other" }))).rejects.toMatchObject({
      name: "ResourceInUseException",
    });
    await clock.advance(120_000);
    expect((await eks.send(new DescribeCapabilityCommand(capability))).capability?.status).toBe("ACTIVE");
    await eks.send(new UpdateCapabilityCommand({ ...capability, roleArn }));
    await clock.advance(30_000);
    expect((await eks.send(new ListCapabilitiesCommand({ clusterName }))).capabilities?.[0]?.status).toBe("ACTIVE");
    await expect(eks.send(new DeleteClusterCommand({ name: clusterName }))).rejects.toThrow("capabilities attached");
    await eks.send(new DeleteCapabilityCommand(capability));
    await clock.advance(20_000);
    await eks.send(new DeleteClusterCommand({ name: clusterName }));
  });
});
