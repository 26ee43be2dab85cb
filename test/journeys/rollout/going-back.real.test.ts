import { readFileSync } from "node:fs";
import { parseManifests } from "@eks-actions/manifest";
import { describe, expect, inject, it } from "vitest";
import { openCluster } from "../../cluster/access.ts";
import type { PolicyRule } from "../../cluster/roles.ts";
import { appLock, killAtWrite, silence, snapshotSecrets } from "./kill-points.ts";
import { liveImage, type RealScene, realScene } from "./real-scene.ts";
import { codes, config, deployment } from "./scene.ts";

const cluster = openCluster(inject("cluster"));

/** Exactly what rbac/namespace.yaml grants. */
function documentedRights(): readonly PolicyRule[] {
  const [role] = parseManifests(readFileSync("actions/rollout/rbac/namespace.yaml", "utf8"), "namespace.yaml");
  return role?.object["rules"] as readonly PolicyRule[];
}

/** As a generator names them, each release has a ConfigMap of its own, and the one before is pruned. */
function writeVersion(scene: RealScene, version: number): void {
  scene.write("k8s/web.yaml", deployment({ replicas: 1, image: `registry.example/web:${version}` }));
  scene.write("k8s/config.yaml", config.replace("name: web", `name: web-${version}`));
}

async function configs(scene: RealScene): Promise<readonly string[]> {
  const text = JSON.stringify(await scene.object("/api/v1", "configmaps"));
  return [...text.matchAll(/"name":"(web-\d)"/g)].map(([, name]) => name ?? "");
}

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

describe.concurrent("with exactly the rights of rbac/namespace.yaml", () => {
  it("`mode: revert` goes back release by release, pruned objects included, until there is none", async () => {
    await using scene = await realScene(cluster, "ci", documentedRights());
    for (const version of [1, 2, 3]) {
      writeVersion(scene, version);
      const result = await scene.rollout();
      expect(result.outputs, result.log).toMatchObject({ result: "applied" });
    }
    for (const version of [2, 1]) {
      const result = await scene.rollout({ mode: "revert" });
      expect(result.outputs, result.log).toMatchObject({ result: "reverted" });
      expect(await liveImage(scene)).toBe(`registry.example/web:${version}`);
      expect(await configs(scene)).toEqual([`web-${version}`]);
    }
    const last = await scene.rollout({ mode: "revert" });
    expect(codes(last), last.log).toEqual(["SNAPSHOT_INVALID"]);
    expect(await snapshotSecrets(cluster, scene)).toEqual([]);
  });

  it("a run that died while a StatefulSet was stuck is reconciled", async () => {
    await using scene = await realScene(cluster, "ci", documentedRights());
    scene.write("k8s/db.yaml", set("1"));
    expect((await scene.rollout()).outputs["result"]).toBe("applied");
    scene.write("k8s/db.yaml", set("2", "imagepull"));
    const killed = await killAtWrite(cluster, scene, 5, { "image-missing-grace": "0s" });
    expect(killed.next, killed.result.log).toBe("PUT leases/eks-actions-shop");
    await silence(cluster, scene);
    const result = await scene.rollout({ mode: "reconcile" });
    expect(result.outputs, result.log).toMatchObject({ result: "recovered" });
    expect(JSON.stringify(await scene.object("/api/v1", "pods"))).not.toContain("registry.example/db:2");
    expect(result.log).toContain("is deleted, because a StatefulSet would keep it");
  });
});

describe.concurrent("a release that fails", () => {
  it("stays when the state before was not healthy, and nothing good is lost", async () => {
    await using scene = await realScene(cluster);
    scene.write("k8s/web.yaml", deployment({ replicas: 1, behaviour: "never-ready" }));
    const first = await scene.rollout({ timeout: "1s" });
    expect(first.outputs, first.log).toMatchObject({ result: "held" });
    scene.write("k8s/web.yaml", deployment({ replicas: 1, image: "registry.example/web:2", behaviour: "imagepull" }));
    const second = await scene.rollout({ "image-missing-grace": "0s" });
    expect(second.outputs, second.log).toMatchObject({ result: "held", cause: "IMAGE_NOT_FOUND" });
    expect(second.log).toContain("the state before was not healthy either");
    expect(await liveImage(scene)).toBe("registry.example/web:2");
    expect(await appLock(scene)).toMatchObject({ holder: "", phase: "done" });
  });

  it("for the first time, and dies half-way, is reported as such by reconcile and not touched", async () => {
    await using scene = await realScene(cluster);
    scene.write("k8s/web.yaml", deployment({ replicas: 1 }));
    scene.write("k8s/config.yaml", config);
    const killed = await killAtWrite(cluster, scene, 4);
    expect(killed.next, killed.result.log).toBe("PATCH deployments/web");
    await silence(cluster, scene);
    const result = await scene.rollout({ mode: "reconcile" });
    expect(codes(result), result.log).toEqual(["SNAPSHOT_INVALID"]);
    expect(result.annotations[0]?.message).toContain("it was the first one, so there is nothing to go back to");
    expect(await scene.object("/api/v1", "configmaps/web")).toBeDefined();
    expect(await appLock(scene)).toMatchObject({ holder: "", phase: "done" });
  });
});
