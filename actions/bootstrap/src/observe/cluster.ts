import type { ClusterApi, EksAddonInfo, EksCluster } from "@eks-actions/aws";
import type { Addon, ClusterConfig } from "@eks-actions/cluster-config";
import type { AddonAccount, Facts, LiveEntry, RunningUpdate } from "../facts.ts";
import { addonVersion } from "../upgrade/versions.ts";

type Inside = Pick<
  Facts,
  | "nodegroups"
  | "addons"
  | "entries"
  | "podIdentities"
  | "fargateProfiles"
  | "identityProviders"
  | "capabilities"
  | "updates"
  | "addonInfos"
  | "addonAccounts"
>;

/** What lives inside the cluster, and what EKS offers for it: at every minor that it is to be at, the last one last. */
export async function observeCluster(
  aws: ClusterApi,
  config: ClusterConfig,
  cluster: EksCluster | undefined,
  versions: readonly string[],
  signal: AbortSignal,
): Promise<Inside> {
  const name = config.metadata.name;
  const infos = readAddonInfos(aws, config.addons, versions, signal);
  if (cluster === undefined || cluster.status === "CREATING" || cluster.status === "DELETING") {
    const offered = await infos;
    const [nodegroups, addons] =
      cluster?.status === "DELETING" ? [[], []] : cluster === undefined ? [[], []] : await readParts(aws, name, signal);
    return {
      nodegroups,
      addons,
      entries: [],
      podIdentities: [],
      fargateProfiles: [],
      identityProviders: [],
      capabilities: [],
      updates: [],
      ...offered,
    };
  }
  const hasEntries = cluster.accessConfig?.authenticationMode !== "CONFIG_MAP";
  const [[nodegroups, addons], entries, podIdentities, fargateProfiles, identityProviders, capabilities, offered] =
    await Promise.all([
      readParts(aws, name, signal),
      hasEntries ? readEntries(aws, name, signal) : [],
      readPodIdentities(aws, name, signal),
      readFargate(aws, name, signal),
      readIdentityProviders(aws, name, signal),
      readCapabilities(aws, name, signal),
      infos,
    ]);
  const updates = await readUpdates(aws, name, cluster, nodegroups, addons, signal);
  return {
    nodegroups,
    addons,
    entries,
    podIdentities,
    fargateProfiles,
    identityProviders,
    capabilities,
    updates,
    ...offered,
  };
}

async function readParts(aws: ClusterApi, name: string, signal: AbortSignal) {
  const [groupNames, addonNames] = await Promise.all([
    aws.eks.nodegroupNames(name, signal),
    aws.eks.addonNames(name, signal),
  ]);
  const [groups, addons] = await Promise.all([
    Promise.all(groupNames.map((group) => aws.eks.nodegroup(name, group, signal))),
    Promise.all(addonNames.map((addon) => aws.eks.addon(name, addon, signal))),
  ]);
  return [groups.filter((group) => group !== undefined), addons.filter((addon) => addon !== undefined)] as const;
}

async function readEntries(aws: ClusterApi, name: string, signal: AbortSignal): Promise<readonly LiveEntry[]> {
  const principals = await aws.eks.accessEntryPrincipals(name, signal);
  const entries = await Promise.all(
    principals.map(async (principal) => {
      const [entry, policies] = await Promise.all([
        aws.eks.accessEntry(name, principal, signal),
        aws.eks.accessPolicies(name, principal, signal).catch((error: unknown) => {
          // Node entries take no policies, and the API may refuse to list them.
          if (error instanceof Error && /InvalidRequest|InvalidParameter/.test(error.name)) return [];
          throw error;
        }),
      ]);
      return entry === undefined ? undefined : { entry, policies };
    }),
  );
  return entries.filter((entry) => entry !== undefined);
}

async function readFargate(aws: ClusterApi, name: string, signal: AbortSignal) {
  const names = await aws.eks.fargateProfileNames(name, signal);
  const found = await Promise.all(names.map((profile) => aws.eks.fargateProfile(name, profile, signal)));
  return found.filter((profile) => profile !== undefined);
}

async function readCapabilities(aws: ClusterApi, name: string, signal: AbortSignal) {
  const names = await aws.eks.capabilityNames(name, signal);
  const found = await Promise.all(names.map((capability) => aws.eks.capability(name, capability, signal)));
  return found.filter((capability) => capability !== undefined);
}

