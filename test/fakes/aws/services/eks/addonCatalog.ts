import type { World } from "../../world.ts";
import { minorOf, versionsOf } from "./versions.ts";

interface CatalogEntry {
  readonly name: string;
  readonly type: string;
  readonly owner: "aws" | "community";
  /** Newest first; the second is the default. `%` stands for the minor of the cluster. */
  readonly versions: readonly string[];
  readonly namespace: string;
  /** Service account and managed policy that the add-on recommends. */
  readonly identity?: { readonly serviceAccount: string; readonly policy: string };
  /** Top-level keys of its configuration schema. */
  readonly settings: readonly string[];
}

const workload = ["affinity", "nodeSelector", "podAnnotations", "podLabels", "resources", "tolerations"];

const catalog: readonly CatalogEntry[] = [
  {
    name: "vpc-cni",
    type: "networking",
    owner: "aws",
    versions: ["v1.21.2-eksbuild.1", "v1.21.1-eksbuild.3", "v1.20.4-eksbuild.2", "v1.19.6-eksbuild.7"],
    namespace: "kube-system",
    identity: { serviceAccount: "aws-node", policy: "AmazonEKS_CNI_Policy" },
    settings: ["env", "enableNetworkPolicy", "enableWindowsIpam", "init", "nodeAgent", "eniConfig", ...workload],
  },
  {
    name: "kube-proxy",
    type: "networking",
    owner: "aws",
    versions: ["v1.%.3-eksbuild.5", "v1.%.3-eksbuild.2", "v1.%.0-eksbuild.2"],
    namespace: "kube-system",
    settings: ["ipvs", "mode", ...workload],
  },
  {
    name: "coredns",
    type: "networking",
    owner: "aws",
    versions: ["v1.13.1-eksbuild.1", "v1.12.4-eksbuild.1", "v1.12.1-eksbuild.2"],
    namespace: "kube-system",
    settings: ["autoScaling", "computeType", "corefile", "replicaCount", "podDisruptionBudget", ...workload],
  },
  {
    name: "eks-pod-identity-agent",
    type: "security",
    owner: "aws",
    versions: ["v1.3.10-eksbuild.2", "v1.3.10-eksbuild.1", "v1.3.8-eksbuild.2"],
    namespace: "kube-system",
    settings: ["agent", ...workload],
  },
  {
    name: "aws-ebs-csi-driver",
    type: "storage",
    owner: "aws",
    versions: ["v1.55.0-eksbuild.1", "v1.54.0-eksbuild.1", "v1.53.0-eksbuild.1"],
    namespace: "kube-system",
    identity: { serviceAccount: "ebs-csi-controller-sa", policy: "service-role/AmazonEBSCSIDriverPolicy" },
    settings: ["controller", "node", "sidecars", "defaultStorageClass", ...workload],
  },
  {
    name: "aws-efs-csi-driver",
    type: "storage",
    owner: "aws",
    versions: ["v2.2.0-eksbuild.1", "v2.1.15-eksbuild.1"],
    namespace: "kube-system",
    identity: { serviceAccount: "efs-csi-controller-sa", policy: "service-role/AmazonEFSCSIDriverPolicy" },
    settings: ["controller", "node", "sidecars", ...workload],
  },
  {
    name: "amazon-cloudwatch-observability",
    type: "observability",
    owner: "aws",
    versions: ["v4.8.0-eksbuild.1", "v4.7.0-eksbuild.1"],
    namespace: "amazon-cloudwatch",
    identity: { serviceAccount: "cloudwatch-agent", policy: "CloudWatchAgentServerPolicy" },
    settings: ["agent", "containerLogs", ...workload],
  },
  {
    name: "eks-node-monitoring-agent",
    type: "observability",
    owner: "aws",
    versions: ["v1.5.0-eksbuild.1", "v1.4.2-eksbuild.1"],
    namespace: "kube-system",
    settings: ["nodeAgent", ...workload],
  },
  {
    name: "metrics-server",
    type: "observability",
    owner: "community",
    versions: ["v0.8.0-eksbuild.6", "v0.8.0-eksbuild.5", "v0.7.2-eksbuild.4"],
    namespace: "kube-system",
    settings: ["args", "replicas", "podDisruptionBudget", ...workload],
  },
];

/** Metrics-server is not offered in the China, GovCloud and isolated regions. */
export function addonsOf(world: World): readonly CatalogEntry[] {
  const isCommercial = world.account.partition === "aws";
  return catalog.filter((entry) => entry.owner === "aws" || isCommercial);
}

export function addonEntry(world: World, name: string | undefined): CatalogEntry | undefined {
  return addonsOf(world).find((entry) => entry.name === name);
}

/** Versions for a cluster version, newest first. */
export function addonVersions(entry: CatalogEntry, clusterVersion: string): readonly string[] {
  return entry.versions.map((version) => version.replace("%", String(minorOf(clusterVersion))));
}

export function defaultAddonVersion(entry: CatalogEntry, clusterVersion: string): string {
  const all = addonVersions(entry, clusterVersion);
  return all[1] ?? all[0] ?? "";
}

/** Every version of an add-on with the cluster versions that take it. */
export function compatibilities(
  world: World,
  entry: CatalogEntry,
  clusterVersion: string | undefined,
): readonly { readonly version: string; readonly clusterVersions: readonly string[] }[] {
  const wanted = versionsOf(world)
    .map((offered) => offered.version)
    .filter((version) => clusterVersion === undefined || version === clusterVersion)
    .toReversed();
  const found = new Map<string, string[]>();
  for (const offered of wanted) {
    for (const version of addonVersions(entry, offered)) {
      found.set(version, [...(found.get(version) ?? []), offered]);
    }
  }
  return [...found].map(([version, clusterVersions]) => ({ version, clusterVersions }));
}

/** JSON schema of an add-on's configuration: its top-level keys, closed, as the real ones are. */
export function configurationSchema(entry: CatalogEntry): string {
  const types: Readonly<Record<string, object>> = {
    replicaCount: { type: "integer" },
    replicas: { type: "integer" },
    tolerations: { type: "array" },
    enableNetworkPolicy: { type: "string", enum: ["true", "false"] },
    computeType: { type: "string" },
    corefile: { type: "string" },
    mode: { type: "string" },
    args: { type: "array" },
  };
  return JSON.stringify({
    $schema: "http://json-schema.org/draft-06/schema#",
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries(entry.settings.map((name) => [name, types[name] ?? { type: "object" }])),
  });
}
