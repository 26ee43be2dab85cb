import { addons } from "./addons.ts";
import { accessConfig, capability, clusterIam } from "./identity.ts";
import { identityMappings } from "./identity-mapping.ts";
import type {
  AutoMode,
  ClusterConfig,
  FargateProfile,
  LogType,
  Metadata,
  RemoteNetwork,
  Subnet,
  Vpc,
} from "./model.ts";
import { nodeGroups } from "./nodegroups.ts";
import { flagOf, numberOf, type Raw, record, records, tagsOf, textOf, textsOf, wordOf } from "./values.ts";

const ALL_LOGS: readonly LogType[] = ["api", "audit", "authenticator", "controllerManager", "scheduler"];

/** Checked YAML → model with eksctl's defaults. */
export function withDefaults(value: unknown): Omit<ClusterConfig, "file" | "fields" | "notices"> {
  const root = record(value);
  const logging = record(record(root["cloudWatch"])["clusterLogging"]);
  const privateCluster = record(root["privateCluster"]);
  const addonsConfig = record(root["addonsConfig"]);
  const network = record(root["kubernetesNetworkConfig"]);
  const keyARN = textOf(record(root["secretsEncryption"]), "keyARN");
  const supportType = wordOf<"STANDARD" | "EXTENDED">(record(root["upgradePolicy"]), "supportType");
  const tier = wordOf<NonNullable<ClusterConfig["controlPlaneScalingConfig"]>["tier"]>(
    record(root["controlPlaneScalingConfig"]),
    "tier",
  );
  const zonalShift = flagOf(record(root["zonalShiftConfig"]), "enabled");
  return {
    metadata: metadata(record(root["metadata"])),
    availabilityZones: textsOf(root, "availabilityZones"),
    vpc: vpc(record(root["vpc"]), flagOf(privateCluster, "enabled") ?? false),
    kubernetesNetworkConfig: {
      ipFamily: wordOf<"IPv4" | "IPv6">(network, "ipFamily") ?? "IPv4",
      serviceIPv4CIDR: textOf(network, "serviceIPv4CIDR"),
    },
    privateCluster: {
      enabled: flagOf(privateCluster, "enabled") ?? false,
      skipEndpointCreation: flagOf(privateCluster, "skipEndpointCreation") ?? false,
      additionalEndpointServices: textsOf(privateCluster, "additionalEndpointServices"),
    },
    remoteNetworkConfig: remoteNetwork(root["remoteNetworkConfig"]),
    iam: clusterIam(record(root["iam"])),
    accessConfig: accessConfig(root),
    iamIdentityMappings: identityMappings(root),
    identityProviders: records(root["identityProviders"]).map((raw) => ({
      name: textOf(raw, "name") ?? "",
      issuerURL: textOf(raw, "issuerURL") ?? "",
      clientID: textOf(raw, "clientID") ?? "",
      usernameClaim: textOf(raw, "usernameClaim"),
      usernamePrefix: textOf(raw, "usernamePrefix"),
      groupsClaim: textOf(raw, "groupsClaim"),
      groupsPrefix: textOf(raw, "groupsPrefix"),
      requiredClaims: tagsOf(raw, "requiredClaims"),
      tags: tagsOf(raw, "tags"),
    })),
    addons: addons(root),
    addonsConfig: {
      autoApplyPodIdentityAssociations: flagOf(addonsConfig, "autoApplyPodIdentityAssociations") ?? false,
      disableDefaultAddons: flagOf(addonsConfig, "disableDefaultAddons") ?? false,
    },
    autoModeConfig: autoMode(record(root["autoModeConfig"])),
    cloudWatch: { enableTypes: logTypes(logging), logRetentionInDays: numberOf(logging, "logRetentionInDays") },
    secretsEncryption: keyARN === undefined ? undefined : { keyARN },
    upgradePolicy: supportType === undefined ? undefined : { supportType },
    zonalShiftConfig: zonalShift === undefined ? undefined : { enabled: zonalShift },
    controlPlaneScalingConfig: tier === undefined ? undefined : { tier },
    kubeAPIServerConfig: root["kubeAPIServerConfig"],
    kubeSchedulerConfig: root["kubeSchedulerConfig"],
    kubeControllerManagerConfig: root["kubeControllerManagerConfig"],
    fargateProfiles: records(root["fargateProfiles"]).map(fargateProfile),
    capabilities: records(root["capabilities"]).map(capability),
    karpenter: karpenter(root["karpenter"]),
    managedNodeGroups: nodeGroups(root),
  };
}

function metadata(raw: Raw): Metadata {
  const timeoutMinutes = numberOf(record(raw["rollbackConfig"]), "timeoutMinutes");
  const version = textOf(raw, "version");
  return {
    name: textOf(raw, "name") ?? "",
    region: textOf(raw, "region") ?? "",
    version: version === "auto" ? undefined : version,
    tags: tagsOf(raw, "tags"),
    forceUpdateVersion: flagOf(raw, "forceUpdateVersion") ?? false,
    rollbackConfig: timeoutMinutes === undefined ? undefined : { timeoutMinutes },
  };
}

