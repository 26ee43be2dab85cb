import type { RequestLaunchTemplateData } from "@aws-sdk/client-ec2";
import type * as Eks from "@aws-sdk/client-eks";
import type { ClusterRecord } from "../../state.ts";
import type { World } from "../../world.ts";
import { isRelease } from "../amiReleases.ts";
import { instanceFacts } from "../ec2/instanceTable.ts";
import { findTemplate, versionNumber } from "../ec2/launchTemplates.ts";
import { subnetById } from "./clusterNetwork.ts";
import { invalidParameter, invalidRequest } from "./find.ts";
import { checkNodeRole } from "./roles.ts";
import { minorOf } from "./versions.ts";

/** What EKS refuses before it makes a node group. */
export function checkNodegroup(world: World, record: ClusterRecord, input: Eks.CreateNodegroupCommandInput): void {
  const members = { clusterName: input.clusterName, nodegroupName: input.nodegroupName };
  checkSizes(input.scalingConfig, members);
  checkUpdateConfig(input.updateConfig, members);
  checkNodeRole(world, input.nodeRole, members);
  const vpcId = record.cluster.resourcesVpcConfig?.vpcId;
  for (const id of input.subnets ?? []) {
    if (subnetById(world, id).VpcId !== vpcId) {
      throw invalidParameter(
        `Subnets are not tagged with the required tag or not in the cluster's VPC: ${id}`,
        members,
      );
    }
  }
  const template = templateOfNodegroup(world, input.launchTemplate);
  checkTemplateConflicts(input, template?.data, members);
  const types =
    input.instanceTypes ?? (template?.data.InstanceType === undefined ? ["t3.medium"] : [template.data.InstanceType]);
  const isCustom = template?.data.ImageId !== undefined;
  checkInstanceTypes(types, isCustom ? undefined : (input.amiType ?? defaultAmiType(types)), members);
  checkNodeVersion(world, record, input, isCustom, members);
}

export function checkSizes(sizes: Eks.NodegroupScalingConfig | undefined, members: Record<string, unknown>): void {
  const { minSize = 0, desiredSize = minSize, maxSize = Math.max(desiredSize, 1) } = sizes ?? {};
  if (minSize > maxSize) {
    throw invalidParameter(`Minimum capacity ${minSize} can't be greater than maximum size ${maxSize}`, members);
  }
  if (desiredSize < minSize) {
    throw invalidParameter(`Minimum capacity ${minSize} can't be greater than desired size ${desiredSize}`, members);
  }
  if (desiredSize > maxSize) {
    throw invalidParameter(`desired capacity ${desiredSize} can't be greater than max size ${maxSize}`, members);
  }
  if (maxSize > 450) throw invalidParameter(`Maximum size ${maxSize} exceeds the quota of 450 nodes.`, members);
}

export function checkUpdateConfig(
  config: Eks.NodegroupUpdateConfig | undefined,
  members: Record<string, unknown>,
): void {
  if (config?.maxUnavailable !== undefined && config.maxUnavailablePercentage !== undefined) {
    throw invalidParameter("updateConfig takes either maxUnavailable or maxUnavailablePercentage.", members);
  }
}

function checkTemplateConflicts(
  input: Eks.CreateNodegroupCommandInput,
  data: RequestLaunchTemplateData | undefined,
  members: Record<string, unknown>,
): void {
  if (data === undefined) return;
  if (input.diskSize !== undefined) {
    throw invalidParameter("Disk size must be specified within the launch template.", members);
  }
  if (input.remoteAccess !== undefined) {
    throw invalidParameter("Remote access configuration must be specified within the launch template.", members);
  }
  if (input.instanceTypes !== undefined && data.InstanceType !== undefined) {
    throw invalidParameter(
      "You must specify either a launch template or instance types, the instance type cannot be in both.",
      members,
    );
  }
  if (data.IamInstanceProfile !== undefined) {
    throw invalidParameter("Launch template should not specify an instance profile.", members);
  }
  const imposed = data.ImageId !== undefined && (input.releaseVersion ?? input.version) !== undefined;
  if (imposed) {
    throw invalidParameter(
      "You cannot specify version or releaseVersion with an image id in the launch template.",
      members,
    );
  }
}

function checkInstanceTypes(
  types: readonly string[],
  amiType: string | undefined,
  members: Record<string, unknown>,
): void {
  const missing = types.filter((type) => instanceFacts(type) === undefined);
  if (missing.length > 0) {
    throw invalidParameter(`The following supplied instance types do not exist: [${missing.join(", ")}]`, members);
  }
  if (amiType === undefined || amiType === "CUSTOM") return;
  const wanted = amiType.includes("ARM_64") ? "arm64" : "x86_64";
  const wrong = types.filter((type) => instanceFacts(type)?.architecture !== wanted);
  if (wrong.length > 0) {
    throw invalidParameter(
      `[${wrong.join(", ")}] is not a valid instance type for requested amiType ${amiType}`,
      members,
    );
  }
}

function checkNodeVersion(
  world: World,
  record: ClusterRecord,
  input: Eks.CreateNodegroupCommandInput,
  isCustom: boolean,
  members: Record<string, unknown>,
): void {
  const clusterVersion = record.cluster.version ?? "";
  const version = input.version ?? clusterVersion;
  const lag = minorOf(clusterVersion) - minorOf(version);
  if (!(lag >= 0 && lag <= 3)) {
    throw invalidParameter(
      `Requested Nodegroup version ${version} is not supported by a cluster of version ${clusterVersion}`,
      members,
    );
  }
  if (/^AL2_/.test(input.amiType ?? "") && minorOf(version) >= 33) {
    throw invalidParameter(
      `Requested amiType ${input.amiType} is not supported for kubernetes version ${version}`,
      members,
    );
  }
  if (!isCustom && input.releaseVersion !== undefined && !isRelease(world, version, input.releaseVersion)) {
    throw invalidParameter(
      `Requested release version ${input.releaseVersion} is not valid for kubernetes version ${version}.`,
      members,
    );
  }
}

export function defaultAmiType(types: readonly string[] | undefined): Eks.AMITypes {
  const facts = instanceFacts(types?.[0]);
  if (facts?.gpu !== undefined) return facts.architecture === "arm64" ? "AL2023_ARM_64_NVIDIA" : "AL2023_x86_64_NVIDIA";
  return facts?.architecture === "arm64" ? "AL2023_ARM_64_STANDARD" : "AL2023_x86_64_STANDARD";
}

export interface NodegroupTemplate {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly data: RequestLaunchTemplateData;
}

/** The launch template version that a node group names; by id or by name, not both. */
export function templateOfNodegroup(
  world: World,
  wish: Eks.LaunchTemplateSpecification | undefined,
): NodegroupTemplate | undefined {
  if (wish === undefined) return undefined;
  if ((wish.id === undefined) === (wish.name === undefined)) {
    throw invalidParameter("Launch template must be specified with either its ID or its name.");
  }
  const template = findTemplate(world, wish.id, wish.name);
  if (template === undefined) {
    throw invalidRequest(`Launch template ${wish.id ?? wish.name} does not exist.`);
  }
  const version = versionNumber(template, wish.version);
  if (version === undefined) throw invalidRequest(`Launch template ${template.id} has no version ${wish.version}.`);
  return { id: template.id, name: template.name, version, data: template.versions.get(version)?.data ?? {} };
}
