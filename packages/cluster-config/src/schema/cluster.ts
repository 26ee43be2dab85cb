import {
  any,
  arn,
  flag,
  integer,
  list,
  map,
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
import { accessConfig, capability, clusterIam, podIdentity, wellKnownPolicies } from "./iam.ts";
import { kubeApiServer, kubeControllerManager, kubeScheduler } from "./kube.ts";
import {
  cloudWatch,
  fargateProfiles,
  karpenter,
  kubernetesNetworkConfig,
  privateCluster,
  remoteNetworkConfig,
  vpc,
} from "./network.ts";
import { managedNodeGroup, selfManagedNodeGroup } from "./nodegroup.ts";

const metadata = object(
  {
    name: t1("K", matching(/^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/, "up to 100 letters, digits, `-` and `_`")),
    region: t1("K", matching(/^[a-z]{2,}(-[a-z]+)+-\d$/, "a region like `eu-west-1`")),
    version: t1("C", matching(/^(\d+\.\d+|auto|latest)$/, 'a version in quotes like `"1.35"`, `auto` or `latest`')),
    tags: t1("P", textMap),
    forceUpdateVersion: t1("-", flag),
    rollbackConfig: t2("-", object({ timeoutMinutes: t2("-", integer(120, 10080)) })),
    annotations: refuse("annotations have no place in AWS", "write them as `metadata.tags`"),
  },
  ["name", "region"],
);

const addon = object(
  {
    name: t1("K", text),
    namespaceConfig: t1("D", object({ namespace: t1("D", text) })),
    version: t1("P", text),
    configurationValues: t1("P", text),
    serviceAccountRoleARN: t1("P", roleArn),
    podIdentityAssociations: t1("P", list(object(podIdentity, ["serviceAccountName"]))),
    useDefaultPodIdentityAssociations: t1("P", flag),
    tags: t1("P", textMap),
    attachPolicy: t1("P", any),
    attachPolicyARNs: t1("P", list(policyArn)),
    permissionsBoundary: t1("P", policyArn),
    wellKnownPolicies: t1("P", wellKnownPolicies),
    resolveConflicts: t1("-", word("none", "overwrite", "preserve", "NONE", "OVERWRITE", "PRESERVE")),
    publishers: t1("-", texts),
    types: t1("-", texts),
    owners: t1("-", texts),
  },
  ["name"],
);

const mapping = object({
  arn: t2("-", arn),
  username: t2("-", text),
  groups: t2("-", texts),
  noDuplicateARNs: t2("-", flag),
  account: refuse(
    "a whole account has no access entry",
    "write one entry under `accessConfig.accessEntries` for each role",
  ),
  serviceName: refuse(
    "a service has no access entry",
    "write one entry under `accessConfig.accessEntries` for each role",
  ),
  namespace: refuse(
    "a service has no access entry",
    "write one entry under `accessConfig.accessEntries` for each role",
  ),
});

const identityProvider = object(
  {
    type: t2("D", word("oidc")),
    name: t2("D", text),
    issuerURL: t2("D", matching(/^https:\/\/\S+$/, "a URL that begins with `https://`")),
    clientID: t2("D", text),
    usernameClaim: t2("D", text),
    usernamePrefix: t2("D", text),
    groupsClaim: t2("D", text),
    groupsPrefix: t2("D", text),
    requiredClaims: t2("D", map(text)),
    tags: t2("P", textMap),
  },
  ["type", "name", "issuerURL", "clientID"],
);

/** eksctl's ClusterConfig v1alpha5, closed: tier and mutability of every field, and the refused ones with their reason. */
export const clusterConfigSchema: Shape = object(
  {
    apiVersion: t1("-", word("eksctl.io/v1alpha5")),
    kind: t1("-", word("ClusterConfig")),
    metadata: t1("K", metadata),
    availabilityZones: t1("X", list(zone)),
    localZones: refuse("managed node groups do not go to local zones", "use Karpenter for nodes in local zones"),
    vpc: t1("C", vpc),
    kubernetesNetworkConfig: t2("X", kubernetesNetworkConfig),
    privateCluster: t2("C", privateCluster),
    remoteNetworkConfig: t2("C", remoteNetworkConfig),
    iam: t1("P", clusterIam),
    accessConfig: t1("C", accessConfig),
    iamIdentityMappings: t2("-", list(mapping)),
    identityProviders: t2("D", list(identityProvider)),
    addons: t1("P", list(addon)),
    addonsConfig: t1(
      "-",
      object({ autoApplyPodIdentityAssociations: t1("-", flag), disableDefaultAddons: t1("-", flag) }),
    ),
    autoModeConfig: t1(
      "C",
      object({
        enabled: t1("C", flag),
        nodePools: t1("C", list(word("general-purpose", "system"))),
        nodeRoleARN: t1("X", roleArn),
        permissionsBoundaryARN: t1("P", policyArn),
      }),
    ),
    cloudWatch: t1("C", cloudWatch),
    secretsEncryption: t1(
      "C!",
      object(
        { keyARN: t1("C!", matching(/^arn:[a-z0-9-]+:kms:[a-z0-9-]+:\d+:(key|alias)\/\S+$/, "a KMS key's ARN")) },
        ["keyARN"],
      ),
    ),
    upgradePolicy: t1("C", object({ supportType: t1("C", word("STANDARD", "EXTENDED")) })),
    zonalShiftConfig: t1("C", object({ enabled: t1("C", flag) })),
    controlPlaneScalingConfig: t1(
      "C",
      object({ tier: t1("C", word("standard", "tier-xl", "tier-2xl", "tier-4xl", "tier-8xl")) }),
    ),
    kubeAPIServerConfig: t2("C", kubeApiServer),
    kubeSchedulerConfig: t2("C", kubeScheduler),
    kubeControllerManagerConfig: t2("C", kubeControllerManager),
    fargateProfiles: t2("D", fargateProfiles),
    capabilities: t2("D", list(capability)),
    karpenter: t2("P", karpenter),
    gitops: refuse(
      "Flux needs a cluster login and a Git token in this step",
      "use `capabilities` with `type: ARGOCD`, or install Flux with the rollout action",
    ),
    outpost: refuse("clusters on Outposts are another product", "leave `outpost` out"),
    managedNodeGroups: t1("P", list(managedNodeGroup)),
    nodeGroups: t1("P", list(selfManagedNodeGroup)),
  },
  ["metadata", "kind", "apiVersion"],
);
