import { describe, expect, it } from "vitest";
import { codes, createScene, deployment, liveImage, lock, released, service } from "./scene.ts";

describe("a rollout through trouble", () => {
  it("goes on after 429 with Retry-After, 503 and a cut connection", async () => {
    await using scene = await createScene();
    scene.write("k8s/web.yaml", deployment());
    scene.write("k8s/service.yaml", service);
    scene.kube.fault({ match: /\/deployments\/web/, method: "PATCH", nth: 2, status: 429, retryAfter: 1 });
    scene.kube.fault({ match: /\/services\/web/, method: "PATCH", nth: 1, status: 503 });
    scene.kube.fault({ match: /\/deployments$/, method: "GET", nth: 1, drop: true });
    const result = await scene.rollout();
    expect(result.outputs["result"]).toBe("applied");
    expect(scene.kube.violations).toEqual([]);
  });

  it("keeps its verdict when watches break and history is compacted", async () => {
    await using scene = await createScene({ podStartMs: 1500 });
    scene.write("k8s/web.yaml", deployment());
    const running = scene.rollout();
    const broken = setInterval(() => scene.kube.compact(), 200);
    scene.kube.fault({ match: ({ query }) => query.get("watch") === "true", nth: 1, drop: true });
    const result = await running;
    clearInterval(broken);
    expect(result.outputs["result"]).toBe("applied");
    expect(result.durationMs).toBeLessThan(10_000);
  });

  it("leaves a report and a named state within 7 s of a cancel, and post puts the old version back", async () => {
    await using scene = await released();
    scene.write("k8s/web.yaml", deployment({ image: "registry.example/web:2", behaviour: "never-ready" }));
    const cancelled = await scene.rollout({}, { cancelAt: /not ready|ready ·/ });
    expect(cancelled.outcome).toBe("cancelled");
    expect(cancelled.outputs).toMatchObject({ result: "cancelled", cause: "CANCELLED" });
    expect(cancelled.summary).toContain("cancelled");
    expect(cancelled.durationMs).toBeLessThan(9_000);
    expect(lock(scene)).toContain("aborting");
    expect(liveImage(scene)).toBe("registry.example/web:2");
    const post = await scene.post(cancelled);
    expect(post.outcome).toBe("success");
    expect(liveImage(scene)).toBe("registry.example/web:1");
    expect(lock(scene)).toContain('"holderIdentity":""');
    scene.write("k8s/web.yaml", deployment());
    expect((await scene.rollout()).outputs["result"]).toBe("unchanged");
  });

  it("ends within 7 s of a cancel even when the API server hangs, and post finishes once it is back", async () => {
    await using scene = await released();
    scene.write("k8s/web.yaml", deployment({ image: "registry.example/web:2", behaviour: "never-ready" }));
    scene.kube.fault({ match: /\/leases\//, method: "PUT", nth: 3, times: 1, delay: 60_000, drop: true });
    const cancelled = await scene.rollout({}, { cancelAt: /not ready|ready ·/ });
    expect(cancelled.outcome, cancelled.log).toBe("cancelled");
    expect(cancelled.outputs["result"]).toBe("cancelled");
    expect(cancelled.signal).toBeNull();
    expect(cancelled.durationMs).toBeLessThan(9_000);
    expect(lock(scene)).toContain("applying");
    const post = await scene.post(cancelled);
    expect(post.outcome, post.log).toBe("success");
    expect(liveImage(scene)).toBe("registry.example/web:1");
  });

  it("has nothing to do in post after a finished run", async () => {
    await using scene = await createScene();
    scene.write("k8s/web.yaml", deployment());
    const result = await scene.rollout();
    const before = scene.kube.requests.length;
    expect((await scene.post(result)).outcome).toBe("success");
    expect(scene.kube.requests.length).toBe(before);
  });

  it("is reconciled after its process was killed", async () => {
    await using scene = await released();
    scene.write("k8s/web.yaml", deployment({ image: "registry.example/web:2", behaviour: "never-ready" }));
    const killed = await scene.rollout({}, { cancelAt: /not ready|ready ·/ });
    expect(killed.outcome).toBe("cancelled");
    age(scene);
    const result = await scene.rollout({ mode: "reconcile" });
    expect(result.outputs["result"]).toBe("recovered");
    expect(liveImage(scene)).toBe("registry.example/web:1");
    expect(lock(scene)).toContain('"holderIdentity":""');
  });
});

/** As if the run had been silent for two minutes. */
function age(scene: Awaited<ReturnType<typeof createScene>>, app = "shop"): void {
  const key = `${scene.namespace}/eks-actions-${app}`;
  const lease = JSON.parse(JSON.stringify(scene.kube.store.get("leases.coordination.k8s.io", key)));
  lease.spec.renewTime = new Date(Date.now() - 120_000).toISOString();
  scene.kube.store.put("leases.coordination.k8s.io", key, lease);
}

describe("reconciling every app of a namespace", () => {
  it("puts broken ones in order and leaves the others alone", async () => {
    await using scene = await released();
    scene.write("other/config.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n");
    expect((await scene.rollout({ app: "other", manifests: "other" })).outputs["result"]).toBe("applied");
    scene.write("k8s/web.yaml", deployment({ image: "registry.example/web:2", behaviour: "never-ready" }));
    await scene.rollout({}, { cancelAt: /not ready|ready ·/ });
    age(scene);
    const result = await scene.rollout({ mode: "reconcile", app: "*", manifests: "" });
    expect(result.outputs, result.log).toMatchObject({ result: "recovered" });
    expect(result.log).toContain("other: none (nobody holds the lock)");
    expect(liveImage(scene)).toBe("registry.example/web:1");
    const again = await scene.rollout({ mode: "reconcile", app: "*", manifests: "" });
    expect(again.outputs).toMatchObject({ result: "unchanged" });
  });

  it("leaves an app whose snapshot was edited by hand alone, says so, and puts the others in order", async () => {
    await using scene = await released();
    scene.write("other/config.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\ndata: {a: '1'}\n");
    const other = { app: "other", manifests: "other" };
    expect((await scene.rollout(other)).outputs["result"]).toBe("applied");
    scene.write("k8s/web.yaml", deployment({ image: "registry.example/web:2", behaviour: "never-ready" }));
    scene.write("other/web.yaml", deployment({ name: "other", behaviour: "never-ready" }));
    await scene.rollout({}, { cancelAt: /not ready|ready ·/ });
    await scene.rollout(other, { cancelAt: /not ready|ready ·/ });
    age(scene);
    age(scene, "other");
    const key = `${scene.namespace}/eks-actions-other-r2-0`;
    const secret = JSON.parse(JSON.stringify(scene.kube.store.get("secrets", key)));
    scene.kube.store.put("secrets", key, { ...secret, data: { chunk: "AAAA" } });
    const result = await scene.rollout({ mode: "reconcile", app: "*", manifests: "" });
    expect(codes(result), result.log).toEqual(["SNAPSHOT_INVALID"]);
    expect(result.annotations[0]?.message).toContain("its checksum does not fit; nothing was changed");
    expect(liveImage(scene)).toBe("registry.example/web:1");
    expect(liveImage(scene, "other")).toBe("registry.example/web:1");
  });
});

describe("two runs of one app at once", () => {
  it("have one winner, and the other names the winner's run", async () => {
    await using scene = await released({ podStartMs: 1500 });
    scene.write("k8s/web.yaml", deployment({ image: "registry.example/web:2" }));
    const other = { github: { run_id: "2000002" } };
    const results = await Promise.all([scene.rollout(), scene.rollout({}, other)]);
    const outcomes = results.map((result) => `${result.outputs["result"]} ${result.outputs["cause"]}`).sort();
    expect(outcomes, results.map((one) => one.log).join("\n")).toEqual(["applied ", "failed LOCKED"]);
    expect(results.find((result) => result.outputs["cause"] === "LOCKED")?.outputs["cause-message"]).toMatch(
      /actions\/runs\/\d+/,
    );
    expect(lock(scene)).toContain('"holderIdentity":""');
  });
});
