import { describe, expect, inject, it } from "vitest";
import { openCluster } from "../../cluster/access.ts";
import { killAtWrite, silence } from "./kill-points.ts";
import { liveImage, type RealScene, realScene } from "./real-scene.ts";
import { deployment, service } from "./scene.ts";

const cluster = openCluster(inject("cluster"));
const merge = "application/merge-patch+json";

async function released(web = deployment()): Promise<RealScene> {
  const scene = await realScene(cluster);
  scene.write("k8s/web.yaml", web);
  scene.write("k8s/service.yaml", service);
  const first = await scene.rollout();
  if (first.outputs["result"] !== "applied") throw new Error(first.log);
  return scene;
}

describe("after kill -9 of a rollout, on the real control plane", () => {
  it("a next release that fails too goes back to the version before both", async () => {
    await using scene = await released();
    const inputs = { "image-missing-grace": "0s" };
    scene.write("k8s/web.yaml", deployment({ image: "registry.example/web:2", behaviour: "imagepull" }));
    const killed = await killAtWrite(cluster, scene, 5, inputs);
    expect(killed.written.at(-1), killed.result.log).toBe("PATCH deployments/web");
    await silence(cluster, scene);
    scene.write("k8s/web.yaml", deployment({ image: "registry.example/web:3", behaviour: "imagepull" }));
    const result = await scene.rollout(inputs);
    expect(result.outputs, result.log).toMatchObject({ result: "reverted", cause: "IMAGE_NOT_FOUND" });
    expect(await liveImage(scene)).toBe("registry.example/web:1");
  });
});

const set = (tag: string, behaviour = "ready") => `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 3
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db, sim.test/behaviour: ${behaviour}}}
    spec: {containers: [{name: db, image: "registry.example/db:${tag}"}]}
`;

const job = (word: string) => `apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: migrate, image: "registry.example/migrate:1", args: ["${word}"]}]
`;

describe("on the real control plane", () => {
  it("a StatefulSet fails with its first doomed pod, and that pod is replaced by the revert", async () => {
    await using scene = await realScene(cluster);
    scene.write("k8s/db.yaml", set("1"));
    const first = await scene.rollout();
    expect(first.outputs, first.log).toMatchObject({ result: "applied" });
    scene.write("k8s/db.yaml", set("2", "imagepull"));
    const bad = await scene.rollout({ "image-missing-grace": "0s" });
    expect(bad.outputs, bad.log).toMatchObject({ result: "reverted", cause: "IMAGE_NOT_FOUND" });
    const pods = JSON.stringify(await scene.object("/api/v1", "pods"));
    expect(pods.match(/"image":"registry.example\/db:1"/g)?.length).toBeGreaterThanOrEqual(3);
    expect(pods).not.toContain("db:2");
  });

  it("a changed Job is refused with the way out, which makes a new one and prunes the old", async () => {
    await using scene = await realScene(cluster);
    scene.write("k8s/job.yaml", job("one"));
    expect((await scene.rollout()).outputs["result"]).toBe("applied");
    expect((await scene.rollout()).outputs["result"]).toBe("unchanged");
    scene.write("k8s/job.yaml", job("two"));
    const refused = await scene.rollout();
    expect(refused.outputs, refused.log).toMatchObject({ result: "failed", cause: "FIELD_IMMUTABLE" });
    expect(refused.annotations[0]?.message).toContain("recreate-jobs: on-change");
    const renewed = await scene.rollout({ "recreate-jobs": "on-change" });
    expect(renewed.outputs, renewed.log).toMatchObject({ result: "applied", created: "1", pruned: "1" });
    const again = await scene.rollout({ "recreate-jobs": "on-change" });
    expect(again.outputs, again.log).toMatchObject({ result: "unchanged" });
  });

  it("a hook runs before the workloads, and anew with each release", async () => {
    await using scene = await released();
    scene.write(
      "k8s/job.yaml",
      job("one").replace(
        "metadata: {name: migrate}",
        'metadata: {name: migrate, annotations: {helm.sh/hook: "pre-install,pre-upgrade"}}',
      ),
    );
    scene.write("k8s/web.yaml", deployment({ image: "registry.example/web:2" }));
    const first = await scene.rollout();
    expect(first.outputs, first.log).toMatchObject({ result: "applied", created: "1", updated: "1" });
    const before = await scene.object("/apis/batch/v1", "jobs/migrate");
    expect((await scene.rollout()).outputs["result"]).toBe("unchanged");
    scene.write("k8s/web.yaml", deployment({ image: "registry.example/web:3" }));
    const second = await scene.rollout();
    expect(second.outputs, second.log).toMatchObject({ result: "applied", updated: "2" });
    const after = await scene.object("/apis/batch/v1", "jobs/migrate");
    expect(JSON.stringify(after?.["metadata"])).not.toBe(JSON.stringify(before?.["metadata"]));
  });

  it("somebody else's edit of one of our fields is planned back, and nothing else", async () => {
    await using scene = await released();
    await cluster.api.must(
      "PATCH",
      `/apis/apps/v1/namespaces/${scene.namespace}/deployments/web?fieldManager=kubectl-edit`,
      { spec: { replicas: 5, paused: false } },
      merge,
    );
    const planned = await scene.rollout({ mode: "plan" });
    expect(planned.log).toContain("spec.replicas: 5 → 2");
    expect(planned.log.match(/^ {4}\S+: .* → /gm)).toHaveLength(1);
  });
});
