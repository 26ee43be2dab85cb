import type { FieldUse } from "./check.ts";
import type { ClusterExtension } from "./extension-model.ts";
import type { ManagedNodeGroup } from "./nodegroup-model.ts";

type Tags = Readonly<Record<string, string>>;
/** A policy document or other free YAML. */
export type FreeDocument = unknown;

/** eksctl's ClusterConfig with its defaults filled in; names are eksctl's own. */
export interface ClusterConfig {
  /** Path relative to the workspace. */
  readonly file: string;
  readonly metadata: Metadata;
  readonly availabilityZones: readonly string[];
  readonly vpc: Vpc;
  readonly kubernetesNetworkConfig: {
    readonly ipFamily: "IPv4" | "IPv6";
    readonly serviceIPv4CIDR?: string | undefined;
  };
  readonly privateCluster: {
    readonly enabled: boolean;
    readonly skipEndpointCreation: boolean;
    readonly additionalEndpointServices: readonly string[];
  };
  readonly remoteNetworkConfig?: RemoteNetwork | undefined;
  readonly iam: ClusterIam;
  readonly accessConfig: AccessConfig;
  readonly iamIdentityMappings: readonly IdentityMapping[];
  readonly identityProviders: readonly IdentityProvider[];
  /** Those that are listed, and the default ones that eksctl adds (`isDefault`). */
  readonly addons: readonly Addon[];
  readonly addonsConfig: { readonly autoApplyPodIdentityAssociations: boolean; readonly disableDefaultAddons: boolean };
  readonly autoModeConfig: AutoMode;
  readonly cloudWatch: { readonly enableTypes: readonly LogType[]; readonly logRetentionInDays?: number | undefined };
  readonly secretsEncryption?: { readonly keyARN: string } | undefined;
  /** Absent: the API's default, EXTENDED. */
  readonly upgradePolicy?: { readonly supportType: "STANDARD" | "EXTENDED" } | undefined;
  readonly zonalShiftConfig?: { readonly enabled: boolean } | undefined;
  readonly controlPlaneScalingConfig?: { readonly tier: ScalingTier } | undefined;
  /** As the API takes them; a member that is not given is not compared. */
  readonly kubeAPIServerConfig?: FreeDocument | undefined;
  readonly kubeSchedulerConfig?: FreeDocument | undefined;
  readonly kubeControllerManagerConfig?: FreeDocument | undefined;
  readonly fargateProfiles: readonly FargateProfile[];
  readonly capabilities: readonly Capability[];
  readonly karpenter?: Karpenter | undefined;
  /** Managed groups, and self-managed ones that were converted (`isConverted`). */
  readonly managedNodeGroups: readonly ManagedNodeGroup[];
  /** What the extension file adds; its settings of node groups stand there already. */
  readonly extension?: ClusterExtension | undefined;
  /** Every field that stands in the file or its extension. */
  readonly fields: readonly FieldUse[];
  /** Sentences about what reading changed or skipped. */
  readonly notices: readonly string[];
}

export type LogType = "api" | "audit" | "authenticator" | "controllerManager" | "scheduler";
export type ScalingTier = "standard" | "tier-xl" | "tier-2xl" | "tier-4xl" | "tier-8xl";

export interface Metadata {
  readonly name: string;
  readonly region: string;
  /** A minor like `1.35`, or `latest`. Absent for `auto`: the live version, or the API's default for a new cluster. */
  readonly version?: string | undefined;
  readonly tags: Tags;
  readonly forceUpdateVersion: boolean;
  readonly rollbackConfig?: { readonly timeoutMinutes: number } | undefined;
}

