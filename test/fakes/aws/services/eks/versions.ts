import type * as Eks from "@aws-sdk/client-eks";
import { type Handler, handler, page, type World } from "../../world.ts";
import { invalidParameter } from "./find.ts";

interface Version {
  readonly version: string;
  readonly released: string;
  readonly endOfStandard: string;
  readonly endOfExtended: string;
  readonly patch: string;
}

// Dates of AWS's support calendar for the newest; the rest by its rule of 14 + 12 months.
const calendar: readonly Version[] = [
  {
    version: "1.29",
    released: "2024-01-23",
    endOfStandard: "2025-03-23",
    endOfExtended: "2026-03-23",
    patch: "1.29.15",
  },
  {
    version: "1.30",
    released: "2024-05-23",
    endOfStandard: "2025-07-23",
    endOfExtended: "2026-07-23",
    patch: "1.30.14",
  },
  {
    version: "1.31",
    released: "2024-09-26",
    endOfStandard: "2025-11-26",
    endOfExtended: "2026-11-26",
    patch: "1.31.14",
  },
  {
    version: "1.32",
    released: "2025-01-23",
    endOfStandard: "2026-03-23",
    endOfExtended: "2027-03-23",
    patch: "1.32.11",
  },
  {
    version: "1.33",
    released: "2025-05-29",
    endOfStandard: "2026-07-29",
    endOfExtended: "2027-07-29",
    patch: "1.33.9",
  },
  {
    version: "1.34",
    released: "2025-10-02",
    endOfStandard: "2026-12-02",
    endOfExtended: "2027-12-02",
    patch: "1.34.7",
  },
  {
    version: "1.35",
    released: "2026-01-27",
    endOfStandard: "2027-03-27",
    endOfExtended: "2028-03-27",
    patch: "1.35.5",
  },
  {
    version: "1.36",
    released: "2026-06-02",
    endOfStandard: "2027-08-02",
    endOfExtended: "2028-08-02",
    patch: "1.36.4",
  },
];

/** Versions that EKS offers at the start, oldest first; the account's list may be changed by a test. */
export const offeredVersions: readonly string[] = calendar.map((entry) => entry.version);

export const defaultVersion = "1.35";

export function platformVersionOf(version: string): string {
  return `eks.${Math.max(1, 40 - minorOf(version))}`;
}

/** 35 of `1.35`. */
export function minorOf(version: string): number {
  return Number(version.split(".")[1] ?? Number.NaN);
}

/** Versions that this account may use now. */
export function versionsOf(world: World): readonly Version[] {
  return calendar.filter(
    (entry) =>
      world.account.kubernetesVersions.includes(entry.version) && Date.parse(entry.endOfExtended) > world.agenda.now(),
  );
}

/** Throws unless EKS offers the version. */
export function checkVersion(world: World, version: string): void {
  if (!versionsOf(world).some((entry) => entry.version === version)) {
    throw invalidParameter(`unsupported Kubernetes version`);
  }
}

const describeClusterVersions = handler<
  Eks.DescribeClusterVersionsCommandInput,
  Eks.DescribeClusterVersionsCommandOutput
>(({ world }, input) => {
  const now = world.agenda.now();
  const all = versionsOf(world).map((entry): Eks.ClusterVersionInformation => {
    const isStandard = Date.parse(entry.endOfStandard) > now;
    return {
      clusterVersion: entry.version,
      clusterType: "eks",
      defaultPlatformVersion: platformVersionOf(entry.version),
      defaultVersion: entry.version === defaultVersion,
      releaseDate: new Date(entry.released),
      endOfStandardSupportDate: new Date(entry.endOfStandard),
      endOfExtendedSupportDate: new Date(entry.endOfExtended),
      status: isStandard ? "standard-support" : "extended-support",
      versionStatus: isStandard ? "STANDARD_SUPPORT" : "EXTENDED_SUPPORT",
      kubernetesPatchVersion: entry.patch,
    };
  });
  const matching = all
    .filter(
      (entry) => input.clusterVersions === undefined || input.clusterVersions.includes(entry.clusterVersion ?? ""),
    )
    .filter((entry) => input.defaultOnly !== true || entry.defaultVersion === true)
    .filter((entry) => input.versionStatus === undefined || entry.versionStatus === input.versionStatus)
    .filter((entry) => input.status === undefined || entry.status === input.status)
    .toReversed();
  const result = page(world, matching, { size: input.maxResults, token: input.nextToken, max: 100 });
  return { clusterVersions: result.items, ...(result.next === undefined ? {} : { nextToken: result.next }) };
});

export const versions: Readonly<Record<string, Handler>> = { DescribeClusterVersions: describeClusterVersions };
