import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createScene, errorsOf } from "./scene.ts";

const CLUSTER = `apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata:
  name: shop
  region: eu-west-1
managedNodeGroups:
  - name: web
    minSize: 2
    maxSize: 4
`;

describe("a cluster from an empty account", () => {
  it("is planned, built, left alone, changed, found drifted, and destroyed", async () => {
    await using scene = await createScene();
    scene.write("cluster.yaml", CLUSTER);

    const planned = await scene.bootstrap({ mode: "plan" });
    expect(errorsOf(planned)).toEqual([]);
    expect(planned.outputs).toMatchObject({ result: "planned", status: "pending", "cluster-name": "shop" });
    expect(scene.writes()).toEqual([]);
    const file = JSON.parse(readFileSync(planned.outputs["plan-json"] ?? "", "utf8"));
    expect(file).toMatchObject({
      schemaVersion: 1,
      planHash: planned.outputs["plan-hash"],
      cluster: { exists: false },
    });

    const built = await scene.bootstrap({ "plan-file": planned.outputs["plan-json"] ?? "" });
    expect(errorsOf(built)).toEqual([]);
    expect(built.outputs).toMatchObject({ result: "applied", status: "converged", cause: "" });
    expect(built.outputs["endpoint"]).toMatch(/^https:/);
    expect(scene.writes()).toEqual(expect.arrayContaining(["eks:CreateCluster", "eks:CreateNodegroup"]));
    expect(built.log).toContain("✅ create control plane shop");

    const again = await scene.bootstrap();
    expect(again.outputs).toMatchObject({ result: "unchanged", changed: "0" });
    expect(scene.writes()).toEqual([]);

    scene.write("cluster.yaml", CLUSTER.replace("maxSize: 4", "maxSize: 6"));
    const drift = await scene.bootstrap({ mode: "drift" });
    expect(drift).toMatchObject({ exitCode: 2, outputs: { result: "drifted", changed: "1" } });
    const changed = await scene.bootstrap();
    expect(changed.outputs).toMatchObject({ result: "applied", changed: "1" });
    expect(scene.writes().filter((write) => !/tagresource/i.test(write))).toEqual(["eks:UpdateNodegroupConfig"]);

    const gone = await scene.bootstrap({ mode: "destroy", confirm: "shop" });
    expect(errorsOf(gone)).toEqual([]);
    expect(gone.outputs["result"]).toBe("destroyed");
    expect(scene.aws.account.clusters.size).toBe(0);
  }, 300_000);
});
