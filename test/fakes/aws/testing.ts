import { createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import { createServer } from "node:http";
import { Sha256 } from "@smithy/core/checksum";
import { HttpRequest } from "@smithy/core/protocols";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Aws, SessionCredentials } from "./index.ts";

/** Settings that SDK clients of these tests share. */
export function clientConfig(aws: Aws, credentials: SessionCredentials = aws.issueSession()) {
  return { endpoint: aws.url, region: aws.account.region, credentials, maxAttempts: 1 };
}

export interface TestIssuer extends AsyncDisposable {
  readonly url: string;
  readonly jwksUrl: string;
  /** A signed token; claims given win over `iss`, `aud`, `sub` and the times. */
  token(claims?: Readonly<Record<string, unknown>>, options?: { kid?: string; key?: KeyObject; alg?: string }): string;
}

let issuerKeys: ReturnType<typeof makeKeys> | undefined;

function makeKeys() {
  return generateKeyPairSync("rsa", { modulusLength: 2048 });
}

/** An OIDC issuer with one RSA key, on 127.0.0.1. All of a process share the key, because making one takes long. */
export async function testIssuer(iss?: string): Promise<TestIssuer> {
  issuerKeys ??= makeKeys();
  const { privateKey, publicKey } = issuerKeys;
  const jwks = { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "key-1", use: "sig", alg: "RS256" }] };
  let url = "";
  const server = createServer((request, response) => {
    const body = request.url === "/jwks" ? jwks : { issuer: url, jwks_uri: `${url}/jwks` };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  url = `http://127.0.0.1:${address.port}`;
  return {
    url: iss ?? url,
    jwksUrl: `${url}/jwks`,
    token(claims = {}, { kid = "key-1", key = privateKey, alg = "RS256" } = {}) {
      const now = Math.floor(Date.now() / 1000);
      const header = encode({ alg, typ: "JWT", kid });
      const payload = encode({
        iss: iss ?? url,
        aud: "sts.amazonaws.com",
        sub: "repo:acme/shop:ref:refs/heads/main",
        iat: now,
        nbf: now - 300,
        exp: now + 300,
        ...claims,
      });
      const signature = createSign("RSA-SHA256").update(`${header}.${payload}`).sign(key).toString("base64url");
      return `${header}.${payload}.${signature}`;
    },
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** An EKS token as `aws eks get-token` makes it, by the SDK's own signer. */
export async function eksToken(
  credentials: SessionCredentials,
  clusterName: string,
  options: { region?: string; host?: string; expires?: number; signedAt?: Date } = {},
): Promise<string> {
  const { region = "us-east-1", expires = 60, signedAt } = options;
  const host = options.host ?? `sts.${region}.amazonaws.com`;
  const signer = new SignatureV4({ service: "sts", region, credentials, sha256: Sha256 });
  const request = new HttpRequest({
    method: "GET",
    protocol: "https:",
    hostname: host,
    path: "/",
    headers: { host, "x-k8s-aws-id": clusterName },
    query: { Action: "GetCallerIdentity", Version: "2011-06-15" },
  });
  const signed = await signer.presign(request, {
    expiresIn: expires,
    unhoistableHeaders: new Set(["x-k8s-aws-id"]),
    ...(signedAt === undefined ? {} : { signingDate: signedAt }),
  });
  const query = Object.entries(signed.query ?? {}).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`,
  );
  return `k8s-aws-v1.${Buffer.from(`https://${host}/?${query.join("&")}`).toString("base64url")}`;
}

/** Trust policy that admits GitHub's subject pattern. */
export function webIdentityTrust(
  providerArn: string,
  condition: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>,
) {
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Federated: providerArn },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: condition,
      },
    ],
  };
}

export interface RawRequest {
  readonly service: string;
  readonly method?: string;
  readonly path?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly region?: string;
  readonly signedAt?: Date;
}

/** A signed request that no SDK client would send. */
export async function sendRaw(aws: Aws, credentials: SessionCredentials, raw: RawRequest): Promise<Response> {
  const { service, method = "POST", path = "/", query = {}, body = "", headers = {}, region = "us-east-1" } = raw;
  const { host, hostname, port } = new URL(aws.url);
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256 });
  const request = new HttpRequest({
    method,
    protocol: "http:",
    hostname,
    port: Number(port),
    path,
    query: { ...query },
    headers: { host, ...headers },
    ...(body === "" ? {} : { body }),
  });
  const signed = await signer.sign(request, raw.signedAt === undefined ? {} : { signingDate: raw.signedAt });
  const search = new URLSearchParams(query).toString();
  return fetch(`${aws.url}${path}${search === "" ? "" : `?${search}`}`, {
    method,
    headers: signed.headers,
    ...(body === "" ? {} : { body }),
  });
}

/** Ends the stand-in and answers what its dispose complains about. */
export async function complaintsOf(aws: Aws): Promise<string> {
  return aws[Symbol.asyncDispose]().then(
    () => "",
    (error: Error) => error.message,
  );
}
