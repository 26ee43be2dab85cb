import { price } from "@eks-actions/test/journeys/cost-diff/in-process.ts";
import { nodePool } from "@eks-actions/test/journeys/cost-diff/scene.ts";
import { describe, expect, it } from "vitest";

describe("settings", () => {
  const config = (text: string) => ({ ".github/cost.yaml": text, "deploy/nodes.yaml": nodePool() });
  const inputsOf = { manifests: "", "aws-region": "us-east-1" };
  it.each([
    ["schemaVersion: 2\n", "schemaVersion is 2"],
    ["schemaVersion: 1\ntarget: []\n", "did you mean `targets`"],
    ["schemaVersion: 1\ntargets: [{ path: a, cluster: x }]\nclusters: [{ name: prod }]\n", "is x, which is not listed"],
    ["schemaVersion: 1\ntargets: [{ path: a }, { path: a }]\n", "are both `a@default`"],
    ["schemaVersion: 1\nassume: { rootVolume: { gib: 0 } }\n", "gib is 0"],
    ["schemaVersion: 1\nclusters: [{ name: a, version: 1.3 }]\n", "version is 1.3"],
  ])("refuse %j", async (text, message) => {
    await expect(price({ head: config(text), inputs: inputsOf })).rejects.toThrow(/./);
    const error = await price({ head: config(text), inputs: inputsOf }).catch(
      (thrown: { message: string; hint?: string }) => thrown,
    );
    expect(`${(error as { message: string }).message} ${(error as { hint?: string }).hint ?? ""}`).toContain(message);
  });

  it("price several clusters from one file", async () => {
    const text = `schemaVersion: 1
targets:
  - { name: shop, cluster: prod, path: apps/shop }
  - { name: edge, cluster: edge, path: apps/edge }
clusters:
  - { name: prod, region: us-east-1, version: "1.35", instanceTypes: [m5.large] }
  - { name: edge, region: us-east-1, version: "1.33", instanceTypes: [m7g.*] }
`;
    const pod = (name: string) =>
      JSON.stringify({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name },
        spec: { containers: [{ name: "c", resources: { requests: { cpu: 1, memory: "1Gi" } } }] },
      });
    const { report } = await price({
      head: { ".github/cost.yaml": text, "apps/shop/a.json": pod("a"), "apps/edge/b.json": pod("b") },
      inputs: { manifests: "", "aws-region": "" },
    });
    expect(report.clusters.map(({ name }) => name)).toEqual(["edge", "prod"]);
    expect(report.clusters.map(({ lines }) => lines.some(({ id }) => id === "extendedSupport"))).toEqual([true, false]);
    expect(report.clusters[0]?.packing.head?.nodes[0]?.type).toMatch(/^m7g\./);
  });
});
