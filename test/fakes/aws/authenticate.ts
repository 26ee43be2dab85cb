import { fault } from "./fault.ts";
import type { Incoming } from "./http.ts";
import type { Service } from "./operations.ts";
import { isSignedBy, readSignature, type Signature, signingText, signingTime } from "./sigv4.ts";
import type { Session } from "./state.ts";
import type { World } from "./world.ts";

const skewMs = 5 * 60_000;

/** Believes a request or throws the error that this service answers. Sessions are only those that were issued here. */
export function authenticate(world: World, service: Service, request: Incoming): Session {
  const signature = readSignature(request);
  if (signature === undefined) throw missing(service, request);
  checkScope(world, service, signature);
  checkTime(world, service, signature);
  const session = world.account.sessions.get(signature.accessKeyId);
  if (session === undefined || session.sessionToken !== (signature.sessionToken ?? "")) throw unknown(service);
  if (!isSignedBy(session.secretAccessKey, signature, request)) {
    throw mismatch(
      service,
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    );
  }
  if (session.expiresAt <= world.wallNow()) throw expired(service);
  return session;
}

function checkScope(world: World, service: Service, signature: Signature): void {
  if (signature.service !== service.id) {
    throw mismatch(service, `Credential should be scoped to correct service: '${service.id}'.`);
  }
  const wanted = regionsOf(service);
  if (wanted === undefined ? signature.region !== world.account.region : !wanted.test(signature.region)) {
    throw mismatch(service, `Credential should be scoped to a valid region, not '${signature.region}'.`);
  }
  if (!signature.time.startsWith(signature.date)) {
    throw mismatch(service, `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP`);
  }
}

// STS answers in every region, IAM and Pricing in their own; elsewhere the world asked is the region's.
function regionsOf(service: Service): RegExp | undefined {
  if (service.id === "sts") return /^[a-z]{2,6}(-[a-z]{2,12}){1,3}-\d{1,2}$/;
  if (service.id === "iam") return /^(us-east-1|cn-north-1|us-gov-west-1)$/;
  return service.id === "pricing" ? /^(us-east-1|eu-central-1|ap-south-1)$/ : undefined;
}

function checkTime(world: World, service: Service, signature: Signature): void {
  const signed = signingTime(signature.time);
  const now = world.wallNow();
  const lifetime = signature.form === "query" ? (signature.expires ?? 0) * 1000 : skewMs;
  if (Number.isNaN(signed)) throw mismatch(service, "Date must be in ISO-8601 'basic format'.");
  if (signed + lifetime < now) {
    const text = `Signature expired: ${signature.time} is now earlier than ${signingText(now - skewMs)} (${signingText(now)} - 5 min.)`;
    throw service.protocol === "ec2" ? fault("RequestExpired", "Request has expired.") : mismatch(service, text);
  }
  if (signed - skewMs > now) {
    const text = `Signature not yet current: ${signature.time} is still later than ${signingText(now + skewMs)} (${signingText(now)} + 5 min.)`;
    throw mismatch(service, text);
  }
}

function missing(service: Service, request: Incoming): Error {
  const malformed = request.headers["authorization"] !== undefined;
  switch (service.protocol) {
    case "ec2":
      return fault("AuthFailure", "AWS was not able to validate the provided access credentials", {}, 401);
    case "query":
      return malformed
        ? fault("IncompleteSignature", "Authorization header requires 'Credential', 'Signature' and 'SignedHeaders'.")
        : fault("MissingAuthenticationToken", "Request is missing Authentication Token", {}, 403);
    default:
      return fault("MissingAuthenticationTokenException", "Missing Authentication Token", {}, 403);
  }
}

function unknown(service: Service): Error {
  const text = "The security token included in the request is invalid.";
  switch (service.protocol) {
    case "ec2":
      return fault("AuthFailure", "AWS was not able to validate the provided access credentials", {}, 401);
    case "query":
      return fault("InvalidClientTokenId", text, {}, 403);
    case "restJson":
      return fault("UnrecognizedClientException", text, {}, 403);
    default:
      return fault("UnrecognizedClientException", text);
  }
}

function expired(service: Service): Error {
  const text = "The security token included in the request is expired";
  switch (service.protocol) {
    case "ec2":
      return fault("RequestExpired", "Request has expired.");
    case "query":
      return fault("ExpiredToken", text, {}, 403);
    case "restJson":
      return fault("ExpiredTokenException", text, {}, 403);
    default:
      return fault("ExpiredTokenException", text);
  }
}

function mismatch(service: Service, text: string): Error {
  switch (service.protocol) {
    case "ec2":
      return fault("AuthFailure", "AWS was not able to validate the provided access credentials", {}, 401);
    case "query":
      return fault("SignatureDoesNotMatch", text, {}, 403);
    case "restJson":
      return fault("InvalidSignatureException", text, {}, 403);
    default:
      return fault("InvalidSignatureException", text);
  }
}
