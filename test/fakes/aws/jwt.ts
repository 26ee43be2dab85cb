import { createPublicKey, createVerify, type JsonWebKey } from "node:crypto";
import { isRecord } from "./contract.ts";

/** A JSON Web Token taken apart; nothing in it is believed yet. */
export interface Jwt {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signedText: string;
  readonly signature: Buffer;
}

/** `undefined` for anything that is no JWT. */
export function parseJwt(token: string): Jwt | undefined {
  const parts = token.split(".");
  const [header, claims, signature] = parts;
  if (parts.length !== 3 || header === undefined || claims === undefined || signature === undefined) return undefined;
  if (!parts.every((part) => /^[A-Za-z0-9_-]+$/.test(part))) return undefined;
  const parsedHeader = parseJson(header);
  const parsedClaims = parseJson(claims);
  if (!isRecord(parsedHeader) || !isRecord(parsedClaims)) return undefined;
  return {
    header: parsedHeader,
    claims: parsedClaims,
    signedText: `${header}.${claims}`,
    signature: Buffer.from(signature, "base64url"),
  };
}

function parseJson(segment: string): unknown {
  try {
    return JSON.parse(Buffer.from(segment, "base64url").toString("utf8"));
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

/** True if the key of that `kid` signed the token with RS256. */
export function isSignedByKeys(jwt: Jwt, keys: readonly JsonWebKey[]): boolean {
  if (jwt.header["alg"] !== "RS256") return false;
  const key = keys.find((candidate) => candidate["kid"] === jwt.header["kid"]);
  if (key === undefined) return false;
  const publicKey = createPublicKey({ key, format: "jwk" });
  return createVerify("RSA-SHA256").update(jwt.signedText).verify(publicKey, jwt.signature);
}

/** Keys of a JWKS document; `undefined` if it is none. */
export function readKeySet(document: unknown): readonly JsonWebKey[] | undefined {
  if (!isRecord(document) || !Array.isArray(document["keys"])) return undefined;
  return document["keys"].filter((key): key is JsonWebKey => isRecord(key) && typeof key["kty"] === "string");
}
