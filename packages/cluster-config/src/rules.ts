import { ActionError } from "@eks-actions/action/error";
import { extensionRules } from "./extension-rules.ts";
import { identityRules, podIdentityRules } from "./identity-rules.ts";
import type { ClusterConfig } from "./model.ts";
import { networkRules } from "./network-rules.ts";
import { nodeGroupRules } from "./nodegroup-rules.ts";
import { placeOf } from "./place.ts";
import { retentionDays } from "./schema/network.ts";
import { type Report, repeated } from "./values.ts";

/**
 * What the schema cannot say: fields that need, exclude or bound each other. `value` and `extension` are the checked
 * YAML of the two files.
 */
export function ruleFaults(config: ClusterConfig, value: unknown, extension: unknown): readonly ActionError[] {
  const faults: ActionError[] = [];
  const report: Report = (path, message, hint) => {
    const place = placeOf(config, path);
    faults.push(
      new ActionError("CONFIG_INVALID_VALUE", {
        message: `\`${path}\`: ${message}`,
        hint,
        file: place?.file ?? config.file,
        line: place?.line,
        column: place?.column,
      }),
    );
  };
  networkRules(config, report);
  identityRules(config, report);
  nodeGroupRules(config, value, report);
  addonRules(config, report);
  otherRules(config, report);
  if (config.extension !== undefined) extensionRules(config, config.extension, extension, report);
  return faults;
}

function addonRules(config: ClusterConfig, report: Report): void {
  repeated(config.addons.map((addon) => addon.name)).forEach((name) => {
    report("addons", `add-on ${name} stands twice`, "name each add-on once");
  });
  config.addons.forEach((addon, index) => {
    if (addon.isDefault) return;
    const path = `addons[${index}]`;
    const ways = [
      addon.serviceAccountRoleARN !== undefined && "serviceAccountRoleARN",
      addon.attachPolicy !== undefined && "attachPolicy",
      addon.attachPolicyARNs.length > 0 && "attachPolicyARNs",
      addon.wellKnownPolicies.length > 0 && "wellKnownPolicies",
    ].filter((way) => way !== false);
    if (ways.length > 1) report(path, `has ${ways.join(" and ")}`, "keep one way of giving permissions");
    if (ways.length > 0 && (addon.podIdentityAssociations ?? []).length > 0) {
      report(path, `has ${ways[0]} and podIdentityAssociations`, "keep one way of giving permissions");
    }
    (addon.podIdentityAssociations ?? []).forEach((entry, at) => {
      podIdentityRules(entry, `${path}.podIdentityAssociations[${at}]`, report);
    });
    if (addon.configurationValues !== undefined && !isObjectText(addon.configurationValues)) {
      report(`${path}.configurationValues`, "is no JSON or YAML object", `configurationValues: '{"replicaCount": 2}'`);
    }
  });
}

// The API takes JSON or YAML; what is clearly neither is refused before any request.
function isObjectText(text: string): boolean {
  const trimmed = text.trim();
  if (!trimmed.startsWith("{")) return trimmed === "" || /^[\w"'.-]+\s*:/m.test(trimmed);
  try {
    JSON.parse(trimmed);
    return true;
  } catch {
    // Flow-style YAML also begins with a brace; only JSON-looking text with a broken end is refused.
    return trimmed.endsWith("}");
  }
}

function otherRules(config: ClusterConfig, report: Report): void {
  const days = config.cloudWatch.logRetentionInDays;
  if (days !== undefined && !retentionDays.some((allowed) => allowed === days)) {
    report(
      "cloudWatch.clusterLogging.logRetentionInDays",
      `${days} is not accepted`,
      `write one of ${retentionDays.join(", ")}`,
    );
  }
  const auto = config.autoModeConfig;
  if (auto.nodeRoleARN !== undefined && (!auto.enabled || auto.nodePools.length === 0)) {
    report("autoModeConfig.nodeRoleARN", "needs Auto Mode with node pools", "autoModeConfig: {enabled: true}");
  }
  config.fargateProfiles.forEach((profile, index) => {
    const count = profile.selectors.length;
    if (count < 1 || count > 5) {
      report(`fargateProfiles[${index}].selectors`, `${count} selectors`, "write one to five selectors");
    }
  });
  repeated(config.fargateProfiles.map((profile) => profile.name)).forEach((name) => {
    report("fargateProfiles", `profile ${name} stands twice`, "name each profile once");
  });
  config.capabilities.forEach((capability, index) => {
    const path = `capabilities[${index}]`;
    if (capability.type === "ARGOCD" && (capability.argocd?.idcInstanceArn ?? "") === "") {
      report(
        path,
        "Argo CD logs people in by IAM Identity Center",
        "configuration: {argocd: {awsIdc: {idcInstanceArn: arn:aws:sso:::instance/ssoins-…}}}",
      );
    }
    if (capability.type !== "ARGOCD" && capability.argocd !== undefined) {
      report(`${path}.configuration`, `${capability.type} takes no configuration`, "leave it out");
    }
    if (
      capability.roleArn !== undefined &&
      (capability.attachPolicy !== undefined || capability.attachPolicyARNs.length > 0)
    ) {
      report(`${path}.roleArn`, "is a role of yours, so its policies are not ours to set", "keep one of the two");
    }
  });
  repeated(config.capabilities.map((capability) => capability.type)).forEach((type) => {
    report("capabilities", `EKS allows one capability of type ${type}`, "keep one of them");
  });
  const reserved = Object.keys(config.metadata.tags).find((name) => /^(eks-actions\/|aws:)/i.test(name));
  if (reserved !== undefined) report("metadata.tags", `\`${reserved}\` is reserved`, "choose another tag key");
}
