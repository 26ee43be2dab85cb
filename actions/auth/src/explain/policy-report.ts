import { ActionError } from "@eks-actions/action";
import { details, symbols } from "@eks-actions/markdown";
import type { ProvisionPlan, VerifyPlan } from "../plan.ts";
import { shownClaims } from "../token/claims.ts";
import { otherForm } from "../token/subject.ts";
import { isExplicitDeny, sentenceOf } from "../trust/failing-key.ts";
import { ACCOUNT_PLACEHOLDER, providerArn, trustPolicyFor } from "../trust/policy.ts";
import { claimsTable, fence, mark } from "./marks.ts";
import { cloudFormation, createAccessEntry, createProvider, createRole, terraform } from "./snippets.ts";

function where(plan: ProvisionPlan) {
  return { partition: plan.partition, accountId: plan.role?.accountId ?? ACCOUNT_PLACEHOLDER };
}

/** The policy on one line, as IAM takes it. */
export function provisionOutputs(plan: ProvisionPlan): Readonly<Record<string, string>> {
  const { claims } = plan;
  return {
    "trust-policy": JSON.stringify(trustPolicyFor(claims, where(plan))),
    "oidc-subject": claims.sub,
    "oidc-issuer": claims.iss,
    ...(plan.role === undefined ? {} : { "role-arn": plan.role.arn, "aws-account-id": plan.role.accountId }),
  };
}

/** `mode: plan` for the job summary: everything to paste, from the real claims. */
export function provisionSummary(plan: ProvisionPlan): string {
  const { claims } = plan;
  const target = { role: plan.role, partition: plan.partition };
  const policy = trustPolicyFor(claims, where(plan));
  const pretty = JSON.stringify(policy, undefined, 2);
  const other = otherForm(claims);
  const parts = [
    `## ${symbols.done} What AWS needs for this job`,
    `**Trust policy for ${mark(claims.sub)}**${plan.role === undefined ? `; put the account in place of \`${ACCOUNT_PLACEHOLDER}\`` : ` and ${mark(plan.role.arn)}`}.`,
    fence("json", pretty),
    [
      "1. Once an account: register the issuer.",
      fence("sh", createProvider(claims)),
      "2. Make the role with the policy above.",
      fence("sh", createRole(target)),
      "3. Let the role into the cluster.",
      fence("sh", createAccessEntry(plan.clusters, target)),
    ].join("\n\n"),
    details("Terraform", fence("hcl", terraform(policy, target))),
    details("CloudFormation", fence("yaml", cloudFormation(policy, target))),
    details("Permissions for the kubeconfig", fence("json", JSON.stringify(describePolicy(plan), undefined, 2))),
    details(`Claims (${shownClaims(claims).length})`, claimsTable(claims)),
  ];
  if (other !== undefined) {
    const text = JSON.stringify(trustPolicyFor(claims, where(plan), other.sub), undefined, 2);
    const when =
      other.form === "classic"
        ? "The classic form, which the job presented before the repository was renamed or moved"
        : "The immutable form, which the job will present after a rename or transfer";
    parts.push(
      details(other.form === "classic" ? "Classic subject" : "Immutable subject", `${when}:\n\n${fence("json", text)}`),
    );
  }
  return parts.join("\n\n");
}

function describePolicy(plan: ProvisionPlan) {
  const { partition, accountId } = where(plan);
  const clusters = plan.clusters.length === 0 ? ["CLUSTER"] : plan.clusters;
  const Resource = clusters.map((name) => `arn:${partition}:eks:*:${accountId}:cluster/${name}`);
  return { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "eks:DescribeCluster", Resource }] };
}

/** The error that a verdict other than `allow` ends with. */
export function verifyFailure(plan: VerifyPlan): ActionError | undefined {
  const { verdict, failing, undecided } = plan.verdict;
  if (verdict === "allow") return undefined;
  if (verdict === "unknown") {
    return new ActionError("TRUST_UNDECIDED", {
      message: `${plan.file} cannot be decided offline: ${undecided.join("; ")}`,
      hint: "write Principal, Action, and exact values with StringEquals or patterns with StringLike: these are decided offline",
      file: plan.file,
    });
  }
  return new ActionError("TRUST_WOULD_DENY", {
    message: `${plan.file} would not admit sub=${plan.claims.sub}: ${failing.map((key) => sentenceOf(key)).join("; ")}`,
    hint: failing.some(isExplicitDeny)
      ? "remove the Deny, or narrow its conditions until this job does not meet them"
      : "the output `trust-policy` and the job summary hold the policy that does",
    file: plan.file,
  });
}

/** `mode: verify-trust` for the job summary. */
export function verifySummary(plan: VerifyPlan): string {
  const { verdict, failing, undecided, warnings } = plan.verdict;
  const said = {
    allow: `## ${symbols.done} ${mark(plan.file)} admits the job`,
    deny: `## ${symbols.failed} ${mark(plan.file)} would refuse the job (\`TRUST_WOULD_DENY\`)`,
    unknown: `## ${symbols.attention} ${mark(plan.file)} cannot be decided offline (\`TRUST_UNDECIDED\`)`,
  }[verdict];
  const rows = failing.map((key) => {
    const expected = key.expected.map(mark).join(" or ");
    const presented = key.presented === undefined ? "nothing" : mark(key.presented);
    const note = key.note === undefined ? "" : ` — ${key.note}`;
    return `| ${mark(key.statement)} | ${mark(key.key)} | ${mark(key.operator)} | ${expected} | ${presented}${note} |`;
  });
  const policy = trustPolicyFor(plan.claims, plan.where);
  const arn = providerArn(plan.claims.iss, plan.where);
  return [
    said,
    `**Subject ${mark(plan.claims.sub)}, audience ${mark(plan.claims.aud)}, provider ${mark(arn)}.**`,
    ...(rows.length === 0
      ? []
      : [["| statement | key | operator | expected | presented |", "|:--|:--|:--|:--|:--|", ...rows].join("\n")]),
    ...(undecided.length === 0 ? [] : [undecided.map((text) => `- ${mark(text)}`).join("\n")]),
    ...(warnings.length === 0
      ? []
      : [details(`Warnings (${warnings.length})`, warnings.map((text) => `- ${mark(text)}`).join("\n"))]),
    ...(verdict === "allow"
      ? []
      : [details("Policy that admits exactly this job", fence("json", JSON.stringify(policy, undefined, 2)))]),
  ].join("\n\n");
}
