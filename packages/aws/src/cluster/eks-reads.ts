import type {
  AccessEntry,
  Addon,
  AddonInfo,
  AddonPodIdentityConfiguration,
  AssociatedAccessPolicy,
  Capability,
  Cluster,
  ClusterVersionInformation,
  FargateProfile,
  InsightSummary,
  Nodegroup,
  OidcIdentityProviderConfig,
  PodIdentityAssociation,
  Update,
} from "@aws-sdk/client-eks";
import type { Clients } from "./clients.ts";
import { orAbsent, pages, type Read } from "./request.ts";

export type {
  AccessEntry as EksAccessEntry,
  Addon as EksAddon,
  AddonInfo as EksAddonInfo,
  AssociatedAccessPolicy as EksAccessPolicy,
  Capability as EksCapability,
  Cluster as EksCluster,
  ClusterVersionInformation as EksVersion,
  FargateProfile as EksFargateProfile,
  InsightSummary as EksInsight,
  Nodegroup as EksNodegroup,
  OidcIdentityProviderConfig as EksIdentityProvider,
  PodIdentityAssociation as EksPodIdentity,
  Update as EksUpdate,
} from "@aws-sdk/client-eks";

/** What DescribeUpdate needs besides the id. */
export interface UpdateOwner {
  readonly cluster: string;
  readonly nodegroup?: string | undefined;
  readonly addon?: string | undefined;
  readonly capability?: string | undefined;
}

/** Reads of EKS. Absent objects are `undefined`; lists are complete. */
export interface EksReads {
  cluster(name: string, signal: AbortSignal): Promise<Cluster | undefined>;
  nodegroupNames(cluster: string, signal: AbortSignal): Promise<readonly string[]>;
  nodegroup(cluster: string, name: string, signal: AbortSignal): Promise<Nodegroup | undefined>;
  addonNames(cluster: string, signal: AbortSignal): Promise<readonly string[]>;
  addon(cluster: string, name: string, signal: AbortSignal): Promise<Addon | undefined>;
  accessEntryPrincipals(cluster: string, signal: AbortSignal): Promise<readonly string[]>;
  accessEntry(cluster: string, principal: string, signal: AbortSignal): Promise<AccessEntry | undefined>;
  accessPolicies(cluster: string, principal: string, signal: AbortSignal): Promise<readonly AssociatedAccessPolicy[]>;
  podIdentityIds(cluster: string, signal: AbortSignal): Promise<readonly string[]>;
  podIdentity(cluster: string, id: string, signal: AbortSignal): Promise<PodIdentityAssociation | undefined>;
  fargateProfileNames(cluster: string, signal: AbortSignal): Promise<readonly string[]>;
  fargateProfile(cluster: string, name: string, signal: AbortSignal): Promise<FargateProfile | undefined>;
  /** Names of OIDC providers, the only type there is. */
  identityProviderNames(cluster: string, signal: AbortSignal): Promise<readonly string[]>;
  identityProvider(cluster: string, name: string, signal: AbortSignal): Promise<OidcIdentityProviderConfig | undefined>;
  capability(cluster: string, name: string, signal: AbortSignal): Promise<Capability | undefined>;
  capabilityNames(cluster: string, signal: AbortSignal): Promise<readonly string[]>;
  updateIds(owner: UpdateOwner, signal: AbortSignal): Promise<readonly string[]>;
  update(owner: UpdateOwner, id: string, signal: AbortSignal): Promise<Update | undefined>;
  versions(signal: AbortSignal): Promise<readonly ClusterVersionInformation[]>;
  addonVersions(name: string, version: string, signal: AbortSignal): Promise<AddonInfo | undefined>;
  addonPodIdentity(
    name: string,
    addonVersion: string,
    signal: AbortSignal,
  ): Promise<readonly AddonPodIdentityConfiguration[]>;
  upgradeInsights(cluster: string, version: string, signal: AbortSignal): Promise<readonly InsightSummary[]>;
  /** Status of the last refresh: `IN_PROGRESS`, `COMPLETED`, `FAILED`; `undefined` when none was ever started. */
  insightsRefresh(cluster: string, signal: AbortSignal): Promise<string | undefined>;
}