/** A private cluster has the private endpoint alone, unless the file says otherwise. */
function vpc(raw: Raw, isPrivate: boolean): Vpc {
  const endpoints = record(raw["clusterEndpoints"]);
  const subnets = record(raw["subnets"]);
  return {
    id: textOf(raw, "id"),
    cidr: textOf(raw, "cidr") ?? "192.168.0.0/16",
    hasCidr: textOf(raw, "cidr") !== undefined,
    subnets: { private: subnetsOf(subnets["private"]), public: subnetsOf(subnets["public"]) },
    securityGroup: textOf(raw, "securityGroup"),
    sharedNodeSecurityGroup: textOf(raw, "sharedNodeSecurityGroup"),
    manageSharedNodeSecurityGroupRules: flagOf(raw, "manageSharedNodeSecurityGroupRules") ?? true,
    hostnameType: wordOf<"ip-name" | "resource-name">(raw, "hostnameType"),
    nat: wordOf<Vpc["nat"]>(record(raw["nat"]), "gateway") ?? "Single",
    clusterEndpoints: {
      publicAccess: flagOf(endpoints, "publicAccess") ?? !isPrivate,
      privateAccess: flagOf(endpoints, "privateAccess") ?? isPrivate,
    },
    publicAccessCIDRs: textsOf(raw, "publicAccessCIDRs"),
    controlPlaneSubnetIDs: textsOf(raw, "controlPlaneSubnetIDs"),
    controlPlaneSecurityGroupIDs: textsOf(raw, "controlPlaneSecurityGroupIDs"),
    controlPlaneOnPrivateSubnets: flagOf(raw, "controlPlaneOnPrivateSubnets") ?? false,
    controlPlaneEgressMode: wordOf<"AWS_MANAGED" | "CUSTOMER_ROUTED">(raw, "controlPlaneEgressMode"),
    autoAllocateIPv6: flagOf(raw, "autoAllocateIPv6") ?? false,
    ipv6Cidr: textOf(raw, "ipv6Cidr"),
    ipv6Pool: textOf(raw, "ipv6Pool"),
    extraCIDRs: textsOf(raw, "extraCIDRs"),
    extraIPv6CIDRs: textsOf(raw, "extraIPv6CIDRs"),
  };
}

function subnetsOf(value: unknown): readonly Subnet[] {
  return Object.entries(record(value)).map(([key, entry]) => {
    const raw = record(entry);
    const zone = /^[a-z]{2,}(-[a-z]+)+-\d[a-z]$/.test(key) ? key : undefined;
    return { key, id: textOf(raw, "id"), az: textOf(raw, "az") ?? zone, cidr: textOf(raw, "cidr") };
  });
}

function logTypes(raw: Raw): readonly LogType[] {
  const listed = textsOf(raw, "enableTypes");
  if (listed.includes("*") || listed.includes("all")) return ALL_LOGS;
  return ALL_LOGS.filter((type) => listed.includes(type));
}

function autoMode(raw: Raw): AutoMode {
  const enabled = flagOf(raw, "enabled") ?? false;
  const pools = raw["nodePools"] === undefined ? ["general-purpose", "system"] : textsOf(raw, "nodePools");
  return {
    enabled,
    nodePools: enabled ? [...pools].sort() : [],
    nodeRoleARN: textOf(raw, "nodeRoleARN"),
    permissionsBoundaryARN: textOf(raw, "permissionsBoundaryARN"),
  };
}

function remoteNetwork(value: unknown): RemoteNetwork | undefined {
  if (value === undefined) return undefined;
  const raw = record(value);
  const iam = record(raw["iam"]);
  const networks = (key: string) => records(raw[key]).map((entry) => ({ cidrs: textsOf(entry, "cidrs") }));
  return {
    vpcGatewayID: textOf(raw, "vpcGatewayID") ?? "",
    remoteNodeNetworks: networks("remoteNodeNetworks"),
    remotePodNetworks: networks("remotePodNetworks"),
    iam:
      raw["iam"] === undefined
        ? undefined
        : {
            provider: wordOf<"SSM" | "IRA">(iam, "provider"),
            roleARN: textOf(iam, "roleARN"),
            caBundleCert: textOf(iam, "caBundleCert"),
          },
  };
}

function fargateProfile(raw: Raw): FargateProfile {
  return {
    name: textOf(raw, "name") ?? "",
    podExecutionRoleARN: textOf(raw, "podExecutionRoleARN"),
    selectors: records(raw["selectors"]).map((selector) => ({
      namespace: textOf(selector, "namespace") ?? "",
      labels: tagsOf(selector, "labels"),
    })),
    subnets: textsOf(raw, "subnets"),
    tags: tagsOf(raw, "tags"),
  };
}

function karpenter(value: unknown): ClusterConfig["karpenter"] {
  if (value === undefined) return undefined;
  const raw = record(value);
  return {
    version: textOf(raw, "version") ?? "",
    createServiceAccount: flagOf(raw, "createServiceAccount") ?? false,
    defaultInstanceProfile: textOf(raw, "defaultInstanceProfile"),
    withSpotInterruptionQueue: flagOf(raw, "withSpotInterruptionQueue") ?? false,
  };
}
