import { isRecord } from "../contract.ts";
import type { Operation } from "../operations.ts";
import type { Session } from "../state.ts";
import type { World } from "../world.ts";
import { requestContext } from "./conditions.ts";
import type { AccessRequest } from "./evaluate.ts";
import { impliedPermissions } from "./implied.ts";
import { ec2Resource, eksResource, iamResource } from "./resources.ts";

/** Operations that need no permission, as in IAM. */
const free = new Set(["sts:GetCallerIdentity", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRole"]);

/** What the caller must be allowed for this request: the action itself, `iam:PassRole` for each role handed over, and what it implies. */
export function requirementsOf(
  world: World,
  session: Session,
  operation: Operation,
  input: Readonly<Record<string, unknown>>,
): readonly AccessRequest[] {
  const action = `${operation.service.id}:${operation.name}`;
  if (free.has(action)) return [];
  const target = resourceOf(world, operation, input);
  const context = requestContext({
    "aws:RequestedRegion": world.account.region,
    "aws:PrincipalArn": session.roleArn,
    "aws:PrincipalAccount": world.account.id,
    "iam:PolicyARN": text(input["PolicyArn"]),
    "iam:AWSServiceName": text(input["AWSServiceName"]),
    "iam:PermissionsBoundary": text(input["PermissionsBoundary"]),
    ...tagKeys("aws:RequestTag/", requestTags(input)),
    ...tagKeys("aws:ResourceTag/", target.tags),
    "aws:TagKeys": Object.keys(requestTags(input)).length > 0 ? Object.keys(requestTags(input)) : undefined,
  });
  const tags = tagKeys("aws:RequestTag/", requestTags(input));
  const passed = passedRoles(operation, input).map(({ roleArn, service }) => ({
    action: "iam:PassRole",
    resource: roleArn,
    context: requestContext({ "iam:PassedToService": service, "aws:PrincipalArn": session.roleArn }),
  }));
  return [
    { action, resource: target.arn, context },
    ...passed,
    ...impliedPermissions(world, operation, input, target.arn, tags),
  ];
}

export interface Target {
  readonly arn: string;
  readonly tags: Readonly<Record<string, string>>;
}

function resourceOf(world: World, operation: Operation, input: Readonly<Record<string, unknown>>): Target {
  const { account } = world;
  switch (operation.service.id) {
    case "eks":
      return eksResource(account, operation.name, input);
    case "iam":
      return iamResource(account, operation.name, input);
    case "ec2":
      return ec2Resource(account, operation.name, input);
    case "ssm": {
      const name = text(input["Name"]) ?? text(input["Path"]) ?? "*";
      const owner = name.startsWith("/aws/service/") ? "" : account.id;
      return { arn: `arn:${account.partition}:ssm:${account.region}:${owner}:parameter${name}`, tags: {} };
    }
    case "logs": {
      const name = text(input["logGroupName"]) ?? text(input["logGroupNamePrefix"]) ?? "";
      return { arn: `arn:${account.partition}:logs:${account.region}:${account.id}:log-group:${name}:*`, tags: {} };
    }
    default:
      return { arn: "*", tags: {} };
  }
}

/** Tags of the request, whichever of the three spellings the service uses. */
export function requestTags(input: Readonly<Record<string, unknown>>): Record<string, string> {
  const tags: Record<string, string> = {};
  const add = (list: unknown) => {
    for (const tag of Array.isArray(list) ? list : []) {
      if (isRecord(tag) && typeof tag["Key"] === "string") tags[tag["Key"]] = text(tag["Value"]) ?? "";
    }
  };
  const lower = input["tags"];
  if (isRecord(lower)) for (const [key, value] of Object.entries(lower)) tags[key] = String(value);
  add(input["Tags"]);
  const specifications = input["TagSpecifications"];
  for (const specification of Array.isArray(specifications) ? specifications : []) {
    if (isRecord(specification)) add(specification["Tags"]);
  }
  return tags;
}

function tagKeys(prefix: string, tags: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`${prefix}${key}`, value]));
}

interface PassedRole {
  readonly roleArn: string;
  readonly service: string;
}

function passedRoles(operation: Operation, input: Readonly<Record<string, unknown>>): readonly PassedRole[] {
  const pass = (value: unknown, service: string): PassedRole[] =>
    typeof value === "string" ? [{ roleArn: value, service }] : [];
  switch (`${operation.service.id}:${operation.name}`) {
    case "eks:CreateCluster":
      return pass(input["roleArn"], "eks.amazonaws.com");
    case "eks:CreateNodegroup":
      return pass(input["nodeRole"], "ec2.amazonaws.com");
    case "eks:CreateFargateProfile":
      return pass(input["podExecutionRoleArn"], "eks-fargate-pods.amazonaws.com");
    case "eks:CreatePodIdentityAssociation":
    case "eks:UpdatePodIdentityAssociation":
      return pass(input["roleArn"], "pods.eks.amazonaws.com");
    case "eks:CreateCapability":
      return pass(input["roleArn"], "capabilities.eks.amazonaws.com");
    case "eks:CreateAddon":
    case "eks:UpdateAddon": {
      const associations = input["podIdentityAssociations"];
      const listed = Array.isArray(associations) ? associations.filter(isRecord) : [];
      return [
        ...pass(input["serviceAccountRoleArn"], "eks.amazonaws.com"),
        ...listed.flatMap((association) => pass(association["roleArn"], "pods.eks.amazonaws.com")),
      ];
    }
    default:
      return [];
  }
}

export function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
