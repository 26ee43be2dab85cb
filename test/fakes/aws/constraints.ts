import { isRecord } from "./contract.ts";
import type { Operation } from "./operations.ts";

interface Constraint {
  /** Dotted path; `[]` goes into each item of a list, `{}` over the keys of a map. */
  readonly path: string;
  readonly pattern?: RegExp;
  /** Length of a text, size of a list or map, or value of a number. */
  readonly min?: number;
  readonly max?: number;
  readonly values?: readonly string[];
}

const roleName: Constraint = { path: "RoleName", pattern: /^[\w+=,.@-]{1,64}$/ };
const clusterName = /^[0-9A-Za-z][A-Za-z0-9\-_]*$/;
const roleArn = /^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/;
const eksTags: readonly Constraint[] = [
  { path: "tags", max: 50 },
  { path: "tags.{}", pattern: /^(?!aws:)[\s\S]{1,128}$/ },
  { path: "tags.*", max: 256 },
];
const iamTags: readonly Constraint[] = [
  { path: "Tags", max: 50 },
  { path: "Tags[].Key", min: 1, max: 128, pattern: /^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$/u },
  { path: "Tags[].Value", max: 256, pattern: /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u },
];
const taintEffects = ["NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE"];
const token: Constraint = { path: "clientRequestToken", max: 64 };
const nodegroupSizes: readonly Constraint[] = [
  { path: "scalingConfig.minSize", min: 0 },
  { path: "scalingConfig.maxSize", min: 1 },
  { path: "scalingConfig.desiredSize", min: 0 },
];
const logTypes = ["api", "audit", "authenticator", "controllerManager", "scheduler"];

