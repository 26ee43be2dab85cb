import type { Handler } from "../../world.ts";
import { gateways } from "./gateways.ts";
import { images } from "./images.ts";
import { instanceTypes } from "./instanceTypes.ts";
import { interfaces } from "./interfaces.ts";
import { keyPairs } from "./keyPairs.ts";
import { launchTemplates } from "./launchTemplates.ts";
import { leftovers } from "./leftovers.ts";
import { nat } from "./nat.ts";
import { routeTables } from "./routeTables.ts";
import { securityGroups } from "./securityGroups.ts";
import { spot } from "./spot.ts";
import { subnets } from "./subnets.ts";
import { tags } from "./tags.ts";
import { vpcs } from "./vpcs.ts";
import { zones } from "./zones.ts";

/** EC2: the parts of a VPC, launch templates, instance types, tags. No instance ever runs here. */
export const ec2: Readonly<Record<string, Handler>> = {
  ...zones,
  ...vpcs,
  ...subnets,
  ...gateways,
  ...routeTables,
  ...nat,
  ...securityGroups,
  ...interfaces,
  ...launchTemplates,
  ...keyPairs,
  ...images,
  ...instanceTypes,
  ...tags,
  ...leftovers,
  ...spot,
};
