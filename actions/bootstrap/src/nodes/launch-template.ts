import type { ManagedNodeGroup, NodeVolume } from "@eks-actions/cluster-config";
import type { LiveTemplate } from "../facts.ts";
import type { Action, Call } from "../plan/action.ts";
import { quick } from "../plan/build.ts";
import type { Context } from "../plan/context.ts";
import { launchTemplateName } from "../plan/names.ts";
import { ec2Tags, tagSpecification, tagsOf } from "../plan/tags.ts";
import { ref, resolve, shortHash } from "../plan/value.ts";
import { volumeDevice } from "./ami.ts";
import { type SshAccess, sshAccess } from "./ssh-access.ts";
import { type UserData, userData } from "./user-data.ts";

export interface PlannedTemplate {
  /** For CreateNodegroup and UpdateNodegroupVersion. */
  readonly reference: { readonly id: unknown; readonly version: unknown };
  readonly actions: readonly Action[];
  /** Part to wait for; absent for a template of the user's. */
  readonly part?: string | undefined;
  /** True when the live group runs another version than the wanted one. */
  readonly differsFrom: (
    live: { readonly id?: string | undefined; readonly version?: string | undefined } | undefined,
  ) => boolean;
}

/**
 * The launch template behind a node group. A version is immutable and carries the hash of its content as description,
 * so that equality needs no comparison with what EC2 adds to it.
 */
export function planTemplate(context: Context, group: ManagedNodeGroup): PlannedTemplate {
  const own = group.launchTemplate;
  if (own !== undefined) {
    return {
      reference: { id: own.id, version: own.version ?? "$Default" },
      actions: [],
      differsFrom: (live) => live?.id !== own.id || (own.version !== undefined && live.version !== own.version),
    };
  }
  const part = `lt-${group.name}`;
  const ssh = sshAccess(context, group);
  const boot = userData(group, context.ownership.cluster);
  const data = templateData(context, group, ssh, boot);
  const wanted = shortHash(resolve(data, context.known));
  const live = liveTemplate(context, part);
  const matching = live?.versions.find((version) => version.VersionDescription === wanted);
  // Security groups of our own replace EKS's default, so the cluster's group has to be listed beside them.
  const namesCluster = ownGroups(context, group, ssh).length > 0 || boot?.namesCluster === true;
  const after = [namesCluster ? "cluster" : "role-cluster", ...(ssh?.parts ?? [])];
  const calls: Call[] = [];
  if (live === undefined) {
    calls.push({
      service: "ec2",
      operation: "CreateLaunchTemplate",
      args: {
        LaunchTemplateName: launchTemplateName(context.ownership.cluster, group.name),
        VersionDescription: { hashOf: data },
        LaunchTemplateData: data,
        TagSpecifications: tagSpecification("launch-template", tagsOf(context.ownership, part, {})),
      },
      gives: {
        [`${part}#id`]: "LaunchTemplate.LaunchTemplateId",
        [`${part}#version`]: "LaunchTemplate.LatestVersionNumber",
      },
      lookup: { part, kind: "lt" },
    });
  } else if (matching === undefined) {
    calls.push({
      service: "ec2",
      operation: "CreateLaunchTemplateVersion",
      args: { LaunchTemplateId: ref(part), VersionDescription: { hashOf: data }, LaunchTemplateData: data },
      gives: { [`${part}#version`]: "LaunchTemplateVersion.VersionNumber" },
    });
  }
  const number = matching?.VersionNumber?.toString();
  // By reference as long as it is the newest, so that the plan's hash is the same before and after it exists.
  const isNewest = number === undefined || number === context.known.get(`${part}#version`);
  return {
    reference: { id: ref(part), version: isNewest ? ref(part, "version") : number },
    part,
    actions: [
      ...(ssh?.actions ?? []),
      ...quick(part, { kind: "LaunchTemplate", name: group.name }, live === undefined, calls, after),
    ],
    differsFrom: (running) => running?.id !== live?.template.LaunchTemplateId || running?.version !== number,
  };
}

