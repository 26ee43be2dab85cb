import type { Action, Call } from "../plan/action.ts";
import { canonical, sha256 } from "../plan/value.ts";

const EKS_TOKEN =
  /^(Create(Cluster|Nodegroup|Addon|AccessEntry|PodIdentityAssociation|FargateProfile|Capability)|Update\w+|AssociateEncryptionConfig|(Associate|Disassociate)IdentityProviderConfig)$/;
const EC2_TOKEN =
  /^(CreateNatGateway|CreateLaunchTemplate|CreateLaunchTemplateVersion|CreateRouteTable|CreateEgressOnlyInternetGateway|CreateVpcEndpoint)$/;

/** Name of the member that makes a call idempotent; `undefined` for calls that have none. */
export function tokenMember(call: Call): string | undefined {
  if (call.service === "eks" && EKS_TOKEN.test(call.operation)) return "clientRequestToken";
  if (call.service === "ec2" && EC2_TOKEN.test(call.operation)) return "ClientToken";
  return undefined;
}

/**
 * The same for the same intention, so that a repeated call is one. `generation` changes with every update of the
 * object: going back to a former state is another intention.
 */
export function requestToken(
  scope: readonly string[],
  action: Action,
  call: Call,
  args: unknown,
  generation: string,
): string {
  const subject = [
    ...scope,
    action.op,
    action.target.kind,
    action.target.name,
    call.operation,
    canonical(args),
    generation,
  ];
  return sha256(subject.join("|"));
}
