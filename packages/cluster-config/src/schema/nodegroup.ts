import {
  any,
  type Field,
  type Fields,
  flag,
  id,
  integer,
  list,
  matching,
  object,
  policyArn,
  refuse,
  roleArn,
  type Shape,
  t1,
  t2,
  text,
  textMap,
  texts,
  word,
  zone,
} from "./field.ts";

export const amiFamilies = [
  "AmazonLinux2023",
  "AmazonLinux2",
  "UbuntuPro2604",
  "Ubuntu2604",
  "UbuntuPro2404",
  "Ubuntu2404",
  "UbuntuPro2204",
  "Ubuntu2204",
  "UbuntuPro2004",
  "Ubuntu2004",
  "Bottlerocket",
  "BottlerocketFips",
  "WindowsServer2019CoreContainer",
  "WindowsServer2019FullContainer",
  "WindowsServer2022CoreContainer",
  "WindowsServer2022FullContainer",
  "WindowsServer2025CoreContainer",
  "WindowsServer2025FullContainer",
] as const;

const addonPolicies = [
  "imageBuilder",
  "autoScaler",
  "externalDNS",
  "certManager",
  "appMesh",
  "appMeshPreview",
  "ebs",
  "fsx",
  "efs",
  "awsLoadBalancerController",
  "albIngress",
  "xRay",
  "cloudWatch",
] as const;

const instanceType = matching(/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, "an instance type like `m5.large`");
const volumeType = word("gp2", "gp3", "io1", "io2", "sc1", "st1");
const taint = object(
  { key: t1("P", text), value: t1("P", text), effect: t1("P", word("NoSchedule", "PreferNoSchedule", "NoExecute")) },
  ["key", "effect"],
);
const ownTemplate = (what: string): Field =>
  refuse(`${what} is no setting of a managed node group`, "bring it in your own `launchTemplate: {id: lt-…}`");
const theirScalingGroup = refuse(
  "the Auto Scaling group of a managed node group belongs to EKS",
  "leave it out; for load balancers write a TargetGroupBinding",
);

const iam = object({
  attachPolicy: t1("P", any),
  attachPolicyARNs: t1("P", list(policyArn)),
  instanceRoleARN: t1("G", roleArn),
  instanceRoleName: t1("G", matching(/^[\w+=,.@-]{1,64}$/, "a role's name")),
  instanceRolePermissionsBoundary: t1("P", policyArn),
  withAddonPolicies: t1("P", object(Object.fromEntries(addonPolicies.map((name) => [name, t1("P", flag)])))),
  instanceProfileARN: ownTemplate("an instance profile"),
});

/** Fields that both kinds of node group share and a conversion carries over. */
const shared: Fields = {
  name: t1("K", matching(/^[0-9A-Za-z][A-Za-z0-9_-]{0,62}$/, "up to 63 letters, digits, `-` and `_`")),
  instanceType: t1("G", instanceType),
  amiFamily: t1("G", word(...amiFamilies)),
  availabilityZones: t1("G", list(zone)),
  subnets: t1("G", texts),
  privateNetworking: t1("G", flag),
  minSize: t1("P", integer(0, 450)),
  maxSize: t1("P", integer(0, 450)),
  desiredCapacity: t1("P", integer(0, 450)),
  labels: t1("P", textMap),
  tags: t1("P", textMap),
  propagateASGTags: t1("P", flag),
  iam: t1("P", iam),
  instanceName: t1("R", text),
  instancePrefix: t1("R", text),
  volumeSize: t1("R", integer(1, 16384)),
  volumeType: t1("R", volumeType),
  volumeIOPS: t1("R", integer(100, 256000)),
  volumeThroughput: t1("R", integer(125, 2000)),
  volumeEncrypted: t1("R", flag),
  volumeKmsKeyID: t1("R", text),
  volumeName: t1("R", text),
  securityGroups: t1(
    "R",
    object({ attachIDs: t1("R", list(id("sg"))), withShared: t1("R", flag), withLocal: t1("R", flag) }),
  ),
  disableIMDSv1: t1("R", flag),
  disablePodIMDS: t1("R", flag),
  maxPodsPerNode: t1("R", integer(1, 737)),
  ebsOptimized: t1("R", flag),
  enableDetailedMonitoring: t1("R", flag),
  capacityReservation: t1(
    "R",
    object({
      capacityReservationPreference: t1("R", word("open", "none")),
      capacityReservationTarget: t1(
        "R",
        object({ capacityReservationID: t1("R", text), capacityReservationResourceGroupARN: t1("R", text) }),
      ),
    }),
  ),
  instanceMarketOptions: t1("G", object({ marketType: t1("G", word("spot", "capacity-block")) })),
  updateConfig: t1(
    "P",
    object({ maxUnavailable: t1("P", integer(1, 100)), maxUnavailablePercentage: t1("P", integer(1, 100)) }),
  ),
  placement: ownTemplate("a placement group"),
  efaEnabled: ownTemplate("an EFA network card"),
  asgSuspendProcesses: theirScalingGroup,
  outpostARN: refuse("Outposts are another product", "leave `outpostARN` out"),
};

