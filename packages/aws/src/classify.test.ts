import { describe, expect, it } from "vitest";
import { awsErrorInfo, isAwsError, RequestTimedOut, retryTransient } from "./classify.ts";

function aws(name: string, status = 400, more: object = {}): Error {
  return Object.assign(new Error("said"), { name, $metadata: { httpStatusCode: status, requestId: "r-1" }, ...more });
}

describe("awsErrorInfo", () => {
  it.each([
    ["ThrottlingException", "Throttling", "throttle"],
    ["Throttling", "Throttling", "throttle"],
    ["TooManyRequestsException", "TooManyRequests", "throttle"],
    ["RequestLimitExceeded", "RequestLimitExceeded", "throttle"],
    ["ExpiredTokenException", "ExpiredToken", "expired"],
    ["RequestExpired", "RequestExpired", "clock"],
    ["SignatureDoesNotMatch", "SignatureDoesNotMatch", "clock"],
    ["AccessDeniedException", "AccessDenied", "denied"],
    ["UnauthorizedOperation", "UnauthorizedOperation", "denied"],
    ["ResourceNotFoundException", "ResourceNotFound", "not-found"],
    ["NoSuchEntityException", "NoSuchEntity", "not-found"],
    ["InvalidVpcID.NotFound", "InvalidVpcID.NotFound", "not-found"],
    ["NatGatewayNotFound", "NatGatewayNotFound", "not-found"],
    ["ResourceInUseException", "ResourceInUse", "conflict"],
    ["EntityAlreadyExists", "EntityAlreadyExists", "conflict"],
    ["DependencyViolation", "DependencyViolation", "conflict"],
    ["InvalidParameterException", "InvalidParameter", "invalid"],
    ["ServerException", "Server", "transient"],
    ["ServiceUnavailableException", "ServiceUnavailable", "transient"],
    ["IDPCommunicationErrorException", "IDPCommunicationError", "transient"],
    ["Mystery", "Mystery", "other"],
  ])("reads %s as %s, %s", (name, code, kind) => {
    expect(awsErrorInfo(aws(name))).toMatchObject({ code, kind, requestId: "r-1", status: 400 });
  });

  it.each([
    ["a broken connection", Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }), "ECONNRESET"],
    ["a name that cannot be resolved now", Object.assign(new Error("x"), { code: "EAI_AGAIN" }), "EAI_AGAIN"],
    ["a limit of our own", new RequestTimedOut("no answer"), "RequestTimedOut"],
    ["the SDK's limit", aws("TimeoutError"), "TimeoutError"],
  ])("takes %s as transient", (_, error, code) => {
    expect(awsErrorInfo(error)).toMatchObject({ kind: "transient", code });
  });

  it("takes any 5xx as transient and any 429 as throttling", () => {
    expect(awsErrorInfo(aws("Mystery", 502)).kind).toBe("transient");
    expect(awsErrorInfo(aws("Mystery", 429)).kind).toBe("throttle");
  });

  it("reads Retry-After and the request id of the answer", () => {
    const error = aws("Throttling", 400, {
      $metadata: {},
      $response: { statusCode: 400, headers: { "retry-after": "7", "x-amzn-requestid": "r-2" } },
    });
    expect(awsErrorInfo(error)).toMatchObject({ retryAfterMs: 7000, requestId: "r-2", status: 400 });
  });

  it("reads anything that is thrown", () => {
    for (const thrown of [undefined, null, 7, "text", {}, { name: 1 }]) expect(awsErrorInfo(thrown).kind).toBe("other");
  });
});

describe("retryTransient", () => {
  it("tries again only what heals by itself", () => {
    expect(retryTransient(aws("Throttling"))).toMatchObject({ retry: true, reason: "Throttling" });
    expect(retryTransient(aws("AccessDenied", 403))).toEqual({ retry: false });
  });
});

describe("isAwsError", () => {
  it("compares wire codes without `Exception`", () => {
    expect(isAwsError(aws("ResourceInUseException"), "ResourceNotFound", "ResourceInUse")).toBe(true);
    expect(isAwsError(new Error("x"), "ResourceInUse")).toBe(false);
  });
});