export interface Vpc {
  /** Absent: a VPC of our own is made. */
  readonly id?: string | undefined;
  readonly cidr: string;
  /** True when the file gives `cidr`. */
  readonly hasCidr: boolean;
  readonly subnets: { readonly private: readonly Subnet[]; readonly public: readonly Subnet[] };
  readonly securityGroup?: string | undefined;
  readonly sharedNodeSecurityGroup?: string | undefined;
  readonly manageSharedNodeSecurityGroupRules: boolean;
  readonly hostnameType?: "ip-name" | "resource-name" | undefined;
  readonly nat: "HighlyAvailable" | "Single" | "Disable";
  readonly clusterEndpoints: { readonly publicAccess: boolean; readonly privateAccess: boolean };
  readonly publicAccessCIDRs: readonly string[];
  readonly controlPlaneSubnetIDs: readonly string[];
  readonly controlPlaneSecurityGroupIDs: readonly string[];
  readonly controlPlaneOnPrivateSubnets: boolean;
  readonly controlPlaneEgressMode?: "AWS_MANAGED" | "CUSTOMER_ROUTED" | undefined;
  readonly autoAllocateIPv6: boolean;
  readonly ipv6Cidr?: string | undefined;
  readonly ipv6Pool?: string | undefined;
  readonly extraCIDRs: readonly string[];
  readonly extraIPv6CIDRs: readonly string[];
}

export interface Subnet {
  /** The key in the file: a zone or an alias. */
  readonly key: string;
  readonly id?: string | undefined;
  /** The zone: `az`, else the key when it is a zone. */
  readonly az?: string | undefined;
  readonly cidr?: string | undefined;
}

export interface RemoteNetwork {
  readonly vpcGatewayID: string;
  readonly remoteNodeNetworks: readonly { readonly cidrs: readonly string[] }[];
  readonly remotePodNetworks: readonly { readonly cidrs: readonly string[] }[];
  readonly iam?:
    | {
        readonly provider?: "SSM" | "IRA" | undefined;
        readonly roleARN?: string | undefined;
        readonly caBundleCert?: string | undefined;
      }
    | undefined;
}

export type WellKnownPolicy =
  | "imageBuilder"
  | "autoScaler"
  | "awsLoadBalancerController"
  | "externalDNS"
  | "certManager"
  | "ebsCSIController"
  | "efsCSIController";

export interface ClusterIam {
  readonly serviceRoleARN?: string | undefined;
  readonly serviceRolePermissionsBoundary?: string | undefined;
  readonly vpcResourceControllerPolicy: boolean;
  readonly withOIDC: boolean;
  readonly podIdentityAssociations: readonly PodIdentityAssociation[];
  readonly serviceAccounts: readonly IamServiceAccount[];
  readonly fargatePodExecutionRoleARN?: string | undefined;
  readonly fargatePodExecutionRolePermissionsBoundary?: string | undefined;
}

export interface PodIdentityAssociation {
  /** Empty inside an add-on: the add-on's namespace counts. */
  readonly namespace: string;
  readonly serviceAccountName: string;
  readonly roleARN?: string | undefined;
  readonly createServiceAccount: boolean;
  readonly roleName?: string | undefined;
  readonly permissionsBoundaryARN?: string | undefined;
  readonly permissionPolicyARNs: readonly string[];
  readonly permissionPolicyName?: string | undefined;
  readonly permissionPolicy?: FreeDocument | undefined;
  readonly wellKnownPolicies: readonly WellKnownPolicy[];
  readonly tags: Tags;
  readonly targetRoleARN?: string | undefined;
  readonly disableSessionTags: boolean;
  readonly policy?: string | undefined;
}

export interface IamServiceAccount {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly attachRoleARN?: string | undefined;
  readonly roleName?: string | undefined;
  readonly roleOnly: boolean;
  readonly attachPolicy?: FreeDocument | undefined;
  readonly attachPolicyARNs: readonly string[];
  readonly permissionsBoundary?: string | undefined;
  readonly subjectPattern?: string | undefined;
  readonly tags: Tags;
  readonly wellKnownPolicies: readonly WellKnownPolicy[];
}

export type AuthenticationMode = "API" | "API_AND_CONFIG_MAP" | "CONFIG_MAP";

export interface AccessConfig {
  readonly authenticationMode: AuthenticationMode;
  readonly bootstrapClusterCreatorAdminPermissions: boolean;
  /** Those of `accessEntries`, then what `iamIdentityMappings` come to. */
  readonly accessEntries: readonly AccessEntry[];
}

