import type { ManagedNodeGroup } from "@eks-actions/cluster-config";
import { nodeSubnets, plannedSubnets } from "../network/subnets.ts";
import type { Context } from "../plan/context.ts";
import type { Finding } from "../plan/finding.ts";
import { minorOf } from "../upgrade/versions.ts";
import { hardwareOf } from "./ami.ts";
import { groupAmiType } from "./nodegroup-fields.ts";
import { sshFindings } from "./ssh-access.ts";

export function groupFindings(context: Context, group: ManagedNodeGroup, version: string): readonly Finding[] {
  const target = { kind: "NodeGroup", name: group.name };
  const findings: Finding[] = [];
  if (nodeSubnets(context, group).length === 0 && plannedSubnets(context).length > 0) {
    findings.push({
      level: "fatal",
      code: "SUBNET_INVALID",
      target,
      path: `${group.source}.subnets`,
      message: `node group ${group.name} has no ${group.privateNetworking ? "private" : "public"} subnet`,
      hint: group.privateNetworking
        ? "name private subnets under `vpc.subnets.private`"
        : "set `privateNetworking: true`",
    });
  }
  if (group.instanceTypes.length > 0 && groupAmiType(group) === undefined) {
    findings.push({
      level: "fatal",
      code: "CONFIG_UNSUPPORTED_FIELD",
      target,
      path: `${group.source}.amiFamily`,
      message: `EKS has no ${group.amiFamily} image for ${group.instanceTypes[0]}`,
      hint: "choose AmazonLinux2023 or Bottlerocket",
    });
  }
  if (group.instanceSelector !== undefined && group.instanceTypes.length === 0) {
    findings.push({
      level: "fatal",
      code: "CONFIG_INVALID_VALUE",
      target,
      path: `${group.source}.instanceSelector`,
      message: `node group ${group.name}: no instance type of ${context.config.metadata.region} fits the selector`,
      hint: "widen it, or list `instanceTypes`",
    });
  }
  findings.push(...sshFindings(context, group), ...imageFindings(context, group));
  if (group.ami === undefined && group.amiFamily === "AmazonLinux2" && minorOf(version) >= 33) {
    findings.push({
      level: "fatal",
      code: "AMI_UNSUPPORTED",
      target,
      path: `${group.source}.amiFamily`,
      message: `AmazonLinux2 is not offered for Kubernetes ${version}`,
      hint: "amiFamily: AmazonLinux2023",
    });
  }
  return findings;
}

/** An image of the user's own must exist, and fit the instances that boot it. */
function imageFindings(context: Context, group: ManagedNodeGroup): readonly Finding[] {
  const { ami } = group;
  if (ami === undefined) return [];
  const fatal = (message: string, hint: string): Finding => ({
    level: "fatal",
    code: "AMI_UNSUPPORTED",
    target: { kind: "NodeGroup", name: group.name },
    path: `${group.source}.ami`,
    message: `node group ${group.name}: ${message}`,
    hint,
  });
  const image = context.facts.images.get(ami);
  const { region } = context.config.metadata;
  if (image === undefined) return [fatal(`image ${ami} does not exist in ${region}, or is not shared`, "check the id")];
  const [type] = group.instanceTypes;
  const needed = type === undefined ? undefined : hardwareOf(type).arm ? "arm64" : "x86_64";
  if (needed === undefined || image.Architecture === undefined || image.Architecture === needed) return [];
  return [
    fatal(`image ${ami} is for ${image.Architecture}, ${type} needs ${needed}`, "choose an image of that architecture"),
  ];
}

export function foreign(group: ManagedNodeGroup, owner: string): Finding {
  return {
    level: "fatal",
    code: "OWNED_BY_OTHER",
    target: { kind: "NodeGroup", name: group.name },
    message: `node group ${group.name} belongs to \`${owner}\``,
    hint: "choose another name for the group",
  };
}
