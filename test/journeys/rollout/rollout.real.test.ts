import { existsSync, readFileSync } from "node:fs";
import { parseManifests } from "@eks-actions/manifest";
import { describe, expect, inject, it } from "vitest";
import { openCluster } from "../../cluster/access.ts";
import { liveImage, type RealScene, realScene } from "./real-scene.ts";
import { codes, config, deployment, service } from "./scene.ts";

const cluster = openCluster(inject("cluster"));
const DEMO = "../shared/data/manifests/microservices-demo.yaml";

async function released(): Promise<RealScene> {
  const scene = await realScene(cluster);
  scene.write("k8s/web.yaml", deployment());
  scene.write("k8s/service.yaml", service);
  const first = await scene.rollout();
  if (first.outputs["result"] !== "applied") throw new Error(first.log);
  return scene;
}

describe("on the real control plane, a release", () => {
  it("goes live, and the same set again changes nothing in two requests and the lists", async () => {
    await using scene = await realScene(cluster);
    scene.write(
      "k8s/web.yaml",
      deployment({
        annotations: { "sim.test/after": "1s" },
        extra: "          resources: {requests: {memory: 1024Mi, cpu: 1000m}}\n",
      }),
    );
    scene.write("k8s/service.yaml", service);
    scene.write("k8s/config.yaml", config);
    const first = await scene.rollout();
    expect(first.outputs, first.log).toMatchObject({ result: "applied", created: "3", phase: "done" });
    const again = await scene.rollout();
    expect(again.outputs, again.log).toMatchObject({ result: "unchanged", unchanged: "3" });
    expect(again.summary).toContain("5 requests, 0 of them writes");
  });

  it("with a missing image is red within its grace, and the old version is back and healthy", async () => {
    await using scene = await released();
    const bad = await scene.rollout({ images: "web=registry.example/web:2", "image-missing-grace": "1s" });
    expect(bad.outputs, bad.log).toMatchObject({ result: "applied" });
    scene.write("k8s/web.yaml", deployment({ behaviour: "imagepull", image: "registry.example/web:3" }));
    const failed = await scene.rollout({ "image-missing-grace": "1s" });
    expect(failed.outputs, failed.log).toMatchObject({ result: "reverted", cause: "IMAGE_NOT_FOUND" });
    expect(codes(failed)).toEqual(["IMAGE_NOT_FOUND"]);
    expect(failed.annotations[0]).toMatchObject({ file: "k8s/web.yaml", line: 16 });
    expect(failed.durationMs).toBeLessThan(10_000);
    expect(await liveImage(scene)).toBe("registry.example/web:2");
  });

  it("that crashes shows the words of the run before the restart", async () => {
    await using scene = await released();
    const annotations = { "sim.test/previous-log": "starting\npanic: no database", "sim.test/log": "starting" };
    scene.write("k8s/web.yaml", deployment({ behaviour: "crashloop", annotations }));
    const bad = await scene.rollout({ "restart-budget": "1", "stable-for": "4s" });
    expect(bad.outputs, bad.log).toMatchObject({ result: "reverted", cause: "CRASH_LOOP" });
    expect(bad.annotations[0]?.message, bad.log).toContain("panic: no database");
  });

  it("beyond a quota is red with the quota's name", async () => {
    await using scene = await released();
    const quota = {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "small" },
      spec: { hard: { pods: "2" } },
    };
    await cluster.api.must("POST", `/api/v1/namespaces/${scene.namespace}/resourcequotas`, quota);
    scene.write("k8s/web.yaml", deployment({ replicas: 4 }));
    const bad = await scene.rollout({ "failed-create-grace": "1s" });
    expect(bad.outputs, bad.log).toMatchObject({ result: "reverted", cause: "FAILED_CREATE" });
    expect(bad.annotations[0]?.message).toContain("exceeded quota: small");
  });

  it("that asks for more than any node has is red without an autoscaler", async () => {
    await using scene = await released();
    scene.write("k8s/web.yaml", deployment({ extra: "          resources: {requests: {cpu: '900'}}\n" }));
    const bad = await scene.rollout({ "unschedulable-grace": "1s" });
    expect(bad.outputs, bad.log).toMatchObject({ result: "reverted", cause: "UNSCHEDULABLE" });
    expect(bad.annotations[0]?.message).toContain("Insufficient cpu");
  });
});

