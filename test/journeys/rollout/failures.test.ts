import { describe, expect, it } from "vitest";
import { codes, createScene, deployment, liveImage, lock, released } from "./scene.ts";

describe("a release that is not healthy", () => {
  it("with an image that does not exist is red in seconds with the cause on its line, and reverted", async () => {
    await using scene = await released();
    const bad = await scene.rollout({ images: "web=registry.example/web:missing", "image-missing-grace": "1s" });
    expect(bad.outcome).toBe("failure");
    expect(bad.outputs).toMatchObject({ result: "reverted", cause: "IMAGE_NOT_FOUND", phase: "done" });
    expect(codes(bad)).toEqual(["IMAGE_NOT_FOUND"]);
    expect(bad.annotations[0]).toMatchObject({ file: "k8s/web.yaml", line: 16 });
    expect(bad.annotations[0]?.message).toContain("1/1 pods: image registry.example/web:missing not found");
    expect(bad.durationMs).toBeLessThan(8_000);
    expect(liveImage(scene)).toBe("registry.example/web:1");
    expect(lock(scene)).toContain('"holderIdentity":""');
    expect((await scene.rollout()).outputs["result"]).toBe("unchanged");
    expect(scene.kube.violations).toEqual([]);
  });

  it("that keeps crashing shows the last line of the log before the restart", async () => {
    await using scene = await released();
    const annotations = { "sim.test/previous-log": "starting\npanic: no database", "sim.test/log": "starting" };
    scene.write("k8s/web.yaml", deployment({ behaviour: "crashloop", annotations }));
    const bad = await scene.rollout({ "restart-budget": "1", "stable-for": "3s" });
    expect(bad.outputs).toMatchObject({ result: "reverted", cause: "CRASH_LOOP" });
    expect(bad.annotations[0]?.message).toMatch(/exited with code 1, restarted once.*last line: panic: no database/);
    expect(bad.log).toContain("before its last restart:");
    expect(bad.summary).toContain("panic&#58; no database");
  });

  it("for a missing Secret is red after its grace", async () => {
    await using scene = await released();
    scene.write("k8s/web.yaml", deployment({ behaviour: "config-error", annotations: { note: "2" } }));
    const bad = await scene.rollout({ "config-error-grace": "1s" });
    expect(bad.outputs).toMatchObject({ result: "reverted", cause: "CONFIG_MISSING" });
  });

  it("whose probes fail is named when no progress is made", async () => {
    await using scene = await released();
    scene.write("k8s/web.yaml", deployment({ behaviour: "never-ready" }));
    const bad = await scene.rollout({ "no-progress-timeout": "2s" });
    expect(bad.outputs).toMatchObject({ result: "reverted", cause: "PROBE_FAILING" });
    expect(bad.annotations[0]?.message).toContain("Readiness probe failed");
  });

  it("stays as it is on a first rollout, and with `on-failure: hold`", async () => {
    await using scene = await createScene();
    scene.write("k8s/web.yaml", deployment({ image: "registry.example/web:missing" }));
    const first = await scene.rollout({ "image-missing-grace": "0s" });
    expect(first.outputs).toMatchObject({ result: "held", cause: "IMAGE_NOT_FOUND" });
    expect(liveImage(scene)).toBe("registry.example/web:missing");
    scene.write("k8s/web.yaml", deployment());
    expect((await scene.rollout()).outputs["result"]).toBe("applied");
    scene.write("k8s/web.yaml", deployment({ image: "registry.example/web:missing" }));
    const held = await scene.rollout({ "image-missing-grace": "0s", "on-failure": "hold" });
    expect(held.outputs).toMatchObject({ result: "held", cause: "IMAGE_NOT_FOUND" });
    const back = await scene.rollout({ mode: "revert" });
    expect(back.outcome).toBe("success");
    expect(back.outputs["result"]).toBe("reverted");
    expect(liveImage(scene)).toBe("registry.example/web:1");
  });
});
