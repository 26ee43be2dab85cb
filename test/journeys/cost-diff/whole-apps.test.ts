import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createScene, nodePool, reportOf } from "./scene.ts";

const shared = join(import.meta.dirname, "../../../../shared/data/manifests/microservices-demo.yaml");

describe("a real application", () => {
  it.skipIf(!existsSync(shared))("is priced as it is (skipped: no ../shared/data)", async () => {
    const text = readFileSync(shared, "utf8");
    await using scene = await createScene({
      base: { "deploy/shop.yaml": text, "deploy/nodes.yaml": nodePool("[m5.large]") },
      head: { "deploy/shop.yaml": text.replaceAll("cpu: 100m", "cpu: 400m") },
    });
    const result = await scene.cost({ "aws-region": "us-east-1" });
    expect(result.outcome, result.log).toBe("success");
    const report = reportOf(result).report;
    const [cluster] = report["clusters"] as { workloads: { id: string }[]; lines: { id: string; head: number }[] }[];
    expect(cluster?.workloads).toHaveLength(12);
    expect(cluster?.lines.find(({ id }) => id === "loadBalancers")?.head).toBe(18.25);
    expect(Number(result.outputs["nodes-head"])).toBeGreaterThan(Number(result.outputs["nodes-base"]));
    expect(scene.github.repo.comments[0]?.body).toContain("`default/Deployment/");
  });

  it("of two thousand files is read and priced", async () => {
    const file = (i: number, replicas: number) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: app-${i}, namespace: default }
spec:
  replicas: ${replicas}
  template:
    spec:
      containers:
        - { name: c, resources: { requests: { cpu: ${50 + (i % 20) * 25}m, memory: ${64 + (i % 7) * 64}Mi } } }
`;
    const all = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`deploy/app-${i}.yaml`, file(i, 1)]));
    await using scene = await createScene({
      base: { ...all, "deploy/nodes.yaml": nodePool("[m5.large, m5.2xlarge, r5.2xlarge, c5.4xlarge]") },
      head: { "deploy/app-0.yaml": file(0, 40) },
    });
    const result = await scene.cost({ mode: "compute", "aws-region": "us-east-1" });
    expect(result.outcome, result.log).toBe("success");
    expect(Number(result.outputs["diff"])).toBeGreaterThan(0);
    const [cluster] = reportOf(result).report["clusters"] as { unchangedWorkloads: number }[];
    expect(cluster?.unchangedWorkloads).toBe(1999);
  });
});

describe("a cancelled run", () => {
  it("writes no comment, and says that it was cancelled", async () => {
    await using scene = await createScene({
      base: { "deploy/nodes.yaml": nodePool(), "deploy/a.yaml": "apiVersion: v1\nkind: Pod\nmetadata: { name: a }\n" },
      head: { "deploy/a.yaml": "apiVersion: v1\nkind: Pod\nmetadata: { name: b }\n" },
    });
    scene.github.fault({ operation: "issues/list-comments", kind: { type: "delay", ms: 20_000 } });
    const result = await scene.cost({ "aws-region": "us-east-1" }, { cancelAt: /comment on pull request/ });
    expect(result.outcome).not.toBe("success");
    expect(result.signalsSent).toEqual(["SIGINT"]);
    expect(result.outputs, result.log).toMatchObject({ result: "cancelled", cause: "CANCELLED" });
    expect(scene.github.repo.comments).toEqual([]);
  });
});
