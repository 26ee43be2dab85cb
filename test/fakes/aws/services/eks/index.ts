import type { Handler } from "../../world.ts";
import { access } from "./access.ts";
import { addonCatalogHandlers } from "./addonCatalogHandlers.ts";
import { addons } from "./addons.ts";
import { capabilities } from "./capabilities.ts";
import { clusters } from "./clusters.ts";
import { clusterUpdates } from "./clusterUpdates.ts";
import { fargate } from "./fargate.ts";
import { identityProviders } from "./identityProviders.ts";
import { insights } from "./insights.ts";
import { nodegroups } from "./nodegroups.ts";
import { nodegroupUpdates } from "./nodegroupUpdates.ts";
import { podIdentity } from "./podIdentity.ts";
import { tags } from "./tags.ts";
import { updates } from "./updates.ts";
import { versions } from "./versions.ts";

/** Elastic Kubernetes Service. */
export const eks: Readonly<Record<string, Handler>> = {
  ...clusters,
  ...clusterUpdates,
  ...updates,
  ...nodegroups,
  ...nodegroupUpdates,
  ...addons,
  ...addonCatalogHandlers,
  ...fargate,
  ...access,
  ...podIdentity,
  ...identityProviders,
  ...capabilities,
  ...insights,
  ...versions,
  ...tags,
};
