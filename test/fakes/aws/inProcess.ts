import { Readable } from "node:stream";
import { HttpResponse } from "@smithy/core/protocols";
import type { HttpHandler, HttpRequest, Incoming } from "./http.ts";
import type { Answer } from "./server.ts";

/** Lets SDK clients reach the stand-in without a socket. A cut connection is an ECONNRESET, as on the wire. */
export function inProcessHandler(answer: Answer, date: () => number): HttpHandler {
  return {
    async handle(request, options = {}) {
      const outgoing = await abortable(answer(readRequest(request)), options.abortSignal);
      if (outgoing === undefined) throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
      const headers = { ...outgoing.headers, date: new Date(date()).toUTCString() };
      return {
        response: new HttpResponse({
          statusCode: outgoing.status,
          headers,
          body: Readable.from([Buffer.from(outgoing.body)]),
        }),
      };
    },
    updateHttpClientConfig() {
      // nothing to configure without a socket
    },
    httpHandlerConfigs: () => ({}),
  };
}

function abortable<Value>(work: Promise<Value>, signal: unknown): Promise<Value> {
  if (!(signal instanceof AbortSignal)) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(Object.assign(new Error("Request aborted"), { name: "AbortError" }));
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function readRequest(request: HttpRequest): Incoming {
  const query: (readonly [string, string])[] = [];
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value === null) continue;
    for (const item of Array.isArray(value) ? value : [value]) query.push([name, item]);
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name.toLowerCase()] = value;
  return {
    method: request.method,
    path: request.path,
    query,
    headers,
    body: readBody(request.body),
  };
}

function readBody(body: unknown): Buffer {
  if (typeof body === "string") return Buffer.from(body);
  return body instanceof Uint8Array ? Buffer.from(body.buffer, body.byteOffset, body.byteLength) : Buffer.alloc(0);
}
