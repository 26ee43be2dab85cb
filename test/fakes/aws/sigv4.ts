import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { Incoming } from "./http.ts";

/** The authentication part of a request, read but not yet believed. */
export interface Signature {
  readonly form: "header" | "query";
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  /** `20260101T000000Z` */
  readonly time: string;
  /** Lifetime of a presigned URL in seconds. */
  readonly expires?: number | undefined;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly sessionToken?: string | undefined;
}

const algorithm = "AWS4-HMAC-SHA256";

/** Reads the signature from the Authorization header or the query; `undefined` where there is none or it is malformed. */
export function readSignature(request: Incoming): Signature | undefined {
  const header = request.headers["authorization"];
  return header === undefined ? readQueryForm(request) : readHeaderForm(header, request);
}

function readHeaderForm(header: string, request: Incoming): Signature | undefined {
  if (!header.startsWith(`${algorithm} `)) return undefined;
  const fields = new Map(
    header
      .slice(algorithm.length + 1)
      .split(",")
      .map((field) => splitOnce(field.trim(), "=")),
  );
  return assemble("header", {
    credential: fields.get("Credential"),
    signedHeaders: fields.get("SignedHeaders"),
    signature: fields.get("Signature"),
    time: request.headers["x-amz-date"],
    sessionToken: request.headers["x-amz-security-token"],
  });
}

function readQueryForm(request: Incoming): Signature | undefined {
  const query = new Map(request.query);
  if (query.get("X-Amz-Algorithm") !== algorithm) return undefined;
  const expires = query.get("X-Amz-Expires");
  return assemble("query", {
    credential: query.get("X-Amz-Credential"),
    signedHeaders: query.get("X-Amz-SignedHeaders"),
    signature: query.get("X-Amz-Signature"),
    time: query.get("X-Amz-Date"),
    sessionToken: query.get("X-Amz-Security-Token"),
    expires: expires === undefined ? undefined : Number(expires),
  });
}

function assemble(
  form: "header" | "query",
  parts: {
    credential: string | undefined;
    signedHeaders: string | undefined;
    signature: string | undefined;
    time: string | undefined;
    sessionToken: string | undefined;
    expires?: number | undefined;
  },
): Signature | undefined {
  const [accessKeyId, date, region, service, terminator] = parts.credential?.split("/") ?? [];
  if (!accessKeyId || !date || !region || !service || terminator !== "aws4_request") return undefined;
  if (!parts.signedHeaders || !parts.signature || !parts.time) return undefined;
  return {
    form,
    accessKeyId,
    date,
    region,
    service,
    time: parts.time,
    expires: parts.expires,
    signedHeaders: parts.signedHeaders.split(";"),
    signature: parts.signature,
    sessionToken: parts.sessionToken,
  };
}

/** True if `secret` made this signature over this request. */
export function isSignedBy(secret: string, signature: Signature, request: Incoming): boolean {
  const scope = `${signature.date}/${signature.region}/${signature.service}/aws4_request`;
  const text = [algorithm, signature.time, scope, sha256(canonicalRequest(signature, request))].join("\n");
  const expected = Buffer.from(hmac(signingKey(secret, scope), text).toString("hex"));
  const given = Buffer.from(signature.signature);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

const signingKeys = new Map<string, Buffer>();

/** The same for all requests of one secret, day, region and service. */
function signingKey(secret: string, scope: string): Buffer {
  const known = signingKeys.get(`${secret} ${scope}`);
  if (known !== undefined) return known;
  let key: Buffer = Buffer.from(`AWS4${secret}`);
  for (const part of scope.split("/")) key = hmac(key, part);
  signingKeys.set(`${secret} ${scope}`, key);
  return key;
}

function canonicalRequest(signature: Signature, request: Incoming): string {
  const headers = signature.signedHeaders.map(
    (name) => `${name}:${(request.headers[name] ?? "").trim().replace(/\s+/g, " ")}\n`,
  );
  // Every service but S3 encodes the path once more for signing.
  const path = request.path.split("/").map(encode).join("/");
  return [
    request.method,
    path === "" ? "/" : path,
    canonicalQuery(request.query),
    headers.join(""),
    signature.signedHeaders.join(";"),
    sha256(request.body),
  ].join("\n");
}

function canonicalQuery(query: readonly (readonly [string, string])[]): string {
  return (
    query
      .filter(([name]) => name !== "X-Amz-Signature")
      .map(([name, value]) => [encode(name), encode(value)] as const)
      // By name, then by value: as one text, `a%20=` would come before `a=`, because `%` is less than `=`.
      .sort(([a, x], [b, y]) => (a === b ? byCodeUnit(x, y) : byCodeUnit(a, b)))
      .map(([name, value]) => `${name}=${value}`)
      .join("&")
  );
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** `20260101T000000Z` → milliseconds; NaN if it is no such text. */
export function signingTime(time: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(time);
  if (match === null) return Number.NaN;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
}

/** Milliseconds → `20260101T000000Z`. */
export function signingText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
}
