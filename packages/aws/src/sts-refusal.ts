import type { AwsErrorInfo } from "./classify.ts";

/** The account has no IAM provider for the token's issuer; AWS says it with the code of many other faults. */
export function isMissingProvider(info: AwsErrorInfo): boolean {
  return info.code === "InvalidIdentityToken" && /No OpenIDConnect provider found/i.test(info.message);
}

/** AWS could not fetch the issuer's keys, which usually heals. */
export function isMissingKeys(info: AwsErrorInfo): boolean {
  if (info.code === "IDPCommunicationError") return true;
  return info.code === "InvalidIdentityToken" && /Couldn.t retrieve verification key/i.test(info.message);
}

/** The token is too old for STS, whatever this machine's clock says. */
export function isExpired(info: AwsErrorInfo): boolean {
  return info.kind === "expired" || (info.code === "IDPRejectedClaim" && /expir/i.test(info.message));
}
