import { identityMappings, mappedEntries } from "./identity-mapping.ts";
import type {
  AccessConfig,
  AccessPolicy,
  ArgoCd,
  ArgoCdRole,
  AuthenticationMode,
  Capability,
  ClusterIam,
  IamServiceAccount,
  PodIdentityAssociation,
  WellKnownPolicy,
} from "./model.ts";
import { flagOf, type Raw, record, records, setFlags, tagsOf, textOf, textsOf, wordOf } from "./values.ts";

export function clusterIam(raw: Raw): ClusterIam {
  return {
    serviceRoleARN: textOf(raw, "serviceRoleARN"),
    serviceRolePermissionsBoundary: textOf(raw, "serviceRolePermissionsBoundary"),
    vpcResourceControllerPolicy: flagOf(raw, "vpcResourceControllerPolicy") ?? true,
    withOIDC: flagOf(raw, "withOIDC") ?? false,
    podIdentityAssociations: records(raw["podIdentityAssociations"]).map(podIdentity),
    serviceAccounts: records(raw["serviceAccounts"]).map(serviceAccount),
    fargatePodExecutionRoleARN: textOf(raw, "fargatePodExecutionRoleARN"),
    fargatePodExecutionRolePermissionsBoundary: textOf(raw, "fargatePodExecutionRolePermissionsBoundary"),
  };
}

export function podIdentity(raw: Raw): PodIdentityAssociation {
  return {
    namespace: textOf(raw, "namespace") ?? "",
    serviceAccountName: textOf(raw, "serviceAccountName") ?? "",
    roleARN: textOf(raw, "roleARN"),
    createServiceAccount: flagOf(raw, "createServiceAccount") ?? false,
    roleName: textOf(raw, "roleName"),
    permissionsBoundaryARN: textOf(raw, "permissionsBoundaryARN"),
    permissionPolicyARNs: textsOf(raw, "permissionPolicyARNs"),
    permissionPolicyName: textOf(raw, "permissionPolicyName"),
    permissionPolicy: raw["permissionPolicy"],
    wellKnownPolicies: wellKnown(raw),
    tags: tagsOf(raw, "tags"),
    targetRoleARN: textOf(raw, "targetRoleARN"),
    disableSessionTags: flagOf(raw, "disableSessionTags") ?? false,
    policy: textOf(raw, "policy"),
  };
}

function serviceAccount(raw: Raw): IamServiceAccount {
  const metadata = record(raw["metadata"]);
  return {
    metadata: { name: textOf(metadata, "name") ?? "", namespace: textOf(metadata, "namespace") ?? "default" },
    attachRoleARN: textOf(raw, "attachRoleARN"),
    roleName: textOf(raw, "roleName"),
    roleOnly: flagOf(raw, "roleOnly") ?? false,
    attachPolicy: raw["attachPolicy"],
    attachPolicyARNs: textsOf(raw, "attachPolicyARNs"),
    permissionsBoundary: textOf(raw, "permissionsBoundary"),
    subjectPattern: textOf(raw, "subjectPattern"),
    tags: tagsOf(raw, "tags"),
    wellKnownPolicies: wellKnown(raw),
  };
}

/** Names in the schema's closed list, which is the type's. */
export function wellKnown(raw: Raw): readonly WellKnownPolicy[] {
  return setFlags(raw["wellKnownPolicies"]) as readonly WellKnownPolicy[];
}

export function accessConfig(root: Raw): AccessConfig {
  const raw = record(root["accessConfig"]);
  return {
    authenticationMode: wordOf<AuthenticationMode>(raw, "authenticationMode") ?? "API_AND_CONFIG_MAP",
    bootstrapClusterCreatorAdminPermissions: flagOf(raw, "bootstrapClusterCreatorAdminPermissions") ?? true,
    accessEntries: [
      ...records(raw["accessEntries"]).map((entry, index) => ({
        principalARN: textOf(entry, "principalARN") ?? "",
        source: `accessConfig.accessEntries[${index}]`,
        type: textOf(entry, "type") ?? "STANDARD",
        kubernetesGroups: textsOf(entry, "kubernetesGroups"),
        kubernetesUsername: textOf(entry, "kubernetesUsername"),
        accessPolicies: accessPolicies(entry),
      })),
      ...mappedEntries(identityMappings(root)),
    ],
  };
}

function accessPolicies(raw: Raw): readonly AccessPolicy[] {
  return records(raw["accessPolicies"]).map((policy) => {
    const scope = record(policy["accessScope"]);
    return {
      policyARN: textOf(policy, "policyARN") ?? "",
      accessScope: {
        type: wordOf<"cluster" | "namespace">(scope, "type") ?? "cluster",
        namespaces: textsOf(scope, "namespaces"),
      },
    };
  });
}

export function capability(raw: Raw): Capability {
  return {
    name: textOf(raw, "name") ?? "",
    type: wordOf<Capability["type"]>(raw, "type") ?? "ACK",
    roleArn: textOf(raw, "roleArn"),
    deletePropagationPolicy: "RETAIN",
    argocd: argoCd(record(raw["configuration"])["argocd"]),
    tags: tagsOf(raw, "tags"),
    accessPolicies: accessPolicies(raw),
    attachPolicyARNs: textsOf(raw, "attachPolicyARNs"),
    attachPolicy: raw["attachPolicy"],
    permissionsBoundary: textOf(raw, "permissionsBoundary"),
  };
}

function argoCd(value: unknown): ArgoCd | undefined {
  if (value === undefined) return undefined;
  const raw = record(value);
  const idc = record(raw["awsIdc"]);
  return {
    namespace: textOf(raw, "namespace"),
    idcInstanceArn: textOf(idc, "idcInstanceArn") ?? "",
    idcRegion: textOf(idc, "idcRegion"),
    vpceIds: textsOf(record(raw["networkAccess"]), "vpceIds"),
    roles: records(raw["rbacRoleMappings"]).map((mapping) => ({
      role: wordOf<ArgoCdRole["role"]>(mapping, "role") ?? "VIEWER",
      identities: records(mapping["identities"]).map((identity) => ({
        id: textOf(identity, "id") ?? "",
        type: wordOf<"SSO_USER" | "SSO_GROUP">(identity, "type") ?? "SSO_USER",
      })),
    })),
  };
}
