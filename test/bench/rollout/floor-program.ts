// The least that a rollout can do: one kept-alive HTTP/2 connection, the lists and writes it is told to send, one watch.
// It renders, compares, locks and explains nothing. Started as a process of its own: `node floor-program.ts job.json`.
import { readFileSync } from "node:fs";
import { type ClientHttp2Session, connect } from "node:http2";

export interface FloorJob {
  readonly endpoint: string;
  readonly ca: string;
  readonly token: string;
  readonly lists: readonly string[];
  readonly writes: readonly { readonly path: string; readonly body: string }[];
  /** Deployments to wait for, when a write changes one. */
  readonly watch: string | undefined;
  readonly wide: number;
}

interface Live {
  readonly metadata: { readonly name: string; readonly generation: number };
  readonly spec: { readonly replicas: number };
  readonly status: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
  };
}

// The bench wrote the file in this shape.
const job: FloorJob = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8"));
const session = connect(job.endpoint, { ca: job.ca });
const wanted = new Map<string, number>();
const live = new Map<string, Live>();
let finish = () => {};
const healthy = new Promise<void>((resolve) => {
  finish = resolve;
});
let isWritten = false;

await Promise.all(job.lists.map((path) => ask(session, "GET", path)));
if (job.watch !== undefined) watch(session, job.watch);
await writeAll();
isWritten = true;
if (job.watch !== undefined) {
  look();
  await healthy;
}
session.destroy();

async function writeAll(): Promise<void> {
  const queue = job.writes.values();
  const worker = async () => {
    for (const { path, body } of queue) {
      const answer: Live = JSON.parse(await ask(session, "PATCH", path, body));
      if (path.includes("/deployments/")) wanted.set(answer.metadata.name, answer.metadata.generation);
    }
  };
  await Promise.all(Array.from({ length: job.wide }, worker));
}

function ask(to: ClientHttp2Session, method: string, path: string, body?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const type = body === undefined ? {} : { "content-type": "application/apply-patch+yaml" };
    const stream = to.request({ ":method": method, ":path": path, authorization: `Bearer ${job.token}`, ...type });
    let status = 0;
    const chunks: Buffer[] = [];
    stream.on("response", (headers) => {
      status = Number(headers[":status"]);
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      if (status < 300) resolve(text);
      else reject(new Error(`${method} ${path}: ${status} ${text.slice(0, 300)}`));
    });
    stream.end(body);
  });
}

function watch(to: ClientHttp2Session, path: string): void {
  const stream = to.request({ ":path": path, authorization: `Bearer ${job.token}` });
  stream.setEncoding("utf8");
  let rest = "";
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const event: { readonly object: Live } = JSON.parse(line);
      live.set(event.object.metadata.name, event.object);
    }
    look();
  });
  stream.on("error", () => undefined);
}

function look(): void {
  if (isWritten && [...wanted].every(([name, generation]) => isDone(live.get(name), generation))) finish();
}

function isDone(deployment: Live | undefined, generation: number): boolean {
  if (deployment === undefined || deployment.metadata.generation < generation) return false;
  const { spec, status } = deployment;
  return (
    (status.observedGeneration ?? 0) >= generation &&
    status.replicas === spec.replicas &&
    status.updatedReplicas === spec.replicas &&
    status.availableReplicas === spec.replicas
  );
}
