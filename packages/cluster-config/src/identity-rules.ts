import { isTemplate } from "./identity-mapping.ts";
import type { ClusterConfig, PodIdentityAssociation } from "./model.ts";
import { type Report, repeated } from "./values.ts";

/** Who may log in, and which pods have which rights. */
export function identityRules(config: ClusterConfig, report: Report): void {
  const { accessConfig, iam } = config;
  if (accessConfig.authenticationMode === "CONFIG_MAP" && accessConfig.accessEntries.length > 0) {
    report(
      "accessConfig.authenticationMode",
      "CONFIG_MAP knows no access entries",
      "authenticationMode: API_AND_CONFIG_MAP",
    );
  }
  if (accessConfig.authenticationMode === "CONFIG_MAP" && !accessConfig.bootstrapClusterCreatorAdminPermissions) {
    report(
      "accessConfig.bootstrapClusterCreatorAdminPermissions",
      "false with CONFIG_MAP leaves nobody who can log in",
      "authenticationMode: API_AND_CONFIG_MAP",
    );
  }
  accessConfig.accessEntries.forEach((entry) => {
    const path = entry.source;
    if (entry.type !== "STANDARD" && (entry.accessPolicies.length > 0 || entry.kubernetesGroups.length > 0)) {
      report(path, `type ${entry.type} takes no policies and no groups`, "leave `type` out, or leave them out");
    }
    const system = entry.kubernetesGroups.find((group) => /^(system|eks|aws|amazon|iam):/.test(group));
    if (system !== undefined) {
      report(path, `the API refuses the group ${system}`, "use an access policy like AmazonEKSClusterAdminPolicy");
    }
    entry.accessPolicies.forEach((policy) => {
      const { type, namespaces } = policy.accessScope;
      if (type === "namespace" && namespaces.length === 0) {
        report(path, "scope `namespace` names no namespace", "accessScope: {type: namespace, namespaces: [default]}");
      }
      if (type === "cluster" && namespaces.length > 0) {
        report(path, "scope `cluster` takes no namespaces", "accessScope: {type: namespace, namespaces: […]}");
      }
    });
  });
  repeated(accessConfig.accessEntries.map((entry) => entry.principalARN)).forEach((principal) => {
    report("accessConfig.accessEntries", `${principal} stands twice`, "one entry for each principal");
  });
  mappingRules(config, report);
  providerRules(config, report);
  iam.podIdentityAssociations.forEach((association, index) => {
    podIdentityRules(association, `iam.podIdentityAssociations[${index}]`, report);
  });
  const keys = iam.podIdentityAssociations.map((entry) => `${entry.namespace}/${entry.serviceAccountName}`);
  repeated(keys).forEach((key) => {
    report("iam.podIdentityAssociations", `${key} stands twice`, "one association for each ServiceAccount");
  });
  if (keys.length > 1000) report("iam.podIdentityAssociations", `${keys.length}, EKS allows 1000`, "leave some out");
  if (iam.serviceAccounts.length > 0 && !iam.withOIDC) {
    report("iam.serviceAccounts", "need `iam.withOIDC: true`", "iam: {withOIDC: true}");
  }
}

/** Of one association, listed by itself or under an add-on. */
export function podIdentityRules(entry: PodIdentityAssociation, path: string, report: Report): void {
  const grants =
    entry.permissionPolicyARNs.length > 0 || entry.permissionPolicy !== undefined || entry.wellKnownPolicies.length > 0;
  if (entry.roleARN === undefined && !grants) {
    report(path, "names no role and no permissions", "add `roleARN`, `permissionPolicyARNs` or `wellKnownPolicies`");
  }
  if (
    entry.roleARN !== undefined &&
    (grants || entry.permissionsBoundaryARN !== undefined || entry.roleName !== undefined)
  ) {
    report(
      path,
      "`roleARN` is a role of yours, so its permissions are not ours to set",
      "keep `roleARN` or the others",
    );
  }
  if (entry.policy !== undefined && !entry.disableSessionTags) {
    report(path, "`policy` needs `disableSessionTags: true`", "disableSessionTags: true");
  }
}

function mappingRules(config: ClusterConfig, report: Report): void {
  config.iamIdentityMappings.forEach((mapping, index) => {
    const path = `iamIdentityMappings[${index}]`;
    if (mapping.arn === "") report(path, "names no `arn`", "arn: arn:aws:iam::111122223333:role/name");
    if (/^(system|eks|aws|amazon|iam):/.test(mapping.username ?? "") && !isTemplate(mapping.username ?? "")) {
      report(`${path}.username`, `EKS keeps the name ${mapping.username} for itself`, "leave `username` out");
    }
  });
}

function providerRules(config: ClusterConfig, report: Report): void {
  if (config.identityProviders.length > 1) {
    report("identityProviders", "EKS associates one OIDC provider with a cluster", "keep one of them");
  }
}
