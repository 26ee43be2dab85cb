import { authenticate } from "./authenticate.ts";
import type { AwsRequest, Outcome, Violation } from "./aws.ts";
import { constraintFault } from "./constraints.ts";
import { checkValue, isRecord } from "./contract.ts";
import { AwsFault } from "./fault.ts";
import type { FaultScript } from "./faults.ts";
import type { Incoming, Outgoing } from "./http.ts";
import { latencyOf } from "./latency.ts";
import { isModelled } from "./modelled.ts";
import type { Operation } from "./operations.ts";
import { authorize } from "./policy/authorize.ts";
import { requirementsOf } from "./policy/requirements.ts";
import type { Regions } from "./regions.ts";
import { encodeFault, encodeResult, throttlingFault, validationFault } from "./respond.ts";
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

const unsigned = new Set(["sts:AssumeRoleWithWebIdentity"]);

/** Answers one request; `undefined` where a fault cuts the connection. */
export async function handleRequest(handling: Handling, request: Incoming): Promise<Outgoing | undefined> {
  const { violations } = handling;
  const requestId = handling.regions.home.random.uuid("request");
  const route = await routeRequest(request);
  if (route.kind === "unknown") {
    violations.push({
      code: "STANDIN_UNKNOWN_OPERATION",
      operation: route.name,
      message: `no operation of the stand-in answers ${route.name}`,
    });
    return notImplemented(route.name, requestId);
  }
  return answer(handling, request, route.operation, route.decode, requestId);
}

async function answer(
  handling: Handling,
  request: Incoming,
  operation: Operation,
  decode: () => unknown,
  requestId: string,
): Promise<Outgoing | undefined> {
  const world = worldOf(handling, operation, request);
  const met = handling.faults.meet(operation);
  const record: Recording = { input: undefined, session: undefined, outcome: met.outcome };
  world.agenda.settle();
  let output: Outgoing;
  let error: string | undefined;
  if (met.drop === "before") {
    remember(handling, operation, record, "dropped before");
    return undefined;
  }
  try {
    const injected = met.error ?? (isThrottled(handling, operation) ? throttlingFault(operation.service) : undefined);
    const result = await perform(handling, world, request, operation, decode, requestId, record, injected);
    output = result;
    error = record.unknown ? "501" : undefined;
  } catch (thrown) {
    const failure = await asFault(handling, operation, thrown);
    error = failure.code;
    output = await encodeFault(operation.service, failure, requestId);
  }
  remember(handling, operation, record, error);
  const seconds = met.delaySeconds + (handling.latency ? latencyOf(world, operation) : 0);
  if (seconds > 0) await handling.wait(seconds * 1000);
  return met.drop === "after" ? undefined : output;
}

// Regional services answer from the region that signed the request; the others know no region.
function worldOf(handling: Handling, operation: Operation, request: Incoming): World {
  const { home } = handling.regions;
  const isRegional = !["sts", "iam", "pricing"].includes(operation.service.id);
  const region = isRegional ? readSignature(request)?.region : undefined;
  return region === undefined ? home : (handling.regions.of(region) ?? home);
}

interface Recording {
  input: unknown;
  session: Session | undefined;
  readonly outcome: Outcome | undefined;
  unknown?: boolean;
}

async function perform(
  handling: Handling,
  world: World,
  request: Incoming,
  operation: Operation,
  decode: () => unknown,
  requestId: string,
  record: Recording,
  injected: { readonly code: string; readonly message?: string; readonly status?: number } | undefined,
): Promise<Outgoing> {
  const { violations } = handling;
  const name = `${operation.service.id}:${operation.name}`;
  const input = decodeOrRefuse(decode);
  record.input = redact(input);
  record.session = unsigned.has(name) ? undefined : authenticate(world, operation.service, request);
  if (injected !== undefined) {
    throw new AwsFault(injected.code, injected.message ?? injected.code, { status: injected.status ?? 400 });
  }
  const run = handlerOf(operation);
  if (run === undefined) {
    record.unknown = true;
    violations.push({
      code: "STANDIN_UNKNOWN_OPERATION",
      operation: name,
      message: `${name} is not served by the stand-in`,
    });
    return notImplemented(name, requestId);
  }
  checkRequest(handling, operation, input);
  if (record.session !== undefined && isRecord(input)) {
    for (const wanted of requirementsOf(world, record.session, operation, input)) {
      authorize(world, record.session, operation.service.protocol, wanted);
    }
  }
  const output = await run({ world, operation, session: record.session, requestId, outcome: record.outcome }, input);
  checkResponse(handling, operation, output);
  return encodeResult(operation, output, requestId);
}

