import { type Classification, retryAfterMs } from "@eks-actions/action";

/**
 * What an error of an AWS call means for the caller. `throttle` and `transient` heal by themselves; `expired` needs new
 * credentials; `clock` needs a corrected clock; the others need a change by a person or another decision by the caller.
 */
export type AwsErrorKind =
  | "throttle"
  | "transient"
  | "expired"
  | "clock"
  | "denied"
  | "not-found"
  | "conflict"
  | "invalid"
  | "other";

/** An AWS error in the words of a log line. */
export interface AwsErrorInfo {
  readonly kind: AwsErrorKind;
  /** The wire code; the SDK's trailing `Exception` is stripped: `AccessDenied`, `ResourceNotFound`, `ECONNRESET`. */
  readonly code: string;
  readonly message: string;
  readonly requestId: string | undefined;
  readonly status: number | undefined;
  /** The server's own lower bound for the next attempt. */
  readonly retryAfterMs: number | undefined;
}

/** An attempt that did not answer in its time. */
export class RequestTimedOut extends Error {
  override readonly name = "RequestTimedOut";
}

const THROTTLE =
  /^(Throttl\w*|TooManyRequests|RequestLimitExceeded|RequestThrottled|SlowDown|BandwidthLimitExceeded|LimitExceededRate|ProvisionedThroughputExceeded|PriorRequestNotComplete|RateExceeded)$/;
const EXPIRED = /^(ExpiredToken|TokenRefreshRequired|ExpiredTokenId)$/;
const CLOCK = /^(SignatureDoesNotMatch|RequestExpired|RequestTimeTooSkewed|RequestInTheFuture|InvalidSignature)$/;
const DENIED =
  /^(AccessDenied|AuthorizationError|UnauthorizedOperation|Unauthorized|UnrecognizedClient|InvalidClientTokenId|AuthFailure|OptInRequired|Forbidden)$/;
// EC2 spells it both ways: InvalidVpcID.NotFound, NatGatewayNotFound.
const NOT_FOUND = /^(NoSuchEntity|(\w+\.)?\w*NotFound)$/;
const CONFLICT =
  /^(ResourceInUse|EntityAlreadyExists|Conflict|DependencyViolation|DeleteConflict|ResourceAlreadyExists|AlreadyExists|ConcurrentModification|InvalidRequest\.InUse)$/;
const INVALID =
  /^(ValidationError|Validation|InvalidParameter\w*|MissingParameter|InvalidRequest|InvalidAction|MalformedPolicyDocument|PackedPolicyTooLarge|BadRequest)$/;
const NETWORK =
  /^(E(CONNRESET|CONNREFUSED|CONNABORTED|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|AI_AGAIN|NOTFOUND|PROTO|HOSTDOWN|NETDOWN)|UND_ERR\w*|ERR_(SOCKET|STREAM|SSL|TLS|PROXY|HTTP)\w*|HPE_\w+)$/;
const TRANSIENT =
  /^(InternalFailure|InternalError|InternalServer|InternalServerError|Internal|ServiceUnavailable|Unavailable|Server|RequestTimeout|TimeoutError|RequestTimedOut|IDPCommunicationError|NetworkingError)$/;

/** Reads an error of any AWS SDK client, of a socket, or of {@link RequestTimedOut}. `now` resolves Retry-After dates. */
export function awsErrorInfo(error: unknown, now: number = Date.now()): AwsErrorInfo {
  const record = isRecord(error) ? error : {};
  const metadata = isRecord(record["$metadata"]) ? record["$metadata"] : {};
  const response = isRecord(record["$response"]) ? record["$response"] : {};
  const headers = isRecord(response["headers"]) ? response["headers"] : {};
  const status = number(metadata["httpStatusCode"]) ?? number(response["statusCode"]);
  const code = codeOf(record);
  return {
    kind: kindOf(code, status),
    code,
    message: error instanceof Error ? error.message : String(error),
    requestId: string(metadata["requestId"]) ?? string(headers["x-amzn-requestid"]),
    status,
    retryAfterMs: retryAfterMs(string(headers["retry-after"]), now),
  };
}

/** True when the error is an AWS error of one of these wire codes, given without `Exception`. */
export function isAwsError(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(awsErrorInfo(error).code);
}

/** For `retry()`: throttling, 5xx, timeouts and broken connections are tried again, anything else is not. */
export function retryTransient(error: unknown, now: number = Date.now()): Classification {
  const info = awsErrorInfo(error, now);
  if (info.kind !== "throttle" && info.kind !== "transient") return { retry: false };
  return { retry: true, reason: info.code, afterMs: info.retryAfterMs };
}

function codeOf(error: Readonly<Record<string, unknown>>): string {
  const name = string(error["name"]) ?? "Error";
  const code = string(error["code"]) ?? string(error["Code"]);
  // A socket error is an `Error` whose code tells more than its name; an AWS error is the other way round.
  const plain = /^(Error|TypeError|AggregateError|SystemError)$/.test(name);
  return (plain && code !== undefined ? code : name).replace(/Exception$/, "");
}

function kindOf(code: string, status: number | undefined): AwsErrorKind {
  if (THROTTLE.test(code) || status === 429) return "throttle";
  if (EXPIRED.test(code)) return "expired";
  if (CLOCK.test(code)) return "clock";
  if (DENIED.test(code)) return "denied";
  if (NOT_FOUND.test(code)) return "not-found";
  if (CONFLICT.test(code)) return "conflict";
  if (INVALID.test(code)) return "invalid";
  if (NETWORK.test(code) || TRANSIENT.test(code)) return "transient";
  return status !== undefined && status >= 500 ? "transient" : "other";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function string(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
