import { price } from "@eks-actions/test/journeys/cost-diff/in-process.ts";
import { clusterYaml, deployment, nodePool } from "@eks-actions/test/journeys/cost-diff/scene.ts";
import { describe, expect, it } from "vitest";

const inputs = { "cluster-config": "infra/prod.yaml" };
const files = (web: number, api = 3, cpu = "500m") => ({
  "infra/prod.yaml": clusterYaml(),
  "deploy/nodes.yaml": nodePool(),
  "deploy/web.yaml": deployment(web, { cpu }),
  "deploy/api.yaml": deployment(api, { name: "api" }),
});

describe("what must follow from what", () => {
  it("a change and its revert cost the same with opposite signs", async () => {
    const there = await price({ base: files(2), head: files(6), inputs });
    const back = await price({ base: files(6), head: files(2), inputs });
    expect(there.report.total.diff).toBeGreaterThan(0);
    expect(back.report.total.diff).toBeCloseTo(-there.report.total.diff, 6);
    expect(back.report.total.base).toBe(there.report.total.head);
  });

  it("by stated rates, twice the replicas cost twice the nodes line but for CoreDNS", async () => {
    const rates = { "prices.yaml": 'schemaVersion: 1\nrates: { cpuHour: "0.03", gibHour: "0.004" }\n' };
    const given = { inputs: { ...inputs, "price-file": "prices.yaml" } };
    const none = (await price({ head: { ...files(0, 0), ...rates }, ...given })).line("nodes");
    const once = (await price({ head: { ...files(2, 3), ...rates }, ...given })).line("nodes");
    const twice = (await price({ head: { ...files(4, 6), ...rates }, ...given })).line("nodes");
    expect(twice - none).toBeCloseTo(2 * (once - none), 6);
  });

  it("twice the replicas never cost more than twice the nodes, nor less than before", async () => {
    const once = (await price({ head: files(3), inputs })).line("nodes");
    const twice = (await price({ head: files(6, 6), inputs })).line("nodes");
    expect(twice).toBeLessThanOrEqual(2 * once);
    expect(twice).toBeGreaterThanOrEqual(once);
  });

  it("one Deployment of four is two of two", async () => {
    const joined = await price({ head: files(4, 0), inputs });
    const parts = { ...files(2, 0), "deploy/more.yaml": deployment(2, { name: "more" }) };
    expect((await price({ head: parts, inputs })).report.total.head).toBe(joined.report.total.head);
  });

  it("another unit of the same amount changes nothing", async () => {
    const { cluster } = await price({ base: files(2), head: files(2, 3, '"0.5"'), inputs });
    expect(cluster.status).toBe("unchanged");
  });

  it("two clusters cost what each costs by itself", async () => {
    const settings = `schemaVersion: 1
targets: [{ path: apps/a, cluster: a }, { path: apps/b, cluster: b }]
clusters: [{ name: a, region: us-east-1, version: "1.35" }, { name: b, region: us-east-1, version: "1.33" }]
`;
    const pair = {
      "apps/a/nodes.yaml": nodePool(),
      "apps/a/web.yaml": deployment(4),
      "apps/b/nodes.yaml": nodePool("[m5.xlarge]"),
      "apps/b/web.yaml": deployment(3),
    };
    const { report } = await price({
      head: { ".github/cost.yaml": settings, ...pair },
      inputs: { manifests: "", "aws-region": "" },
    });
    const sum = report.clusters.reduce((total, cluster) => total + (cluster.total.head ?? 0), 0);
    expect(report.total.head).toBeCloseTo(sum, 6);
    expect(report.clusters.map(({ lines }) => lines.map(({ id }) => id).includes("extendedSupport"))).toEqual([
      false,
      true,
    ]);
  });
});
