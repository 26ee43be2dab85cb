import { emptyNetwork } from "./account.ts";
import { isKnownRegion } from "./services/ec2/zones.ts";
import type { World } from "./world.ts";

/** The account's regions: IAM and sessions are shared, clusters, networks and log groups are each region's own. */
export interface Regions {
  readonly home: World;
  /** The world of a region, empty at first; `undefined` for a region that does not exist. */
  of(region: string): World | undefined;
  all(): readonly World[];
}

export function createRegions(home: World): Regions {
  const worlds = new Map([[home.account.region, home]]);
  return {
    home,
    of(region) {
      const known = worlds.get(region);
      if (known !== undefined || !isKnownRegion(region)) return known;
      const made: World = {
        ...home,
        tokens: new Map(),
        account: {
          ...home.account,
          region,
          clusters: new Map(),
          network: emptyNetwork(),
          logGroups: new Map(),
          quotas: new Map(),
        },
      };
      worlds.set(region, made);
      return made;
    },
    all: () => [...worlds.values()],
  };
}