describe("on the real control plane, a set", () => {
  it("with an unknown field is refused on its line without a write", async () => {
    await using scene = await released();
    scene.write("k8s/config.yaml", config);
    scene.write("k8s/web.yaml", deployment().replace("replicas: 2", "replcias: 2"));
    const bad = await scene.rollout();
    expect(codes(bad), bad.log).toEqual(["REJECTED"]);
    expect(bad.annotations[0]).toMatchObject({ file: "k8s/web.yaml", line: 6 });
    expect(await scene.object("/api/v1", "configmaps/web")).toBeUndefined();
  });

  it("with a changed selector is refused with the way out, and `recreate` takes it", async () => {
    await using scene = await released();
    scene.write("k8s/web.yaml", deployment().replaceAll("app: web", "app: web2"));
    const bad = await scene.rollout();
    expect(codes(bad), bad.log).toEqual(["FIELD_IMMUTABLE"]);
    expect(bad.annotations[0]?.message).toContain("recreate: Deployment/web");
    const good = await scene.rollout({ recreate: "Deployment/web" });
    expect(good.outputs, good.log).toMatchObject({ result: "applied" });
  });

  it("takes over what `kubectl apply` made, and removes a field that leaves the manifest", async () => {
    await using scene = await realScene(cluster);
    const path = `/api/v1/namespaces/${scene.namespace}/configmaps`;
    const body = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "web", annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}" } },
      data: { OLD: "1", GREETING: "hi" },
    };
    await cluster.api.must("POST", `${path}?fieldManager=kubectl-client-side-apply`, body);
    scene.write("k8s/config.yaml", config);
    const first = await scene.rollout();
    expect(first.outputs, first.log).toMatchObject({ result: "applied", updated: "1" });
    expect(await scene.object("/api/v1", "configmaps/web")).toMatchObject({ data: { GREETING: "hello" } });
    expect(JSON.stringify(await scene.object("/api/v1", "configmaps/web"))).not.toMatch(/OLD|last-applied/);
  });

  it("never moves replicas that an autoscaler owns", async () => {
    await using scene = await realScene(cluster);
    scene.write("k8s/web.yaml", deployment({ replicas: 7 }));
    scene.write("k8s/service.yaml", service);
    expect((await scene.rollout()).outputs["result"]).toBe("applied");
    scene.write(
      "k8s/hpa.yaml",
      "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n  minReplicas: 2\n  maxReplicas: 9\n",
    );
    scene.write("k8s/web.yaml", deployment({ replicas: 2, image: "registry.example/web:2" }));
    const result = await scene.rollout();
    expect(result.outputs, result.log).toMatchObject({ result: "applied" });
    expect(await scene.object("/apis/apps/v1", "deployments/web")).toMatchObject({ spec: { replicas: 7 } });
  });

  it("without the right to write is told the rule, before any write", async () => {
    const rules = [{ apiGroups: ["*"], resources: ["*"], verbs: ["get", "list", "watch"] }];
    await using namespace = await cluster.namespace("roll", rules);
    await using scene = await realScene(cluster);
    scene.write("k8s/web.yaml", deployment());
    const bad = await scene.rollout({ namespace: namespace.name });
    expect(codes(bad), bad.log).toEqual(["FORBIDDEN"]);
    expect(bad.annotations[0]?.message).toContain('resources: ["deployments"]');
  });
});

describe("on the real control plane, a kustomization", () => {
  it("is rendered by kubectl, with its images replaced, and its annotations point to the overlay", async () => {
    await using scene = await realScene(cluster);
    scene.write("base/kustomization.yaml", "resources: [web.yaml]\n");
    scene.write("base/web.yaml", deployment());
    scene.write("overlay/kustomization.yaml", "resources: [../base]\nnamePrefix: a-\n");
    const inputs = { manifests: "", kustomize: "overlay", images: "web=registry.example/web:7" };
    const options = { env: { PATH: `${cluster.binaries}:${process.env["PATH"]}` } };
    const result = await scene.rollout(inputs, options);
    expect(result.outputs, result.log).toMatchObject({ result: "applied", created: "1" });
    expect(JSON.stringify(await scene.object("/apis/apps/v1", "deployments/a-web"))).toContain(
      "registry.example/web:7",
    );
    expect(result.log).toContain("(overlay:1)");
  });
});

describe("on the real control plane, with exactly the rights of rbac/namespace.yaml", () => {
  it("a release goes live, a bad one is explained and reverted, and an object is pruned", async () => {
    const [role] = parseManifests(readFileSync("actions/rollout/rbac/namespace.yaml", "utf8"), "namespace.yaml");
    const rules = role?.object["rules"] as Parameters<typeof cluster.namespace>[1];
    await using namespace = await cluster.namespace("roll", rules);
    await using scene = await realScene(cluster);
    const inputs = { namespace: namespace.name, "image-missing-grace": "1s" };
    scene.write("k8s/web.yaml", deployment());
    scene.write("k8s/service.yaml", service);
    scene.write("k8s/config.yaml", config);
    const first = await scene.rollout(inputs);
    expect(first.outputs, first.log).toMatchObject({ result: "applied" });
    scene.write("k8s/web.yaml", deployment({ behaviour: "imagepull", image: "registry.example/web:2" }));
    const bad = await scene.rollout(inputs);
    expect(bad.outputs, bad.log).toMatchObject({ result: "reverted", cause: "IMAGE_NOT_FOUND" });
    scene.write("k8s/web.yaml", deployment({ image: "registry.example/web:3" }));
    const pruned = await scene.rollout({ ...inputs, manifests: "k8s/web.yaml,k8s/service.yaml" });
    expect(pruned.outputs, pruned.log).toMatchObject({ result: "applied", updated: "1", pruned: "1" });
  });
});

describe("on the real control plane, eleven services of a real shop", () => {
  it.skipIf(!existsSync(DEMO))(`roll out to healthy (skipped: no ${DEMO})`, { timeout: 120_000 }, async () => {
    await using scene = await realScene(cluster);
    scene.write("k8s/demo.yaml", readFileSync(DEMO, "utf8"));
    // What a load balancer controller would do.
    const result = await scene.rollout(
      { timeout: "90s" },
      { onLine: (line) => void (line.includes("no address yet") && giveAddress(scene)) },
    );
    expect(result.outputs, result.log).toMatchObject({
      result: "applied",
      created: "35",
      "environment-url": "http://lb.example",
    });
    const again = await scene.rollout();
    expect(again.outputs, again.log).toMatchObject({ result: "unchanged", unchanged: "35" });
  });
});

async function giveAddress(scene: RealScene): Promise<void> {
  const path = `/api/v1/namespaces/${scene.namespace}/services/frontend-external/status`;
  const status = { status: { loadBalancer: { ingress: [{ hostname: "lb.example" }] } } };
  await cluster.api.must("PATCH", path, status, "application/merge-patch+json");
}
