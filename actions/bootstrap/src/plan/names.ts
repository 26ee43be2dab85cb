import type { ClusterConfig } from "@eks-actions/cluster-config";
import { sha256, shortHash } from "./value.ts";

/** IAM allows 64 characters; a longer name keeps its beginning and gets a hash. */
export function roleName(cluster: string, region: string, part: string): string {
  const name = `${cluster}-${region}-${part}`.replace(/[^\w+=,.@-]/g, "-");
  return name.length <= 64 ? name : `${name.slice(0, 57)}-${sha256(name).slice(0, 6)}`;
}

export function rolePath(cluster: string): string {
  return `/eks-actions/${cluster}/`;
}

export function launchTemplateName(cluster: string, nodegroup: string): string {
  return `eks-actions-${cluster}-${nodegroup}`.slice(0, 128);
}

/** The group that takes a node group's place when a field of class G changes. */
export function replacementName(nodegroup: string, replaceFields: unknown): string {
  return `${nodegroup.slice(0, 56)}-${shortHash(replaceFields, 6)}`;
}

/** Part of an access entry in tags and ids: ARNs hold characters and lengths that tags do not like. */
export function principalPart(principal: string): string {
  return `${
    principal
      .split("/")
      .at(-1)
      ?.replace(/[^\w.-]/g, "-")
      .slice(0, 64) ?? "principal"
  }-${sha256(principal).slice(0, 6)}`;
}

export function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  if (region.startsWith("us-gov-")) return "aws-us-gov";
  if (region.startsWith("us-iso-")) return "aws-iso";
  if (region.startsWith("us-isob-")) return "aws-iso-b";
  return "aws";
}

/** First 16 hex of the config that a run converged to. */
export function configHash(config: ClusterConfig): string {
  const { fields: _, notices: __, file: ___, ...model } = config;
  return shortHash(model, 16);
}
