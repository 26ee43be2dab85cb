import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from "node:http2";
import { createServer, type Server } from "node:https";
import type { TLSSocket } from "node:tls";
import { type Certificate, createCertificate } from "./certificate.ts";
import { listen, startRelay } from "./relay.ts";

export interface SeenRequest {
  readonly method: string;
  /** With query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** Common name of the client's certificate; empty without one. */
  readonly client: string;
}

/** What a script may do with one request. */
export interface Reply {
  /** A whole answer; a body that is no string becomes JSON. */
  send(status: number, body?: unknown, headers?: Readonly<Record<string, string>>): void;
  /** The head of an answer that goes on with `write`. */
  begin(status: number, headers?: Readonly<Record<string, string>>): void;
  write(text: string | Buffer): void;
  end(): void;
  /** Drops the TCP connection, in the middle of whatever it is doing. */
  cutConnection(): void;
  /** HTTP/2: tells the client to take new requests elsewhere; this stream may still be answered. */
  goAway(): void;
  /** HTTP/2: RST_STREAM with this code. */
  resetStream(code: number): void;
}

export type Script = (request: SeenRequest, reply: Reply, count: number) => void;

/** A TLS server on 127.0.0.1 that misbehaves exactly as its script says. */
export interface FaultServer extends AsyncDisposable {
  readonly endpoint: string;
  readonly caData: string;
  readonly requests: readonly SeenRequest[];
  /** TCP connections accepted so far. */
  connections(): number;
  /** Stops reading from and writing to all connections without closing them: a half-open peer. */
  freeze(): void;
  kubeconfig(user?: object, cluster?: object): string;
}

export interface FaultServerOptions {
  readonly protocol?: "h2" | "http/1.1";
  readonly certificate?: Certificate;
  /** PEM of the CA whose client certificates are asked for. */
  readonly clientCa?: string;
  /** HTTP/2 SETTINGS_MAX_CONCURRENT_STREAMS. */
  readonly maxStreams?: number;
}

export async function startFaultServer(script: Script, options: FaultServerOptions = {}): Promise<FaultServer> {
  const certificate = options.certificate ?? createCertificate({ commonName: "fault-server" });
  const requests: SeenRequest[] = [];
  const tls = {
    ...certificate,
    ...(options.clientCa === undefined ? {} : { ca: options.clientCa, requestCert: true, rejectUnauthorized: false }),
  };
  const server: Http2SecureServer | Server =
    options.protocol === "http/1.1"
      ? createServer(tls)
      : createSecureServer({
          ...tls,
          settings: options.maxStreams === undefined ? {} : { maxConcurrentStreams: options.maxStreams },
        });
  server.on("tlsClientError", () => undefined);
  server.on("sessionError", () => undefined);
  server.on("request", (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("error", () => undefined);
    outgoing.on("error", () => undefined);
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.once("end", () => {
      const tlsSocket: TLSSocket = incoming.stream?.session?.socket ?? incoming.socket;
      const request = {
        method: incoming.method ?? "",
        path: incoming.url ?? "",
        headers: { ...incoming.headers },
        body: Buffer.concat(chunks).toString("utf8"),
        client: String(tlsSocket.getPeerCertificate?.()?.subject?.CN ?? ""),
      };
      requests.push(request);
      const cut = () => relay.cut(tlsSocket.remotePort ?? 0);
      script(request, replyOn(outgoing, cut), requests.length);
    });
  });
  const relay = await startRelay(await listen(server));
  const endpoint = `https://127.0.0.1:${relay.port}`;
  const caData = Buffer.from(certificate.cert).toString("base64");
  return {
    endpoint,
    caData,
    requests,
    connections: relay.connections,
    freeze: relay.freeze,
    kubeconfig: (user = { token: "t" }, cluster = {}) => kubeconfig(endpoint, caData, user, cluster),
    async [Symbol.asyncDispose]() {
      await relay.close();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** A kubeconfig of one context `test`, with any fields of user and cluster. */
export function kubeconfig(endpoint: string, caData: string, user: object, cluster: object = {}): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster: { server: endpoint, "certificate-authority-data": caData, ...cluster } }],
    users: [{ name: "u", user }],
    contexts: [{ name: "test", context: { cluster: "c", user: "u", namespace: "apps" } }],
    "current-context": "test",
  });
}

interface Outgoing {
  writeHead(status: number, headers: Readonly<Record<string, string>>): unknown;
  write(chunk: string | Buffer): unknown;
  end(chunk?: string): unknown;
  readonly stream?: { readonly session?: ServerHttp2Session; close(code: number): void };
}

function replyOn(outgoing: Outgoing, cutConnection: () => void): Reply {
  return {
    send(status, body = {}, headers = {}) {
      outgoing.writeHead(status, { "content-type": "application/json", ...headers });
      outgoing.end(typeof body === "string" ? body : JSON.stringify(body));
    },
    begin(status, headers = {}) {
      outgoing.writeHead(status, { "content-type": "application/json", ...headers });
      // Without a first chunk HTTP/1.1 keeps the head back.
      outgoing.write("");
    },
    write: (text) => {
      outgoing.write(text);
    },
    end: () => {
      outgoing.end();
    },
    cutConnection,
    goAway: () => outgoing.stream?.session?.goaway(0),
    resetStream: (code) => outgoing.stream?.close(code),
  };
}
