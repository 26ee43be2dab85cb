import { Agent, request } from "node:https";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

export interface Target {
  readonly endpoint: string;
  readonly caData: string;
  readonly adminToken: string;
  readonly ciToken: string;
}

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly token: string | undefined;
  readonly body?: string | undefined;
  readonly type?: string | undefined;
  readonly accept?: string | undefined;
  /** Called with each piece of the body; true ends the request. */
  readonly onText?: ((text: string) => boolean) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Sends requests to one API server over kept connections. */
export function connect(target: Target): (call: Call) => Promise<Answer> {
  const agent = new Agent({
    keepAlive: true,
    ca: Buffer.from(target.caData, "base64").toString("utf8"),
    maxSockets: 32,
  });
  return (call) => send(target.endpoint, agent, call);
}

function send(endpoint: string, agent: Agent, call: Call): Promise<Answer> {
  const headers: Record<string, string> = { "user-agent": "conformance/1", accept: call.accept ?? "application/json" };
  if (call.token !== undefined) headers["authorization"] = `Bearer ${call.token}`;
  if (call.body !== undefined) {
    headers["content-type"] = call.type ?? "application/json";
    headers["content-length"] = String(Buffer.byteLength(call.body));
  }
  return new Promise((resolve, reject) => {
    const outgoing = request(`${endpoint}${call.path}`, { method: call.method, agent, headers }, (incoming) => {
      let text = "";
      const finish = () => {
        const found: Record<string, string | undefined> = {};
        for (const [name, value] of Object.entries(incoming.headers))
          found[name] = Array.isArray(value) ? value.join(", ") : value;
        resolve({ status: incoming.statusCode ?? 0, headers: found, text });
      };
      incoming.setEncoding("utf8");
      incoming.on("data", (chunk: string) => {
        text += chunk;
        if (call.onText?.(text) === true) {
          finish();
          outgoing.destroy();
        }
      });
      incoming.on("end", finish);
      incoming.on("error", reject);
      call.signal?.addEventListener("abort", () => {
        finish();
        outgoing.destroy();
      });
    });
    outgoing.on("error", reject);
    outgoing.end(call.body);
  });
}
