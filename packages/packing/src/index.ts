export type { Floor, Offer, PackedNode, PackInput, Packing, PodGroup, Unschedulable } from "./model.ts";
export { firstPass, floorOfParts as floor, pack } from "./pack.ts";
