import { createPublicKey, createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import type { Clock } from "@eks-actions/action";
import type { JobIdentity } from "./claims.ts";

/** GitHub's own issuer; the stand-in signs in its name and serves the keys at `jwksUrl`. */
export const GITHUB_ISSUER = "https://token.actions.githubusercontent.com";

export interface Issuer {
  /** The `iss` claim. */
  readonly url: string;
  /** Where the keys can be fetched on this machine. */
  readonly jwksUrl: string;
  readonly discoveryUrl: string;
  /** How far the issuer's clock is ahead of the others, milliseconds. */
  skewMs: number;
  /** Claims of the first job's token for an audience, with its times. */
  claims(audience: string): Record<string, unknown>;
  /** Signs any claims. `foreignKey` uses another key under the same `kid`; `kid` names one that nobody knows. */
  sign(claims: Readonly<Record<string, unknown>>, options?: { foreignKey?: boolean; kid?: string }): string;
  /** From now on another key signs; the JWKS holds only the new one. */
  rotateKey(): void;
}

export interface IssuerOptions {
  readonly url: string;
  readonly base: string;
  readonly clock: Clock;
  /** Of the given job, or of the first one. */
  jobClaims(identity?: JobIdentity): Readonly<Record<string, unknown>>;
  nextId(): string;
}

interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

export interface IssuerWithKeys extends Issuer {
  claimsOf(audience: string, identity: JobIdentity | undefined): Record<string, unknown>;
  jwks(): unknown;
  discovery(): unknown;
}

const LIFETIME_S = 300;
const NOT_BEFORE_S = 600;

export function createIssuer(options: IssuerOptions): IssuerWithKeys {
  const { clock, base } = options;
  let generation = 0;
  const current = () => keyNumber(generation);
  const issuer: IssuerWithKeys = {
    url: options.url,
    jwksUrl: `${base}/.well-known/jwks`,
    discoveryUrl: `${base}/.well-known/openid-configuration`,
    skewMs: 0,
    claims: (audience) => issuer.claimsOf(audience, undefined),
    claimsOf(audience, identity) {
      const iat = Math.floor((clock.now() + issuer.skewMs) / 1_000);
      return {
        jti: options.nextId(),
        iss: options.url,
        aud: audience,
        iat,
        nbf: iat - NOT_BEFORE_S,
        exp: iat + LIFETIME_S,
        ...options.jobClaims(identity),
      };
    },
    sign(claims, { foreignKey = false, kid } = {}) {
      const key = current();
      const signer = foreignKey ? keyNumber(-1).privateKey : key.privateKey;
      const header = { typ: "JWT", alg: "RS256", x5t: key.kid, kid: kid ?? key.kid };
      const head = `${encode(header)}.${encode(claims)}`;
      return `${head}.${createSign("RSA-SHA256").update(head).sign(signer, "base64url")}`;
    },
    rotateKey() {
      generation++;
    },
    jwks: () => ({ keys: [publicJwk(current())] }),
    discovery: () => ({
      issuer: options.url,
      jwks_uri: issuer.jwksUrl,
      subject_types_supported: ["public", "pairwise"],
      response_types_supported: ["id_token"],
      claims_supported: ["sub", "aud", "exp", "iat", "iss", "jti", "nbf", ...Object.keys(options.jobClaims())],
      id_token_signing_alg_values_supported: ["RS256"],
      scopes_supported: ["openid"],
    }),
  };
  return issuer;
}

// Making a key takes longer than most tests: one set serves the whole process.
const keys = new Map<number, SigningKey>();

function keyNumber(generation: number): SigningKey {
  const known = keys.get(generation);
  if (known !== undefined) return known;
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const made = { kid: `38826B17-6A30-5F9B-B169-${String(generation + 1).padStart(12, "0")}`, privateKey };
  keys.set(generation, made);
  return made;
}

function publicJwk({ kid, privateKey }: SigningKey) {
  return { ...createPublicKey(privateKey).export({ format: "jwk" }), kid, use: "sig", alg: "RS256" };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
