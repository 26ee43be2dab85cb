import {
  anyCidr,
  cidr,
  flag,
  id,
  integer,
  list,
  map,
  object,
  refuse,
  roleArn,
  type Shape,
  t1,
  t2,
  text,
  texts,
  word,
  zone,
} from "./field.ts";

const subnets = map(object({ id: t1("C", id("subnet")), az: t1("C", zone), cidr: t1("C", cidr) }));

export const vpc: Shape = object({
  id: t1("X", id("vpc")),
  cidr: t1("X", cidr),
  subnets: t1("C", object({ private: t1("C", subnets), public: t1("C", subnets) })),
  securityGroup: t1("C", id("sg")),
  sharedNodeSecurityGroup: t1("R", id("sg")),
  manageSharedNodeSecurityGroupRules: t1("P", flag),
  hostnameType: t1("P", word("ip-name", "resource-name")),
  nat: t1("P", object({ gateway: t1("P", word("HighlyAvailable", "Single", "Disable")) })),
  clusterEndpoints: t1("C", object({ publicAccess: t1("C", flag), privateAccess: t1("C", flag) })),
  publicAccessCIDRs: t1("C", list(anyCidr)),
  controlPlaneSubnetIDs: t1("C", list(id("subnet"))),
  controlPlaneSecurityGroupIDs: t1("C", list(id("sg"))),
  controlPlaneOnPrivateSubnets: t1("C", flag),
  controlPlaneEgressMode: t2("C!", word("AWS_MANAGED", "CUSTOMER_ROUTED")),
  autoAllocateIPv6: t2("X", flag),
  ipv6Cidr: t2("X", anyCidr),
  ipv6Pool: t2("X", text),
  extraCIDRs: t2("P", list(cidr)),
  extraIPv6CIDRs: t2("P", list(anyCidr)),
});

export const kubernetesNetworkConfig: Shape = object({
  ipFamily: t2("X", word("IPv4", "IPv6")),
  serviceIPv4CIDR: t2("X", cidr),
  serviceIPv6CIDR: refuse("EKS assigns this range itself", "leave `serviceIPv6CIDR` out"),
});

export const privateCluster: Shape = object({
  enabled: t2("C", flag),
  skipEndpointCreation: t2("P", flag),
  additionalEndpointServices: t2("P", texts),
});

const remoteNetworks = list(object({ cidrs: t2("C", list(cidr)) }));

export const remoteNetworkConfig: Shape = object(
  {
    vpcGatewayID: t2("P", text),
    remoteNodeNetworks: t2("C", remoteNetworks),
    remotePodNetworks: t2("C", remoteNetworks),
    iam: t2(
      "P",
      object({ provider: t2("P", word("SSM", "IRA")), roleARN: t2("P", roleArn), caBundleCert: t2("P", text) }),
    ),
  },
  ["vpcGatewayID", "remoteNodeNetworks"],
);

export const fargateProfiles: Shape = list(
  object(
    {
      name: t2("D", text),
      podExecutionRoleARN: t2("D", roleArn),
      selectors: t2("D", list(object({ namespace: t2("D", text), labels: t2("D", map(text)) }, ["namespace"]))),
      subnets: t2("D", texts),
      tags: t2("P", map(text)),
      status: { ...t2("-", text), skipped: true },
    },
    ["name", "selectors"],
  ),
);

export const karpenter: Shape = object(
  {
    version: t2("P", text),
    createServiceAccount: t2("P", flag),
    defaultInstanceProfile: t2("P", text),
    withSpotInterruptionQueue: t2("P", flag),
  },
  ["version"],
);

/** Days that PutRetentionPolicy accepts. */
export const retentionDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

export const cloudWatch: Shape = object({
  clusterLogging: t1(
    "C",
    object({
      enableTypes: t1("C", list(word("api", "audit", "authenticator", "controllerManager", "scheduler", "all", "*"))),
      logRetentionInDays: t1("P", integer(1, 3653)),
    }),
  ),
});
