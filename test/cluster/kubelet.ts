import type { Api } from "./api.ts";

/** What a kubelet would write, by hand: for exact scripts. kwok leaves a status alone once none of its stages matches. */
export interface Kubelet {
  /** Merge patch of `pods/<name>/status`. Lists are replaced whole. */
  patchPod(namespace: string, name: string, status: object): Promise<void>;
  /** All pods of a namespace, or those with the label selector, become Running and Ready. */
  ready(namespace: string, labelSelector?: string): Promise<number>;
  /** Sets or clears the label that makes a node NotReady. */
  setNodeReady(name: string, ready: boolean): Promise<void>;
}

export function kubelet(api: Api): Kubelet {
  const podPath = (namespace: string, name: string) => `/api/v1/namespaces/${namespace}/pods/${name}/status`;
  const merge = "application/merge-patch+json";
  return {
    async patchPod(namespace, name, status) {
      await api.must("PATCH", podPath(namespace, name), { status }, merge);
    },
    async ready(namespace, labelSelector) {
      const query = labelSelector === undefined ? "" : `?labelSelector=${encodeURIComponent(labelSelector)}`;
      const pods = podList(await api.must("GET", `/api/v1/namespaces/${namespace}/pods${query}`));
      for (const pod of pods) {
        await api.must("PATCH", podPath(namespace, pod.metadata.name), { status: readyStatus(pod) }, merge);
      }
      return pods.length;
    },
    async setNodeReady(name, ready) {
      const labels = { "sim.test/not-ready": ready ? null : "true" };
      await api.must("PATCH", `/api/v1/nodes/${name}`, { metadata: { labels } }, merge);
    },
  };
}

interface Pod {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly containers: readonly { readonly name: string; readonly image: string }[] };
}

function readyStatus(pod: Pod): object {
  const now = new Date().toISOString();
  return {
    phase: "Running",
    startTime: now,
    conditions: ["Initialized", "ContainersReady", "Ready", "PodScheduled"].map((type) => ({
      type,
      status: "True",
      lastTransitionTime: now,
    })),
    containerStatuses: pod.spec.containers.map(({ name, image }) => ({
      name,
      image,
      imageID: "",
      ready: true,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: now } },
    })),
  };
}

function podList(value: unknown): readonly Pod[] {
  if (!isPodList(value)) throw new Error("the API server answered with something other than a PodList");
  return value.items;
}

// The API server has validated the rest of the shape.
function isPodList(value: unknown): value is { readonly items: readonly Pod[] } {
  return typeof value === "object" && value !== null && Reflect.get(value, "kind") === "PodList";
}
