import { podIdentity, wellKnown } from "./identity.ts";
import type { Addon } from "./model.ts";
import { flagOf, type Raw, record, records, tagsOf, textOf, textsOf } from "./values.ts";

const NETWORKING = ["vpc-cni", "kube-proxy", "coredns"] as const;

/**
 * The listed add-ons and those that eksctl adds: the networking three and metrics-server (Auto Mode: metrics-server
 * only), the pod identity agent where an association needs it, and vpc-cni with its policy for `iam.withOIDC`.
 */
export function addons(root: Raw): readonly Addon[] {
  const listed = records(root["addons"]).map(addon);
  const missing = (name: string) => !listed.some((entry) => entry.name === name);
  const iam = record(root["iam"]);
  const region = textOf(record(root["metadata"]), "region") ?? "";
  const autoMode = flagOf(record(root["autoModeConfig"]), "enabled") === true;
  const added: string[] = [];
  if (flagOf(record(root["addonsConfig"]), "disableDefaultAddons") !== true) {
    if (!autoMode) added.push(...NETWORKING);
    if (!/^(cn|us-gov|us-iso)/.test(region)) added.push("metrics-server");
  }
  const usesPodIdentity =
    root["karpenter"] !== undefined ||
    records(iam["podIdentityAssociations"]).length > 0 ||
    listed.some((entry) => (entry.podIdentityAssociations ?? []).length > 0 || entry.useDefaultPodIdentityAssociations);
  if (usesPodIdentity && !autoMode) added.push("eks-pod-identity-agent");
  const isIpv6 = textOf(record(root["kubernetesNetworkConfig"]), "ipFamily") === "IPv6";
  const extra = added
    .filter(missing)
    .map((name) => defaultAddon(name, { withOidc: flagOf(iam, "withOIDC") === true, isIpv6, region }));
  return [...listed, ...extra];
}

function addon(raw: Raw): Addon {
  const conflicts = textOf(raw, "resolveConflicts")?.toUpperCase();
  return {
    name: textOf(raw, "name") ?? "",
    isDefault: false,
    namespace: textOf(record(raw["namespaceConfig"]), "namespace"),
    version: textOf(raw, "version"),
    configurationValues: textOf(raw, "configurationValues"),
    serviceAccountRoleARN: textOf(raw, "serviceAccountRoleARN"),
    podIdentityAssociations:
      raw["podIdentityAssociations"] === undefined
        ? undefined
        : records(raw["podIdentityAssociations"]).map((entry) => podIdentity({ ...entry, namespace: "" })),
    useDefaultPodIdentityAssociations: flagOf(raw, "useDefaultPodIdentityAssociations") ?? false,
    tags: tagsOf(raw, "tags"),
    attachPolicy: raw["attachPolicy"],
    attachPolicyARNs: textsOf(raw, "attachPolicyARNs"),
    permissionsBoundary: textOf(raw, "permissionsBoundary"),
    wellKnownPolicies: wellKnown(raw),
    resolveConflicts:
      conflicts === "NONE" || conflicts === "OVERWRITE" || conflicts === "PRESERVE" ? conflicts : undefined,
    publishers: textsOf(raw, "publishers"),
    types: textsOf(raw, "types"),
    owners: textsOf(raw, "owners"),
  };
}

function defaultAddon(
  name: string,
  { withOidc, isIpv6, region }: { readonly withOidc: boolean; readonly isIpv6: boolean; readonly region: string },
): Addon {
  const plain = { ...addon({ name }), isDefault: true };
  if (name !== "vpc-cni" || !withOidc) return plain;
  if (isIpv6) return { ...plain, attachPolicy: ipv6CniPolicy };
  const partition = region.startsWith("cn-") ? "aws-cn" : region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
  return { ...plain, attachPolicyARNs: [`arn:${partition}:iam::aws:policy/AmazonEKS_CNI_Policy`] };
}

/** What the CNI needs in an IPv6 cluster; AWS has no managed policy for it (amazon-vpc-cni-k8s, docs/iam-policy.md). */
export const ipv6CniPolicy = {
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Action: [
        "ec2:AssignIpv6Addresses",
        "ec2:DescribeInstances",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeTags",
      ],
      Resource: "*",
    },
    { Effect: "Allow", Action: ["ec2:CreateTags"], Resource: "arn:*:ec2:*:*:network-interface/*" },
  ],
} as const;
