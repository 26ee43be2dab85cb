import type { World } from "../world.ts";
import { versionsOf } from "./eks/versions.ts";

/** Newest AMI release of a minor version, `1.35.5-20261110`. AWS brings a new one about every week. */
export function latestRelease(world: World, version: string): string {
  return `${patchOf(world, version)}-20261110`;
}

/** The release before, for node groups that lag behind. */
export function previousRelease(world: World, version: string): string {
  return `${patchOf(world, version)}-20261020`;
}

function patchOf(world: World, version: string): string {
  return versionsOf(world).find((entry) => entry.version === version)?.patch ?? `${version}.0`;
}

/** True if the release exists for that minor version. */
export function isRelease(world: World, version: string, release: string): boolean {
  return release === latestRelease(world, version) || release === previousRelease(world, version);
}
