import type { AccessEntry, AccessPolicy, IdentityMapping } from "./model.ts";
import { type Raw, records, textOf, textsOf } from "./values.ts";

const NODE_GROUPS = ["system:bootstrappers", "system:nodes", "system:node-proxier", "eks:kube-proxy-windows"];

export function identityMappings(root: Raw): readonly IdentityMapping[] {
  return records(root["iamIdentityMappings"]).map((raw) => ({
    arn: textOf(raw, "arn") ?? "",
    username: textOf(raw, "username"),
    groups: textsOf(raw, "groups"),
  }));
}

/**
 * Access entries that give what the mappings of `aws-auth` give. Mappings of one principal become one entry, since a
 * cluster has one entry for each. `system:masters` is cluster-wide AmazonEKSClusterAdminPolicy; a node's groups and
 * username are the entry's type, which brings both.
 */
export function mappedEntries(mappings: readonly IdentityMapping[]): readonly AccessEntry[] {
  const byPrincipal = new Map<string, { readonly source: string; readonly all: IdentityMapping[] }>();
  mappings.forEach((mapping, index) => {
    const known = byPrincipal.get(mapping.arn);
    if (known === undefined) byPrincipal.set(mapping.arn, { source: `iamIdentityMappings[${index}]`, all: [mapping] });
    else known.all.push(mapping);
  });
  return [...byPrincipal].map(([principalARN, { source, all }]) => {
    const groups = [...new Set(all.flatMap((mapping) => mapping.groups))];
    const username = all.find((mapping) => mapping.username !== undefined)?.username;
    const type = nodeType(groups, username);
    if (type !== undefined) return { principalARN, source, type, kubernetesGroups: [], accessPolicies: [] };
    return {
      principalARN,
      source,
      type: "STANDARD",
      kubernetesGroups: groups.filter((group) => group !== "system:masters"),
      kubernetesUsername: username === undefined || isTemplate(username) ? undefined : username,
      accessPolicies: groups.includes("system:masters") ? [clusterAdmin(principalARN)] : [],
    };
  });
}

/** Type of the entry that stands for a node's mapping; `undefined` for people and programs. */
function nodeType(groups: readonly string[], username: string | undefined): string | undefined {
  if (!groups.includes("system:nodes") || !groups.every((group) => NODE_GROUPS.includes(group))) return undefined;
  if (groups.includes("eks:kube-proxy-windows")) return "EC2_WINDOWS";
  // Fargate's mapping names the session in place of the instance.
  return username?.includes("{{SessionName}}") === true ? "FARGATE_LINUX" : "EC2_LINUX";
}

/** EKS names entries after account and session by itself, so a template has nothing to add. */
export function isTemplate(username: string): boolean {
  return username.includes("{{");
}

/** In the partition of the principal. */
function clusterAdmin(principalARN: string): AccessPolicy {
  return {
    policyARN: `arn:${principalARN.split(":")[1] ?? "aws"}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy`,
    accessScope: { type: "cluster", namespaces: [] },
  };
}