export interface AccessEntry {
  readonly principalARN: string;
  /** Where it stands: `accessConfig.accessEntries[0]` or `iamIdentityMappings[0]`. */
  readonly source: string;
  readonly type: string;
  readonly kubernetesGroups: readonly string[];
  readonly kubernetesUsername?: string | undefined;
  readonly accessPolicies: readonly AccessPolicy[];
}

export interface AccessPolicy {
  readonly policyARN: string;
  readonly accessScope: { readonly type: "cluster" | "namespace"; readonly namespaces: readonly string[] };
}

/** One line of `aws-auth`, as `iamIdentityMappings` lists it. */
export interface IdentityMapping {
  readonly arn: string;
  readonly username?: string | undefined;
  readonly groups: readonly string[];
}

export interface IdentityProvider {
  readonly name: string;
  readonly issuerURL: string;
  readonly clientID: string;
  readonly usernameClaim?: string | undefined;
  readonly usernamePrefix?: string | undefined;
  readonly groupsClaim?: string | undefined;
  readonly groupsPrefix?: string | undefined;
  readonly requiredClaims: Tags;
  readonly tags: Tags;
}

export interface Addon {
  readonly name: string;
  /** Added by eksctl's rules, not listed in the file. */
  readonly isDefault: boolean;
  readonly namespace?: string | undefined;
  /** A version, a prefix of one, or `latest`. */
  readonly version?: string | undefined;
  readonly configurationValues?: string | undefined;
  readonly serviceAccountRoleARN?: string | undefined;
  /** Absent: unchanged; empty: none. */
  readonly podIdentityAssociations?: readonly PodIdentityAssociation[] | undefined;
  readonly useDefaultPodIdentityAssociations: boolean;
  readonly tags: Tags;
  readonly attachPolicy?: FreeDocument | undefined;
  readonly attachPolicyARNs: readonly string[];
  readonly permissionsBoundary?: string | undefined;
  readonly wellKnownPolicies: readonly WellKnownPolicy[];
  readonly resolveConflicts?: "NONE" | "OVERWRITE" | "PRESERVE" | undefined;
  readonly publishers: readonly string[];
  readonly types: readonly string[];
  readonly owners: readonly string[];
}

export interface AutoMode {
  readonly enabled: boolean;
  readonly nodePools: readonly string[];
  readonly nodeRoleARN?: string | undefined;
  readonly permissionsBoundaryARN?: string | undefined;
}

export interface FargateProfile {
  readonly name: string;
  readonly podExecutionRoleARN?: string | undefined;
  readonly selectors: readonly { readonly namespace: string; readonly labels: Tags }[];
  readonly subnets: readonly string[];
  readonly tags: Tags;
}

export interface Capability {
  readonly name: string;
  readonly type: "ACK" | "KRO" | "ARGOCD";
  readonly roleArn?: string | undefined;
  readonly deletePropagationPolicy: "RETAIN";
  readonly argocd?: ArgoCd | undefined;
  readonly tags: Tags;
  readonly accessPolicies: readonly AccessPolicy[];
  readonly attachPolicyARNs: readonly string[];
  readonly attachPolicy?: FreeDocument | undefined;
  readonly permissionsBoundary?: string | undefined;
}

export interface ArgoCd {
  readonly namespace?: string | undefined;
  /** IAM Identity Center, which Argo CD logs people in by. */
  readonly idcInstanceArn: string;
  readonly idcRegion?: string | undefined;
  /** VPC endpoints that alone may reach the server; empty: it is public. */
  readonly vpceIds: readonly string[];
  readonly roles: readonly ArgoCdRole[];
}

export interface ArgoCdRole {
  readonly role: "ADMIN" | "EDITOR" | "VIEWER";
  readonly identities: readonly { readonly id: string; readonly type: "SSO_USER" | "SSO_GROUP" }[];
}

export interface Karpenter {
  readonly version: string;
  readonly createServiceAccount: boolean;
  readonly defaultInstanceProfile?: string | undefined;
  readonly withSpotInterruptionQueue: boolean;
}
