import type { Credential } from "./credentials.ts";
import { type Connection, dial, type Route } from "./dial.ts";
import { http1Lane } from "./http1.ts";
import { type Http2Session, http2Session, type Pulse } from "./http2.ts";

export interface HttpRequest {
  readonly method: string;
  /** With query. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Buffer | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names; repeated headers are joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  /** Throws `ConnectionError` when it breaks off. */
  readonly body: AsyncIterable<Buffer>;
  /** Gives the stream up. */
  cancel(): void;
}

/** Short calls and long streams go over separate connections: a slow reader of one must not stall the other. */
export type LaneName = "calls" | "streams";

export interface Transport extends AsyncDisposable {
  /** Resolves with the answer's head. @throws `ConnectionError`, or the signal's reason */
  send(lane: LaneName, request: HttpRequest, credential: Credential, signal: AbortSignal): Promise<HttpAnswer>;
}

export interface TransportOptions extends Route {
  readonly pulse: Pulse;
  /** Sockets of the HTTP/1.1 fall-back for short calls. */
  readonly maxSockets: number;
}

/** HTTP/2 where the server offers it, else HTTP/1.1 with kept-alive sockets; decided by the first connection. */
export function createTransport(options: TransportOptions): Transport {
  // A stream holds its HTTP/1.1 socket for as long as it lasts: a bound would keep the next one waiting for ever.
  const streams = lane({ ...options, maxSockets: Number.POSITIVE_INFINITY });
  const lanes: Readonly<Record<LaneName, Lane>> = { calls: lane(options), streams };
  return {
    send: (name, request, credential, signal) => lanes[name].send(request, credential, signal),
    async [Symbol.asyncDispose]() {
      await Promise.all([lanes.calls.close(), lanes.streams.close()]);
    },
  };
}

interface Lane {
  send(request: HttpRequest, credential: Credential, signal: AbortSignal): Promise<HttpAnswer>;
  close(): Promise<void>;
}

function lane(options: TransportOptions): Lane {
  let session: Http2Session | undefined;
  let opening: Promise<Http2Session | "http/1.1"> | undefined;
  let isHttp1 = false;
  const fallback = http1Lane(options);
  const closing = new AbortController();

  // Not bound to one caller's signal: others wait for the same connection.
  async function open(credential: Credential): Promise<Http2Session | "http/1.1"> {
    const connection: Connection = await dial(options, credential, closing.signal);
    if (connection.protocol === "http/1.1") {
      isHttp1 = true;
      fallback.adopt(connection.socket);
      return "http/1.1";
    }
    session = http2Session(options.server, connection.socket, credential, options.pulse);
    return session;
  }

  async function ready(credential: Credential, signal: AbortSignal): Promise<Http2Session | "http/1.1"> {
    if (isHttp1) return "http/1.1";
    if (session?.takes(credential) === true) return session;
    opening ??= open(credential).finally(() => {
      opening = undefined;
    });
    return raceAbort(opening, signal);
  }

  return {
    async send(request, credential, signal) {
      signal.throwIfAborted();
      const found = await ready(credential, signal);
      if (found === "http/1.1") return fallback.send(request, credential, signal);
      return found.send(request, signal);
    },
    async close() {
      closing.abort(new Error("the client was closed"));
      fallback.close();
      await session?.close();
    },
  };
}

function raceAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
