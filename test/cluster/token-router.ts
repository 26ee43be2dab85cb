import { randomUUID } from "node:crypto";
import { createServer as createHttpServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createCertificate } from "./certificate.ts";
import { listen } from "./relay.ts";

export interface TokenUser {
  readonly user: string;
  readonly groups: readonly string[];
  readonly uid: string;
}

/** Says who a bearer token belongs to; `undefined` when it belongs to nobody. Throwing is a fault of the webhook. */
export type Authenticator = (token: string) => Promise<TokenUser | undefined>;

/** Where authenticators register; plain data, so that it can be handed to worker processes. */
export interface RouterAddress {
  readonly registry: string;
  readonly secret: string;
}

/** The token webhook of a control plane's API server. One per run, because the API server starts once. */
export interface TokenRouter extends AsyncDisposable {
  /** For `--authentication-token-webhook-config-file`. */
  readonly webhook: { readonly url: string; readonly caData: string };
  readonly address: RouterAddress;
}

/**
 * Starts a TLS server that speaks TokenReview `authentication.k8s.io/v1`. Each review goes to every registered
 * authenticator and the first that knows the token answers.
 *
 * The cluster's name cannot pick one of them: `x-k8s-aws-id` is a signed header, so its value is not in the presigned
 * URL; as in EKS, an authenticator checks the signature with its own cluster's name and fails for any other.
 */
export async function startTokenRouter(): Promise<TokenRouter> {
  const secret = randomUUID();
  const authenticators = new Map<string, string>();
  const certificate = createCertificate({ commonName: "token-router" });

  const webhook = createHttpsServer(
    certificate,
    jsonServer(async (_request, body) => {
      const token = tokenOf(body);
      return token === undefined
        ? { status: 400, body: "not a TokenReview" }
        : await review(token, [...authenticators.values()]);
    }),
  );
  const registry = createHttpServer(
    jsonServer(async (request, body) => {
      if (request.headers.authorization !== `Bearer ${secret}`) return { status: 401, body: "" };
      const id = (request.url ?? "/").slice(1);
      if (request.method === "DELETE") authenticators.delete(id);
      else authenticators.set(id, textField(body, "url"));
      return { status: 200, body: "" };
    }),
  );
  const [url, registryUrl] = await Promise.all([urlOf(webhook, "https"), urlOf(registry, "http")]);
  return {
    webhook: { url: `${url}/`, caData: Buffer.from(certificate.cert).toString("base64") },
    address: { registry: registryUrl, secret },
    async [Symbol.asyncDispose]() {
      await Promise.all([close(webhook), close(registry)]);
    },
  };
}

/**
 * Lets `authenticator` answer for `cluster` until disposed. Works from any process of this machine: a function is
 * served here on loopback, a URL must answer TokenReview JSON itself.
 */
export async function registerAuthenticator(
  address: RouterAddress,
  cluster: string,
  authenticator: Authenticator | string,
): Promise<AsyncDisposable> {
  const server = typeof authenticator === "string" ? undefined : createHttpServer(answering(authenticator));
  const url = server === undefined ? String(authenticator) : await urlOf(server, "http");
  const id = `${encodeURIComponent(cluster)}-${randomUUID()}`;
  const call = async (method: "PUT" | "DELETE") => {
    const answer = await fetch(`${address.registry}/${id}`, {
      method,
      headers: { authorization: `Bearer ${address.secret}`, "content-type": "application/json" },
      ...(method === "PUT" ? { body: JSON.stringify({ url }) } : {}),
    });
    if (!answer.ok) throw new Error(`token router: ${method} ${cluster}: ${answer.status}`);
  };
  await call("PUT");
  return {
    async [Symbol.asyncDispose]() {
      await call("DELETE");
      if (server !== undefined) await close(server);
    },
  };
}

function answering(authenticator: Authenticator): RequestListener {
  return jsonServer(async (_request, body) => {
    const found = await authenticator(tokenOf(body) ?? "");
    return { status: 200, body: tokenReview(found === undefined ? { authenticated: false } : authenticated(found)) };
  });
}

async function review(token: string, urls: readonly string[]): Promise<Answer> {
  const faults: string[] = [];
  const answers = await Promise.all(
    urls.map((url) =>
      ask(url, token).catch((error: unknown) => {
        faults.push(`${url}: ${error instanceof Error ? error.message : String(error)}`);
        return undefined;
      }),
    ),
  );
  const yes = answers.find((status) => isRecord(status) && status["authenticated"] === true);
  if (yes !== undefined) return { status: 200, body: tokenReview(yes) };
  if (faults.length > 0) return { status: 500, body: faults.join("\n") };
  return { status: 200, body: tokenReview({ authenticated: false }) };
}

async function ask(url: string, token: string): Promise<unknown> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ apiVersion: API_VERSION, kind: "TokenReview", spec: { token } }),
    signal: AbortSignal.timeout(5_000),
  });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  const body: unknown = await answer.json();
  return isRecord(body) ? body["status"] : undefined;
}

const API_VERSION = "authentication.k8s.io/v1";

function tokenReview(status: unknown) {
  return { apiVersion: API_VERSION, kind: "TokenReview", status };
}

function authenticated(found: TokenUser) {
  return { authenticated: true, user: { username: found.user, uid: found.uid, groups: found.groups } };
}

function tokenOf(body: unknown): string | undefined {
  const spec = isRecord(body) && body["kind"] === "TokenReview" ? body["spec"] : undefined;
  const token = textField(spec, "token");
  return token === "" ? undefined : token;
}

function textField(value: unknown, name: string): string {
  const found = isRecord(value) ? value[name] : undefined;
  return typeof found === "string" ? found : "";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

function jsonServer(handle: (request: IncomingMessage, body: unknown) => Promise<Answer>): RequestListener {
  return (request, response) => {
    const reply = (answer: Answer) => {
      response.writeHead(answer.status, { "content-type": "application/json" });
      response.end(typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body));
    };
    readJson(request)
      .then((body) => handle(request, body))
      .then(reply, (error: unknown) => reply({ status: 500, body: String(error) }));
  };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("utf8");
  return text === "" ? undefined : JSON.parse(text);
}

async function urlOf(server: Server, scheme: "http" | "https"): Promise<string> {
  return `${scheme}://127.0.0.1:${await listen(server)}`;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
