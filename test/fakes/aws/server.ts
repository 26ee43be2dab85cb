import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Incoming, Outgoing } from "./http.ts";

const bodyLimit = 1024 * 1024;

/** Answers a request, or cuts its connection with `undefined`. */
export type Answer = (request: Incoming) => Promise<Outgoing | undefined>;

/** HTTP on 127.0.0.1, a free port. `date` is the server's idea of the time, sent with every answer. */
export async function listen(answer: Answer, date: () => number): Promise<{ url: string; server: Server }> {
  const server = createServer((message, response) => {
    void readIncoming(message).then(async (request) => {
      if (typeof request === "number") {
        response.writeHead(request, { connection: "close" }).end();
        return;
      }
      const outgoing = await answer(request);
      if (outgoing === undefined) {
        message.socket.destroy();
        return;
      }
      response.writeHead(outgoing.status, { ...outgoing.headers, date: new Date(date()).toUTCString() });
      response.end(outgoing.body);
    });
  });
  server.on("clientError", (_error, socket) => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n");
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return { url: `http://127.0.0.1:${address.port}`, server };
}

export function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
    server.closeAllConnections();
  });
}

/** The request, or the status that refuses it: too large, cut off, or a target that is no path. */
async function readIncoming(message: IncomingMessage): Promise<Incoming | 400 | 413> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of message) {
      const bytes = Buffer.from(chunk);
      size += bytes.length;
      if (size > bodyLimit) return 413;
      chunks.push(bytes);
    }
  } catch (cause) {
    if (cause instanceof Error) return 400;
    throw cause;
  }
  const target = message.url ?? "/";
  if (!target.startsWith("/")) return 400;
  const [path = "/", query = ""] = splitOnce(target);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(",") : value;
  }
  return {
    method: message.method ?? "GET",
    path,
    query: readQuery(query),
    headers,
    body: Buffer.concat(chunks),
  };
}

function splitOnce(target: string): [string, string] {
  const at = target.indexOf("?");
  return at < 0 ? [target, ""] : [target.slice(0, at), target.slice(at + 1)];
}

/** Decoded pairs; `+` stays a plus, as in signatures. */
export function readQuery(query: string): (readonly [string, string])[] {
  if (query === "") return [];
  return query.split("&").map((pair) => {
    const at = pair.indexOf("=");
    const [key, value] = at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
    return [decode(key), decode(value)] as const;
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    if (cause instanceof URIError) return text;
    throw cause;
  }
}
