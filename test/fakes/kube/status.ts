import type { Json, JsonObject } from "./json.ts";

export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

export interface Failure {
  readonly code: number;
  readonly reason?: string | undefined;
  readonly message: string;
  readonly details?: JsonObject | undefined;
  readonly retryAfterSeconds?: number | undefined;
}

/** An answer of the API server that is not a success. Its body is a `Status`, shaped as the real server's. */
export class ApiFailure extends Error {
  override readonly name = "ApiFailure";
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** Names a resource as error messages do: `deployments.apps`. */
export interface Named {
  readonly group: string;
  readonly resource: string;
  readonly kind: string;
}

const qualified = (type: Named): string => (type.group === "" ? type.resource : `${type.resource}.${type.group}`);
const details = (type: Named, name: string): JsonObject => ({
  ...(name === "" ? {} : { name }),
  ...(type.group === "" ? {} : { group: type.group }),
  kind: type.resource,
});

export const notFound = (type: Named, name: string): ApiFailure =>
  new ApiFailure({
    code: 404,
    reason: "NotFound",
    message: `${qualified(type)} "${name}" not found`,
    details: details(type, name),
  });

export const noSuchResource = (): ApiFailure =>
  new ApiFailure({
    code: 404,
    reason: "NotFound",
    message: "the server could not find the requested resource",
    details: {},
  });

export const alreadyExists = (type: Named, name: string): ApiFailure =>
  new ApiFailure({
    code: 409,
    reason: "AlreadyExists",
    message: `${qualified(type)} "${name}" already exists`,
    details: details(type, name),
  });

export const conflict = (type: Named, name: string, why: string): ApiFailure =>
  new ApiFailure({
    code: 409,
    reason: "Conflict",
    message: `Operation cannot be fulfilled on ${qualified(type)} "${name}": ${why}`,
    details: details(type, name),
  });

export const modified = (type: Named, name: string): ApiFailure =>
  conflict(type, name, "the object has been modified; please apply your changes to the latest version and try again");

export const forbidden = (type: Named, name: string, why: string): ApiFailure =>
  new ApiFailure({
    code: 403,
    reason: "Forbidden",
    message: `${qualified(type)}${name === "" ? "" : ` "${name}"`} is forbidden: ${why}`,
    details: details(type, name),
  });

export const badRequest = (message: string): ApiFailure => new ApiFailure({ code: 400, reason: "BadRequest", message });

export const internal = (message: string): ApiFailure => new ApiFailure({ code: 500, message });

export const unauthorized = (): ApiFailure =>
  new ApiFailure({ code: 401, reason: "Unauthorized", message: "Unauthorized" });

export const methodNotAllowed = (): ApiFailure =>
  new ApiFailure({
    code: 405,
    reason: "MethodNotAllowed",
    message: "the server does not allow this method on the requested resource",
    details: {},
  });

export const expired = (message: string): ApiFailure => new ApiFailure({ code: 410, reason: "Expired", message });

/** 422 with one cause per fault, joined as `utilerrors.Aggregate` joins them. */
export function invalid(
  type: { readonly group: string; readonly kind: string },
  name: string,
  causes: readonly Cause[],
) {
  const kind = type.group === "" ? type.kind : `${type.kind}.${type.group}`;
  const faults = [...new Set(causes.map((cause) => `${cause.field}: ${cause.message}`))];
  const text = faults.length === 1 ? faults[0] : `[${faults.join(", ")}]`;
  return new ApiFailure({
    code: 422,
    reason: "Invalid",
    message: `${kind} "${name}" is invalid: ${text}`,
    details: {
      ...(name === "" ? {} : { name }),
      ...(type.group === "" ? {} : { group: type.group }),
      kind: type.kind,
      causes: causes.map(({ reason, message, field }) => ({ reason, message, field })),
    },
  });
}

export const required = (field: string, detail = ""): Cause => ({
  reason: "FieldValueRequired",
  message: detail === "" ? "Required value" : `Required value: ${detail}`,
  field,
});

export const invalidValue = (field: string, value: Json | undefined, detail: string): Cause => ({
  reason: "FieldValueInvalid",
  message: `Invalid value: ${JSON.stringify(value ?? null)}: ${detail}`,
  field,
});

export const forbiddenField = (field: string, detail: string): Cause => ({
  reason: "FieldValueForbidden",
  message: `Forbidden: ${detail}`,
  field,
});

export const duplicate = (field: string, value: Json): Cause => ({
  reason: "FieldValueDuplicate",
  message: `Duplicate value: ${JSON.stringify(value)}`,
  field,
});

export const unsupported = (field: string, value: Json, supported: readonly string[]): Cause => ({
  reason: "FieldValueNotSupported",
  message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported.map((one) => JSON.stringify(one)).join(", ")}`,
  field,
});

export function statusBody(failure: Failure): JsonObject {
  const { retryAfterSeconds } = failure;
  const extra = retryAfterSeconds === undefined ? undefined : { ...failure.details, retryAfterSeconds };
  const shown = extra ?? failure.details;
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: failure.message,
    ...(failure.reason === undefined ? {} : { reason: failure.reason }),
    ...(shown === undefined ? {} : { details: shown }),
    code: failure.code,
  };
}