function liveTemplate(context: Context, part: string): LiveTemplate | undefined {
  const id = context.known.get(`${part}#id`);
  return context.facts.launchTemplates.find(({ template }) => template.LaunchTemplateId === id && id !== undefined);
}

function ownGroups(context: Context, group: ManagedNodeGroup, ssh: SshAccess | undefined): readonly unknown[] {
  const shared = context.config.vpc.sharedNodeSecurityGroup;
  return [
    ...group.securityGroupIDs,
    ...(shared === undefined ? [] : [shared]),
    ...(ssh === undefined ? [] : [ssh.securityGroup]),
  ];
}

function templateData(
  context: Context,
  group: ManagedNodeGroup,
  ssh: SshAccess | undefined,
  boot: UserData | undefined,
): Readonly<Record<string, unknown>> {
  const name = group.instanceName ?? `${group.instancePrefix ?? context.ownership.cluster}-${group.name}-node`;
  const tags = { Name: name, ...context.ownership.common, ...group.tags };
  const groups = ownGroups(context, group, ssh);
  return {
    ...(group.ami === undefined ? {} : { ImageId: group.ami }),
    ...(ssh === undefined ? {} : { KeyName: ssh.keyName }),
    BlockDeviceMappings: [
      blockDevice(group.volume, group.volume.device ?? volumeDevice(group.amiFamily)),
      ...group.additionalVolumes.map((volume) => blockDevice(volume, volume.device ?? "")),
    ],
    MetadataOptions: {
      HttpTokens: group.disableIMDSv1 ? "required" : "optional",
      HttpPutResponseHopLimit: group.disablePodIMDS ? 1 : 2,
    },
    ...(groups.length === 0 ? {} : { SecurityGroupIds: [ref("cluster", "securityGroup"), ...groups] }),
    TagSpecifications: [
      { ResourceType: "instance", Tags: ec2Tags(tags) },
      { ResourceType: "volume", Tags: ec2Tags(tags) },
    ],
    ...(group.enableDetailedMonitoring ? { Monitoring: { Enabled: true } } : {}),
    ...(group.ebsOptimized === undefined ? {} : { EbsOptimized: group.ebsOptimized }),
    ...reservation(group),
    ...(group.marketType === "capacity-block" ? { InstanceMarketOptions: { MarketType: "capacity-block" } } : {}),
    ...(boot === undefined ? {} : { UserData: { base64: boot.text } }),
  };
}

function blockDevice(volume: NodeVolume, device: string): unknown {
  return {
    DeviceName: device,
    Ebs: {
      ...(volume.size === undefined ? {} : { VolumeSize: volume.size }),
      VolumeType: volume.type,
      DeleteOnTermination: true,
      ...(volume.iops === undefined ? {} : { Iops: volume.iops }),
      ...(volume.throughput === undefined ? {} : { Throughput: volume.throughput }),
      ...(volume.encrypted ? { Encrypted: true } : {}),
      ...(volume.kmsKeyID === undefined ? {} : { KmsKeyId: volume.kmsKeyID }),
      ...(volume.snapshotID === undefined ? {} : { SnapshotId: volume.snapshotID }),
    },
  };
}

function reservation(group: ManagedNodeGroup): Readonly<Record<string, unknown>> {
  const given = group.capacityReservation;
  if (given === undefined) return {};
  const target =
    given.id === undefined
      ? given.resourceGroupARN === undefined
        ? undefined
        : { CapacityReservationResourceGroupArn: given.resourceGroupARN }
      : { CapacityReservationId: given.id };
  return {
    CapacityReservationSpecification:
      target === undefined
        ? { CapacityReservationPreference: given.preference ?? "open" }
        : { CapacityReservationTarget: target },
  };
}
