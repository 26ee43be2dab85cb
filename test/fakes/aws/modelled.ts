import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Operation } from "./operations.ts";

const require = createRequire(import.meta.url);
const cache = new Map<string, Promise<ReadonlySet<string>>>();

/** Errors that every operation of any service may answer. */
const common = new Set([
  "AccessDenied",
  "AccessDeniedException",
  "AuthFailure",
  "ExpiredToken",
  "ExpiredTokenException",
  "IncompleteSignature",
  "InternalFailure",
  "InternalServerError",
  "InvalidAction",
  "InvalidClientTokenId",
  "InvalidSignatureException",
  "MissingAuthenticationToken",
  "MissingAuthenticationTokenException",
  "RequestExpired",
  "RequestLimitExceeded",
  "ServiceUnavailable",
  "SignatureDoesNotMatch",
  "SlowDown",
  "Throttling",
  "ThrottlingException",
  "TooManyRequestsException",
  "UnauthorizedOperation",
  "UnrecognizedClientException",
  "ValidationError",
  "ValidationException",
]);

/**
 * May this operation answer this error? The schemas do not say, but each command's declaration lists its exceptions
 * (`@throws`). EC2 models none, so any of its codes passes.
 */
export async function isModelled(operation: Operation, code: string): Promise<boolean> {
  if (common.has(code) || operation.service.protocol === "ec2") return true;
  const listed = await modelledErrors(operation);
  return listed.has(code) || listed.has(`${code}Exception`) || unmodelledButSeen.has(`${operation.name}:${code}`);
}

// Answers of the real service that its model leaves out.
const unmodelledButSeen = new Set(["CreateFargateProfile:ResourceInUseException"]);

/** Names of the exceptions that the SDK declares for the operation. */
export function modelledErrors(operation: Operation): Promise<ReadonlySet<string>> {
  const key = `${operation.service.id}:${operation.name}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const reading = readDeclaration(operation);
  cache.set(key, reading);
  return reading;
}

async function readDeclaration(operation: Operation): Promise<ReadonlySet<string>> {
  const root = dirname(require.resolve(`${operation.service.client}/package.json`));
  const text = await readFile(join(root, "dist-types", "commands", `${operation.name}Command.d.ts`), "utf8");
  return new Set([...text.matchAll(/@throws \{@link (\w+)\}/g)].map((match) => match[1] ?? ""));
}
