import { describe, expect, it } from "vitest";
import { config, createScene, deployment, service } from "./scene.ts";

describe("a rollout of a Deployment, a Service and a ConfigMap", () => {
  it("ends green with a timeline, a free lock and an inventory, and a rerun writes nothing", async () => {
    await using scene = await createScene();
    scene.write("k8s/web.yaml", deployment());
    scene.write("k8s/service.yaml", service);
    scene.write("k8s/config.yaml", config);

    const first = await scene.rollout();
    console.log(first.log, first.summary);
    expect(first.outcome).toBe("success");
    expect(first.outputs).toMatchObject({ result: "applied", changed: "3", created: "3", phase: "done", cause: "" });
    console.log(scene.writes());

    const again = await scene.rollout();
    console.log(again.log, again.summary, again.outputs);
    expect(again.outputs).toMatchObject({ result: "unchanged", changed: "0", unchanged: "3" });
    expect(scene.writes()).toEqual([]);
    expect(scene.kube.violations).toEqual([]);
  });
});
