import type * as Eks from "@aws-sdk/client-eks";
import { type Handler, handler, page } from "../../world.ts";
import { addonEntry, addonsOf, compatibilities, configurationSchema, defaultAddonVersion } from "./addonCatalog.ts";
import { invalidParameter, notFound } from "./find.ts";
import { platformVersionOf } from "./versions.ts";

const describeAddonVersions = handler<Eks.DescribeAddonVersionsCommandInput, Eks.DescribeAddonVersionsCommandOutput>(
  ({ world }, input) => {
    if (input.addonName !== undefined && addonEntry(world, input.addonName) === undefined) {
      throw notFound(`Addon ${input.addonName} not found.`, { addonName: input.addonName });
    }
    const matching = addonsOf(world)
      .filter((entry) => input.addonName === undefined || entry.name === input.addonName)
      .filter((entry) => input.types === undefined || input.types.includes(entry.type))
      .filter((entry) => input.owners === undefined || input.owners.includes(entry.owner))
      .filter(() => input.publishers === undefined || input.publishers.includes("eks"));
    const result = page(world, matching, { size: input.maxResults, token: input.nextToken, max: 100 });
    const addons = result.items.map(
      (entry): Eks.AddonInfo => ({
        addonName: entry.name,
        type: entry.type,
        publisher: "eks",
        owner: entry.owner,
        defaultNamespace: entry.namespace,
        addonVersions: compatibilities(world, entry, input.kubernetesVersion).map(({ version, clusterVersions }) => ({
          addonVersion: version,
          architecture: ["amd64", "arm64"],
          computeTypes: ["ec2", "auto"],
          requiresConfiguration: false,
          requiresIamPermissions: entry.identity !== undefined,
          compatibilities: clusterVersions.map((clusterVersion) => ({
            clusterVersion,
            platformVersions: [platformVersionOf(clusterVersion)],
            defaultVersion: defaultAddonVersion(entry, clusterVersion) === version,
          })),
        })),
      }),
    );
    return { addons, ...(result.next === undefined ? {} : { nextToken: result.next }) };
  },
);

const describeAddonConfiguration = handler<
  Eks.DescribeAddonConfigurationCommandInput,
  Eks.DescribeAddonConfigurationCommandOutput
>(({ world }, input) => {
  const entry = addonEntry(world, input.addonName);
  if (entry === undefined) throw notFound(`Addon ${input.addonName} not found.`, { addonName: input.addonName });
  const known = compatibilities(world, entry, undefined).some(({ version }) => version === input.addonVersion);
  if (!known) throw invalidParameter("Addon version specified is not supported", { addonName: input.addonName });
  return {
    addonName: entry.name,
    addonVersion: input.addonVersion,
    configurationSchema: configurationSchema(entry),
    podIdentityConfiguration:
      entry.identity === undefined
        ? []
        : [
            {
              serviceAccount: entry.identity.serviceAccount,
              recommendedManagedPolicies: [`arn:${world.account.partition}:iam::aws:policy/${entry.identity.policy}`],
            },
          ],
  };
});

export const addonCatalogHandlers: Readonly<Record<string, Handler>> = {
  DescribeAddonVersions: describeAddonVersions,
  DescribeAddonConfiguration: describeAddonConfiguration,
};
