import type { Cluster, CreateClusterRequest } from "@aws-sdk/client-eks";
import type { ClusterRecord } from "../../state.ts";
import type { World } from "../../world.ts";
import { putLogGroup } from "../logs.ts";
import { eksArn, today } from "./find.ts";
import { platformVersionOf } from "./versions.ts";

/** A new cluster in CREATING, nothing hanging on it yet. */
export function newClusterRecord(
  world: World,
  wish: CreateClusterRequest,
  made: { readonly vpcId: string; readonly version: string; readonly creatorArn: string },
): ClusterRecord {
  return {
    cluster: newCluster(world, wish, made),
    nodegroups: new Map(),
    addons: new Map(),
    fargateProfiles: new Map(),
    accessEntries: new Map(),
    podIdentityAssociations: new Map(),
    identityProviders: new Map(),
    capabilities: new Map(),
    updates: new Map(),
    insights: new Map(),
    readyNodes: new Map(),
    hasSelfManagedAddons: wish.bootstrapSelfManagedAddons ?? true,
    creatorArn: made.creatorArn,
  };
}

function newCluster(
  world: World,
  wish: CreateClusterRequest,
  made: { readonly vpcId: string; readonly version: string },
): Cluster {
  const vpc = wish.resourcesVpcConfig ?? {};
  const network = wish.kubernetesNetworkConfig;
  const family = network?.ipFamily ?? "ipv4";
  return {
    name: wish.name,
    arn: eksArn(world, `cluster/${wish.name}`),
    createdAt: today(world),
    version: made.version,
    platformVersion: platformVersionOf(made.version),
    roleArn: wish.roleArn,
    status: "CREATING",
    resourcesVpcConfig: {
      subnetIds: vpc.subnetIds ?? [],
      securityGroupIds: vpc.securityGroupIds ?? [],
      vpcId: made.vpcId,
      endpointPublicAccess: vpc.endpointPublicAccess ?? true,
      endpointPrivateAccess: vpc.endpointPrivateAccess ?? false,
      publicAccessCidrs: (vpc.endpointPublicAccess ?? true) ? (vpc.publicAccessCidrs ?? ["0.0.0.0/0"]) : [],
      ...(vpc.controlPlaneEgressMode === undefined ? {} : { controlPlaneEgressMode: vpc.controlPlaneEgressMode }),
    },
    kubernetesNetworkConfig: {
      ipFamily: family,
      ...(family === "ipv4"
        ? { serviceIpv4Cidr: network?.serviceIpv4Cidr ?? "172.20.0.0/16" }
        : { serviceIpv6Cidr: `fd${world.random.hex("service-cidr", 2)}:4ec1:9dc1::/108` }),
      elasticLoadBalancing: { enabled: network?.elasticLoadBalancing?.enabled ?? false },
    },
    logging: loggingOf(wish.logging),
    accessConfig: {
      authenticationMode: wish.accessConfig?.authenticationMode ?? "CONFIG_MAP",
      bootstrapClusterCreatorAdminPermissions: wish.accessConfig?.bootstrapClusterCreatorAdminPermissions ?? true,
    },
    upgradePolicy: { supportType: wish.upgradePolicy?.supportType ?? "EXTENDED" },
    deletionProtection: wish.deletionProtection ?? false,
    health: { issues: [] },
    tags: { ...wish.tags },
    ...optional("encryptionConfig", wish.encryptionConfig),
    ...optional("computeConfig", wish.computeConfig),
    ...optional("storageConfig", wish.storageConfig),
    ...optional("zonalShiftConfig", wish.zonalShiftConfig),
    ...optional("remoteNetworkConfig", wish.remoteNetworkConfig),
    ...optional("controlPlaneScalingConfig", wish.controlPlaneScalingConfig),
    ...optional("kubeApiServerConfig", wish.kubeApiServerConfig),
    ...optional("kubeSchedulerConfig", wish.kubeSchedulerConfig),
    ...optional("kubeControllerManagerConfig", wish.kubeControllerManagerConfig),
  };
}

function optional<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  const result: { [K in Key]?: Value } = {};
  if (value !== undefined) result[key] = value;
  return result;
}

const logTypes = ["api", "audit", "authenticator", "controllerManager", "scheduler"] as const;

/** All five types, sorted into enabled and disabled as DescribeCluster shows them. */
export function loggingOf(wish: Cluster["logging"]): NonNullable<Cluster["logging"]> {
  const enabled = new Set(
    (wish?.clusterLogging ?? []).filter((setup) => setup.enabled).flatMap((setup) => setup.types ?? []),
  );
  const on = logTypes.filter((type) => enabled.has(type));
  const off = logTypes.filter((type) => !enabled.has(type));
  return {
    clusterLogging: [
      ...(on.length > 0 ? [{ types: [...on], enabled: true }] : []),
      ...(off.length > 0 ? [{ types: [...off], enabled: false }] : []),
    ],
  };
}

/** EKS makes the log group as soon as one log type is on. */
export function keepLogs(world: World, record: ClusterRecord): void {
  const name = `/aws/eks/${record.cluster.name}/cluster`;
  const isOn = (record.cluster.logging?.clusterLogging ?? []).some((setup) => setup.enabled === true);
  if (isOn && !world.account.logGroups.has(name)) putLogGroup(world, name);
}

/** What a cluster has from the moment it is ACTIVE: endpoint, certificate authority, issuer. */
export function completeCluster(world: World, record: ClusterRecord): void {
  const { cluster } = record;
  const { region, partition } = world.account;
  const id = world.random.hex(`cluster-id|${cluster.name}`, 32).toUpperCase();
  const suffix = partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
  cluster.status = "ACTIVE";
  cluster.endpoint = `https://${id}.gr7.${region}.eks.${suffix}`;
  cluster.identity = { oidc: { issuer: `https://oidc.eks.${region}.${suffix}/id/${id}` } };
  const body = Buffer.from(world.random.hex(`cluster-ca|${cluster.name}`, 600), "hex").toString("base64");
  const pem = `-----BEGIN CERTIFICATE-----\n${body.replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`;
  cluster.certificateAuthority = { data: Buffer.from(pem).toString("base64") };
}
