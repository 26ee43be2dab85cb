import type { Addon, PodIdentityAssociation } from "@eks-actions/cluster-config";
import { placeOf } from "@eks-actions/cluster-config";
import { identityPart, irsaRole, podIdentityRole } from "../access/desired-roles.ts";
import { wellKnownGrant } from "../access/policies.ts";
import type { RoleSpec } from "../access/roles.ts";
import type { Context } from "../plan/context.ts";
import type { Finding } from "../plan/finding.ts";
import { partitionOf } from "../plan/names.ts";
import { ref } from "../plan/value.ts";

/** How an add-on gets its AWS permissions. */
export interface AddonIdentity {
  readonly roles: readonly RoleSpec[];
  /** For CreateAddon and UpdateAddon; absent: none. */
  readonly serviceAccountRoleArn?: unknown;
  readonly podIdentityAssociations?:
    | readonly { readonly serviceAccount: string; readonly roleArn: unknown }[]
    | undefined;
  readonly finding?: Finding | undefined;
}

// Accounts of add-ons whose configuration the API does not tell for every version.
const ACCOUNTS: Readonly<Record<string, { readonly namespace: string; readonly name: string }>> = {
  "vpc-cni": { namespace: "kube-system", name: "aws-node" },
  "aws-ebs-csi-driver": { namespace: "kube-system", name: "ebs-csi-controller-sa" },
  "aws-efs-csi-driver": { namespace: "kube-system", name: "efs-csi-controller-sa" },
  "aws-mountpoint-s3-csi-driver": { namespace: "kube-system", name: "s3-csi-driver-sa" },
  "amazon-cloudwatch-observability": { namespace: "amazon-cloudwatch", name: "cloudwatch-agent" },
  adot: { namespace: "opentelemetry-operator-system", name: "adot-collector" },
};

export function hasOwnPermissions(addon: Addon): boolean {
  return addon.attachPolicy !== undefined || addon.attachPolicyARNs.length > 0 || addon.wellKnownPolicies.length > 0;
}

/** True when the CNI has a role of its own, so that nodes need not carry its policy. */
export function cniHasOwnRole(context: Context): boolean {
  const cni = context.config.addons.find((addon) => addon.name === "vpc-cni");
  if (cni === undefined) return false;
  return (
    hasOwnPermissions(cni) ||
    cni.serviceAccountRoleARN !== undefined ||
    (cni.podIdentityAssociations ?? []).length > 0 ||
    usesRecommended(context, cni)
  );
}

export function usesPodIdentity(context: Context): boolean {
  return (
    context.config.addons.some((addon) => addon.name === "eks-pod-identity-agent") ||
    context.config.autoModeConfig.enabled
  );
}

function usesRecommended(context: Context, addon: Addon): boolean {
  const auto = context.config.addonsConfig.autoApplyPodIdentityAssociations;
  const recommended = context.facts.addonAccounts.get(addon.name) ?? [];
  return (addon.useDefaultPodIdentityAssociations || auto) && recommended.length > 0;
}

export function addonIdentity(context: Context, addon: Addon): AddonIdentity {
  const index = context.config.addons.indexOf(addon);
  const source = `addons[${index}]`;
  if (addon.serviceAccountRoleARN !== undefined)
    return { roles: [], serviceAccountRoleArn: addon.serviceAccountRoleARN };
  const listed = addon.podIdentityAssociations;
  if (listed !== undefined) return listedAssociations(context, addon, listed, source);
  if (usesRecommended(context, addon)) return recommended(context, addon, source);
  if (!hasOwnPermissions(addon)) return { roles: [] };
  return ownPermissions(context, addon, source);
}

function listedAssociations(
  context: Context,
  addon: Addon,
  listed: readonly PodIdentityAssociation[],
  source: string,
): AddonIdentity {
  const roles: RoleSpec[] = [];
  const podIdentityAssociations = listed.map((entry) => {
    if (entry.roleARN !== undefined) return { serviceAccount: entry.serviceAccountName, roleArn: entry.roleARN };
    const part = identityPart("role-addon", addon.name, entry.serviceAccountName);
    roles.push(podIdentityRole(context, entry, part, source));
    return { serviceAccount: entry.serviceAccountName, roleArn: ref(part, "arn") };
  });
  return { roles, podIdentityAssociations };
}

