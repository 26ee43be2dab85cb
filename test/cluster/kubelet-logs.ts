import { createServer } from "node:https";
import type { Api } from "./api.ts";
import { createCertificate } from "./certificate.ts";
import { listen } from "./relay.ts";

/** The kubelet's side of `pods/log`, reached by the API server through the node's daemonEndpoints. */
export interface KubeletLogs extends AsyncDisposable {
  readonly port: number;
}

/**
 * Serves container logs for the simulated nodes. What a container says is data of its pod: the annotations
 * `sim.test/log` and `sim.test/previous-log`, or the same with `.<container>` for one container. States in which a
 * kubelet has no log give the kubelet's own 400 (kubernetes/pkg/kubelet/kubelet_pods.go, validateContainerLogStatus).
 *
 * kwok can serve logs as well, but picks the file by the pod's name alone and hands out a previous log for containers
 * that never restarted, which no kubelet does.
 */
export async function startKubeletLogs(api: () => Api): Promise<KubeletLogs> {
  const server = createServer(createCertificate({ commonName: "kubelet" }), (request, answer) => {
    const reply = (status: number, text: string) => {
      answer.writeHead(status, { "content-type": "text/plain" });
      answer.end(text);
    };
    const url = new URL(request.url ?? "/", "https://kubelet");
    const [, root, namespace, pod, container] = url.pathname.split("/").map(decodeURIComponent);
    if (root !== "containerLogs" || namespace === undefined || pod === undefined || container === undefined) {
      reply(404, "404 page not found\n");
      return;
    }
    readPod(api(), namespace, pod)
      .then((found) => {
        const text = logOf(found, container, url.searchParams.get("previous") === "true");
        if (text.error !== undefined) reply(400, text.error);
        else reply(200, cut(text.log, url.searchParams));
      })
      .catch((error: unknown) => reply(500, String(error)));
  });
  const port = await listen(server);
  return {
    port,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface ContainerStatus {
  readonly name: string;
  readonly state?: State;
  readonly lastState?: State;
}

interface State {
  readonly running?: object;
  readonly terminated?: { readonly exitCode: number; readonly reason?: string };
  readonly waiting?: { readonly reason?: string };
}

interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly status?: {
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

type LogAnswer =
  | { readonly log: string; readonly error?: undefined }
  | { readonly error: string; readonly log?: undefined };

/** The log of a container in its present state, or the kubelet's refusal. */
export function logOf(pod: Pod, container: string, previous: boolean): LogAnswer {
  const { name } = pod.metadata;
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const status = statuses.find((candidate) => candidate.name === container);
  if (status === undefined) return { error: `container "${container}" in pod "${name}" is not available` };
  const ended = status.lastState?.terminated;
  if (previous) {
    if (ended === undefined)
      return { error: `previous terminated container "${container}" in pod "${name}" not found` };
    return { log: told(pod, container, "previous-log", `${container}: exiting with code ${ended.exitCode}\n`) };
  }
  const hasRun = status.state?.running !== undefined || status.state?.terminated !== undefined || ended !== undefined;
  if (hasRun) return { log: told(pod, container, "log", `${container}: started (simulated)\n`) };
  const reason = status.state?.waiting?.reason ?? "";
  const words: Readonly<Record<string, string>> = {
    ErrImagePull: "image can't be pulled",
    ImagePullBackOff: "trying and failing to pull image",
  };
  return { error: `container "${container}" in pod "${name}" is waiting to start: ${words[reason] ?? reason}` };
}

function told(pod: Pod, container: string, kind: "log" | "previous-log", otherwise: string): string {
  const annotations = pod.metadata.annotations ?? {};
  // A crash loop's present log is that of a run which ends as the last one did.
  const fallback = kind === "log" ? annotations["sim.test/previous-log"] : annotations["sim.test/log"];
  const text = annotations[`sim.test/${kind}.${container}`] ?? annotations[`sim.test/${kind}`] ?? fallback ?? otherwise;
  return text.endsWith("\n") ? text : `${text}\n`;
}

function cut(log: string, options: URLSearchParams): string {
  const tail = options.get("tailLines");
  const limit = options.get("limitBytes");
  const lines = log.split("\n").slice(0, -1);
  const kept = tail === null ? lines : lines.slice(Math.max(0, lines.length - Number(tail)));
  const text = kept.map((line) => `${line}\n`).join("");
  return limit === null ? text : Buffer.from(text).subarray(0, Number(limit)).toString("utf8");
}

async function readPod(api: Api, namespace: string, name: string): Promise<Pod> {
  const body = await api.must("GET", `/api/v1/namespaces/${namespace}/pods/${name}`);
  if (isPod(body)) return body;
  throw new Error(`not a Pod: ${namespace}/${name}`);
}

// The API server has validated the rest of the shape.
function isPod(value: unknown): value is Pod {
  return typeof value === "object" && value !== null && Reflect.get(value, "kind") === "Pod";
}
