import type { IncomingMessage, ServerResponse } from "node:http";

const JSON_LIMIT = 1024 * 1024;
const FILE_LIMIT = 64 * 1024 * 1024;

export type ReadBody =
  | { readonly kind: "none" }
  | { readonly kind: "json"; readonly value: unknown }
  | { readonly kind: "file"; readonly bytes: Buffer }
  | { readonly kind: "too-large" }
  | { readonly kind: "malformed" };

/** Reads a request's body: JSON up to 1 MiB, a file that calls itself one up to 64 MiB; never throws for what a client sends. */
export async function readBody(request: IncomingMessage): Promise<ReadBody> {
  const isFile = request.headers["content-type"] === "application/octet-stream";
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request) {
      const bytes = Buffer.from(chunk as Uint8Array);
      size += bytes.length;
      if (size > (isFile ? FILE_LIMIT : JSON_LIMIT)) return { kind: "too-large" };
      chunks.push(bytes);
    }
  } catch {
    // Broken chunking or a client that went away: Node has answered 400 if anyone still listens.
    return { kind: "malformed" };
  }
  if (isFile) return { kind: "file", bytes: Buffer.concat(chunks) };
  if (size === 0) return { kind: "none" };
  try {
    return { kind: "json", value: JSON.parse(Buffer.concat(chunks).toString("utf8")) as unknown };
  } catch {
    return { kind: "malformed" };
  }
}

export interface Sent {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: unknown;
}

export function send(response: ServerResponse, sent: Sent): void {
  const isText = typeof sent.body === "string" || Buffer.isBuffer(sent.body);
  const payload = sent.body === undefined ? "" : isText ? sent.body : JSON.stringify(sent.body);
  response.writeHead(sent.status, {
    ...(sent.body === undefined ? {} : { "content-type": isText ? "text/html" : "application/json; charset=utf-8" }),
    ...sent.headers,
  });
  response.end(payload);
}
