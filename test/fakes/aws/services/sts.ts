import type {
  AssumeRoleCommandInput,
  AssumeRoleCommandOutput,
  AssumeRoleWithWebIdentityCommandInput,
  AssumeRoleWithWebIdentityCommandOutput,
  GetCallerIdentityCommandInput,
  GetCallerIdentityCommandOutput,
} from "@aws-sdk/client-sts";
import { fault } from "../fault.ts";
import { accessDenied, isAllowed } from "../policy/authorize.ts";
import { requestContext } from "../policy/conditions.ts";
import { evaluateTrust } from "../policy/trust.ts";
import { openSession, policyCharacters } from "../sessions.ts";
import type { Role, Session } from "../state.ts";
import { type Handler, handler, type World } from "../world.ts";
import { type Identity, verifyWebIdentity } from "./webIdentity.ts";

const notAuthorized = () => fault("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", {}, 403);

/** GitHub's claims that STS offers as condition keys, for its own issuer only (AWS, January 2026). */
const githubKeys = [
  "actor",
  "actor_id",
  "job_workflow_ref",
  "repository",
  "repository_id",
  "workflow",
  "ref",
  "environment",
  "enterprise_id",
];

const assumeRoleWithWebIdentity = handler<
  AssumeRoleWithWebIdentityCommandInput,
  AssumeRoleWithWebIdentityCommandOutput
>(async ({ world }, input) => {
  const roleArn = input.RoleArn ?? "";
  checkRoleArn(world, roleArn);
  const identity = await verifyWebIdentity(world, accountOf(roleArn), input.WebIdentityToken ?? "");
  const role = findRole(world, roleArn);
  if (role === undefined || !isUsable(world, role)) throw notAuthorized();
  const context = webIdentityContext(world, identity, input.RoleSessionName ?? "");
  const principal = { kind: "Federated", providerArn: identity.provider.arn } as const;
  if (evaluateTrust(role.trust, "sts:AssumeRoleWithWebIdentity", principal, context) === "denied")
    throw notAuthorized();
  const session = issue(world, role, input, false);
  return {
    ...answer(session, role, input),
    SubjectFromWebIdentityToken: identity.subject,
    Provider: identity.provider.arn,
    Audience: identity.audience,
  };
});

function webIdentityContext(world: World, identity: Identity, sessionName: string) {
  const prefix = identity.provider.url;
  const isGitHub =
    prefix === "token.actions.githubusercontent.com" || prefix.startsWith("token.actions.githubusercontent.com/");
  const claims = isGitHub
    ? githubKeys.map((name) => [`${prefix}:${name}`, textOf(identity.claims[name])] as const)
    : [];
  return requestContext({
    [`${prefix}:aud`]: identity.audience,
    [`${prefix}:sub`]: identity.subject,
    ...Object.fromEntries(claims),
    "sts:RoleSessionName": sessionName,
    "aws:RequestedRegion": world.account.region,
  });
}

function textOf(claim: unknown): string | undefined {
  return claim === undefined || claim === null ? undefined : String(claim);
}

const assumeRole = handler<AssumeRoleCommandInput, AssumeRoleCommandOutput>(({ world, session }, input) => {
  const roleArn = input.RoleArn ?? "";
  checkRoleArn(world, roleArn);
  if (session === undefined) throw notAuthorized();
  const denied = accessDenied(
    "query",
    `User: ${session.arn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
  );
  const role = findRole(world, roleArn);
  if (role === undefined || !isUsable(world, role)) throw denied;
  const principal = {
    kind: "AWS",
    roleArn: session.roleArn,
    sessionArn: session.arn,
    accountId: world.account.id,
  } as const;
  const context = requestContext({
    "sts:ExternalId": input.ExternalId,
    "sts:RoleSessionName": input.RoleSessionName,
    "aws:PrincipalArn": session.roleArn,
    "aws:PrincipalAccount": world.account.id,
  });
  const decision = evaluateTrust(role.trust, "sts:AssumeRole", principal, context);
  if (decision === "denied") throw denied;
  if (decision === "account" && !isAllowed(world, session, { action: "sts:AssumeRole", resource: roleArn, context })) {
    throw denied;
  }
  return answer(issue(world, role, input, true), role, input);
});

const getCallerIdentity = handler<GetCallerIdentityCommandInput, GetCallerIdentityCommandOutput>(
  ({ world, session }) => ({
    UserId: session?.userId,
    Account: world.account.id,
    Arn: session?.arn,
  }),
);

interface SessionRequest {
  readonly RoleSessionName?: string | undefined;
  readonly DurationSeconds?: number | undefined;
  readonly Policy?: string | undefined;
  readonly PolicyArns?: readonly { readonly arn?: string | undefined }[] | undefined;
  readonly MinimumSessionTokenSize?: number | undefined;
}

function issue(world: World, role: Role, input: SessionRequest, chained: boolean): Session {
  const seconds = input.DurationSeconds ?? 3600;
  if (chained && seconds > 3600) {
    throw validation(
      "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
    );
  }
  if (seconds > role.maxSessionDuration) {
    throw validation("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  }
  const attached = (input.PolicyArns ?? []).map(({ arn }) => {
    const policy = world.account.managedPolicies.get(arn ?? "");
    if (policy === undefined)
      throw fault("MalformedPolicyDocument", `Policy ${arn} does not exist or is not attachable.`);
    return policy.document;
  });
  return openSession(world, role, {
    sessionName: input.RoleSessionName ?? "",
    durationSeconds: seconds,
    policy: input.Policy,
    policies: attached,
    minimumTokenSize: input.MinimumSessionTokenSize,
  });
}

function answer(session: Session, role: Role, input: SessionRequest) {
  const packed = policyCharacters(input.Policy, input.PolicyArns?.length ?? 0);
  return {
    Credentials: {
      AccessKeyId: session.accessKeyId,
      SecretAccessKey: session.secretAccessKey,
      SessionToken: session.sessionToken,
      Expiration: new Date(session.expiresAt),
    },
    AssumedRoleUser: { AssumedRoleId: `${role.id}:${session.sessionName}`, Arn: session.arn },
    ...(packed > 0 ? { PackedPolicySize: Math.ceil(packed * 100) } : {}),
  };
}

function checkRoleArn(world: World, roleArn: string): void {
  const partition = /^arn:(aws[a-z-]*):iam::\d{12}:role\/.+$/.exec(roleArn)?.[1];
  if (partition === undefined) throw validation(`${roleArn} is invalid`);
  if (partition !== world.account.partition) throw notAuthorized();
}

function accountOf(roleArn: string): string {
  return roleArn.split(":")[4] ?? "";
}

function findRole(world: World, arn: string): Role | undefined {
  return [...world.account.roles.values()].find((role) => role.arn === arn);
}

function isUsable(world: World, role: Role): boolean {
  return role.usableAt <= world.agenda.now();
}

function validation(message: string): Error {
  return fault("ValidationError", message);
}

/** Security Token Service. */
export const sts: Readonly<Record<string, Handler>> = {
  AssumeRoleWithWebIdentity: assumeRoleWithWebIdentity,
  AssumeRole: assumeRole,
  GetCallerIdentity: getCallerIdentity,
};
