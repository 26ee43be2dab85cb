import { ActionError } from "@eks-actions/action";
import type { ClusterApi, EksCluster } from "@eks-actions/aws";
import type { ClusterConfig } from "@eks-actions/cluster-config";
import { logGroupName } from "./cluster/log-group.ts";
import type { Facts, LiveProvider, LiveTemplate } from "./facts.ts";
import type { Inputs } from "./inputs.ts";
import { observeCluster } from "./observe/cluster.ts";
import { observeLeftovers } from "./observe/leftovers.ts";
import { observeNetwork } from "./observe/network.ts";
import { type NodeFacts, observeNodes } from "./observe/nodes.ts";
import { approvedVersions } from "./plan/approved-versions.ts";
import { partitionOf, rolePath } from "./plan/names.ts";
import type { Ports } from "./ports.ts";
import { awsFault } from "./run/aws-fault.ts";
import { minorOf, minorsBetween, targetVersion } from "./upgrade/versions.ts";

/** Reads everything that AWS knows about the cluster of the file. Needs no write permission. */
export async function observe(inputs: Inputs, ports: Ports, signal: AbortSignal): Promise<Facts> {
  const { config } = ports;
  try {
    const [facts, nodes] = await Promise.all([
      readAws(inputs, config, ports.aws, ports.clock.now(), signal),
      observeNodes(ports, signal),
    ]);
    return { ...facts, ...nodes, approved: approvedVersions(inputs, ports) };
  } catch (error) {
    if (error instanceof ActionError || signal.aborted) throw error;
    throw awsFault(error, `reading ${config.metadata.name} in ${config.metadata.region}`);
  }
}

/** One snapshot; what does not depend on anything is read at the same time. */
async function readAws(
  inputs: Inputs,
  config: ClusterConfig,
  aws: ClusterApi,
  now: number,
  signal: AbortSignal,
): Promise<Omit<Facts, keyof NodeFacts | "approved">> {
  const { name, region } = config.metadata;
  const types = [...new Set(config.managedNodeGroups.flatMap((group) => group.instanceTypes))].sort();
  const [caller, cluster, versions, zones, offerings, roles, oidcProviders, launchTemplates, logGroup] =
    await Promise.all([
      aws.iam.caller(signal),
      aws.eks.cluster(name, signal),
      aws.eks.versions(signal),
      aws.ec2.zones(signal),
      Promise.all(types.map(async (type) => [type, await aws.ec2.zonesOffering(type, signal)] as const)),
      readRoles(aws, name, signal),
      readProviders(aws, signal),
      readTemplates(aws, name, signal),
      config.cloudWatch.logRetentionInDays === undefined && !inputs.allow.includes("delete-log-group")
        ? undefined
        : aws.logs.logGroup(logGroupName(name), signal),
    ]);
  const target = targetVersion(config, cluster?.version, versions).version;
  const passed = cluster?.version === undefined ? [target] : minorsBetween(cluster.version, target);
  const [inside, network, insights] = await Promise.all([
    observeCluster(aws, config, cluster, passed, signal),
    observeNetwork(aws, config, cluster, signal),
    readInsights(aws, config, cluster, versions, signal),
  ]);
  const leftovers = await observeLeftovers(aws, inputs, name, network, signal);
  return {
    config,
    account: caller.account,
    callerArn: caller.arn,
    partition: partitionOf(region),
    now,
    nodesFirst: false,
    recreated: [],
    ...leftovers,
    cluster,
    ...inside,
    versions,
    zones,
    offerings: new Map(offerings),
    network,
    roles,
    oidcProviders,
    launchTemplates,
    logGroup,
    insights,
  };
}

async function readRoles(aws: ClusterApi, cluster: string, signal: AbortSignal) {
  const names = await aws.iam.roleNames(rolePath(cluster), signal);
  const roles = await Promise.all(names.map((role) => aws.iam.role(role, signal)));
  return roles.filter((role) => role !== undefined);
}

async function readProviders(aws: ClusterApi, signal: AbortSignal): Promise<readonly LiveProvider[]> {
  const arns = await aws.iam.oidcProviderArns(signal);
  const eks = arns.filter((arn) => /oidc-provider\/oidc\.eks\./.test(arn));
  return Promise.all(eks.map(async (arn) => ({ arn, tags: (await aws.iam.oidcProviderTags(arn, signal)) ?? {} })));
}

async function readTemplates(aws: ClusterApi, cluster: string, signal: AbortSignal): Promise<readonly LiveTemplate[]> {
  const filters = { "tag:eks-actions/part": [`${cluster}/*`] };
  const templates = await aws.ec2.launchTemplates({ filters }, signal);
  return Promise.all(
    templates.map(async (template) => ({
      template,
      versions: await aws.ec2.launchTemplateVersions(template.LaunchTemplateId ?? "", [], signal),
    })),
  );
}

/** Insights matter only when the run would raise the version. */
async function readInsights(
  aws: ClusterApi,
  config: ClusterConfig,
  cluster: EksCluster | undefined,
  versions: Facts["versions"],
  signal: AbortSignal,
): Promise<Facts["insights"]> {
  if (cluster?.version === undefined || cluster.status !== "ACTIVE") return [];
  const target = targetVersion(config, cluster.version, versions).version;
  if (!(minorOf(target) > minorOf(cluster.version))) return [];
  return aws.eks.upgradeInsights(config.metadata.name, `1.${minorOf(cluster.version) + 1}`, signal);
}
