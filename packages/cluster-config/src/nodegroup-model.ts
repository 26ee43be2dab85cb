import type { WarmPool } from "./extension-model.ts";
import type { FreeDocument } from "./model.ts";

type Tags = Readonly<Record<string, string>>;

export interface Taint {
  readonly key: string;
  readonly value: string;
  readonly effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}

export interface NodeVolume {
  /** GiB; absent where a snapshot tells it. */
  readonly size?: number | undefined;
  readonly type: string;
  readonly iops?: number | undefined;
  /** MiB/s. */
  readonly throughput?: number | undefined;
  readonly encrypted: boolean;
  readonly kmsKeyID?: string | undefined;
  /** `volumeName`: the device, like `/dev/xvdf`; absent: where the image keeps it. */
  readonly device?: string | undefined;
  readonly snapshotID?: string | undefined;
}

/** Access to nodes by SSH. Without a key it is `~/.ssh/id_rsa.pub`, as in eksctl. */
export interface NodeSsh {
  readonly allow: boolean;
  /** An OpenSSH public key. */
  readonly publicKey?: string | undefined;
  /** A key pair that EC2 holds. */
  readonly publicKeyName?: string | undefined;
  /** A file in the workspace or the home folder. */
  readonly publicKeyPath?: string | undefined;
  readonly sourceSecurityGroupIds: readonly string[];
}

export interface Bottlerocket {
  readonly enableAdminContainer?: boolean | undefined;
  /** As under `settings` of Bottlerocket's own TOML. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Bounds for the instance types of a group; what is absent does not bound. */
export interface InstanceSelector {
  readonly vCPUs?: number | undefined;
  /** GiB. */
  readonly memory?: number | undefined;
  readonly gpus?: number | undefined;
  readonly neuronDevices?: number | undefined;
  readonly cpuArchitecture: "x86_64" | "arm64";
  /** Regular expressions over names of types. */
  readonly allow?: string | undefined;
  readonly deny?: string | undefined;
}

export interface NodeGroupIam {
  readonly attachPolicy?: FreeDocument | undefined;
  readonly attachPolicyARNs: readonly string[];
  readonly instanceRoleARN?: string | undefined;
  readonly instanceRoleName?: string | undefined;
  readonly instanceRolePermissionsBoundary?: string | undefined;
  readonly withAddonPolicies: readonly string[];
}

export interface NodeUpdate {
  readonly maxUnavailable?: number | undefined;
  readonly maxUnavailablePercentage?: number | undefined;
  /** From the extension. */
  readonly updateStrategy?: "DEFAULT" | "MINIMAL" | undefined;
}

export interface NodeRepair {
  readonly enabled: boolean;
  readonly maxUnhealthyNodeThresholdPercentage?: number | undefined;
  readonly maxUnhealthyNodeThresholdCount?: number | undefined;
  readonly maxParallelNodesRepairedPercentage?: number | undefined;
  readonly maxParallelNodesRepairedCount?: number | undefined;
  readonly nodeRepairConfigOverrides: readonly {
    readonly nodeMonitoringCondition: string;
    readonly nodeUnhealthyReason: string;
    readonly minRepairWaitTimeMins: number;
    readonly repairAction: "NoAction" | "Reboot" | "Replace";
  }[];
}

export interface ManagedNodeGroup {
  readonly name: string;
  /** Where it stands: `managedNodeGroups[0]` or `nodeGroups[0]`. */
  readonly source: string;
  /** Was self-managed in the file. */
  readonly isConverted: boolean;
  /** `instanceTypes`, or the one `instanceType`; empty with a launch template or a selector of its own. */
  readonly instanceTypes: readonly string[];
  readonly amiFamily: string;
  readonly spot: boolean;
  readonly marketType?: "spot" | "capacity-block" | undefined;
  readonly privateNetworking: boolean;
  readonly subnets: readonly string[];
  readonly availabilityZones: readonly string[];
  readonly minSize: number;
  readonly maxSize: number;
  readonly desiredCapacity: number;
  readonly labels: Tags;
  readonly tags: Tags;
  readonly taints: readonly Taint[];
  readonly propagateASGTags: boolean;
  readonly updateConfig?: NodeUpdate | undefined;
  /** From the extension: the file, and no autoscaler, says how many nodes run. */
  readonly manageDesired: boolean;
  readonly warmPoolConfig?: WarmPool | undefined;
  readonly nodeRepairConfig?: NodeRepair | undefined;
  readonly iam: NodeGroupIam;
  readonly volume: NodeVolume & { readonly size: number };
  readonly securityGroupIDs: readonly string[];
  readonly disableIMDSv1: boolean;
  readonly disablePodIMDS: boolean;
  readonly instanceName?: string | undefined;
  readonly instancePrefix?: string | undefined;
  readonly maxPodsPerNode?: number | undefined;
  readonly ebsOptimized?: boolean | undefined;
  readonly enableDetailedMonitoring: boolean;
  readonly capacityReservation?:
    | {
        readonly preference?: "open" | "none" | undefined;
        readonly id?: string | undefined;
        readonly resourceGroupARN?: string | undefined;
      }
    | undefined;
  readonly launchTemplate?: { readonly id: string; readonly version?: string | undefined } | undefined;
  readonly releaseVersion?: string | undefined;
  readonly ssh?: NodeSsh | undefined;
  /** An image of the user's own; EKS then neither chooses nor updates it. */
  readonly ami?: string | undefined;
  /** A NodeConfig for AmazonLinux2023, a script for others. */
  readonly overrideBootstrapCommand?: string | undefined;
  readonly preBootstrapCommands: readonly string[];
  readonly additionalVolumes: readonly NodeVolume[];
  readonly bottlerocket?: Bottlerocket | undefined;
  readonly instanceSelector?: InstanceSelector | undefined;
}
