import { isRecord } from "../contract.ts";
import type { Operation } from "../operations.ts";
import type { World } from "../world.ts";
import { requestContext } from "./conditions.ts";
import type { AccessRequest } from "./evaluate.ts";

/** EKS action → resource kind that it makes. */
const eksKinds: Readonly<Record<string, string>> = {
  CreateCluster: "cluster",
  CreateNodegroup: "nodegroup",
  CreateAddon: "addon",
  CreateFargateProfile: "fargateprofile",
  CreateAccessEntry: "access-entry",
  CreatePodIdentityAssociation: "podidentityassociation",
  CreateCapability: "capability",
  AssociateIdentityProviderConfig: "identityproviderconfig",
};

const linkedRoles: Readonly<Record<string, readonly [service: string, role: string]>> = {
  CreateCluster: ["eks.amazonaws.com", "AWSServiceRoleForAmazonEKS"],
  CreateNodegroup: ["eks-nodegroup.amazonaws.com", "AWSServiceRoleForAmazonEKSNodegroup"],
  CreateFargateProfile: ["eks-fargate.amazonaws.com", "AWSServiceRoleForEKSForFargate"],
};

/**
 * What the caller must be allowed besides the action itself: tagging what it creates with tags, and what EKS does in its
 * name (service-linked roles, launch templates, keys). From the user guides of EKS, EC2 and IAM.
 */
export function impliedPermissions(
  world: World,
  operation: Operation,
  input: Readonly<Record<string, unknown>>,
  target: string,
  tags: Readonly<Record<string, string | readonly string[]>>,
): readonly AccessRequest[] {
  const { id } = operation.service;
  const request = (
    action: string,
    resource: string,
    context: Readonly<Record<string, string | readonly string[]>>,
  ) => ({
    action,
    resource,
    context: requestContext({ ...tags, ...context }),
  });
  const isTagging = Object.keys(tags).length > 0 && !/Tag/.test(operation.name);
  if (id === "ec2") {
    return isTagging ? [request("ec2:CreateTags", target, { "ec2:CreateAction": operation.name })] : [];
  }
  if (id === "iam") {
    if (!isTagging) return [];
    const action = operation.name === "CreateRole" ? "iam:TagRole" : "iam:TagOpenIDConnectProvider";
    return [request(action, target, {})];
  }
  if (id !== "eks") return [];
  const made = eksKinds[operation.name];
  const name = String(input["clusterName"] ?? input["name"] ?? "");
  const { account } = world;
  const prefix = `arn:${account.partition}:eks:${account.region}:${account.id}:`;
  const linked = linkedRoles[operation.name];
  const keys = Array.isArray(input["encryptionConfig"]) ? input["encryptionConfig"].filter(isRecord) : [];
  const keyArns = keys.flatMap(({ provider }) => (isRecord(provider) ? String(provider["keyArn"]) : []));
  return [
    ...(isTagging && made !== undefined
      ? [request("eks:TagResource", `${prefix}${made}/${name}${made === "cluster" ? "" : "/new"}`, {})]
      : []),
    ...(linked !== undefined && !account.roles.has(linked[1])
      ? [
          request(
            "iam:CreateServiceLinkedRole",
            `arn:${account.partition}:iam::${account.id}:role/aws-service-role/${linked[0]}/${linked[1]}`,
            { "iam:AWSServiceName": linked[0] },
          ),
        ]
      : []),
    ...(isRecord(input["launchTemplate"]) && /Nodegroup/.test(operation.name)
      ? [request("ec2:RunInstances", `arn:${account.partition}:ec2:${account.region}:${account.id}:instance/*`, {})]
      : []),
    ...keyArns.flatMap((arn) => [request("kms:DescribeKey", arn, {}), request("kms:CreateGrant", arn, {})]),
  ];
}