/** Patterns, lengths and enums that the SDK's schemas do not carry, for the members that the suite sends. */
export const constraints: Readonly<Record<string, readonly Constraint[]>> = {
  "sts:AssumeRoleWithWebIdentity": [
    { path: "RoleArn", min: 20, max: 2048 },
    { path: "RoleSessionName", min: 2, max: 64, pattern: /^[\w+=,.@-]*$/ },
    { path: "WebIdentityToken", min: 4, max: 20000 },
    { path: "DurationSeconds", min: 900, max: 43200 },
    { path: "Policy", min: 1, max: 2048, pattern: /^[\t\n\r\u0020-\u00ff]+$/ },
    { path: "PolicyArns", max: 10 },
  ],
  "sts:AssumeRole": [
    { path: "RoleArn", min: 20, max: 2048 },
    { path: "RoleSessionName", min: 2, max: 64, pattern: /^[\w+=,.@-]*$/ },
    { path: "DurationSeconds", min: 900, max: 43200 },
    { path: "ExternalId", min: 2, max: 1224, pattern: /^[\w+=,.@:/-]*$/ },
    { path: "Policy", min: 1, max: 2048, pattern: /^[\t\n\r\u0020-\u00ff]+$/ },
    { path: "PolicyArns", max: 10 },
  ],
  "iam:CreateRole": [
    roleName,
    { path: "Path", max: 512, pattern: /^\/([\u0021-\u007e]+\/)*$/ },
    { path: "AssumeRolePolicyDocument", min: 1, max: 131072 },
    { path: "MaxSessionDuration", min: 3600, max: 43200 },
    { path: "Description", max: 1000 },
    ...iamTags,
  ],
  "iam:TagRole": [roleName, ...iamTags],
  "iam:PutRolePolicy": [
    roleName,
    { path: "PolicyName", pattern: /^[\w+=,.@-]{1,128}$/ },
    { path: "PolicyDocument", max: 10240 },
  ],
  "iam:AttachRolePolicy": [roleName, { path: "PolicyArn", min: 20, max: 2048 }],
  "iam:CreateOpenIDConnectProvider": [
    { path: "Url", min: 1, max: 255, pattern: /^https:\/\// },
    { path: "ClientIDList", max: 100 },
    { path: "ThumbprintList[]", min: 40, max: 40 },
    ...iamTags,
  ],
  "eks:CreateCluster": [
    { path: "name", min: 1, max: 100, pattern: clusterName },
    { path: "roleArn", pattern: roleArn },
    { path: "version", pattern: /^\d+\.\d+$/ },
    { path: "kubernetesNetworkConfig.ipFamily", values: ["ipv4", "ipv6"] },
    {
      path: "kubernetesNetworkConfig.serviceIpv4Cidr",
      pattern: /^(10\.|172\.(1[6-9]|2\d|3[01])\.|192\.168\.)[\d.]+\/(1[2-9]|2[0-4])$/,
    },
    { path: "accessConfig.authenticationMode", values: ["API", "API_AND_CONFIG_MAP", "CONFIG_MAP"] },
    { path: "upgradePolicy.supportType", values: ["STANDARD", "EXTENDED"] },
    { path: "logging.clusterLogging[].types[]", values: logTypes },
    { path: "resourcesVpcConfig.publicAccessCidrs", max: 40 },
    { path: "resourcesVpcConfig.publicAccessCidrs[]", pattern: /^[\da-fA-F.:]+\/\d{1,3}$/ },
    { path: "encryptionConfig", max: 1 },
    token,
    ...eksTags,
  ],
  "eks:UpdateClusterConfig": [
    { path: "accessConfig.authenticationMode", values: ["API", "API_AND_CONFIG_MAP", "CONFIG_MAP"] },
    { path: "upgradePolicy.supportType", values: ["STANDARD", "EXTENDED"] },
    { path: "logging.clusterLogging[].types[]", values: logTypes },
    { path: "resourcesVpcConfig.publicAccessCidrs", max: 40 },
    { path: "resourcesVpcConfig.publicAccessCidrs[]", pattern: /^[\da-fA-F.:]+\/\d{1,3}$/ },
    token,
  ],
  "eks:CreateNodegroup": [
    { path: "nodegroupName", min: 1, max: 63, pattern: /^[0-9A-Za-z][\w-]*$/ },
    { path: "nodeRole", pattern: roleArn },
    { path: "capacityType", values: ["ON_DEMAND", "SPOT", "CAPACITY_BLOCK"] },
    { path: "taints", max: 50 },
    { path: "taints[].effect", values: taintEffects },
    { path: "taints[].key", min: 1, max: 63 },
    { path: "taints[].value", max: 63 },
    { path: "labels.{}", min: 1, max: 317 },
    { path: "labels.*", max: 63, pattern: /^([0-9A-Za-z]([\w.-]*[0-9A-Za-z])?)?$/ },
    { path: "updateConfig.maxUnavailable", min: 1, max: 100 },
    { path: "updateConfig.maxUnavailablePercentage", min: 1, max: 100 },
    { path: "subnets", min: 1, max: 16 },
    { path: "instanceTypes", max: 20 },
    ...nodegroupSizes,
    token,
    ...eksTags,
  ],
  "eks:UpdateNodegroupConfig": [
    { path: "taints.addOrUpdateTaints[].effect", values: taintEffects },
    { path: "updateConfig.maxUnavailable", min: 1, max: 100 },
    { path: "updateConfig.maxUnavailablePercentage", min: 1, max: 100 },
    ...nodegroupSizes,
    token,
  ],
  "eks:CreateAddon": [
    { path: "addonName", min: 1 },
    { path: "resolveConflicts", values: ["OVERWRITE", "NONE", "PRESERVE"] },
    { path: "serviceAccountRoleArn", pattern: roleArn },
    token,
    ...eksTags,
  ],
  "eks:UpdateAddon": [{ path: "resolveConflicts", values: ["OVERWRITE", "NONE", "PRESERVE"] }, token],
  "eks:CreateFargateProfile": [
    { path: "fargateProfileName", min: 1, max: 100, pattern: /^[0-9A-Za-z][\w-]*$/ },
    { path: "podExecutionRoleArn", pattern: roleArn },
    { path: "selectors", max: 5 },
    token,
    ...eksTags,
  ],
  "eks:CreateAccessEntry": [
    {
      path: "type",
      values: ["STANDARD", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "EC2", "HYBRID_LINUX", "HYPERPOD_LINUX"],
    },
    token,
    ...eksTags,
  ],
  "eks:CreatePodIdentityAssociation": [{ path: "roleArn", pattern: roleArn }, token, ...eksTags],
  "eks:TagResource": eksTags,
  "ec2:CreateVpc": [{ path: "CidrBlock", pattern: /^(\d{1,3}\.){3}\d{1,3}\/(1[6-9]|2[0-8])$/ }],
  "ec2:CreateSubnet": [{ path: "CidrBlock", pattern: /^(\d{1,3}\.){3}\d{1,3}\/(1[6-9]|2[0-8])$/ }],
  "ec2:CreateSecurityGroup": [
    { path: "GroupName", min: 1, max: 255, pattern: /^(?!sg-)[a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]+$/ },
    { path: "Description", min: 1, max: 255, pattern: /^[a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]+$/ },
  ],
  "ec2:CreateLaunchTemplate": [{ path: "LaunchTemplateName", min: 3, max: 128, pattern: /^[a-zA-Z0-9().\-/_]+$/ }],
};

/** The first broken constraint in AWS's wording, or `undefined`. */
export function constraintFault(operation: Operation, input: unknown): string | undefined {
  for (const constraint of constraints[`${operation.service.id}:${operation.name}`] ?? []) {
    for (const { path, value } of select(input, constraint.path.split("."), "")) {
      const broken = breaks(constraint, value);
      if (broken === undefined) continue;
      return `1 validation error detected: Value '${show(value)}' at '${lowerFirst(path)}' failed to satisfy constraint: ${broken}`;
    }
  }
  return undefined;
}

interface Selected {
  readonly path: string;
  readonly value: unknown;
}

function select(value: unknown, parts: readonly string[], path: string): readonly Selected[] {
  const [part, ...rest] = parts;
  if (value === undefined || value === null) return [];
  if (part === undefined) return [{ path, value }];
  if (part === "{}") return isRecord(value) ? Object.keys(value).map((key) => ({ path, value: key })) : [];
  if (part === "*") {
    return isRecord(value) ? Object.entries(value).flatMap(([key, item]) => select(item, rest, `${path}.${key}`)) : [];
  }
  const name = part.replace(/\[\]$/, "");
  const child = isRecord(value) ? value[name] : undefined;
  const childPath = path === "" ? name : `${path}.${name}`;
  if (!part.endsWith("[]")) return select(child, rest, childPath);
  return Array.isArray(child)
    ? child.flatMap((item, index) => select(item, rest, `${childPath}.${index + 1}.member`))
    : [];
}

function breaks(constraint: Constraint, value: unknown): string | undefined {
  const { min, max, pattern, values } = constraint;
  const isNumber = typeof value === "number";
  const size = sizeOf(value);
  const noun = isNumber ? "value" : "length";
  if (min !== undefined && size < min) return `Member must have ${noun} greater than or equal to ${min}`;
  if (max !== undefined && size > max) return `Member must have ${noun} less than or equal to ${max}`;
  if (pattern !== undefined && !pattern.test(String(value))) {
    return `Member must satisfy regular expression pattern: ${pattern.source}`;
  }
  if (values !== undefined && !values.includes(String(value))) {
    return `Member must satisfy enum value set: [${values.join(", ")}]`;
  }
  return undefined;
}

function sizeOf(value: unknown): number {
  if (typeof value === "number") return value;
  if (Array.isArray(value)) return value.length;
  return isRecord(value) ? Object.keys(value).length : String(value).length;
}

function show(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
