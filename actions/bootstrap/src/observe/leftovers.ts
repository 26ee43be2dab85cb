import type { ClusterApi } from "@eks-actions/aws";
import { volumeFilters } from "../destroy/leftovers.ts";
import type { Facts, LiveNetwork } from "../facts.ts";
import type { Inputs } from "../inputs.ts";

type Leftovers = Pick<Facts, "volumes" | "vpcGroups">;

/** What controllers in the cluster made and nothing deletes with it; only a destruction asks. */
export async function observeLeftovers(
  aws: ClusterApi,
  inputs: Inputs,
  cluster: string,
  network: LiveNetwork,
  signal: AbortSignal,
): Promise<Leftovers> {
  if (inputs.mode !== "destroy" && inputs.planFor !== "destroy") return { volumes: [], vpcGroups: [] };
  const vpcIds = network.vpcs.flatMap((vpc) => vpc.VpcId ?? []);
  const [volumes, vpcGroups] = await Promise.all([
    Promise.all(volumeFilters(cluster).map((filters) => aws.ec2.volumes({ filters }, signal))),
    vpcIds.length === 0 ? [] : aws.ec2.securityGroups({ filters: { "vpc-id": vpcIds } }, signal),
  ]);
  return { volumes: [...new Map(volumes.flat().map((volume) => [volume.VolumeId, volume])).values()], vpcGroups };
}
