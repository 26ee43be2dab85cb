import type * as Ec2 from "@aws-sdk/client-ec2";
import { fault } from "../../fault.ts";
import { type Handler, handler, type World } from "../../world.ts";
import { passes } from "./find.ts";

/** Zone ids in which EKS places no control plane (EKS user guide). */
export const excludedZoneIds: ReadonlySet<string> = new Set(["use1-az3", "usw1-az2", "cac1-az3"]);

const shortNames: Readonly<Record<string, string>> = {
  "us-east-1": "use1",
  "us-east-2": "use2",
  "us-west-1": "usw1",
  "us-west-2": "usw2",
  "eu-west-1": "euw1",
  "eu-west-2": "euw2",
  "eu-central-1": "euc1",
  "eu-north-1": "eun1",
  "ap-southeast-1": "apse1",
  "ap-northeast-1": "apne1",
  "ca-central-1": "cac1",
  "eu-west-3": "euw3",
  "eu-south-1": "eus1",
  "ap-southeast-2": "apse2",
  "ap-south-1": "aps1",
  "sa-east-1": "sae1",
};

// Letters and numbers of zones differ from account to account; here the letters are shifted on purpose.
const zoneOrders: Readonly<Record<string, readonly number[]>> = { "us-east-1": [6, 1, 2, 4, 3, 5] };

/** Regions that the stand-in knows besides the account's own. */
export function isKnownRegion(region: string): boolean {
  return shortNames[region] !== undefined;
}

export interface Zone {
  readonly name: string;
  readonly id: string;
}

/** Zones of the account's region: name and zone id. */
export function zonesOf(world: World): readonly Zone[] {
  const { region } = world.account;
  const short = shortNames[region] ?? region.replace(/^(\w\w)\w*-(\w)\w*-/, "$1$2");
  const order = zoneOrders[region] ?? [2, 1, 3];
  return order.map((number, index) => ({ name: `${region}${"abcdef".charAt(index)}`, id: `${short}-az${number}` }));
}

const describeAvailabilityZones = handler<
  Ec2.DescribeAvailabilityZonesCommandInput,
  Ec2.DescribeAvailabilityZonesCommandOutput
>(({ world }, input) => {
  const all = zonesOf(world);
  const unknown = (input.ZoneNames ?? []).find((name) => !all.some((zone) => zone.name === name));
  if (unknown !== undefined) throw fault("InvalidParameterValue", `Invalid availability zone: [${unknown}]`);
  const zones = all
    .filter((zone) => input.ZoneNames === undefined || input.ZoneNames.includes(zone.name))
    .filter((zone) => input.ZoneIds === undefined || input.ZoneIds.includes(zone.id))
    .filter((zone) =>
      passes(input.Filters, {
        tags: [],
        values: {
          state: ["available"],
          "zone-type": ["availability-zone"],
          "zone-name": [zone.name],
          "zone-id": [zone.id],
          "opt-in-status": ["opt-in-not-required"],
          "region-name": [world.account.region],
        },
      }),
    );
  return {
    AvailabilityZones: zones.map((zone) => ({
      ZoneName: zone.name,
      ZoneId: zone.id,
      ZoneType: "availability-zone",
      State: "available",
      OptInStatus: "opt-in-not-required",
      RegionName: world.account.region,
      GroupName: world.account.region,
      NetworkBorderGroup: world.account.region,
      Messages: [],
    })),
  };
});

export const zones: Readonly<Record<string, Handler>> = { DescribeAvailabilityZones: describeAvailabilityZones };
