import { ActionError } from "@eks-actions/action";

/** An OIDC token and what it says. The signature is STS's business and is never looked at here. */
export interface IdToken {
  readonly token: string;
  readonly claims: IdClaims;
}

export interface IdClaims {
  readonly iss: string;
  readonly aud: string;
  readonly sub: string;
  /** Seconds since the epoch. */
  readonly exp: number;
  /** Every claim as it stands in the token. */
  readonly all: Readonly<Record<string, unknown>>;
}

/** An issuer that can be an IAM provider: https, no user info, query or fragment, nothing that a shell would read. */
export const ISSUER_PATTERN: RegExp = /^https:\/\/[A-Za-z0-9.-]+(:\d{1,5})?(\/[A-Za-z0-9._~%/-]*)?$/;

const SEGMENT = /^[A-Za-z0-9_-]+$/;
const MAX_BYTES = 20_000;

/** What a token must be for this run. */
export interface TokenChecks {
  /** Compared with `aud`; not given: any one audience. */
  readonly audience?: string | undefined;
  /** Milliseconds since the epoch, by a corrected clock. */
  readonly nowMs: number;
  /** Names the token in messages: `the OIDC token`. */
  readonly what?: string;
}

/**
 * Reads a token and checks all that can be checked without its issuer's key.
 * @throws ActionError `ID_TOKEN_INVALID`; the message names the check, never the token
 */
export function readIdToken(token: string, checks: TokenChecks): IdToken {
  const what = checks.what ?? "the OIDC token";
  const refuse = (why: string) =>
    new ActionError("ID_TOKEN_INVALID", {
      message: `${what} ${why}`,
      hint: "something between the job and GitHub's OIDC endpoint may rewrite answers; look at the proxy",
    });
  if (Buffer.byteLength(token) > MAX_BYTES) throw refuse(`is larger than ${MAX_BYTES} bytes`);
  const segments = token.split(".");
  if (segments.length !== 3 || !segments.every((segment) => SEGMENT.test(segment))) {
    throw refuse("is not a JWT of three base64url segments");
  }
  const header = json(segments[0]);
  const all = json(segments[1]);
  if (header === undefined || all === undefined) throw refuse("has a header or payload that is not a JSON object");
  const { iss, sub, exp } = all;
  const aud = Array.isArray(all["aud"]) && all["aud"].length === 1 ? all["aud"][0] : all["aud"];
  if (typeof iss !== "string" || !ISSUER_PATTERN.test(iss)) {
    throw refuse("has no `iss` that is an https URL");
  }
  if (typeof aud !== "string" || aud === "") throw refuse("has no single `aud`");
  if (checks.audience !== undefined && aud !== checks.audience) {
    throw refuse(`has \`aud\` ${quote(aud)}, asked for was ${quote(checks.audience)}`);
  }
  if (typeof sub !== "string" || sub === "") throw refuse("has no `sub`");
  if (sub.length > 2048) throw refuse(`has a \`sub\` of ${sub.length} characters, at most 2048`);
  if (typeof exp !== "number" || !Number.isFinite(exp)) throw refuse("has no `exp`");
  if (exp * 1000 <= checks.nowMs) throw refuse(`expired ${Math.ceil(checks.nowMs / 1000 - exp)} s ago`);
  return { token, claims: { iss, aud, sub, exp, all } };
}

function json(segment: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(segment ?? "", "base64url").toString("utf8"));
    return isObject(value) ? value : undefined;
  } catch {
    // The caller says what is wrong; the parser's own words would quote the token.
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function quote(text: string): string {
  return JSON.stringify(text.length <= 100 ? text : `${text.slice(0, 99)}…`);
}
