import type { Account } from "../../state.ts";

export interface Tagged {
  tags?: Record<string, string> | undefined;
}

/** Any taggable EKS object by ARN. */
export function taggedByArn(account: Account, arn: string | undefined): Tagged | undefined {
  for (const record of account.clusters.values()) {
    if (record.cluster.arn === arn) return record.cluster;
    const children = [
      ...[...record.nodegroups.values()].map((item) => [item.nodegroupArn, item] as const),
      ...[...record.addons.values()].map((item) => [item.addonArn, item] as const),
      ...[...record.fargateProfiles.values()].map((item) => [item.fargateProfileArn, item] as const),
      ...[...record.accessEntries.values()].map(({ entry }) => [entry.accessEntryArn, entry] as const),
      ...[...record.podIdentityAssociations.values()].map((item) => [item.associationArn, item] as const),
      ...[...record.identityProviders.values()].map((item) => [item.identityProviderConfigArn, item] as const),
      ...[...record.capabilities.values()].map((item) => [item.arn, item] as const),
    ];
    const found = children.find(([childArn]) => childArn === arn);
    if (found !== undefined) return found[1];
  }
  return undefined;
}