async function readIdentityProviders(aws: ClusterApi, name: string, signal: AbortSignal) {
  const names = await aws.eks.identityProviderNames(name, signal);
  const found = await Promise.all(names.map((provider) => aws.eks.identityProvider(name, provider, signal)));
  return found.filter((provider) => provider !== undefined);
}

async function readPodIdentities(aws: ClusterApi, name: string, signal: AbortSignal) {
  const ids = await aws.eks.podIdentityIds(name, signal);
  const found = await Promise.all(ids.map((id) => aws.eks.podIdentity(name, id, signal)));
  return found.filter((association) => association !== undefined);
}

/** Updates under way, of objects whose status says that there is one. */
async function readUpdates(
  aws: ClusterApi,
  cluster: string,
  live: EksCluster,
  nodegroups: Facts["nodegroups"],
  addons: Facts["addons"],
  signal: AbortSignal,
): Promise<readonly RunningUpdate[]> {
  const owners = [
    ...(live.status === "UPDATING" ? [{ cluster }] : []),
    ...nodegroups
      .filter((group) => group.status === "UPDATING")
      .map((group) => ({ cluster, nodegroup: group.nodegroupName })),
    ...addons.filter((addon) => addon.status === "UPDATING").map((addon) => ({ cluster, addon: addon.addonName })),
  ];
  const found = await Promise.all(owners.map((owner) => runningUpdate(aws, owner, signal)));
  return found.filter((update) => update !== undefined);
}

/** The update of one object that is in progress, if there is one. */
export async function runningUpdate(
  aws: ClusterApi,
  owner: { readonly cluster: string; readonly nodegroup?: string | undefined; readonly addon?: string | undefined },
  signal: AbortSignal,
): Promise<RunningUpdate | undefined> {
  const ids = await aws.eks.updateIds(owner, signal);
  for (const id of ids) {
    const update = await aws.eks.update(owner, id, signal);
    if (update?.status === "InProgress") {
      return { id, type: update.type ?? "", nodegroup: owner.nodegroup, addon: owner.addon };
    }
  }
  return undefined;
}

async function readAddonInfos(
  aws: ClusterApi,
  addons: readonly Addon[],
  versions: readonly string[],
  signal: AbortSignal,
): Promise<Pick<Inside, "addonInfos" | "addonAccounts">> {
  const found = await Promise.all(
    addons.map(async (addon) => {
      const offers = await Promise.all(versions.map((version) => aws.eks.addonVersions(addon.name, version, signal)));
      const info = merged(offers.filter((offer) => offer !== undefined));
      const chosen = addonVersion(addon, info, versions.at(-1) ?? "");
      const detail = info?.addonVersions?.find((entry) => entry.addonVersion === chosen);
      const asks = chosen !== undefined && detail?.requiresIamPermissions === true;
      const accounts = asks ? await aws.eks.addonPodIdentity(addon.name, chosen, signal) : [];
      return { name: addon.name, info, accounts };
    }),
  );
  const addonAccounts = new Map<string, readonly AddonAccount[]>();
  const addonInfos = new Map<string, NonNullable<(typeof found)[number]["info"]>>();
  for (const { name, info, accounts } of found) {
    if (info !== undefined) addonInfos.set(name, info);
    addonAccounts.set(
      name,
      accounts.flatMap((account) =>
        account.serviceAccount === undefined
          ? []
          : [{ serviceAccount: account.serviceAccount, policies: account.recommendedManagedPolicies ?? [] }],
      ),
    );
  }
  return { addonInfos, addonAccounts };
}

/** One list of what is offered at several minors; each answer holds the compatibility with its own. */
function merged(offers: readonly EksAddonInfo[]): EksAddonInfo | undefined {
  const [first] = offers;
  if (first === undefined || offers.length === 1) return first;
  const byVersion = new Map<string, NonNullable<EksAddonInfo["addonVersions"]>[number]>();
  for (const entry of offers.flatMap((offer) => offer.addonVersions ?? [])) {
    const name = entry.addonVersion ?? "";
    const known = byVersion.get(name)?.compatibilities ?? [];
    byVersion.set(name, { ...entry, compatibilities: [...known, ...(entry.compatibilities ?? [])] });
  }
  return { ...first, addonVersions: [...byVersion.values()] };
}
