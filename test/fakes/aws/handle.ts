import { authenticate } from "./authenticate.ts";
import type { AwsRequest, Violation } from "./aws.ts";
import { checkRequest, checkResponse, toFault, unknownOperation } from "./checks.ts";
import { isRecord } from "./contract.ts";
import { AwsFault } from "./fault.ts";
import type { Disturbance, FaultScript } from "./faults.ts";
import type { Incoming, Outgoing } from "./http.ts";
import { latencyOf } from "./latency.ts";
import type { Operation } from "./operations.ts";
import { authorize } from "./policy/authorize.ts";
import { requirementsOf } from "./policy/requirements.ts";
import type { Regions } from "./regions.ts";
import { encodeFault, encodeResult, notImplemented, throttlingFault } from "./respond.ts";
import { routeRequest } from "./route.ts";
import { handlerOf } from "./services/handlers.ts";
import { readSignature } from "./sigv4.ts";
import type { Session } from "./state.ts";
import type { World } from "./world.ts";

export interface Handling {
  readonly regions: Regions;
  readonly faults: FaultScript;
  readonly requests: AwsRequest[];
  readonly violations: Violation[];
  /** 0–1. */
  readonly throttle: number;
  readonly latency: boolean;
  /** Waits virtual milliseconds; the request does not count as busy meanwhile. */
  readonly wait: (ms: number) => Promise<void>;
}

/** One request on its way through. */
interface Exchange {
  readonly handling: Handling;
  readonly world: World;
  readonly request: Incoming;
  readonly operation: Operation;
  readonly requestId: string;
  readonly met: Disturbance;
  input: unknown;
  session: Session | undefined;
  permissions: readonly string[];
}

const unsigned = new Set(["sts:AssumeRoleWithWebIdentity"]);

/** Answers one request; `undefined` where a fault cuts the connection. */
export async function handleRequest(handling: Handling, request: Incoming): Promise<Outgoing | undefined> {
  const requestId = handling.regions.home.random.uuid("request");
  const route = await routeRequest(request);
  if (route.kind === "unknown") {
    handling.violations.push(unknownOperation(route.name));
    return notImplemented(route.name, requestId);
  }
  const { operation, decode } = route;
  const world = worldOf(handling, operation, request);
  const met = handling.faults.meet(operation);
  const exchange: Exchange = {
    handling,
    world,
    request,
    operation,
    requestId,
    met,
    input: undefined,
    session: undefined,
    permissions: [],
  };
  world.agenda.settle();
  if (met.drop === "before") {
    remember(exchange, "dropped before");
    return undefined;
  }
  const { outgoing, error } = await answer(exchange, decode);
  remember(exchange, error);
  const seconds = met.delaySeconds + (handling.latency ? latencyOf(world, operation) : 0);
  if (seconds > 0) await handling.wait(seconds * 1000);
  return met.drop === "after" ? undefined : outgoing;
}

// Regional services answer from the region that signed the request; the others know no region.
function worldOf(handling: Handling, operation: Operation, request: Incoming): World {
  const { home } = handling.regions;
  const isRegional = !["sts", "iam", "pricing"].includes(operation.service.id);
  const region = isRegional ? readSignature(request)?.region : undefined;
  return region === undefined ? home : (handling.regions.of(region) ?? home);
}

async function answer(
  exchange: Exchange,
  decode: () => unknown,
): Promise<{ readonly outgoing: Outgoing; readonly error?: string }> {
  const { handling, operation, requestId } = exchange;
  try {
    return { outgoing: await perform(exchange, decode) };
  } catch (thrown) {
    const failure = await toFault(handling.violations, operation, thrown);
    const isUnserved = failure.status === 501;
    const outgoing = isUnserved
      ? notImplemented(failure.message, requestId)
      : await encodeFault(operation.service, failure, requestId);
    return { outgoing, error: failure.code };
  }
}

async function perform(exchange: Exchange, decode: () => unknown): Promise<Outgoing> {
  const { handling, world, request, operation, requestId, met } = exchange;
  const name = `${operation.service.id}:${operation.name}`;
  const input = decodeOrRefuse(decode);
  exchange.input = redact(input);
  const session = unsigned.has(name) ? undefined : authenticate(world, operation.service, request);
  exchange.session = session;
  disturb(exchange);
  const run = handlerOf(operation);
  if (run === undefined) throw new AwsFault("STANDIN_UNKNOWN_OPERATION", name, { status: 501 });
  checkRequest(handling.violations, operation, input);
  if (session !== undefined && isRecord(input)) {
    const required = requirementsOf(world, session, operation, input);
    exchange.permissions = required.map(({ action }) => action);
    for (const wanted of required) {
      authorize(world, session, operation.service.protocol, wanted);
    }
  }
  const output = await run({ world, operation, session, requestId, outcome: met.outcome }, input);
  checkResponse(handling.violations, operation, output);
  return encodeResult(operation, output, requestId);
}

function disturb({ handling, operation, met }: Exchange): void {
  if (met.error !== undefined) {
    throw new AwsFault(met.error.code, met.error.message ?? met.error.code, { status: met.error.status ?? 400 });
  }
  const { random } = handling.regions.home;
  const isThrottled =
    handling.throttle > 0 && random.draw(`throttle|${operation.service.id}:${operation.name}`) < handling.throttle;
  if (isThrottled) throw throttlingFault(operation.service);
}

function decodeOrRefuse(decode: () => unknown): unknown {
  try {
    return decode();
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new AwsFault("SerializationException", "The request body is not valid JSON.");
  }
}

function remember({ handling, operation, input, session, permissions }: Exchange, error: string | undefined): void {
  handling.requests.push({
    service: operation.service.id,
    operation: operation.name,
    input,
    error,
    principal: session?.arn,
    at: handling.regions.home.agenda.now(),
    mutating: isMutating(operation),
    permissions,
  });
}

/** Reads and sign-ins change nothing. */
function isMutating(operation: Operation): boolean {
  return operation.service.id !== "sts" && !/^(Describe|List|Get|Lookup|Search)/.test(operation.name);
}

// A recorded id-token would be a secret in a test's output.
function redact(input: unknown): unknown {
  return isRecord(input) && input["WebIdentityToken"] !== undefined ? { ...input, WebIdentityToken: "***" } : input;
}