function decodeOrRefuse(decode: () => unknown): unknown {
  try {
    return decode();
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new AwsFault("SerializationException", "The request body is not valid JSON.");
  }
}

function checkRequest(handling: Handling, operation: Operation, input: unknown): void {
  const faults = checkValue(operation.input, input);
  const name = `${operation.service.id}:${operation.name}`;
  for (const { path, message } of faults) {
    handling.violations.push({ code: "STANDIN_REQUEST_INVALID", operation: name, message: `${path}: ${message}` });
  }
  const first = faults[0];
  if (first !== undefined) throw validationFault(operation.service, `${first.path}: ${first.message}`);
  const broken = constraintFault(operation, input);
  if (broken !== undefined) throw validationFault(operation.service, broken);
}

function checkResponse(handling: Handling, operation: Operation, output: unknown): void {
  if (operation.output.isUnitSchema()) return;
  const name = `${operation.service.id}:${operation.name}`;
  for (const { path, message } of checkValue(operation.output, output)) {
    handling.violations.push({
      code: "STANDIN_RESPONSE_INVALID",
      operation: name,
      message: `handler of ${name} answers ${path}: ${message}`,
    });
  }
}

async function asFault(handling: Handling, operation: Operation, thrown: unknown): Promise<AwsFault> {
  const name = `${operation.service.id}:${operation.name}`;
  if (!(thrown instanceof AwsFault)) {
    const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    handling.violations.push({ code: "STANDIN_CRASHED", operation: name, message: text });
    return new AwsFault("InternalFailure", "The stand-in failed; see its violations.", { status: 500 });
  }
  if (thrown.code !== "SerializationException" && !(await isModelled(operation, thrown.code))) {
    handling.violations.push({
      code: "STANDIN_ERROR_NOT_MODELLED",
      operation: name,
      message: `${thrown.code} is not among the errors of ${name}`,
    });
  }
  return thrown;
}

function isThrottled(handling: Handling, operation: Operation): boolean {
  if (handling.throttle <= 0) return false;
  return handling.regions.home.random.draw(`throttle|${operation.service.id}:${operation.name}`) < handling.throttle;
}

function remember(handling: Handling, operation: Operation, record: Recording, error: string | undefined): void {
  handling.requests.push({
    service: operation.service.id,
    operation: operation.name,
    input: record.input,
    error,
    principal: record.session?.arn,
    at: handling.regions.home.agenda.now(),
    mutating: isMutating(operation),
  });
}

/** Reads and sign-ins change nothing. */
export function isMutating(operation: Operation): boolean {
  return operation.service.id !== "sts" && !/^(Describe|List|Get|Lookup|Search)/.test(operation.name);
}

// A recorded id-token would be a secret in a test's output.
function redact(input: unknown): unknown {
  return isRecord(input) && input["WebIdentityToken"] !== undefined ? { ...input, WebIdentityToken: "***" } : input;
}

function notImplemented(name: string, requestId: string): Outgoing {
  return {
    status: 501,
    headers: {
      "content-type": "application/json",
      "x-amzn-requestid": requestId,
      "x-amzn-errortype": "STANDIN_UNKNOWN_OPERATION",
    },
    body: JSON.stringify({ message: `STANDIN_UNKNOWN_OPERATION: ${name}` }),
  };
}
