import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { config, createScene, deployment, lock, released, service } from "./scene.ts";

describe("a rollout of a Deployment, a Service and a ConfigMap", () => {
  it("ends green with a timeline, a free lock and an inventory, and a rerun writes nothing", async () => {
    await using scene = await createScene();
    scene.write("k8s/web.yaml", deployment());
    scene.write("k8s/service.yaml", service);
    scene.write("k8s/config.yaml", config);

    const first = await scene.rollout();
    expect(first.outcome).toBe("success");
    expect(first.outputs).toMatchObject({ result: "applied", changed: "3", created: "3", phase: "done", cause: "" });
    expect(first.summary).toMatch(/^## ✅ `shop` → `t-\S+`: live and healthy, after /);
    expect(first.summary).toContain("all healthy");
    expect(lock(scene)).toContain('"holderIdentity":""');
    const live = scene.object("deployments.apps", "web");
    expect(JSON.stringify(live)).toContain("applyset.kubernetes.io/part-of");
    expect(scene.writes()).toHaveLength(6);

    const before = scene.kube.requests.length;
    const again = await scene.rollout();
    expect(again.outputs).toMatchObject({ result: "unchanged", changed: "0", unchanged: "3" });
    expect(scene.writes()).toEqual([]);
    // Parent, Lease, and one list for each of three kinds.
    expect(scene.kube.requests.length - before).toBeLessThanOrEqual(5);
    expect(scene.kube.violations).toEqual([]);
  });

  it.each([
    ["comes with the manifests", "apiVersion: v1\nkind: Namespace\nmetadata: { name: fresh }\n", {}],
    ["is asked for", "", { "create-namespace": "true" }],
  ])("makes the app's own namespace first when it %s", async (_, manifest, inputs) => {
    await using scene = await createScene();
    scene.write("k8s/config.yaml", `${manifest}---\n${config}`);
    const result = await scene.rollout({ namespace: "fresh", kubeconfig: "admin", ...inputs });
    expect(result.outcome, result.log).toBe("success");
    expect(scene.kube.store.get("namespaces", "/fresh")).toBeDefined();
    expect((await scene.rollout({ namespace: "fresh", kubeconfig: "admin", ...inputs })).outputs["result"]).toBe(
      "unchanged",
    );
  });

  it("takes another spelling of the same quantity for unchanged", async () => {
    await using scene = await createScene();
    const text = deployment({ extra: "          resources: {requests: {memory: 1024Mi, cpu: 1000m}}\n" });
    scene.write("k8s/web.yaml", text);
    expect((await scene.rollout()).outputs["result"]).toBe("applied");
    expect((await scene.rollout()).outputs["result"]).toBe("unchanged");
  });

  it("plans without a write and leaves the plan as JSON", async () => {
    await using scene = await released();
    scene.write("k8s/web.yaml", deployment({ image: "registry.example/web:2", replicas: 3 }));
    const planned = await scene.rollout({ mode: "plan" });
    expect(planned.outcome).toBe("success");
    expect(planned.outputs).toMatchObject({ result: "planned", changed: "1", updated: "1" });
    expect(scene.writes()).toEqual([]);
    const plan = JSON.parse(readFileSync(planned.outputs["plan-json"] ?? "", "utf8"));
    expect(plan.objects.find((one: { action: string }) => one.action === "update")).toMatchObject({
      source: { file: "k8s/web.yaml", line: 1 },
      diff: [
        { path: "spec.replicas", from: "2", to: "3" },
        {
          path: "spec.template.spec.containers[web].image",
          from: "registry.example/web:1",
          to: "registry.example/web:2",
        },
      ],
    });
  });

  it("applies a custom resource after its CRD is established", async () => {
    await using scene = await createScene();
    scene.write(
      "k8s/a-thing.yaml",
      "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: one}\nspec: {size: 3}\n",
    );
    scene.write("k8s/crd.yaml", crd);
    const result = await scene.rollout({ kubeconfig: "admin" });
    expect(result.outputs).toMatchObject({ result: "applied", created: "2" });
    expect((await scene.rollout({ kubeconfig: "admin" })).outputs["result"]).toBe("unchanged");
  });

  it("deletes what left the set, last", async () => {
    await using scene = await released();
    const result = await scene.rollout({ manifests: "k8s/web.yaml" });
    expect(result.outputs).toMatchObject({ result: "applied", pruned: "1" });
    expect(scene.object("services", "web")).toBeUndefined();
    expect((await scene.rollout({ manifests: "k8s/web.yaml" })).outputs["result"]).toBe("unchanged");
  });
});

const crd = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: things, singular: thing, kind: Thing}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: {type: object, properties: {size: {type: integer}}}
`;
