import { fault } from "../fault.ts";
import type { Protocol } from "../operations.ts";
import type { Role, Session } from "../state.ts";
import type { World } from "../world.ts";
import { type AccessRequest, type Decision, evaluate } from "./evaluate.ts";

/** Policies of a role as JSON texts: inline and attached. */
export function policiesOf(world: World, role: Role): string[] {
  const attached = role.attached.flatMap((arn) => world.account.managedPolicies.get(arn)?.document ?? []);
  return [...role.inline.values(), ...attached];
}

type Refusal =
  | "no identity-based policy allows"
  | "no session policy allows"
  | "no permissions boundary allows"
  | "deny";

/** Throws the service's access error unless the session's role, its boundary and its session policies all allow. */
export function authorize(world: World, session: Session, protocol: Protocol, request: AccessRequest): void {
  const refusal = refusalOf(world, session, request);
  if (refusal === undefined) return;
  const reason =
    refusal === "deny"
      ? "with an explicit deny in an identity-based policy"
      : `because ${refusal} the ${request.action} action`;
  const message = `User: ${session.arn} is not authorized to perform: ${request.action} on resource: ${request.resource} ${reason}`;
  throw accessDenied(protocol, message);
}

/** AccessDenied in the protocol's own spelling. */
export function accessDenied(protocol: Protocol, message: string): Error {
  switch (protocol) {
    case "ec2":
      return fault("UnauthorizedOperation", `You are not authorized to perform this operation. ${message}`, {}, 403);
    case "query":
      return fault("AccessDenied", message, {}, 403);
    case "restJson":
      return fault("AccessDeniedException", message, {}, 403);
    case "json":
      return fault("AccessDeniedException", message, {}, 400);
    default:
      return protocol satisfies never;
  }
}

export function isAllowed(world: World, session: Session, request: AccessRequest): boolean {
  return refusalOf(world, session, request) === undefined;
}

function refusalOf(world: World, session: Session, request: AccessRequest): Refusal | undefined {
  const role = [...world.account.roles.values()].find((candidate) => candidate.arn === session.roleArn);
  const identity: Decision = role === undefined ? "implicit-deny" : evaluate(policiesOf(world, role), request);
  if (identity === "explicit-deny") return "deny";
  if (identity !== "allow") return "no identity-based policy allows";
  if (role?.permissionsBoundary !== undefined) {
    const boundary = world.account.managedPolicies.get(role.permissionsBoundary)?.document ?? "{}";
    if (evaluate([boundary], request) !== "allow") return "no permissions boundary allows";
  }
  if (session.policies.length > 0) {
    const narrowed = evaluate(session.policies, request);
    if (narrowed === "explicit-deny") return "deny";
    if (narrowed !== "allow") return "no session policy allows";
  }
  return undefined;
}
