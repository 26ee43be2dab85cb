import type { ClusterConfig } from "@eks-actions/cluster-config";
import type { Call, Step } from "./action.ts";
import { create } from "./build.ts";
import type { Context } from "./context.ts";
import { tagsOf } from "./tags.ts";
import { ref, resolve } from "./value.ts";

const ENTRY = "entry-hybrid";

/** Lets the nodes outside AWS in: an access entry of their own type for the role that they work under. */
export function planHybrid(context: Context): Step {
  const iam = context.config.remoteNetworkConfig?.iam;
  if (iam === undefined) return { actions: [] };
  const principal = iam.roleARN ?? ref("role-hybrid", "arn");
  const arn = resolve(principal, context.known);
  const target = { kind: "AccessEntry", name: "hybrid nodes" };
  const live = context.facts.entries.find((entry) => entry.entry.principalArn === arn);
  if (live !== undefined) return { actions: [], unchanged: [target] };
  const type = "HYBRID_LINUX";
  const call: Call = {
    service: "eks",
    operation: "CreateAccessEntry",
    args: {
      clusterName: context.ownership.cluster,
      principalArn: principal,
      type,
      tags: tagsOf(context.ownership, ENTRY, { type }),
    },
  };
  return { actions: [create({ part: ENTRY, op: "create", target, after: ["cluster", "role-hybrid"], calls: [call] })] };
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
