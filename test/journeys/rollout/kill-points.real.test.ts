import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { openCluster } from "../../cluster/access.ts";
import { appLock, killAtWrite, silence, snapshotSecrets, whatIsLive } from "./kill-points.ts";
import { type RealScene, realScene } from "./real-scene.ts";
import { config, deployment, service } from "./scene.ts";

const cluster = openCluster(inject("cluster"));
const inputs = { "image-missing-grace": "0s", "history-max": "1" };

/** Every version has its own image, port and ConfigMap, so that each release updates, creates and prunes. */
function writeVersion(scene: RealScene, version: number, behaviour = "ready"): void {
  scene.write("k8s/web.yaml", deployment({ replicas: 1, image: `registry.example/web:${version}`, behaviour }));
  scene.write("k8s/service.yaml", service.replace("port: 80,", `port: ${8000 + version},`));
  scene.write("k8s/config.yaml", config.replace("name: web", `name: v${version}`));
}
/** The first write takes the lock; a run that is killed in place of it has left nothing. */
const AFTER_THE_LOCK = 2;
/** Number of the write with which a failed rollout begins to go back. */
const ON_ITS_WAY_BACK = 7;
const version = (n: number) => `web:${n} on ${8000 + n}, with v${n}`;

/** No kill may leave behind a lock that is not free, or snapshots that no record knows. */
async function expectInOrder(scene: RealScene): Promise<void> {
  const lock = await appLock(scene);
  expect(lock.holder).toBe("");
  expect(lock.phase).toBe("done");
  expect(await snapshotSecrets(cluster, scene)).toEqual(lock.snapshots);
}

/** Namespaces in which versions follow each other; what one kill left is where the next begins. */
interface Lane {
  readonly scene: RealScene;
  live: number;
  next: number;
}
const lanes: Lane[] = [];
beforeAll(async () => {
  const made = Array.from({ length: 3 }, async () => {
    const scene = await realScene(cluster);
    for (const first of [1, 2]) {
      writeVersion(scene, first);
      const result = await scene.rollout(inputs);
      if (result.outputs["result"] !== "applied") throw new Error(result.log);
    }
    lanes.push({ scene, live: 2, next: 3 });
  });
  await Promise.all(made);
});
afterAll(() => Promise.all(lanes.map(({ scene }) => scene[Symbol.asyncDispose]())));

/** Runs `work` for `from`, `from + 1`… until it says that there is nothing more to kill. */
async function each(from: number, work: (lane: Lane, n: number) => Promise<string | undefined>) {
  const ends: string[] = [];
  let next = from;
  let isOver = false;
  const run = async (lane: Lane) => {
    while (!isOver) {
      const n = next++;
      const end = await work(lane, n);
      if (end === undefined) isOver = true;
      else ends[n - from] = end;
    }
  };
  await Promise.all(lanes.map(run));
  return ends;
}

describe("a rollout that is killed in place of any of its writes", () => {
  it("is reconciled to the old version or the new one as a whole", async () => {
    const ends = await each(AFTER_THE_LOCK, async (lane, n) => {
      const { scene } = lane;
      const wanted = lane.next++;
      writeVersion(scene, wanted);
      const killed = await killAtWrite(cluster, scene, n, inputs);
      if (killed.next !== undefined) {
        await silence(cluster, scene);
        const result = await scene.rollout({ ...inputs, mode: "reconcile" });
        expect(result.outputs["result"], result.log).toBe("recovered");
      }
      await expectInOrder(scene);
      const live = await whatIsLive(scene);
      if (live === version(lane.live)) return `${killed.next} → old`;
      lane.live = wanted;
      expect(live).toBe(version(wanted));
      return killed.next && `${killed.next} → new`;
    });
    expect(ends).toEqual([
      "POST secrets → old",
      "PUT leases/eks-actions-shop → old",
      "PATCH configmaps/vN → old",
      "PATCH services/web → old",
      "PATCH deployments/web → old",
      "PUT leases/eks-actions-shop → old",
      "DELETE configmaps/vN → new",
      "PUT leases/eks-actions-shop → new",
      "DELETE secrets/eks-actions-shop-rN-0 → new",
      "PUT leases/eks-actions-shop → new",
    ]);
  });

  it("is followed by a release that goes live", async () => {
    const ends = await each(AFTER_THE_LOCK, async (lane, n) => {
      // On its way back it leaves what `reconcile` finds below, so one of those points is enough.
      if (n > ON_ITS_WAY_BACK) return undefined;
      const { scene } = lane;
      writeVersion(scene, lane.next++, "imagepull");
      const killed = await killAtWrite(cluster, scene, n, inputs);
      await silence(cluster, scene);
      lane.live = lane.next++;
      writeVersion(scene, lane.live);
      const result = await scene.rollout(inputs);
      expect(result.outputs["result"], result.log).toBe("applied");
      await expectInOrder(scene);
      expect(await whatIsLive(scene)).toBe(version(lane.live));
      return killed.next;
    });
    expect(ends).toEqual([
      "POST secrets",
      "PUT leases/eks-actions-shop",
      "PATCH configmaps/vN",
      "PATCH services/web",
      "PATCH deployments/web",
      "PUT leases/eks-actions-shop",
    ]);
  });

  it("is taken back to the end, when it was on its way back", async () => {
    const ends = await each(ON_ITS_WAY_BACK, async (lane, n) => {
      const { scene } = lane;
      writeVersion(scene, lane.next++, "imagepull");
      const killed = await killAtWrite(cluster, scene, n, inputs);
      if (killed.next !== undefined) {
        await silence(cluster, scene);
        const result = await scene.rollout({ ...inputs, mode: "reconcile" });
        expect(result.outputs["result"], result.log).toBe("recovered");
      }
      await expectInOrder(scene);
      expect(await whatIsLive(scene)).toBe(version(lane.live));
      return killed.next;
    });
    expect(ends).toEqual([
      "PUT leases/eks-actions-shop",
      "PATCH services/web",
      "PATCH configmaps/vN",
      "PATCH deployments/web",
      "DELETE configmaps/vN",
      "PUT leases/eks-actions-shop",
      "DELETE secrets/eks-actions-shop-rN-0",
      "PUT leases/eks-actions-shop",
    ]);
  });
});

describe("a first rollout that is killed in place of any of its writes", () => {
  it("is followed by one that goes live", async () => {
    const ends = await each(AFTER_THE_LOCK, async (_, n) => {
      await using scene = await realScene(cluster);
      writeVersion(scene, 1);
      const killed = await killAtWrite(cluster, scene, n, inputs);
      await silence(cluster, scene);
      writeVersion(scene, 2);
      const result = await scene.rollout(inputs);
      expect(result.outputs["result"], result.log).toBe("applied");
      await expectInOrder(scene);
      expect(await whatIsLive(scene)).toBe(version(2));
      return killed.next;
    });
    expect(ends).toEqual([
      "PATCH secrets/eks-actions-shop",
      "PATCH configmaps/vN",
      "PATCH services/web",
      "PATCH deployments/web",
      "PUT leases/eks-actions-shop",
    ]);
  });
});
