import { fault } from "../../fault.ts";
import type { Role } from "../../state.ts";
import type { World } from "../../world.ts";

export function roleNamed(world: World, name: string | undefined): Role {
  const role = world.account.roles.get(name ?? "");
  if (role === undefined) throw noSuchEntity(`The role with name ${name} cannot be found.`);
  return role;
}

export function noSuchEntity(message: string): Error {
  return fault("NoSuchEntityException", message, {}, 404);
}

/** Virtual time from which a change to the role counts for STS and the services that take it. */
export function propagatesAt(world: World, purpose: string): number {
  if (!world.iamPropagation) return world.agenda.now();
  const rare = world.random.draw(`role-rare|${purpose}`) < 0.01;
  return world.agenda.now() + world.durations(rare ? "roleUsableRare" : "roleUsable", purpose) * 1000;
}

/** Pages as IAM does: `IsTruncated` and `Marker`. */
export function marked<Item>(result: { readonly items: Item[]; readonly next: string | undefined }) {
  return { IsTruncated: result.next !== undefined, ...(result.next === undefined ? {} : { Marker: result.next }) };
}
