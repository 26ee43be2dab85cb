import { connect } from "@eks-actions/kube";
import { virtualClock } from "@eks-actions/test/fakes/clock.ts";
import { startKube } from "@eks-actions/test/fakes/kube/index.ts";
import { silentLog } from "@eks-actions/test/fakes/log.ts";
import { beforeAll, describe, expect, it } from "vitest";
import type { Ports } from "../ports.ts";
import { appState, run } from "../samples.ts";
import { fenced } from "./fence.ts";
import { takeLock } from "./lock.ts";
import type { RolloutRecord } from "./record.ts";

const record: RolloutRecord = {
  schemaVersion: 1,
  run: { url: "https://github.com/acme/shop/actions/runs/7", sha: "a", attempt: 1 },
  strategy: "rolling",
  phase: "applying",
  revision: 1,
  snapshot: undefined,
  history: [],
  outcome: undefined,
  durations: [],
};
const signal = new AbortController().signal;

async function scene() {
  const kube = await startKube({ nodes: 0 });
  const namespace = await kube.namespace();
  const client = await connect({ kubeconfig: { text: kube.kubeconfig("admin") } });
  const clock = virtualClock(Date.now());
  let frozenMs = 0;
  const ports = (holder: string): Ports => ({
    kube: client,
    clock: { now: () => clock.now() + frozenMs, sleep: clock.sleep },
    log: silentLog(clock),
    run,
    saveState: () => undefined,
    sources: async () => [],
    fetchUrl: async () => ({ status: 0, body: "" }),
    deployments: undefined,
    comments: undefined,
    redactionKey: new Uint8Array(1),
    holder,
    version: "0",
  });
  const key = `${namespace}/eks-actions-shop`;
  const lease = () => JSON.parse(JSON.stringify(kube.store.get("leases.coordination.k8s.io", key)));
  return {
    kube,
    client,
    namespace,
    clock,
    /** Time goes on, but no timer of the process fires. */
    freeze(ms: number): void {
      frozenMs += ms;
    },
    lease,
    take: (holder: string) => takeLock(appState({ namespace, lease: undefined }), record, ports(holder), signal),
    edit: (spec: object) =>
      kube.store.put("leases.coordination.k8s.io", key, { ...lease(), spec: { ...lease().spec, ...spec } }),
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await kube[Symbol.asyncDispose]();
    },
  };
}

// The client library's first import takes seconds on a busy machine.
beforeAll(async () => {
  await using _ = await scene();
}, 60_000);

describe("the lock", () => {
  it("is held by one, who writes its record, renews it every 10 s and lets go", async () => {
    await using world = await scene();
    const lock = await world.take("me");
    await expect(world.take("other")).rejects.toMatchObject({
      code: "LOCKED",
      message: expect.stringContaining("actions/runs/7"),
    });
    lock.note({ phase: "gating" });
    expect(JSON.stringify(world.lease())).not.toContain("gating");
    const before = world.lease().metadata.resourceVersion;
    await world.clock.advance(10_001);
    await expect.poll(() => world.lease().metadata.resourceVersion).not.toBe(before);
    expect(JSON.stringify(world.lease())).toContain("gating");
    await lock.release({ phase: "done" });
    expect(world.lease().spec.holderIdentity).toBe("");
    const next = await world.take("other");
    expect(world.lease().spec).toMatchObject({ holderIdentity: "other", leaseTransitions: 1 });
    await next.release({});
  });

  it("is taken over once its holder was silent for a minute, and the old holder writes nothing more", async () => {
    await using world = await scene();
    const lock = await world.take("me");
    world.edit({ renewTime: new Date(Date.now() - 61_000).toISOString() });
    const other = await world.take("other");
    await expect(lock.write({ phase: "pruning" })).rejects.toMatchObject({ code: "LOCK_LOST" });
    expect(lock.lost.aborted).toBe(true);
    await expect(lock.release({})).rejects.toMatchObject({ code: "LOCK_LOST" });
    expect(world.lease().spec.holderIdentity).toBe("other");
    await other.release({});
    await lock[Symbol.asyncDispose]();
  });

  it("goes on after somebody has edited the Lease without taking it", async () => {
    await using world = await scene();
    const lock = await world.take("me");
    world.edit({ leaseDurationSeconds: 30 });
    await lock.write({ phase: "gating" });
    expect(JSON.stringify(world.lease())).toContain("gating");
    await lock.release({ phase: "done" });
  });
});

describe("the fence", () => {
  const configMap = (namespace: string) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "a", namespace },
  });

  it("lets writes through while the lock is fresh, and renews it first when it may have expired", async () => {
    await using world = await scene();
    const lock = await world.take("me");
    const kube = fenced(world.client, lock);
    const before = world.lease().metadata.resourceVersion;
    await kube.apply(configMap(world.namespace), { fieldManager: "t" });
    expect(world.lease().metadata.resourceVersion).toBe(before);
    world.freeze(40_000);
    await kube.apply(configMap(world.namespace), { fieldManager: "t" });
    expect(world.lease().metadata.resourceVersion).not.toBe(before);
    await lock.release({});
  });

  it("holds back the writes of a run that was frozen until another had taken over", async () => {
    await using world = await scene();
    const lock = await world.take("me");
    const kube = fenced(world.client, lock);
    world.edit({ renewTime: new Date(Date.now() - 61_000).toISOString() });
    const other = await world.take("other");
    world.freeze(70_000);
    const late = kube.apply(configMap(world.namespace), { fieldManager: "t" });
    await expect(late).rejects.toMatchObject({ code: "LOCK_LOST" });
    expect(world.kube.store.get("configmaps", `${world.namespace}/a`)).toBeUndefined();
    await other.release({});
    await lock[Symbol.asyncDispose]();
  });
});
