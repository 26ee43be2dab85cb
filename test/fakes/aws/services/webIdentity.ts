import { isRecord } from "../contract.ts";
import { fault } from "../fault.ts";
import { isSignedByKeys, parseJwt, readKeySet } from "../jwt.ts";
import type { OidcProvider } from "../state.ts";
import type { World } from "../world.ts";

/** An id-token that STS believes. */
export interface Identity {
  readonly provider: OidcProvider;
  readonly subject: string;
  readonly audience: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

const allowedSkewSeconds = 5;

/**
 * Checks a web identity token as STS does: an IAM provider for its issuer in the role's account, RS256 by the issuer's
 * published key, validity, audience. The trust policy comes later.
 */
export async function verifyWebIdentity(world: World, accountId: string, token: string): Promise<Identity> {
  const jwt = parseJwt(token);
  const issuer = jwt?.claims["iss"];
  if (jwt === undefined || typeof issuer !== "string") {
    throw invalidToken(
      "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
    );
  }
  const provider = findProvider(world, accountId, issuer);
  if (provider === undefined) throw invalidToken(`No OpenIDConnect provider found in your account for ${issuer}`);
  const keys = await fetchKeys(world, issuer);
  if (!keys.some((key) => key["kid"] === jwt.header["kid"])) throw noKey();
  if (!isSignedByKeys(jwt, keys)) {
    throw fault("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", {}, 403);
  }
  checkValidity(jwt.claims, world.wallNow() / 1000);
  const audience = audienceOf(jwt.claims, provider);
  const subject = jwt.claims["sub"];
  if (typeof subject !== "string" || subject === "") throw invalidToken("Missing a required claim: sub");
  return { provider, subject, audience, claims: jwt.claims };
}

function findProvider(world: World, accountId: string, issuer: string): OidcProvider | undefined {
  if (accountId !== world.account.id) return undefined;
  const url = issuer.replace(/^https?:\/\//, "");
  return [...world.account.oidcProviders.values()].find((provider) => provider.url === url);
}

function checkValidity(claims: Readonly<Record<string, unknown>>, nowSeconds: number): void {
  const { exp, iat, nbf } = claims;
  if (typeof exp !== "number" || typeof iat !== "number") {
    throw invalidToken(`Missing a required claim: ${typeof exp === "number" ? "iat" : "exp"}`);
  }
  const now = Math.floor(nowSeconds);
  if (exp <= now) {
    throw fault(
      "ExpiredTokenException",
      `Token expired: current date/time ${now} must be before the expiration date/time ${exp}`,
    );
  }
  if (typeof nbf === "number" && nbf > now + allowedSkewSeconds) {
    throw invalidToken(`Token not valid yet: current date/time ${now} must be after the not-before date/time ${nbf}`);
  }
}

function audienceOf(claims: Readonly<Record<string, unknown>>, provider: OidcProvider): string {
  const { aud } = claims;
  const audiences = (Array.isArray(aud) ? aud : [aud]).filter((item) => typeof item === "string");
  const accepted = audiences.find((audience) => provider.clientIds.includes(audience));
  if (accepted === undefined) throw invalidToken("Incorrect token audience");
  return accepted;
}

async function fetchKeys(world: World, issuer: string) {
  const url = world.issuers.get(issuer) ?? (await discover(issuer));
  const keys = readKeySet(await fetchJson(url));
  if (keys === undefined) throw noKey();
  return keys;
}

async function discover(issuer: string): Promise<string> {
  const document = await fetchJson(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  const url = isRecord(document) ? document["jwks_uri"] : undefined;
  if (typeof url !== "string") throw noKey();
  return url;
}

async function fetchJson(url: string): Promise<unknown> {
  const { hostname } = new URL(url);
  // The stand-in never leaves the machine: an issuer elsewhere is one that AWS cannot reach.
  if (hostname !== "127.0.0.1" && hostname !== "localhost" && hostname !== "[::1]") throw noKey();
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(5000) });
  } catch (cause) {
    throw Object.assign(noKey(), { cause });
  }
  if (!response.ok) {
    throw fault(
      "IDPCommunicationErrorException",
      "The identity provider could not be reached to verify the incoming identity token.",
    );
  }
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw Object.assign(noKey(), { cause });
  }
}

function invalidToken(message: string): Error {
  return fault("InvalidIdentityTokenException", message);
}

// The two spaces are AWS's own (aws-cli#7194).
function noKey(): Error {
  return invalidToken(
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
  );
}
