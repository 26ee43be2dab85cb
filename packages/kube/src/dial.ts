import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type Socket, connect as tcpConnect } from "node:net";
import { connect as tlsConnect } from "node:tls";
import type { Credential } from "./credentials.ts";
import { ConnectionError } from "./failure.ts";
import type { TlsSettings } from "./kubeconfig.ts";

export interface Route {
  readonly server: URL;
  readonly tls: TlsSettings;
  readonly proxy: URL | undefined;
  readonly connectTimeoutMs: number;
}

export interface Connection {
  readonly socket: Socket;
  readonly protocol: "h2" | "http/1.1";
}

/** Opens one connection, through the proxy if there is one, and lets the server choose HTTP/2 or 1.1 by ALPN. */
export async function dial(route: Route, credential: Credential, signal: AbortSignal): Promise<Connection> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(route.connectTimeoutMs)]);
  try {
    const raw = route.proxy === undefined ? undefined : await tunnel(route, route.proxy, patience);
    if (route.server.protocol === "http:")
      return { socket: raw ?? (await plain(route, patience)), protocol: "http/1.1" };
    return await secure(route, credential, raw, patience);
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof ConnectionError) throw cause;
    const text = patience.aborted ? `no connection within ${route.connectTimeoutMs / 1000} s` : messageOf(cause);
    throw new ConnectionError(text, { sent: false, cause });
  }
}

function plain(route: Route, signal: AbortSignal): Promise<Socket> {
  return opened(tcpConnect({ host: hostOf(route.server), port: portOf(route.server) }), "connect", signal);
}

async function secure(
  route: Route,
  credential: Credential,
  raw: Socket | undefined,
  signal: AbortSignal,
): Promise<Connection> {
  const host = hostOf(route.server);
  const { ca, cert, key, servername, rejectUnauthorized } = route.tls;
  const name = servername ?? host;
  const socket = tlsConnect({
    // Beside a socket the host is what the certificate is held to.
    host,
    ...(raw === undefined ? { port: portOf(route.server) } : { socket: raw }),
    ...(ca === undefined ? {} : { ca }),
    ...pair(credential.cert ?? cert, credential.key ?? key),
    // RFC 6066: no SNI for literal addresses.
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ALPNProtocols: ["h2", "http/1.1"],
    rejectUnauthorized,
  });
  await opened(socket, "secureConnect", signal);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 30_000);
  return { socket, protocol: socket.alpnProtocol === "h2" ? "h2" : "http/1.1" };
}

function pair(cert: string | undefined, key: string | undefined) {
  return cert === undefined || key === undefined ? {} : { cert, key };
}

/** https://www.rfc-editor.org/rfc/rfc9110#name-connect */
function tunnel(route: Route, proxy: URL, signal: AbortSignal): Promise<Socket> {
  const target = `${route.server.hostname}:${portOf(route.server)}`;
  const user = decodeURIComponent(proxy.username);
  const login = Buffer.from(`${user}:${decodeURIComponent(proxy.password)}`).toString("base64");
  const open = proxy.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = open({
      host: hostOf(proxy),
      port: portOf(proxy),
      method: "CONNECT",
      path: target,
      headers: { host: target, ...(user === "" ? {} : { "proxy-authorization": `Basic ${login}` }) },
      signal,
    });
    request.once("connect", (answer, socket) => {
      if (answer.statusCode === 200) {
        resolve(socket);
        return;
      }
      socket.destroy();
      const text = `proxy ${proxy.host} refused the connection with ${answer.statusCode} ${answer.statusMessage}`;
      reject(new ConnectionError(text, { sent: false, retry: (answer.statusCode ?? 0) >= 500 }));
    });
    request.once("error", (cause) =>
      reject(new ConnectionError(`proxy ${proxy.host}: ${messageOf(cause)}`, { sent: false, cause })),
    );
    request.end();
  });
}

function opened<S extends Socket>(socket: S, event: string, signal: AbortSignal): Promise<S> {
  return new Promise((resolve, reject) => {
    const abort = () => socket.destroy(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    const done = (settle: () => void) => {
      signal.removeEventListener("abort", abort);
      settle();
    };
    socket.once("error", (error) => done(() => reject(error)));
    socket.once("close", () => done(() => reject(new Error("the connection was closed while it was being made"))));
    socket.once(event, () => done(() => resolve(socket)));
  });
}

export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

export function portOf(url: URL): number {
  return url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
