import type { Cluster } from "../../cluster/access.ts";
import { type InterceptedRequest, startInterceptor } from "../../cluster/interceptor.ts";
import type { StepResult } from "../../runner/index.ts";
import type { RealScene } from "./real-scene.ts";

export interface KilledRun {
  /** Writes that had reached the API server, oldest first: `PATCH services/web`. */
  readonly written: readonly string[];
  /** The write that did not leave any more; absent when the run came to its end before. */
  readonly next: string | undefined;
  readonly result: StepResult;
}

/** A rollout whose process is killed, without a signal it could handle, in place of its n-th write. */
export async function killAtWrite(
  cluster: Cluster,
  scene: RealScene,
  n: number,
  inputs: Readonly<Record<string, string>> = {},
): Promise<KilledRun> {
  const kill = new AbortController();
  const isLast = (request: InterceptedRequest) => request.isWrite && request.writes === n;
  await using interceptor = await startInterceptor(cluster, (request) => {
    if (!isLast(request)) return { do: "pass" };
    kill.abort();
    return { do: "cut-off" };
  });
  scene.connectBy(interceptor.kubeconfig("ci", scene.namespace));
  // SIGINT comes first and does no harm: whatever the process still sends goes nowhere.
  const result = await scene.rollout(inputs, {
    signal: kill.signal,
    grace: { sigintMs: 0, sigtermMs: 0 },
    tolerate: ["RUNNER_CANCEL_IGNORED"],
  });
  scene.connectBy(cluster.kubeconfig("ci", scene.namespace));
  const writes = interceptor.requests.filter((request) => request.isWrite);
  const last = writes.find(isLast);
  return { written: writes.filter((one) => one !== last).map(shown), next: last && shown(last), result };
}

/** `PATCH configmaps/vN`: the same for each version and each namespace. */
function shown({ method, path }: InterceptedRequest): string {
  const parts = path.replace(/\?.*/, "").split("/");
  return `${method} ${parts.slice(method === "POST" ? -1 : -2).join("/")}`.replace(/([vr])\d+/, "$1N");
}

/** As if the run that holds the lock had been silent for two minutes. */
export async function silence(cluster: Cluster, scene: RealScene): Promise<void> {
  const renewTime = new Date(Date.now() - 120_000).toISOString().replace("Z", "000Z");
  const path = `/apis/coordination.k8s.io/v1/namespaces/${scene.namespace}/leases/eks-actions-shop`;
  const answer = await cluster.api.request("PATCH", path, { spec: { renewTime } }, "application/merge-patch+json");
  // A run that was killed before its first write has no lock.
  if (answer.status !== 200 && answer.status !== 404) throw new Error(answer.text);
}

export interface AppLock {
  readonly holder: string;
  readonly phase: string;
  /** Names of the Secrets that the record knows as snapshots, sorted. */
  readonly snapshots: readonly string[];
}

export async function appLock(scene: RealScene): Promise<AppLock> {
  const lease = await scene.object("/apis/coordination.k8s.io/v1", "leases/eks-actions-shop");
  const record = JSON.parse(String(at(lease, "metadata", "annotations", "eks-actions.dev/record") ?? "{}"));
  const pointers = [...(record.history ?? []), ...(record.snapshot === undefined ? [] : [record.snapshot])];
  return {
    holder: String(at(lease, "spec", "holderIdentity") ?? ""),
    phase: String(record.phase),
    snapshots: pointers.map(({ revision }) => `eks-actions-shop-r${revision}-0`).toSorted(),
  };
}

export async function snapshotSecrets(cluster: Cluster, scene: RealScene): Promise<readonly string[]> {
  const path = `/api/v1/namespaces/${scene.namespace}/secrets?fieldSelector=type=eks-actions.dev/snapshot`;
  const list = at(await cluster.api.must("GET", path), "items");
  return Array.isArray(list) ? list.map((item) => String(at(item, "metadata", "name"))).toSorted() : [];
}

/** `web:1 on 81, with old`: image, port of the Service, and the ConfigMaps there are. */
export async function whatIsLive(scene: RealScene): Promise<string> {
  const [web, service, configs] = await Promise.all([
    scene.object("/apis/apps/v1", "deployments/web"),
    scene.object("/api/v1", "services/web"),
    scene.object("/api/v1", "configmaps"),
  ]);
  const image = String(at(web, "spec", "template", "spec", "containers", "0", "image")).replace(/.*\//, "");
  const items = at(configs, "items");
  const names = Array.isArray(items) ? items.map((item) => String(at(item, "metadata", "name"))) : [];
  const own = names.filter((name) => name !== "kube-root-ca.crt");
  return `${image} on ${String(at(service, "spec", "ports", "0", "port"))}, with ${own.join(" and ") || "nothing"}`;
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (found, key) => (typeof found === "object" && found !== null ? Reflect.get(found, key) : undefined),
    value,
  );
}
