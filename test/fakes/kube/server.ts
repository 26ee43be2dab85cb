import {
  constants,
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { Certificate } from "./certificate.ts";
import type { Exchange, Stream } from "./exchange.ts";
import { ApiFailure, statusBody } from "./status.ts";

export interface HttpsServer {
  /** `https://127.0.0.1:<port>` */
  readonly endpoint: string;
  close(): Promise<void>;
}

const maxBody = 3 * 1024 * 1024;

/** HTTPS with HTTP/2 by ALPN and HTTP/1.1 for those who do not ask for it. */
export async function listen(
  certificate: Certificate,
  handle: (exchange: Exchange) => Promise<void>,
): Promise<HttpsServer> {
  const sessions = new Set<ServerHttp2Session>();
  const sockets = new Set<Socket>();
  const server = createSecureServer(
    { key: certificate.key, cert: certificate.cert, allowHTTP1: true },
    (request, response) => {
      void serve(request, response, handle);
    },
  );
  server.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
    session.on("error", () => session.destroy());
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = isAddress(address) ? address.port : 0;
  return {
    endpoint: `https://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
        for (const socket of sockets) socket.destroy();
      }),
  };
}

const isAddress = (address: AddressInfo | string | null): address is AddressInfo =>
  typeof address === "object" && address !== null;

async function serve(
  request: Http2ServerRequest,
  response: Http2ServerResponse,
  handle: (exchange: Exchange) => Promise<void>,
) {
  request.on("error", () => response.stream?.destroy());
  response.on("error", () => response.stream?.destroy());
  const body = await read(request);
  const url = new URL(request.url, "https://127.0.0.1");
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers))
    headers[name] = Array.isArray(value) ? value.join(",") : value;
  const exchange: Exchange = {
    method: request.method,
    path: url.pathname,
    query: url.searchParams,
    headers,
    body: body ?? "",
    json: (status, answer, extra = {}) => {
      const text = JSON.stringify(answer);
      response.writeHead(status, { "content-type": "application/json", date: new Date().toUTCString(), ...extra });
      response.end(text);
    },
    text: (status, text, extra = {}) => {
      response.writeHead(status, {
        "content-type": "text/plain; charset=utf-8",
        date: new Date().toUTCString(),
        ...extra,
      });
      response.end(text);
    },
    stream: (contentType) => openStream(response, contentType),
    drop: () => cut(response),
  };
  if (body === undefined) {
    const failure = new ApiFailure({
      code: 413,
      reason: "RequestEntityTooLarge",
      message: `Request entity too large: limit is ${maxBody}`,
    });
    exchange.json(413, statusBody(failure.failure));
    return;
  }
  await handle(exchange);
}

function openStream(response: Http2ServerResponse, contentType: string): Stream {
  response.writeHead(200, { "content-type": contentType });
  // The client must see the headers before the first event comes.
  if ("flushHeaders" in response && typeof response.flushHeaders === "function") response.flushHeaders();
  return {
    write: (text) => {
      response.write(text);
    },
    end: () => {
      response.end();
    },
    drop: () => reset(response),
    onClose: (listener) => {
      response.on("close", listener);
    },
  };
}

function cut(response: Http2ServerResponse) {
  if (response.stream !== undefined && response.stream !== null && "session" in response.stream)
    response.stream.session?.destroy();
  else response.socket.destroy();
}

/** Ends one answer in mid-air: a reset stream over HTTP/2, a cut connection over HTTP/1.1. */
function reset(response: Http2ServerResponse) {
  if (response.stream !== undefined && response.stream !== null && "session" in response.stream) {
    response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  } else response.socket.destroy();
}

/** The whole body, or undefined where it is larger than the API server takes. */
async function read(request: Http2ServerRequest): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request) {
      const piece = Buffer.from(chunk);
      size += piece.length;
      if (size > maxBody) return undefined;
      chunks.push(piece);
    }
  } catch (error) {
    // The client has gone away in mid-request: what it sent so far is answered to nobody.
    if (!(error instanceof Error)) throw error;
  }
  return Buffer.concat(chunks).toString("utf8");
}
