import type { AssumeRequest } from "@eks-actions/aws";
import { partitionOf, type RoleArn, stsHost } from "./aws-names.ts";
import type { ClusterInput, Inputs } from "./inputs/rules.ts";
import { sessionName } from "./inputs/session-name.ts";
import { kubectlPolicy } from "./inputs/session-policy.ts";
import type { Facts } from "./observe.ts";
import type { Claims } from "./token/claims.ts";
import { evaluateTrust, type TrustVerdict } from "./trust/evaluate.ts";
import { ACCOUNT_PLACEHOLDER } from "./trust/policy.ts";

/** One session to get. */
export interface SessionPlan {
  readonly profile: string;
  readonly region: string;
  readonly request: AssumeRequest;
}

/** What a login will ask for and where it will put it. */
export interface LoginPlan {
  readonly kind: "login";
  readonly inputs: Inputs;
  readonly facts: Facts;
  readonly sessions: readonly SessionPlan[];
  readonly clusters: readonly ClusterInput[];
  readonly sourceOfChain: string;
}

/** `mode: plan`: what AWS needs before this job can log in. */
export interface ProvisionPlan {
  readonly kind: "provision";
  readonly claims: Claims;
  readonly role: RoleArn | undefined;
  readonly partition: string;
  readonly clusters: readonly string[];
}

/** `mode: verify-trust`: the verdict on a policy file. */
export interface VerifyPlan {
  readonly kind: "verify";
  readonly claims: Claims;
  readonly file: string;
  /** Account of the policy's role where the file tells it, else a placeholder. */
  readonly where: { readonly partition: string; readonly accountId: string };
  readonly verdict: TrustVerdict;
}

export type Plan = LoginPlan | ProvisionPlan | VerifyPlan;

/** @throws ActionError of GitHub's OIDC endpoint: without a token there is nothing to plan */
export function plan(inputs: Inputs, facts: Facts): Plan {
  if (facts.tokenFault !== undefined) throw facts.tokenFault;
  if (inputs.mode === "login") return planLogin(inputs, facts);
  const { claims } = facts;
  if (claims === undefined) throw new Error("both modes have claims: observe asked for a token or was given them");
  if (inputs.mode === "plan") {
    const role = inputs.roles[0]?.role;
    const partition = role?.partition ?? (inputs.region === undefined ? "aws" : partitionOf(inputs.region).id);
    return { kind: "provision", claims, role, partition, clusters: inputs.clusters.map((cluster) => cluster.name) };
  }
  if (facts.trust === undefined) throw new Error("verify-trust has a policy: the inputs require it");
  const { path, document } = facts.trust;
  const verdict = evaluateTrust(document, claims, document.accountId);
  const partition = inputs.region === undefined ? "aws" : partitionOf(inputs.region).id;
  const where = { partition, accountId: document.accountId ?? ACCOUNT_PLACEHOLDER };
  return { kind: "verify", claims, file: path, where, verdict };
}

function planLogin(inputs: Inputs, facts: Facts): LoginPlan {
  const name = sessionName(inputs.sessionName, facts.run);
  const sessions = inputs.roles.map(({ profile, role, region }) => ({
    profile,
    region,
    request: {
      role,
      sessionName: name,
      durationSeconds: inputs.durationSeconds,
      policy: policyFor(profile, role, inputs),
      policyArns: inputs.sessionPolicyArns,
      externalId: inputs.proof.kind === "chain" ? inputs.proof.externalId : undefined,
    },
  }));
  return { kind: "login", inputs, facts, sessions, clusters: inputs.clusters, sourceOfChain: chainSource(facts.env) };
}

function policyFor(profile: string, role: RoleArn, inputs: Inputs): string | undefined {
  if (inputs.sessionPolicyPreset === undefined) return inputs.sessionPolicy;
  const arns = inputs.clusters
    .filter((cluster) => cluster.profile === profile)
    .map((cluster) => `arn:${role.partition}:eks:${cluster.region}:${role.accountId}:cluster/${cluster.name}`);
  // A role without a cluster gets a policy that allows nothing on any real cluster, never the role's full permissions.
  return kubectlPolicy(arns.length === 0 ? [`arn:${role.partition}:eks:*:${role.accountId}:cluster/`] : arns);
}

/** Where the SDK's default chain will find credentials first; for messages. */
function chainSource(env: Facts["env"]): string {
  if ((env["AWS_PROFILE"] ?? "") !== "") return `profile ${env["AWS_PROFILE"]}`;
  if ((env["AWS_ACCESS_KEY_ID"] ?? "") !== "") return "the AWS_ACCESS_KEY_ID of the environment";
  return "environment, profile, container and instance role";
}

/** Both other modes end with their report. */
export function isPlanOnly({ mode }: Inputs): boolean {
  return mode !== "login";
}

/** The plan for the log. */
export function describe(value: Plan): readonly string[] {
  switch (value.kind) {
    case "login":
      return describeLogin(value);
    case "provision":
      return [`claims of this job: sub ${value.claims.sub}, aud ${value.claims.aud}`, "nothing is asked of AWS"];
    case "verify":
      return [`${value.file} against sub ${value.claims.sub}, aud ${value.claims.aud}`, "nothing is asked of AWS"];
  }
}

function describeLogin({ inputs, facts, sessions, clusters }: LoginPlan): readonly string[] {
  const [first] = sessions;
  const region = first?.region ?? "";
  const endpoint = facts.stsEndpoint;
  return [
    `STS ${endpoint === undefined ? stsHost(region) : `${endpoint.url} (${endpoint.origin})`}`,
    ...sessions.map(
      ({ profile, request, region: where }) =>
        `role ${request.role.arn} in ${where} as ${request.sessionName} for ${request.durationSeconds} s${
          inputs.credentials === "profile" ? `, profile ${profile}` : ""
        }`,
    ),
    ...(facts.claims === undefined ? [] : [`sub ${facts.claims.sub}`]),
    ...clusters.map((cluster) => `kubeconfig for cluster ${cluster.name} in ${cluster.region}`),
  ];
}
