import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OwnCluster, startCluster } from "../../cluster/cluster.ts";
import { addNode } from "../../cluster/nodes.ts";
import type { StepResult } from "../../runner/index.ts";
import { liveImage, type RealScene, realScene } from "./real-scene.ts";
import { config, deployment } from "./scene.ts";

let cluster: OwnCluster;
beforeAll(async () => {
  cluster = await startCluster({ nodes: 1, print: () => undefined });
});
afterAll(() => cluster[Symbol.asyncDispose]());

/** Starts a rollout, and resolves as soon as its log has the line. */
async function until(scene: RealScene, line: RegExp): Promise<{ readonly end: Promise<StepResult> }> {
  const seen = Promise.withResolvers<void>();
  const end = scene.rollout(
    {},
    {
      onLine(text) {
        if (line.test(text)) seen.resolve();
      },
    },
  );
  await Promise.race([seen.promise, end.then((result) => seen.reject(new Error(`no ${line} in\n${result.log}`)))]);
  return { end };
}

async function sceneWith(image: string, after: string): Promise<RealScene> {
  const scene = await realScene(cluster);
  scene.write("k8s/web.yaml", deployment({ image, annotations: { "sim.test/after": after } }));
  return scene;
}

describe("a rollout goes live although", () => {
  it("the API server restarts while it writes and while it waits, and history is compacted meanwhile", async () => {
    await using waiting = await sceneWith("registry.example/web:1", "3s");
    await using writing = await sceneWith("registry.example/web:1", "0s");
    const configs = Array.from({ length: 60 }, (_, index) => config.replace("name: web", `name: config-${index}`));
    writing.write("k8s/config.yaml", configs.join("---\n"));
    const first = await until(waiting, /^web 0\/2 ready/);
    const second = await until(writing, /^locked/);
    await cluster.kill("kube-apiserver");
    await cluster.compact();
    await cluster.start("kube-apiserver");
    const [waited, wrote] = await Promise.all([first.end, second.end]);
    expect(waited.outputs, waited.log).toMatchObject({ result: "applied", created: "1" });
    expect(wrote.outputs, wrote.log).toMatchObject({ result: "applied", created: "61" });
  });

  it("etcd hangs for three seconds while it writes and while it waits", async () => {
    await using waiting = await sceneWith("registry.example/web:1", "2s");
    await using writing = await sceneWith("registry.example/web:1", "0s");
    writing.write("k8s/config.yaml", config);
    const first = await until(waiting, /^web 0\/2 ready/);
    const second = await until(writing, /^locked/);
    cluster.pause("etcd");
    await sleep(3_000);
    cluster.resume("etcd");
    const [waited, wrote] = await Promise.all([first.end, second.end]);
    expect(waited.outputs, waited.log).toMatchObject({ result: "applied" });
    expect(wrote.outputs, wrote.log).toMatchObject({ result: "applied" });
  });

  it("its controllers lag, and is not taken for healthy until they have caught up", async () => {
    await using scene = await sceneWith("registry.example/web:1", "0s");
    expect((await scene.rollout()).outputs["result"]).toBe("applied");
    scene.write("k8s/web.yaml", deployment({ image: "registry.example/web:2" }));
    cluster.pause("kube-controller-manager");
    const { end } = await until(scene, /its controller has not seen the change yet/);
    let isOver = false;
    void end.then(() => {
      isOver = true;
    });
    await sleep(1_000);
    // All counts of the status still say that it is healthy: of the version before.
    expect(await scene.object("/apis/apps/v1", "deployments/web")).toMatchObject({
      metadata: { generation: 2 },
      status: { observedGeneration: 1, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 },
    });
    expect(isOver).toBe(false);
    cluster.resume("kube-controller-manager");
    const result = await end;
    expect(result.outputs, result.log).toMatchObject({ result: "applied" });
    expect(await liveImage(scene)).toBe("registry.example/web:2");
  });

  it("the node on which its pods start is lost: they start elsewhere", async () => {
    await using scene = await realScene(cluster);
    const merge = "application/merge-patch+json";
    await using _ = await addNode(cluster.api, "lost", { cordoned: false });
    const pods = `      tolerations:
        - {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 0}
      affinity:
        nodeAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
            - weight: 100
              preference: {matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [lost]}]}
`;
    scene.write("k8s/web.yaml", deployment({ annotations: { "sim.test/after": "2s" }, extra: pods }));
    const { end } = await until(scene, /^web 0\/2 ready/);
    await cluster.kubelet.setNodeReady("lost", false);
    // What the node controller does within its five seconds, at once.
    const taints = [{ key: "node.kubernetes.io/not-ready", effect: "NoExecute" }];
    await cluster.api.must("PATCH", "/api/v1/nodes/lost", { spec: { taints } }, merge);
    const result = await end;
    expect(result.outputs, result.log).toMatchObject({ result: "applied" });
    expect(JSON.stringify(await scene.object("/api/v1", "pods"))).not.toContain('"nodeName":"lost"');
  });
});
