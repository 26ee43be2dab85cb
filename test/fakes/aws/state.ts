import type {
  Address,
  EgressOnlyInternetGateway,
  Image,
  InternetGateway,
  KeyPairInfo,
  NatGateway,
  NetworkInterface,
  RequestLaunchTemplateData,
  RouteTable,
  SecurityGroup,
  SecurityGroupRule,
  Subnet,
  Tag,
  Volume,
  Vpc,
  VpcEndpoint,
} from "@aws-sdk/client-ec2";
import type {
  AccessEntry,
  Addon,
  AssociatedAccessPolicy,
  Capability,
  Cluster,
  FargateProfile,
  Insight,
  Nodegroup,
  OidcIdentityProviderConfig,
  PodIdentityAssociation,
  Update,
} from "@aws-sdk/client-eks";
import type { Connection } from "./aws.ts";

/** An IAM role as AWS keeps it. */
export interface Role {
  name: string;
  path: string;
  arn: string;
  id: string;
  /** Trust policy document as JSON text. */
  trust: string;
  description?: string | undefined;
  maxSessionDuration: number;
  permissionsBoundary?: string | undefined;
  /** Policy name → document as JSON text. */
  inline: Map<string, string>;
  /** ARNs of attached managed policies. */
  attached: string[];
  tags: Map<string, string>;
  createdAt: number;
  /** Virtual time from which STS and other services see the role and its present trust. */
  usableAt: number;
}

export interface ManagedPolicy {
  name: string;
  arn: string;
  /** JSON text. */
  document: string;
}

export interface OidcProvider {
  arn: string;
  /** Issuer without `https://`, as IAM keeps it. */
  url: string;
  clientIds: string[];
  thumbprints: string[];
  tags: Map<string, string>;
  createdAt: number;
}

/** What STS issued. */
export interface Session {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  roleArn: string;
  /** `arn:aws:sts::<account>:assumed-role/<name>/<session>` */
  arn: string;
  /** `<role id>:<session name>` */
  userId: string;
  sessionName: string;
  /** Wall-clock milliseconds. */
  expiresAt: number;
  /** Session policies as JSON texts; a request must pass one of them too. */
  policies: string[];
}

export interface UpdateRecord {
  update: Update;
  nodegroup?: string | undefined;
  addon?: string | undefined;
  capability?: string | undefined;
}

/** A cluster with all that hangs on it. Members hold the SDK's own shapes. */
export interface ClusterRecord {
  cluster: Cluster;
  nodegroups: Map<string, Nodegroup>;
  addons: Map<string, Addon>;
  fargateProfiles: Map<string, FargateProfile>;
  /** By principal ARN. */
  accessEntries: Map<string, { entry: AccessEntry; policies: AssociatedAccessPolicy[]; principalId: string }>;
  podIdentityAssociations: Map<string, PodIdentityAssociation>;
  identityProviders: Map<string, OidcIdentityProviderConfig>;
  capabilities: Map<string, Capability>;
  updates: Map<string, UpdateRecord>;
  insights: Map<string, Insight>;
  insightsRefreshedAt?: number | undefined;
  insightsRefreshStartedAt?: number | undefined;
  insightsRefreshEndsAt?: number | undefined;
  /** Ready nodes of node groups, by node group. */
  readyNodes: Map<string, number>;
  /** Virtual time until which reads still show ACTIVE after an update began. */
  staleUntil?: number | undefined;
  /** Status shown until `staleUntil`. */
  connection?: Connection | undefined;
  /** aws-node, kube-proxy and coredns that EKS put in itself, outside of add-ons. */
  hasSelfManagedAddons: boolean;
  /** Version before the last update, and when that ended. */
  previousVersion?: { version: string; at: number } | undefined;
  /** Principal that called CreateCluster. */
  creatorArn: string;
}

export interface LaunchTemplateRecord {
  id: string;
  name: string;
  createdAt: number;
  createdBy: string;
  defaultVersion: number;
  latestVersion: number;
  tags: Tag[];
  clientToken: string | undefined;
  versions: Map<number, LaunchTemplateContent>;
}

export interface LaunchTemplateContent {
  data: RequestLaunchTemplateData;
  createdAt: number;
  description?: string | undefined;
  clientToken?: string | undefined;
}

export interface VpcRecord extends Vpc {
  enableDnsSupport: boolean;
  enableDnsHostnames: boolean;
}

/** EC2's objects by id, in the SDK's own shapes. Order of insertion is order of listing. */
export interface Network {
  vpcs: Map<string, VpcRecord>;
  subnets: Map<string, Subnet>;
  internetGateways: Map<string, InternetGateway>;
  egressOnlyInternetGateways: Map<string, EgressOnlyInternetGateway>;
  routeTables: Map<string, RouteTable>;
  natGateways: Map<string, NatGateway>;
  /** NAT gateway id → client token of its creation. */
  natTokens: Map<string, string>;
  addresses: Map<string, Address>;
  securityGroups: Map<string, SecurityGroup>;
  securityGroupRules: Map<string, SecurityGroupRule>;
  networkInterfaces: Map<string, NetworkInterface>;
  launchTemplates: Map<string, LaunchTemplateRecord>;
  keyPairs: Map<string, KeyPairInfo>;
  /** Of the account's own, as tests seed them. */
  images: Map<string, Image>;
  volumes: Map<string, Volume>;
  vpcEndpoints: Map<string, VpcEndpoint>;
  /** Id → virtual time before which Describe and uses may answer NotFound. */
  visibleAt: Map<string, number>;
}

export interface LogGroup {
  name: string;
  arn: string;
  createdAt: number;
  retentionInDays?: number | undefined;
  tags: Map<string, string>;
}

/** One AWS account in one region. Plain data: tests read it and may seed it. */
export interface Account {
  readonly id: string;
  readonly region: string;
  readonly partition: string;
  roles: Map<string, Role>;
  /** Customer and AWS managed policies by ARN. */
  managedPolicies: Map<string, ManagedPolicy>;
  oidcProviders: Map<string, OidcProvider>;
  /** By access key id. */
  sessions: Map<string, Session>;
  clusters: Map<string, ClusterRecord>;
  network: Network;
  logGroups: Map<string, LogGroup>;
  /** `<service code>/<quota code>` → value; overrides the default of quotas.ts. */
  quotas: Map<string, number>;
  /** Versions of DescribeClusterVersions, oldest first; see services/eks/versions.ts. */
  kubernetesVersions: string[];
}
