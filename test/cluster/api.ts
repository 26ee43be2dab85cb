import { Agent, request as httpsRequest } from "node:https";

export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly text: string;
}

/** Plain requests to the API server for setting tests up and looking from outside; not what is under test. */
export interface Api extends Disposable {
  request(method: string, path: string, body?: unknown, contentType?: string): Promise<ApiAnswer>;
  /** As `request`, but a status of 300 or more is an error that shows the answer. */
  must(method: string, path: string, body?: unknown, contentType?: string): Promise<unknown>;
  /** Server-side apply by force, as `test`. `path` is the object's own. */
  apply(path: string, object: unknown): Promise<unknown>;
}

export function connectApi(options: {
  readonly endpoint: string;
  /** base64 of PEM */
  readonly caData: string;
  readonly token: string;
  readonly timeoutMs?: number;
}): Api {
  const agent = new Agent({ keepAlive: true, ca: Buffer.from(options.caData, "base64").toString("utf8") });

  function request(method: string, path: string, body?: unknown, contentType = "application/json") {
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    return new Promise<ApiAnswer>((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${options.token}`,
        accept: "application/json",
        ...(payload === undefined ? {} : { "content-type": contentType, "content-length": String(payload.length) }),
      };
      const outgoing = httpsRequest(options.endpoint + path, { method, agent, headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.once("error", reject);
        answer.once("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({ status: answer.statusCode ?? 0, text, body: jsonOrText(text) });
        });
      });
      outgoing.setTimeout(options.timeoutMs ?? 30_000, () =>
        outgoing.destroy(new Error(`no answer to ${method} ${path}`)),
      );
      outgoing.once("error", reject);
      outgoing.end(payload);
    });
  }

  async function must(method: string, path: string, body?: unknown, contentType?: string) {
    const answer = await request(method, path, body, contentType);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text.slice(0, 2000)}`);
    return answer.body;
  }

  return {
    request,
    must,
    apply: (path, object) =>
      must("PATCH", `${path}?fieldManager=test&force=true`, object, "application/apply-patch+yaml"),
    [Symbol.dispose]: () => agent.destroy(),
  };
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
