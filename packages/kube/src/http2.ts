import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import type { Socket } from "node:net";
import type { Credential } from "./credentials.ts";
import { ConnectionError } from "./failure.ts";
import type { HttpAnswer, HttpRequest } from "./transport.ts";

/** How a silent peer is found out: PING every `everyMs`, dead after `deadMs` without an answer. */
export interface Pulse {
  readonly everyMs: number;
  readonly deadMs: number;
}

export interface Http2Session {
  /** Whether new requests may use it: it is alive, not going away, and was opened with this certificate. */
  takes(credential: Credential): boolean;
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>;
  close(): Promise<void>;
}

// The default of 64 KiB makes a list of megabytes wait for a round trip per window.
const WINDOW_BYTES = 4 * 1024 * 1024;

export function http2Session(server: URL, socket: Socket, credential: Credential, pulse: Pulse): Http2Session {
  const session = connect(server, {
    createConnection: () => socket,
    settings: { enablePush: false, initialWindowSize: WINDOW_BYTES },
  });
  let isLeaving = false;
  session.on("goaway", () => {
    isLeaving = true;
  });
  // Each stream reports the failure as well; without a listener it would end the process.
  session.on("error", () => {
    isLeaving = true;
  });
  session.once("connect", () => session.setLocalWindowSize(WINDOW_BYTES));
  const stopPulse = keepPulse(session, pulse);
  session.once("close", stopPulse);

  const isOpen = () => !isLeaving && !session.closed && !session.destroyed;
  return {
    takes: (wanted) => isOpen() && wanted.cert === credential.cert,
    async send(request, signal) {
      if (!isOpen()) throw new ConnectionError("the connection was closed by the server", { sent: false });
      return exchange(session, request, signal);
    },
    close: () =>
      new Promise((resolve) => {
        if (session.destroyed) {
          resolve();
          return;
        }
        session.once("close", () => resolve());
        session.destroy();
      }),
  };
}

function keepPulse(session: ClientHttp2Session, pulse: Pulse): () => void {
  let answeredAt = performance.now();
  const timer = setInterval(() => {
    if (session.destroyed) return;
    if (performance.now() - answeredAt > pulse.deadMs) {
      session.destroy(new Error(`no answer to PING for ${pulse.deadMs / 1000} s`));
      return;
    }
    session.ping((error) => {
      if (error === null) answeredAt = performance.now();
    });
  }, pulse.everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

function exchange(session: ClientHttp2Session, request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
  signal.throwIfAborted();
  let stream: ClientHttp2Stream;
  try {
    const head = { ...request.headers, ":method": request.method, ":path": request.path };
    stream = session.request(head, { endStream: request.body === undefined });
  } catch (cause) {
    // The session ended between the check and the call.
    return Promise.reject(new ConnectionError(messageOf(cause), { sent: false, cause }));
  }
  if (request.body !== undefined) stream.end(request.body);
  const abort = () => stream.close(constants.NGHTTP2_CANCEL);
  signal.addEventListener("abort", abort, { once: true });
  stream.once("close", () => signal.removeEventListener("abort", abort));

  return new Promise((resolve, reject) => {
    let problem: unknown;
    stream.on("error", (error) => {
      problem = error;
    });
    stream.once("close", () => reject(signal.aborted ? signal.reason : broken(stream, problem)));
    stream.once("response", (head) => {
      resolve({
        status: Number(head[":status"] ?? 0),
        headers: plainHeaders(head),
        body: bodyOf(stream, signal, () => problem),
        cancel: abort,
      });
    });
  });
}

async function* bodyOf(stream: ClientHttp2Stream, signal: AbortSignal, problem: () => unknown): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield chunk;
  } catch (cause) {
    signal.throwIfAborted();
    throw broken(stream, problem() ?? cause);
  }
  signal.throwIfAborted();
  // A connection that drops ends the stream like a regular end does; only these two tell.
  if (stream.aborted || (stream.rstCode ?? 0) !== constants.NGHTTP2_NO_ERROR) throw broken(stream, problem());
}

function broken(stream: ClientHttp2Stream, cause: unknown): ConnectionError {
  // RFC 9113 §8.7: a refused stream was not processed.
  const isRefused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM || stream.id === undefined;
  const text = cause === undefined ? "the connection broke before the answer was complete" : messageOf(cause);
  return new ConnectionError(text, { sent: !isRefused, cause });
}

function plainHeaders(head: Readonly<Record<string, string | string[] | number | undefined>>) {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(head)) {
    if (value !== undefined && !name.startsWith(":"))
      headers[name] = Array.isArray(value) ? value.join(", ") : String(value);
  }
  return headers;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
