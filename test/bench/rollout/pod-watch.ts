import { request } from "node:https";
import type { Cluster } from "../../cluster/access.ts";
import { now } from "../process.ts";

/** What an onlooker sees of a namespace's pods, with the time at which it saw it. */
export interface PodWatch extends Disposable {
  /** When the last pod became Ready, in milliseconds since the epoch. */
  lastReadyAt(): number | undefined;
  /** When a container was first seen in CrashLoopBackOff. */
  firstCrashAt(): number | undefined;
  /** When a container was first seen with so many restarts. */
  restartsAt(count: number): number | undefined;
  /** Forgets what it saw so far; known pods stay known. */
  reset(): void;
}

interface PodEvent {
  readonly object: {
    readonly metadata: { readonly uid: string };
    readonly status?: {
      readonly conditions?: readonly { readonly type: string; readonly status: string }[];
      readonly containerStatuses?: readonly {
        readonly restartCount: number;
        readonly state: { readonly waiting?: { readonly reason: string } };
      }[];
    };
  };
}

/** Watches as admin, beside whoever is measured. */
export function watchPods(cluster: Cluster, namespace: string): PodWatch {
  const ready = new Set<string>();
  const restarts = new Map<number, number>();
  let lastReadyAt: number | undefined;
  let firstCrashAt: number | undefined;
  const see = (line: string) => {
    const { object }: PodEvent = JSON.parse(line);
    const at = now();
    const isReady = object.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True");
    if (isReady !== true) ready.delete(object.metadata.uid);
    else if (!ready.has(object.metadata.uid)) {
      ready.add(object.metadata.uid);
      lastReadyAt = at;
    }
    for (const { restartCount, state } of object.status?.containerStatuses ?? []) {
      if (state.waiting?.reason === "CrashLoopBackOff") firstCrashAt ??= at;
      if (!restarts.has(restartCount)) restarts.set(restartCount, at);
    }
  };
  const url = `${cluster.endpoint}/api/v1/namespaces/${namespace}/pods?watch=true`;
  const ca = Buffer.from(cluster.caData, "base64").toString("utf8");
  const watching = request(url, { ca, headers: { authorization: `Bearer ${cluster.adminToken}` } }, (answer) => {
    let rest = "";
    answer.setEncoding("utf8");
    answer.on("data", (chunk: string) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line !== "") see(line);
    });
    answer.on("error", () => undefined);
  });
  watching.on("error", () => undefined);
  watching.end();
  return {
    lastReadyAt: () => lastReadyAt,
    firstCrashAt: () => firstCrashAt,
    restartsAt: (count) => restarts.get(count),
    reset() {
      lastReadyAt = undefined;
      firstCrashAt = undefined;
      restarts.clear();
    },
    [Symbol.dispose]: () => watching.destroy(),
  };
}
