import { SignatureV4 } from "@smithy/signature-v4";
import type { AwsKeys } from "./client.ts";
import { NodeSha256 } from "./node-sha256.ts";
import { stsHost } from "./partition.ts";

/** Longest token that the authenticator of managed EKS reads (aws-iam-authenticator, pkg/token). */
export const EKS_TOKEN_LIMIT = 4096;
/** The authenticator refuses a token 15 minutes after its signing time; kubectl should renew before that. */
const LIFETIME_MS = 14 * 60_000;

export interface EksToken {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface EksTokenRequest {
  /** Name, or the id of a local cluster on Outposts. */
  readonly cluster: string;
  readonly region: string;
  readonly keys: AwsKeys;
  /** By a corrected clock. */
  readonly nowMs: number;
}

// In this order the URL is byte for byte what aws-cli writes; the signer sorts for the signature, not for the URL.
const ORDER = [
  "Action",
  "Version",
  "X-Amz-Algorithm",
  "X-Amz-Credential",
  "X-Amz-Date",
  "X-Amz-Expires",
  "X-Amz-SignedHeaders",
  "X-Amz-Security-Token",
  "X-Amz-Signature",
] as const;

/**
 * A bearer token for the API server of an EKS cluster: a presigned GetCallerIdentity, bound to the cluster by the signed
 * header `x-k8s-aws-id`. The host is the partition's own STS, because the authenticator accepts no other.
 */
export async function createEksToken(request: EksTokenRequest): Promise<EksToken> {
  const { keys, region } = request;
  const host = stsHost(region);
  const signer = new SignatureV4({
    service: "sts",
    region,
    credentials: {
      accessKeyId: keys.accessKeyId,
      secretAccessKey: keys.secretAccessKey,
      ...(keys.sessionToken === undefined || keys.sessionToken === "" ? {} : { sessionToken: keys.sessionToken }),
    },
    sha256: NodeSha256,
  });
  const signed = await signer.presign(
    {
      method: "GET",
      protocol: "https:",
      hostname: host,
      path: "/",
      query: { Action: "GetCallerIdentity", Version: "2011-06-15" },
      headers: { host, "x-k8s-aws-id": request.cluster },
    },
    {
      expiresIn: 60,
      signingDate: new Date(request.nowMs),
      unhoistableHeaders: new Set(["x-k8s-aws-id"]),
      signableHeaders: new Set(["host", "x-k8s-aws-id"]),
    },
  );
  const query = ORDER.flatMap((name) => {
    const value = signed.query?.[name];
    return typeof value === "string" ? [`${name}=${encode(value)}`] : [];
  }).join("&");
  const url = `https://${host}/?${query}`;
  const lasts = request.nowMs + LIFETIME_MS;
  return {
    token: `k8s-aws-v1.${Buffer.from(url).toString("base64url")}`,
    expiresAt: Math.min(lasts, keys.expiration?.getTime() ?? lasts),
  };
}

// RFC 3986: encodeURIComponent leaves these five as they are.
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