export function createEksReads(clients: Clients, read: Read): EksReads {
  const names = (items: readonly string[] | undefined, nextToken: string | undefined) => ({
    items: items ?? [],
    next: nextToken,
  });
  return {
    async cluster(name, signal) {
      const { sdk, client } = await clients.eks();
      const answer = await orAbsent(
        read("DescribeCluster", signal, (abortSignal) =>
          client.send(new sdk.DescribeClusterCommand({ name }), { abortSignal }),
        ),
      );
      return answer?.cluster;
    },
    async nodegroupNames(clusterName, signal) {
      const { sdk, client } = await clients.eks();
      return pages(async (nextToken) => {
        const page = await read("ListNodegroups", signal, (abortSignal) =>
          client.send(new sdk.ListNodegroupsCommand({ clusterName, nextToken }), { abortSignal }),
        );
        return names(page.nodegroups, page.nextToken);
      });
    },
    async nodegroup(clusterName, nodegroupName, signal) {
      const { sdk, client } = await clients.eks();
      const answer = await orAbsent(
        read("DescribeNodegroup", signal, (abortSignal) =>
          client.send(new sdk.DescribeNodegroupCommand({ clusterName, nodegroupName }), { abortSignal }),
        ),
      );
      return answer?.nodegroup;
    },
    async addonNames(clusterName, signal) {
      const { sdk, client } = await clients.eks();
      return pages(async (nextToken) => {
        const page = await read("ListAddons", signal, (abortSignal) =>
          client.send(new sdk.ListAddonsCommand({ clusterName, nextToken }), { abortSignal }),
        );
        return names(page.addons, page.nextToken);
      });
    },
    async addon(clusterName, addonName, signal) {
      const { sdk, client } = await clients.eks();
      const answer = await orAbsent(
        read("DescribeAddon", signal, (abortSignal) =>
          client.send(new sdk.DescribeAddonCommand({ clusterName, addonName }), { abortSignal }),
        ),
      );
      return answer?.addon;
    },
    async accessEntryPrincipals(clusterName, signal) {
      const { sdk, client } = await clients.eks();
      return pages(async (nextToken) => {
        const page = await read("ListAccessEntries", signal, (abortSignal) =>
          client.send(new sdk.ListAccessEntriesCommand({ clusterName, nextToken }), { abortSignal }),
        );
        return names(page.accessEntries, page.nextToken);
      });
    },
    async accessEntry(clusterName, principalArn, signal) {
      const { sdk, client } = await clients.eks();
      const answer = await orAbsent(
        read("DescribeAccessEntry", signal, (abortSignal) =>
          client.send(new sdk.DescribeAccessEntryCommand({ clusterName, principalArn }), { abortSignal }),
        ),
      );
      return answer?.accessEntry;
    },
    async accessPolicies(clusterName, principalArn, signal) {
      const { sdk, client } = await clients.eks();
      return pages(async (nextToken) => {
        const page = await read("ListAssociatedAccessPolicies", signal, (abortSignal) =>
          client.send(new sdk.ListAssociatedAccessPoliciesCommand({ clusterName, principalArn, nextToken }), {
            abortSignal,
          }),
        );
        return { items: page.associatedAccessPolicies ?? [], next: page.nextToken };
      });
    },
    async podIdentityIds(clusterName, signal) {
      const { sdk, client } = await clients.eks();
      return pages(async (nextToken) => {
        const page = await read("ListPodIdentityAssociations", signal, (abortSignal) =>
          client.send(new sdk.ListPodIdentityAssociationsCommand({ clusterName, nextToken }), { abortSignal }),
        );
        return names(
          page.associations?.flatMap((entry) => entry.associationId ?? []),
          page.nextToken,
        );
      });
    },
    async podIdentity(clusterName, associationId, signal) {
      const { sdk, client } = await clients.eks();
      const answer = await orAbsent(
        read("DescribePodIdentityAssociation", signal, (abortSignal) =>
          client.send(new sdk.DescribePodIdentityAssociationCommand({ clusterName, associationId }), { abortSignal }),
        ),
      );
      return answer?.association;
    },
    async fargateProfileNames(clusterName, signal) {
      const { sdk, client } = await clients.eks();
      return pages(async (nextToken) => {
        const page = await read("ListFargateProfiles", signal, (abortSignal) =>
          client.send(new sdk.ListFargateProfilesCommand({ clusterName, nextToken }), { abortSignal }),
        );
        return names(page.fargateProfileNames, page.nextToken);
      });
    },
    async fargateProfile(clusterName, fargateProfileName, signal) {
      const { sdk, client } = await clients.eks();
      const answer = await orAbsent(
        read("DescribeFargateProfile", signal, (abortSignal) =>
          client.send(new sdk.DescribeFargateProfileCommand({ clusterName, fargateProfileName }), { abortSignal }),
        ),
      );
      return answer?.fargateProfile;
    },
    async identityProviderNames(clusterName, signal) {
      const { sdk, client } = await clients.eks();
      return pages(async (nextToken) => {
        const page = await read("ListIdentityProviderConfigs", signal, (abortSignal) =>
          client.send(new sdk.ListIdentityProviderConfigsCommand({ clusterName, nextToken }), { abortSignal }),
        );
        return names(
          page.identityProviderConfigs?.flatMap((entry) => entry.name ?? []),
          page.nextToken,
        );
      });
    },
    async identityProvider(clusterName, name, signal) {
      const { sdk, client } = await clients.eks();
      const identityProviderConfig = { type: "oidc", name };
      const answer = await orAbsent(
        read("DescribeIdentityProviderConfig", signal, (abortSignal) =>
          client.send(new sdk.DescribeIdentityProviderConfigCommand({ clusterName, identityProviderConfig }), {
            abortSignal,
          }),
        ),
      );
      return answer?.identityProviderConfig?.oidc;
    },
    async capability(clusterName, capabilityName, signal) {
      const { sdk, client } = await clients.eks();
      const answer = await orAbsent(
        read("DescribeCapability", signal, (abortSignal) =>
          client.send(new sdk.DescribeCapabilityCommand({ clusterName, capabilityName }), { abortSignal }),
        ),
      );
      return answer?.capability;
    },
    async capabilityNames(clusterName, signal) {
      const { sdk, client } = await clients.eks();
      return pages(async (nextToken) => {
        const page = await read("ListCapabilities", signal, (abortSignal) =>
          client.send(new sdk.ListCapabilitiesCommand({ clusterName, nextToken }), { abortSignal }),
        );
        return names(
          page.capabilities?.flatMap((entry) => entry.capabilityName ?? []),
          page.nextToken,
        );
      });
    },
    async updateIds(owner, signal) {
      const { sdk, client } = await clients.eks();
      return pages(async (nextToken) => {
        const page = await read("ListUpdates", signal, (abortSignal) =>
          client.send(
            new sdk.ListUpdatesCommand({
              name: owner.cluster,
              nodegroupName: owner.nodegroup,
              addonName: owner.addon,
              capabilityName: owner.capability,
              nextToken,
            }),
            { abortSignal },
          ),
        );
        return names(page.updateIds, page.nextToken);
      });
    },
    async update(owner, updateId, signal) {
      const { sdk, client } = await clients.eks();
      const answer = await orAbsent(
        read("DescribeUpdate", signal, (abortSignal) =>
          client.send(
            new sdk.DescribeUpdateCommand({
              name: owner.cluster,
              nodegroupName: owner.nodegroup,
              addonName: owner.addon,
              capabilityName: owner.capability,
              updateId,
            }),
            { abortSignal },
          ),
        ),
      );
      return answer?.update;
    },
    async versions(signal) {
      const { sdk, client } = await clients.eks();
      return pages(async (nextToken) => {
        const page = await read("DescribeClusterVersions", signal, (abortSignal) =>
          client.send(new sdk.DescribeClusterVersionsCommand({ nextToken }), { abortSignal }),
        );
        return { items: page.clusterVersions ?? [], next: page.nextToken };
      });
    },
    async addonVersions(addonName, kubernetesVersion, signal) {
      const { sdk, client } = await clients.eks();
      const found = await orAbsent(
        pages(async (nextToken) => {
          const page = await read("DescribeAddonVersions", signal, (abortSignal) =>
            client.send(new sdk.DescribeAddonVersionsCommand({ addonName, kubernetesVersion, nextToken }), {
              abortSignal,
            }),
          );
          return { items: page.addons ?? [], next: page.nextToken };
        }),
      );
      return found?.find((addon) => addon.addonName === addonName);
    },
    async addonPodIdentity(addonName, addonVersion, signal) {
      const { sdk, client } = await clients.eks();
      const answer = await orAbsent(
        read("DescribeAddonConfiguration", signal, (abortSignal) =>
          client.send(new sdk.DescribeAddonConfigurationCommand({ addonName, addonVersion }), { abortSignal }),
        ),
      );
      return answer?.podIdentityConfiguration ?? [];
    },
    async upgradeInsights(clusterName, version, signal) {
      const { sdk, client } = await clients.eks();
      return pages(async (nextToken) => {
        const page = await read("ListInsights", signal, (abortSignal) =>
          client.send(
            new sdk.ListInsightsCommand({
              clusterName,
              filter: { categories: ["UPGRADE_READINESS"], kubernetesVersions: [version] },
              nextToken,
            }),
            { abortSignal },
          ),
        );
        return { items: page.insights ?? [], next: page.nextToken };
      });
    },
    async insightsRefresh(clusterName, signal) {
      const { sdk, client } = await clients.eks();
      const answer = await orAbsent(
        read("DescribeInsightsRefresh", signal, (abortSignal) =>
          client.send(new sdk.DescribeInsightsRefreshCommand({ clusterName }), { abortSignal }),
        ),
      );
      return answer?.status;
    },
  };
}
