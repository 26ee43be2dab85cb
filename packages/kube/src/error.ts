import type { RawAnswer } from "./client.ts";

/** One entry of `status.details.causes`. */
export interface StatusCause {
  /** `FieldManagerConflict`, `FieldValueInvalid`… */
  readonly reason: string;
  readonly message: string;
  /** `.spec.template.spec.containers[name="web"].image` */
  readonly field: string;
}

export interface StatusDetails {
  readonly name?: string | undefined;
  readonly group?: string | undefined;
  readonly kind?: string | undefined;
  readonly uid?: string | undefined;
  readonly causes: readonly StatusCause[];
  readonly retryAfterSeconds?: number | undefined;
}

/** What RBAC refused, read from the server's sentence. */
export interface Denial {
  readonly user: string;
  readonly verb: string;
  readonly resource: string;
  readonly group: string;
  readonly namespace?: string | undefined;
}

/** Server-side apply answers such an object with a 500 that has no reason, so that the sentence alone tells. */
export interface SchemaFault {
  /** `.spec.replcas` */
  readonly field: string;
  /** `field not declared in schema` */
  readonly what: string;
}

export interface KubeApiErrorInit {
  readonly status: number;
  readonly reason: string;
  readonly message: string;
  readonly details: StatusDetails;
  readonly retryAfterMs?: number | undefined;
  readonly request: { readonly method: string; readonly path: string };
  readonly answer: RawAnswer;
}

/** The API server answered and said no. `message` is its own sentence, raw: callers escape it. */
export class KubeApiError extends Error {
  override readonly name = "KubeApiError";
  /** The HTTP status. */
  readonly status: number;
  /** `Conflict`, `Invalid`, `Forbidden`…; empty when the answer was no Status object. */
  readonly reason: string;
  readonly details: StatusDetails;
  readonly retryAfterMs: number | undefined;
  readonly request: { readonly method: string; readonly path: string };
  /** As it came over the wire. */
  readonly answer: RawAnswer;
  /** Set for 403 answers in RBAC's form. */
  readonly denial: Denial | undefined;
  /** Fields of a server-side apply that the kind does not have, or that are of another type. */
  readonly schemaFaults: readonly SchemaFault[];

  constructor(init: KubeApiErrorInit) {
    super(init.message);
    this.status = init.status;
    this.reason = init.reason;
    this.details = init.details;
    this.retryAfterMs = init.retryAfterMs;
    this.request = init.request;
    this.answer = init.answer;
    this.denial = init.status === 403 ? parseDenial(init.message) : undefined;
    this.schemaFaults = parseSchemaFaults(init.message);
  }
}

// Format: k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go
const DENIAL =
  /User "(?<user>[^"]*)" cannot (?<verb>\S+) resource "(?<resource>[^"]*)"(?: in API group "(?<group>[^"]*)")?(?: in the namespace "(?<namespace>[^"]*)")?/;

export function parseDenial(message: string): Denial | undefined {
  const groups = DENIAL.exec(message)?.groups;
  if (groups === undefined) return undefined;
  const { user = "", verb = "", resource = "", group = "", namespace } = groups;
  return { user, verb, resource, group, namespace };
}

// Format: sigs.k8s.io/structured-merge-diff/v6/typed (ValidationErrors) and k8s.io/apimachinery managedfields: one
// fault stands behind the prefix, several on a line each.
const SCHEMA_FAULTS = /^failed to create typed patch object \([^)]*\): (?:errors:\s*)?(?<faults>.*)/s;

export function parseSchemaFaults(message: string): readonly SchemaFault[] {
  const faults = SCHEMA_FAULTS.exec(message)?.groups?.["faults"] ?? "";
  return faults.split("\n").flatMap((line) => {
    const [, field, what] = /^\s*(\.\S*?): (.+)$/.exec(line) ?? [];
    return field === undefined || what === undefined ? [] : [{ field, what }];
  });
}

/** Builds the error from an answer's status and body; a body that is no Status object becomes the message, cut. */
export function apiError(
  answer: RawAnswer,
  request: { readonly method: string; readonly path: string },
  retryAfterMs?: number | undefined,
): KubeApiError {
  const parsed = parseStatus(answer.body);
  return new KubeApiError({
    status: answer.status,
    reason: parsed?.reason ?? "",
    message: parsed?.message || answer.body.trim().slice(0, 300) || `HTTP ${answer.status}`,
    details: parsed?.details ?? { causes: [] },
    retryAfterMs,
    request: { method: request.method, path: request.path },
    answer,
  });
}

interface Status {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details: StatusDetails;
}

/** A `v1 Status` in JSON, or `undefined`. */
export function parseStatus(body: string): Status | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined; // Proxies and the authenticator answer in plain text.
  }
  return statusOf(value);
}

export function statusOf(value: unknown): Status | undefined {
  if (!isRecord(value) || value["kind"] !== "Status") return undefined;
  const details = isRecord(value["details"]) ? value["details"] : {};
  return {
    code: typeof value["code"] === "number" ? value["code"] : 0,
    reason: text(value["reason"]),
    message: text(value["message"]),
    details: {
      name: optional(details["name"]),
      group: optional(details["group"]),
      kind: optional(details["kind"]),
      uid: optional(details["uid"]),
      causes: Array.isArray(details["causes"]) ? details["causes"].filter(isRecord).map(causeOf) : [],
      retryAfterSeconds: typeof details["retryAfterSeconds"] === "number" ? details["retryAfterSeconds"] : undefined,
    },
  };
}

function causeOf(value: Readonly<Record<string, unknown>>): StatusCause {
  return { reason: text(value["reason"]), message: text(value["message"]), field: text(value["field"]) };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function optional(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
