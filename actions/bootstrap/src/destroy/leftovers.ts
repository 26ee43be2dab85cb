import { ActionError } from "@eks-actions/action";
import type { Ec2NetworkInterface, Ec2Volume } from "@eks-actions/aws";
import type { Facts } from "../facts.ts";
import type { Action } from "../plan/action.ts";
import { create } from "../plan/build.ts";
import { type Context, partOf } from "../plan/context.ts";
import { usual } from "../plan/durations.ts";
import type { Finding } from "../plan/finding.ts";
import { readTags } from "../plan/tags.ts";
import type { Work } from "../run/execute.ts";
import { plainWrite } from "../run/plain-write.ts";
import { DONE, type Look } from "../run/poll.ts";

/** What AWS lets go of by itself it lets go of within this time. */
const PATIENCE_SECONDS = 600;

/** Interfaces that go with a part of ours: its NAT gateways and endpoints. */
const OF_OURS = /^(Interface for NAT Gateway |VPC Endpoint Interface )/;

/** Controllers in the cluster make objects that nothing deletes with it: this action sees them off, or names them. */
export function sweepAction(context: Context, after: readonly string[]): readonly Action[] {
  if (context.facts.network.vpcs.length === 0) return [];
  return [
    create({
      part: "leftovers",
      op: "delete",
      target: { kind: "Leftovers", name: context.ownership.cluster },
      destructive: true,
      after,
      until: { kind: "swept" },
      expectedSeconds: usual.quick.usual,
    }),
  ];
}

/**
 * Deletes network interfaces that EKS or its CNI left, and waits for those that others still take away. A load balancer's
 * interfaces are named: it belongs to a controller, and whoever asked for it knows whether it may go.
 */
export function sweep(work: Work, progress: (text: string) => void): Look {
  const { aws } = work.ports;
  const cluster = work.facts.config.metadata.name;
  const vpcIds = work.facts.network.vpcs.flatMap((vpc) => vpc.VpcId ?? []);
  return async (elapsed) => {
    const interfaces = await aws.ec2.networkInterfaces({ filters: { "vpc-id": vpcIds } }, work.signal);
    const held = interfaces.filter(({ Description = "" }) => !OF_OURS.test(Description));
    const left = held.filter((one) => one.Status === "available" && isOfCluster(one, cluster));
    for (const { NetworkInterfaceId } of left) {
      const call = { service: "ec2", operation: "DeleteNetworkInterface", args: { NetworkInterfaceId } } as const;
      await plainWrite(work.ports, call, work.signal);
    }
    const others = held.filter((one) => !left.includes(one));
    if (others.length === 0) return DONE;
    progress(`${others.length} network interface${others.length === 1 ? "" : "s"} in use`);
    if (elapsed < PATIENCE_SECONDS) return undefined;
    throw new ActionError("LEFTOVERS", {
      message: `${work.facts.config.metadata.name} leaves ${others.map(named).join(", ")}`,
      hint: "delete the load balancers and other objects that hold them, then run again",
    });
  };
}

function isOfCluster({ Description = "", Groups = [] }: Ec2NetworkInterface, cluster: string): boolean {
  const names = [`eks-cluster-sg-${cluster}-`, `eksctl-${cluster}-`];
  return (
    Description.startsWith("aws-K8S-") ||
    Description === `Amazon EKS ${cluster}` ||
    Groups.some(({ GroupName = "" }) => names.some((name) => GroupName.startsWith(name)))
  );
}

function named({ NetworkInterfaceId, Description = "", Status }: Ec2NetworkInterface): string {
  const what = Description.startsWith("ELB ")
    ? `load balancer ${Description.slice(4)}`
    : Description || "no description";
  return `${NetworkInterfaceId} (${what.slice(0, 100)}, ${Status})`;
}

/** Filters by which EC2 finds the volumes of the cluster's claims, one query each. */
export function volumeFilters(cluster: string): readonly Readonly<Record<string, readonly string[]>>[] {
  return [{ "tag-key": [`kubernetes.io/cluster/${cluster}`] }, { "tag:ebs.csi.aws.com/cluster": [cluster] }];
}

/** Data outlives its cluster: volumes go by consent only, else they are named and the run is red. */
export function volumeActions(context: Context, after: readonly string[]): readonly Action[] {
  const { facts, inputs } = context;
  if (facts.volumes.length === 0) return [];
  if (!inputs.allow.includes("delete-volumes")) {
    return [
      create({
        part: "volumes",
        op: "wait",
        target: { kind: "Volumes", name: `${facts.volumes.length}` },
        after,
        until: { kind: "no-volumes" },
      }),
    ];
  }
  return facts.volumes.map((volume) =>
    create({
      part: `volume-${volume.VolumeId}`,
      op: "delete",
      target: { kind: "Volume", name: volume.VolumeId ?? "" },
      destructive: true,
      needs: ["delete-volumes"],
      after,
      calls: [{ service: "ec2", operation: "DeleteVolume", args: { VolumeId: volume.VolumeId } }],
    }),
  );
}

/** @throws ActionError `LEFTOVERS` that names every volume that is there still */
export function noVolumes(work: Work): Look {
  return async () => {
    const cluster = work.facts.config.metadata.name;
    const found = await Promise.all(
      volumeFilters(cluster).map((filters) => work.ports.aws.ec2.volumes({ filters }, work.signal)),
    );
    const volumes = [...new Map(found.flat().map((volume) => [volume.VolumeId, volume])).values()];
    if (volumes.length === 0) return DONE;
    throw new ActionError("LEFTOVERS", {
      message: `${cluster} leaves ${volumes.map(volumeName).join(", ")}`,
      hint: "back them up and delete them, or let the run do it:\n  with:\n    allow: delete-volumes",
    });
  };
}

function volumeName({ VolumeId, Size, Tags }: Ec2Volume): string {
  const claim = readTags(Tags)["kubernetes.io/created-for/pvc/name"];
  return `volume ${VolumeId} (${Size ?? "?"} GiB${claim === undefined ? "" : `, claim ${claim}`})`;
}

/** Groups in our VPC that a controller made: they keep it from being deleted. */
export function foreignGroups({ facts, ownership }: Context): readonly Finding[] {
  return facts.network.vpcs.length === 0
    ? []
    : facts.vpcGroups
        .filter(
          (group) => group.GroupName !== "default" && partOf(ownership.cluster, readTags(group.Tags)) === undefined,
        )
        .filter((group) => !(group.GroupName ?? "").startsWith(`eks-cluster-sg-${ownership.cluster}-`))
        .map((group) => ({
          level: "warn",
          code: "LEFTOVERS",
          target: { kind: "SecurityGroup", name: group.GroupId ?? "" },
          message: `security group ${group.GroupId} (${group.GroupName}) in our VPC is not ours: as long as it is there, the VPC stays`,
          hint: "delete the Services and Ingresses that it was made for, or the group itself",
        }));
}

/** What would outlive the cluster, for machines. */
export function leftoversOf(
  facts: Facts,
): readonly { readonly kind: string; readonly id: string; readonly reason: string }[] {
  return facts.volumes.map((volume) => ({
    kind: "Volume",
    id: volume.VolumeId ?? "",
    reason: readTags(volume.Tags)["kubernetes.io/created-for/pvc/name"] ?? "made for the cluster",
  }));
}
