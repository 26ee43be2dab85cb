import { setTimeout as sleep } from "node:timers/promises";
import type { Api } from "./api.ts";

/** One more node; `cordoned` keeps the pods of other tests away from it. Disposing deletes it. */
export async function addNode(
  api: Api,
  name: string,
  options: { readonly cordoned: boolean },
): Promise<AsyncDisposable> {
  await api.apply(`/api/v1/nodes/${name}`, { ...node(name, 0), spec: { unschedulable: options.cordoned } });
  await ready(api, name);
  return {
    async [Symbol.asyncDispose]() {
      await api.must("DELETE", `/api/v1/nodes/${name}`);
    },
  };
}

/** Makes `count` simulated nodes over three zones and waits until each is Ready. */
export async function applyNodes(api: Api, count: number): Promise<void> {
  const names = Array.from({ length: count }, (_, index) => `node-${index + 1}`);
  await Promise.all(names.map((name, index) => api.apply(`/api/v1/nodes/${name}`, node(name, index))));
  for (const name of names) await ready(api, name);
}

function node(name: string, index: number): object {
  const zone = `us-east-1${"abc"[index % 3]}`;
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels: {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "node.kubernetes.io/instance-type": "m6i.8xlarge",
        "topology.kubernetes.io/region": "us-east-1",
        "topology.kubernetes.io/zone": zone,
      },
    },
  };
}

async function ready(api: Api, name: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!isReady(await api.must("GET", `/api/v1/nodes/${name}`))) {
    if (Date.now() > deadline) throw new Error(`node ${name} is not Ready after 60 s`);
    await sleep(50);
  }
}

function isReady(node: unknown): boolean {
  const status = typeof node === "object" && node !== null ? Reflect.get(node, "status") : undefined;
  return JSON.stringify(status ?? {}).includes('"reason":"KubeletReady"');
}
