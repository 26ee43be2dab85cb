import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Credential } from "./credentials.ts";
import { dial, hostOf, portOf, type Route } from "./dial.ts";
import { ConnectionError } from "./failure.ts";
import type { HttpAnswer, HttpRequest } from "./transport.ts";

const IDLE_SOCKET_MS = 30_000;

export interface Http1Lane {
  /** Uses a socket that is open already for the next request. */
  adopt(socket: Socket): void;
  send(request: HttpRequest, credential: Credential, signal: AbortSignal): Promise<HttpAnswer>;
  close(): void;
}

/** Kept-alive sockets over which requests go one after the other. */
export function http1Lane(options: Route & { readonly maxSockets: number }): Http1Lane {
  const adopted: Socket[] = [];
  const closing = new AbortController();
  const agents = new Map<string | undefined, Agent>();

  // One agent per client certificate, since a socket keeps the identity it was opened with.
  function agentFor(credential: Credential): Agent {
    const found = agents.get(credential.cert);
    if (found !== undefined) return found;
    // Load balancers drop idle connections after a minute, and a create sent into one is lost without a trace.
    const agent = new Agent({ keepAlive: true, maxSockets: options.maxSockets, timeout: IDLE_SOCKET_MS });
    agent.createConnection = (_options, callback) => {
      const ready = adopted.pop();
      const socket =
        ready?.destroyed === false
          ? Promise.resolve(ready)
          : dial(options, credential, closing.signal).then((connection) => connection.socket);
      socket.then(
        (opened) => callback?.(null, opened),
        (error: Error) => callback?.(error, new Socket()),
      );
      return undefined;
    };
    agents.set(credential.cert, agent);
    return agent;
  }

  return {
    adopt: (socket) => {
      adopted.push(socket);
    },
    send: (request, credential, signal) => exchange(options.server, agentFor(credential), request, signal),
    close() {
      closing.abort(new Error("the client was closed"));
      for (const agent of agents.values()) agent.destroy();
      for (const socket of adopted) socket.destroy();
    },
  };
}

function exchange(server: URL, agent: Agent, request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      host: hostOf(server),
      port: portOf(server),
      method: request.method,
      path: request.path,
      agent,
      headers: {
        ...request.headers,
        // Without it Node sends a DELETE's body unframed, and the server reads it as the next request.
        ...(request.body === undefined ? {} : { "content-length": String(request.body.length) }),
      },
    });
    const abort = () => outgoing.destroy();
    signal.addEventListener("abort", abort, { once: true });
    outgoing.once("close", () => signal.removeEventListener("abort", abort));
    outgoing.on("error", (cause) => reject(signal.aborted ? signal.reason : broken(outgoing, cause)));
    outgoing.once("response", (answer) => {
      resolve({
        status: answer.statusCode ?? 0,
        headers: plainHeaders(answer),
        body: bodyOf(answer, signal),
        cancel: abort,
      });
    });
    outgoing.end(request.body);
  });
}

async function* bodyOf(answer: IncomingMessage, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of answer) yield chunk;
  } catch (cause) {
    signal.throwIfAborted();
    throw new ConnectionError("the connection broke before the answer was complete", { sent: true, cause });
  }
  signal.throwIfAborted();
  if (!answer.complete) throw new ConnectionError("the answer was cut off", { sent: true });
}

function broken(outgoing: ClientRequest, cause: Error): ConnectionError {
  if (cause instanceof ConnectionError) return cause;
  return new ConnectionError(cause.message, { sent: outgoing.socket !== null, cause });
}

function plainHeaders(answer: IncomingMessage): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return headers;
}
