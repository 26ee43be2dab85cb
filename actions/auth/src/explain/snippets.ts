import { type RoleArn, shellWord } from "../aws-names.ts";
import { type Claims, providerName } from "../token/claims.ts";
import { ACCOUNT_PLACEHOLDER, type TrustPolicy } from "../trust/policy.ts";

/** Where a snippet is for: a role that exists or one that is to be made. */
export interface SnippetTarget {
  readonly role: RoleArn | undefined;
  readonly partition: string;
}

function roleNameOf(target: SnippetTarget): string {
  return target.role?.name ?? "ROLE_NAME";
}

function pathOf(target: SnippetTarget): string {
  return target.role?.path ?? "/";
}

/** Makes the role; `trust.json` holds the policy. */
export function createRole(target: SnippetTarget): string {
  const path = pathOf(target) === "/" ? "" : ` --path ${shellWord(pathOf(target))}`;
  return `aws iam create-role --role-name ${roleNameOf(target)}${path} --assume-role-policy-document file://trust.json`;
}

/** The role's trust as Terraform. */
export function terraform(policy: TrustPolicy, target: SnippetTarget): string {
  const [statement] = policy.Statement;
  const conditions = Object.entries(statement.Condition.StringEquals).flatMap(([key, value]) => [
    "    condition {",
    '      test     = "StringEquals"',
    `      variable = ${hcl(key)}`,
    `      values   = [${hcl(value)}]`,
    "    }",
  ]);
  return [
    'data "aws_iam_policy_document" "trust" {',
    "  statement {",
    `    actions = [${hcl(statement.Action)}]`,
    "    principals {",
    '      type        = "Federated"',
    `      identifiers = [${hcl(statement.Principal.Federated)}]`,
    "    }",
    ...conditions,
    "  }",
    "}",
    "",
    'resource "aws_iam_role" "job" {',
    `  name               = ${hcl(roleNameOf(target))}`,
    ...(pathOf(target) === "/" ? [] : [`  path               = ${hcl(pathOf(target))}`]),
    "  assume_role_policy = data.aws_iam_policy_document.trust.json",
    "}",
  ].join("\n");
}

/** The role's trust as CloudFormation. JSON is valid YAML, so no value can break out. */
export function cloudFormation(policy: TrustPolicy, target: SnippetTarget): string {
  const document = JSON.stringify(policy, undefined, 2).split("\n").join("\n        ");
  return [
    "Resources:",
    "  JobRole:",
    "    Type: AWS::IAM::Role",
    "    Properties:",
    `      RoleName: ${JSON.stringify(roleNameOf(target))}`,
    ...(pathOf(target) === "/" ? [] : [`      Path: ${JSON.stringify(pathOf(target))}`]),
    "      AssumeRolePolicyDocument:",
    `        ${document}`,
  ].join("\n");
}

/** Registers the issuer in the account. IAM fetches the thumbprint itself. */
export function createProvider(claims: Claims): string {
  return `aws iam create-open-id-connect-provider --url ${shellWord(`https://${providerName(claims.iss)}`)} --client-id-list ${shellWord(claims.aud)}`;
}

/** Lets the role into a cluster. Access entries take the role's ARN with its path. */
export function createAccessEntry(clusters: readonly string[], target: SnippetTarget): string {
  const arn = target.role?.arn ?? `arn:${target.partition}:iam::${ACCOUNT_PLACEHOLDER}:role/ROLE_NAME`;
  const principal = shellWord(arn);
  const policy = `arn:${target.partition}:eks::aws:cluster-access-policy/AmazonEKSEditPolicy`;
  return (clusters.length === 0 ? ["CLUSTER"] : clusters)
    .flatMap((cluster) => [
      `aws eks create-access-entry --cluster-name ${cluster} --principal-arn ${principal}`,
      `aws eks associate-access-policy --cluster-name ${cluster} --principal-arn ${principal} \\`,
      `  --policy-arn ${policy} --access-scope type=namespace,namespaces=NAMESPACE`,
    ])
    .join("\n");
}

/** A quoted literal. `${` and `%{` would begin a template; whatever ends or bends a line is written by its number. */
function hcl(text: string): string {
  const escaped = text
    .replace(/[\\"]/g, "\\$&")
    .replace(/([$%])\{/g, "$1$1{")
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (sign) => {
      return `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;
    });
  return `"${escaped}"`;
}