const repairOverride = object(
  {
    nodeMonitoringCondition: t1("P", text),
    nodeUnhealthyReason: t1("P", text),
    minRepairWaitTimeMins: t1("P", integer(1, 10080)),
    repairAction: t1("P", word("NoAction", "Reboot", "Replace")),
  },
  ["nodeMonitoringCondition", "nodeUnhealthyReason", "minRepairWaitTimeMins", "repairAction"],
);

const volume = object({
  volumeSize: t2("R", integer(1, 16384)),
  volumeType: t2("R", volumeType),
  volumeName: t2("R", text),
  volumeEncrypted: t2("R", flag),
  volumeKmsKeyID: t2("R", text),
  volumeIOPS: t2("R", integer(100, 256000)),
  volumeThroughput: t2("R", integer(125, 2000)),
  snapshotID: t2("R", text),
});

export const managedNodeGroup: Shape = object(
  {
    ...shared,
    instanceTypes: t1("G", list(instanceType)),
    spot: t1("G", flag),
    taints: t1("P", list(taint)),
    launchTemplate: t1("G", object({ id: t1("G", id("lt")), version: t1("R", text) }, ["id"])),
    releaseVersion: t1("R", text),
    nodeRepairConfig: t1(
      "P",
      object({
        enabled: t1("P", flag),
        maxUnhealthyNodeThresholdPercentage: t1("P", integer(1, 100)),
        maxUnhealthyNodeThresholdCount: t1("P", integer(1, 450)),
        maxParallelNodesRepairedPercentage: t1("P", integer(1, 100)),
        maxParallelNodesRepairedCount: t1("P", integer(1, 450)),
        nodeRepairConfigOverrides: t1("P", list(repairOverride)),
      }),
    ),
    ssh: t2(
      "R",
      object({
        allow: t2("R", flag),
        publicKey: t2("R", text),
        publicKeyName: t2("R", text),
        publicKeyPath: t2("R", text),
        sourceSecurityGroupIds: t2("R", list(id("sg"))),
        enableSsm: t2("R", flag),
      }),
    ),
    ami: t2("R", matching(/^(ami-[\w-]+|auto|auto-ssm|static)$/, "an image's id like `ami-0123456789abcdef0`")),
    overrideBootstrapCommand: t2("R", text),
    preBootstrapCommands: t2("R", texts),
    additionalVolumes: t2("R", list(volume)),
    bottlerocket: t2("R", object({ enableAdminContainer: t2("R", flag), settings: t2("R", any) })),
    instanceSelector: t2(
      "G",
      object({
        vCPUs: t2("G", integer()),
        memory: t2("G", matching(/^\d+(\.\d+)?\s*([MGT]i?B?)?$/i, "an amount like `8GiB`")),
        gpus: t2("G", integer()),
        neuron_devices: t2("G", integer()),
        cpuArchitecture: t2("G", word("x86_64", "amd64", "arm64")),
        allow: t2("G", text),
        deny: t2("G", text),
      }),
    ),
  },
  ["name"],
);

const writeManaged = refuse("it does not convert safely", "write this group under `managedNodeGroups`");

/** Self-managed groups: read so that they can be converted, with every field that cannot be refused by name. */
export const selfManagedNodeGroup: Shape = object(
  {
    ...shared,
    taints: t1("P", any),
    instancesDistribution: refuse(
      "a managed node group has no mixed Auto Scaling group",
      "write an NG under `managedNodeGroups` with `spot: true` and `instanceTypes: […]`",
    ),
    localZones: refuse("managed node groups do not go to local zones", "use Karpenter for nodes in local zones"),
    targetGroupARNs: theirScalingGroup,
    classicLoadBalancerNames: theirScalingGroup,
    asgMetricsCollection: theirScalingGroup,
    maxInstanceLifetime: theirScalingGroup,
    ssh: writeManaged,
    ami: writeManaged,
    overrideBootstrapCommand: writeManaged,
    preBootstrapCommands: writeManaged,
    bottlerocket: writeManaged,
    additionalVolumes: writeManaged,
    instanceSelector: writeManaged,
    containerRuntime: ownTemplate("the container runtime"),
    kubeletExtraConfig: ownTemplate("a kubelet configuration"),
    clusterDNS: ownTemplate("a cluster DNS address"),
    cpuCredits: ownTemplate("the CPU credit mode"),
    enclaveEnabled: ownTemplate("a Nitro enclave"),
  },
  ["name"],
);
