import type {
  Ec2Address,
  Ec2EgressGateway,
  Ec2Image,
  Ec2InternetGateway,
  Ec2KeyPair,
  Ec2LaunchTemplate,
  Ec2LaunchTemplateVersion,
  Ec2NatGateway,
  Ec2RouteTable,
  Ec2SecurityGroup,
  Ec2Subnet,
  Ec2Volume,
  Ec2Vpc,
  Ec2VpcEndpoint,
  Ec2Zone,
  EksAccessEntry,
  EksAccessPolicy,
  EksAddon,
  EksAddonInfo,
  EksCapability,
  EksCluster,
  EksFargateProfile,
  EksIdentityProvider,
  EksInsight,
  EksNodegroup,
  EksPodIdentity,
  EksVersion,
  IamRole,
  LiveLogGroup,
} from "@eks-actions/aws";
import type { ClusterConfig } from "@eks-actions/cluster-config";

/** Everything that is read before a plan is made, in AWS's own shapes. */
export interface Facts {
  readonly config: ClusterConfig;
  /** Text of the config, for the report's hash only. */
  readonly account: string;
  readonly callerArn: string;
  readonly partition: string;
  /** Milliseconds since the epoch at which the reads began. */
  readonly now: number;
  /** EKS refused an upgrade because of node groups: they go to the live minor first. Told by the run, not read. */
  readonly nodesFirst: boolean;
  /** Node groups that this run has deleted after they failed, to make them again. Told by the run, not read. */
  readonly recreated: readonly string[];
  /** Add-on → version that the approved plan resolved. */
  readonly approved: ReadonlyMap<string, string>;
  /** Volumes of the cluster's claims; read only before a destruction. */
  readonly volumes: readonly Ec2Volume[];
  /** Every security group of our VPC; read only before a destruction. */
  readonly vpcGroups: readonly Ec2SecurityGroup[];
  readonly cluster: EksCluster | undefined;
  readonly nodegroups: readonly EksNodegroup[];
  readonly addons: readonly EksAddon[];
  readonly entries: readonly LiveEntry[];
  readonly podIdentities: readonly EksPodIdentity[];
  readonly fargateProfiles: readonly EksFargateProfile[];
  readonly identityProviders: readonly EksIdentityProvider[];
  readonly capabilities: readonly EksCapability[];
  readonly updates: readonly RunningUpdate[];
  readonly versions: readonly EksVersion[];
  /** By add-on name; for the live version, or the wanted one of a new cluster. */
  readonly addonInfos: ReadonlyMap<string, EksAddonInfo>;
  /** Service accounts that an add-on runs under, by add-on name. */
  readonly addonAccounts: ReadonlyMap<string, readonly AddonAccount[]>;
  readonly zones: readonly Ec2Zone[];
  /** Instance type → names of the zones that offer it. */
  readonly offerings: ReadonlyMap<string, readonly string[]>;
  readonly network: LiveNetwork;
  readonly roles: readonly IamRole[];
  readonly oidcProviders: readonly LiveProvider[];
  readonly launchTemplates: readonly LiveTemplate[];
  /** Ours by tag; read only where a group opens SSH. */
  readonly keyPairs: readonly Ec2KeyPair[];
  /** Path in the file → the OpenSSH public key that it holds. */
  readonly publicKeys: ReadonlyMap<string, string>;
  /** Node group with an `instanceSelector` → types that fit it, sorted. */
  readonly selectedTypes: ReadonlyMap<string, readonly string[]>;
  /** Images that the file names, by id; absent: EC2 shows none. */
  readonly images: ReadonlyMap<string, Ec2Image>;
  readonly logGroup: LiveLogGroup | undefined;
  readonly insights: readonly EksInsight[];
}

export interface LiveEntry {
  readonly entry: EksAccessEntry;
  readonly policies: readonly EksAccessPolicy[];
}

export interface AddonAccount {
  readonly serviceAccount: string;
  readonly policies: readonly string[];
}

/** An update that AWS is carrying out. */
export interface RunningUpdate {
  readonly id: string;
  readonly type: string;
  readonly nodegroup?: string | undefined;
  readonly addon?: string | undefined;
}

export interface LiveProvider {
  readonly arn: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface LiveTemplate {
  readonly template: Ec2LaunchTemplate;
  readonly versions: readonly Ec2LaunchTemplateVersion[];
}

/** Parts by tag, and the subnets and VPC that the file or the live cluster names. */
export interface LiveNetwork {
  readonly vpcs: readonly Ec2Vpc[];
  /** VPC id → attribute. */
  readonly dnsSupport: ReadonlyMap<string, boolean>;
  readonly dnsHostnames: ReadonlyMap<string, boolean>;
  readonly subnets: readonly Ec2Subnet[];
  readonly internetGateways: readonly Ec2InternetGateway[];
  /** Read only where the file asks for IPv6. */
  readonly egressGateways: readonly Ec2EgressGateway[];
  /** Read only where the file asks for a private cluster. */
  readonly endpoints: readonly Ec2VpcEndpoint[];
  readonly routeTables: readonly Ec2RouteTable[];
  readonly natGateways: readonly Ec2NatGateway[];
  readonly addresses: readonly Ec2Address[];
  readonly securityGroups: readonly Ec2SecurityGroup[];
  /** Not ours: named by the file, or in use by an adopted cluster. */
  readonly foreign: { readonly vpc: Ec2Vpc | undefined; readonly subnets: readonly Ec2Subnet[] } | undefined;
}