function recommended(context: Context, addon: Addon, source: string): AddonIdentity {
  const accounts = context.facts.addonAccounts.get(addon.name) ?? [];
  const roles: RoleSpec[] = [];
  const podIdentityAssociations = accounts.map((account) => {
    const part = identityPart("role-addon", addon.name, account.serviceAccount);
    const spec = podIdentityRole(context, { ...bare, permissionPolicyARNs: account.policies }, part, source);
    roles.push({ ...spec, boundary: addon.permissionsBoundary });
    return { serviceAccount: account.serviceAccount, roleArn: ref(part, "arn") };
  });
  return { roles, podIdentityAssociations };
}

const bare: PodIdentityAssociation = {
  namespace: "",
  serviceAccountName: "",
  createServiceAccount: false,
  permissionPolicyARNs: [],
  wellKnownPolicies: [],
  tags: {},
  disableSessionTags: false,
};

/** As eksctl: with `withOIDC` by the cluster's OIDC provider, else by pod identity. */
function ownPermissions(context: Context, addon: Addon, source: string): AddonIdentity {
  const account = ACCOUNTS[addon.name] ?? accountFromApi(context, addon);
  if (account === undefined) {
    return { roles: [], finding: unknownAccount(context, addon, source) };
  }
  const part = identityPart("role-addon", addon.name);
  if (!context.config.iam.withOIDC && usesPodIdentity(context)) {
    const association: PodIdentityAssociation = {
      ...bare,
      permissionPolicyARNs: addon.attachPolicyARNs,
      permissionPolicy: addon.attachPolicy,
      wellKnownPolicies: addon.wellKnownPolicies,
      permissionsBoundaryARN: addon.permissionsBoundary,
    };
    const role = podIdentityRole(context, association, part, source);
    return { roles: [role], podIdentityAssociations: [{ serviceAccount: account.name, roleArn: ref(part, "arn") }] };
  }
  if (!context.config.iam.withOIDC) return { roles: [], finding: noIdentity(context, addon, source) };
  const partition = partitionOf(context.config.metadata.region);
  const role = irsaRole(
    context,
    account,
    {
      arns: addon.attachPolicyARNs,
      document: addon.attachPolicy,
      grants: addon.wellKnownPolicies.map((name) => wellKnownGrant(name, partition)),
    },
    { part, boundary: addon.permissionsBoundary, source },
  );
  return { roles: [role], serviceAccountRoleArn: ref(part, "arn") };
}

function accountFromApi(
  context: Context,
  addon: Addon,
): { readonly namespace: string; readonly name: string } | undefined {
  const account = context.facts.addonAccounts.get(addon.name)?.[0]?.serviceAccount;
  const namespace = addon.namespace ?? context.facts.addonInfos.get(addon.name)?.defaultNamespace ?? "kube-system";
  return account === undefined ? undefined : { namespace, name: account };
}

function unknownAccount(context: Context, addon: Addon, source: string): Finding {
  return {
    level: "fatal",
    code: "CONFIG_INVALID_VALUE",
    path: source,
    message: `add-on ${addon.name}: EKS does not say which ServiceAccount it runs under, so its permissions have no place`,
    hint: "list them: podIdentityAssociations: [{serviceAccountName: …, permissionPolicyARNs: […]}]",
    ...at(context, source),
  };
}

function noIdentity(context: Context, addon: Addon, source: string): Finding {
  return {
    level: "fatal",
    code: "CONFIG_INVALID_VALUE",
    path: source,
    message: `add-on ${addon.name} has permissions, and the cluster has neither the pod identity agent nor an OIDC provider`,
    hint: "addons: [{name: eks-pod-identity-agent}], or iam: {withOIDC: true}",
    ...at(context, source),
  };
}

function at(context: Context, path: string): Pick<Finding, "file" | "line" | "column"> {
  const place = placeOf(context.config, path);
  return { file: place?.file ?? context.config.file, line: place?.line, column: place?.column };
}
