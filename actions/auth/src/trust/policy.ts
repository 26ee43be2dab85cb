import type { RoleArn } from "@eks-actions/aws";
import { type Claims, DEFAULT_ISSUER, providerName } from "../token/claims.ts";

/** An IAM trust policy with one statement, members in the order of IAM's own documents. */
export interface TrustPolicy {
  readonly Version: "2012-10-17";
  readonly Statement: readonly [
    {
      readonly Effect: "Allow";
      readonly Principal: { readonly Federated: string };
      readonly Action: "sts:AssumeRoleWithWebIdentity";
      readonly Condition: { readonly StringEquals: Readonly<Record<string, string>> };
    },
  ];
}

/** What stands in place of the account when no role is given. */
export const ACCOUNT_PLACEHOLDER = "ACCOUNT_ID";

/**
 * The policy that admits exactly this job: `StringEquals` with exact values, never a wildcard. `sub` may be given in its
 * other form.
 */
export function trustPolicyFor(
  claims: Claims,
  where: Pick<RoleArn, "partition" | "accountId">,
  sub: string = claims.sub,
): TrustPolicy {
  const provider = providerName(claims.iss);
  const key = (claim: string) => `${provider}:${claim}`;
  const equals: Record<string, string> = { [key("aud")]: literal(claims.aud), [key("sub")]: literal(sub) };
  if (claims.iss === DEFAULT_ISSUER) {
    const { repository_id: id, job_workflow_ref: called, workflow_ref: own } = claims.values;
    if (id !== undefined) equals[key("repository_id")] = literal(id);
    // Differs only in a reusable workflow: then the callee is part of what is trusted.
    if (called !== undefined && called !== own) equals[key("job_workflow_ref")] = literal(called);
  }
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Federated: providerArn(claims.iss, where) },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: { StringEquals: equals },
      },
    ],
  };
}

export function providerArn(iss: string, where: Pick<RoleArn, "partition" | "accountId">): string {
  return `arn:${where.partition}:iam::${where.accountId}:oidc-provider/${providerName(iss)}`;
}

// IAM reads `${name}` as a policy variable; `${$}` is its way to write a dollar sign. Branch names may hold both.
function literal(value: string): string {
  return value.replaceAll("${", "${$}{");
}
