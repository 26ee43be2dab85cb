import type { DurationName } from "./durations.ts";
import type { Operation } from "./operations.ts";
import type { World } from "./world.ts";

const reads = /^(Describe|List|Get|AssumeRole)/;

/** Virtual seconds that a request takes, by kind of request. */
export function latencyOf(world: World, operation: Operation): number {
  return world.durations(kindOf(operation), `${operation.service.id}:${operation.name}`);
}

function kindOf(operation: Operation): DurationName {
  if (reads.test(operation.name)) return "requestRead";
  if (operation.service.id === "iam") return "requestIamWrite";
  return operation.service.id === "ec2" ? "requestEc2Write" : "requestEksWrite";
}
