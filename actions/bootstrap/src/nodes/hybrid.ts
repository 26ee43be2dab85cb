import type { ClusterConfig } from "@eks-actions/cluster-config";
import { planRoleEntry } from "../access/role-entry.ts";
import type { Step } from "../plan/action.ts";
import type { Context } from "../plan/context.ts";
import { ref } from "../plan/value.ts";

/** Lets the nodes outside AWS in, by the role that they work under. */
export function planHybrid(context: Context): Step {
  const iam = context.config.remoteNetworkConfig?.iam;
  if (iam === undefined) return { actions: [] };
  return planRoleEntry(context, {
    part: "entry-hybrid",
    name: "hybrid nodes",
    principal: iam.roleARN ?? ref("role-hybrid", "arn"),
    type: "HYBRID_LINUX",
    rolePart: "role-hybrid",
  });
}

export interface RemoteRoute {
  readonly cidr: string;
  readonly target: Readonly<Record<string, string>>;
}

/** Ways from a VPC of ours to the remote networks, through a gateway that the user has attached. */
export function remoteRoutes({ remoteNetworkConfig: remote }: ClusterConfig): readonly RemoteRoute[] {
  if (remote === undefined) return [];
  const cidrs = [...remote.remoteNodeNetworks, ...remote.remotePodNetworks].flatMap((network) => network.cidrs);
  const id = remote.vpcGatewayID;
  const target = id.startsWith("tgw-") ? { TransitGatewayId: id } : { GatewayId: id };
  return [...new Set(cidrs)].sort().map((cidr) => ({ cidr, target }));
}
