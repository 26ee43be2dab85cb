import type { AwsRequest } from "./aws.ts";
import { modelOf, serviceById } from "./operations.ts";
import type { Regions } from "./regions.ts";
import { handlerOf } from "./services/handlers.ts";

/**
 * Carries out what another account of the same seed recorded: only the effect, at the present virtual time. With a clock
 * that began at the same moment the account becomes what the other one was after that request, ids included.
 */
export async function repeatRequest(regions: Regions, request: AwsRequest): Promise<void> {
  const { service, operation: name, input, error, principal } = request;
  if (error !== undefined) throw new Error(`${service}:${name} failed with ${error}: it has no effect to repeat`);
  const known = serviceById(service);
  const operation = known === undefined ? undefined : (await modelOf(known)).operations.get(name);
  const run = operation === undefined ? undefined : handlerOf(operation);
  if (operation === undefined || run === undefined) throw new Error(`the stand-in has no ${service}:${name}`);
  const { home: world } = regions;
  const session = [...world.account.sessions.values()].find((candidate) => candidate.arn === principal);
  world.agenda.settle();
  await run({ world, operation, session, requestId: "repeated", outcome: undefined }, input);
}
