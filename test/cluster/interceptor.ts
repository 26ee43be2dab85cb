import { connect, createSecureServer, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { Cluster } from "./access.ts";
import { createCertificate } from "./certificate.ts";
import type { Identity } from "./identities.ts";
import { listen } from "./relay.ts";

export interface InterceptedRequest {
  readonly method: string;
  /** With query. */
  readonly path: string;
  /** Whether it stores something: no read, no dry-run. */
  readonly isWrite: boolean;
  /** Writes seen up to and with this request. */
  readonly writes: number;
}

export type Interception =
  | { readonly do: "pass" }
  /** The server never hears of it. */
  | { readonly do: "answer"; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** The server acts on it, and the connection breaks before its answer. */
  | { readonly do: "lose-answer" }
  /** Neither forwarded nor answered, and so is whatever comes after it. */
  | { readonly do: "cut-off" };

/** Stands between client and API server at the level of HTTP requests, where a `Link` only knows bytes. */
export interface Interceptor extends AsyncDisposable {
  readonly requests: readonly InterceptedRequest[];
  kubeconfig(who: Identity, namespace?: string): string;
}

/** HTTP/2 with a certificate of its own in front of `cluster`; `decide` is asked about each request, in order. */
export async function startInterceptor(
  cluster: Cluster,
  decide: (request: InterceptedRequest) => Interception,
): Promise<Interceptor> {
  const certificate = createCertificate({ commonName: "interceptor" });
  const upstream = connect(cluster.endpoint, { ca: Buffer.from(cluster.caData, "base64") });
  upstream.on("error", () => undefined); // each of its streams reports the break to its own client
  const server = createSecureServer(certificate);
  const requests: InterceptedRequest[] = [];
  const sessions = new Set<{ destroy(): void }>();
  let isCutOff = false;
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    session.on("error", () => undefined);
  });
  server.on("stream", (stream, headers) => {
    stream.on("error", () => undefined);
    if (isCutOff) return;
    const request = describe(headers, requests.at(-1)?.writes ?? 0);
    requests.push(request);
    const what = decide(request);
    if (what.do === "cut-off") isCutOff = true;
    else if (what.do === "answer") refuse(stream, what.status, what.headers);
    else forward(stream, headers, what.do === "lose-answer");
  });

  function forward(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, losesAnswer: boolean): void {
    const onward = upstream.request({ ...headers, ":authority": new URL(cluster.endpoint).host });
    stream.pipe(onward);
    stream.once("close", () => onward.close());
    onward.on("error", () => stream.close());
    onward.once("response", (answer) => {
      if (stream.destroyed || isCutOff) return;
      if (losesAnswer) {
        stream.session?.destroy();
        return;
      }
      stream.respond(answer);
      onward.pipe(stream);
    });
  }

  const endpoint = `https://127.0.0.1:${await listen(server)}`;
  const caData = Buffer.from(certificate.cert).toString("base64");
  return {
    requests,
    kubeconfig: (who, namespace) =>
      cluster.kubeconfig(who, namespace).replaceAll(cluster.endpoint, endpoint).replaceAll(cluster.caData, caData),
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      upstream.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function describe(headers: IncomingHttpHeaders, writesBefore: number): InterceptedRequest {
  const method = String(headers[":method"]);
  const path = String(headers[":path"]);
  const isWrite = method !== "GET" && !path.includes("dryRun=All");
  return { method, path, isWrite, writes: writesBefore + (isWrite ? 1 : 0) };
}

function refuse(stream: ServerHttp2Stream, status: number, headers: Readonly<Record<string, string>> = {}): void {
  const body = JSON.stringify({
    apiVersion: "v1",
    kind: "Status",
    status: "Failure",
    code: status,
    message: "refused",
  });
  stream.respond({ ":status": status, "content-type": "application/json", ...headers });
  stream.end(body);
}
