import { price } from "@eks-actions/test/journeys/cost-diff/in-process.ts";
import { clusterYaml, nodePool } from "@eks-actions/test/journeys/cost-diff/scene.ts";
import { describe, expect, it } from "vitest";

const ZONE = "topology.kubernetes.io/zone";
const HOST = "kubernetes.io/hostname";
const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";

const object = (kind: string, apiVersion: string, name: string, spec: object): string =>
  JSON.stringify({ apiVersion, kind, metadata: { name, namespace: "default" }, spec });

const pods = (name: string, replicas: number, spec: object, cpu = "50m"): string =>
  object("Deployment", "apps/v1", name, {
    replicas,
    template: {
      metadata: { labels: { app: name, tier: "all" } },
      spec: { containers: [{ name: "c", resources: { requests: { cpu, memory: "64Mi" } } }], ...spec },
    },
  });
const spread = (topologyKey: string, name: string) => ({
  topologySpreadConstraints: [
    { topologyKey, maxSkew: 1, whenUnsatisfiable: "DoNotSchedule", labelSelector: { matchLabels: { app: name } } },
  ],
});
const affinity = (kind: string, topologyKey: string, matchLabels: object) => ({
  affinity: { [kind]: { [REQUIRED]: [{ topologyKey, labelSelector: { matchLabels } }] } },
});
const apart = (labels: object, key = HOST) => affinity("podAntiAffinity", key, labels);
const beside = (labels: object, key = HOST) => affinity("podAffinity", key, labels);

/** Volumes that exist in a zone each, with their claims. */
const disk = (name: string, zone: string): Readonly<Record<string, string>> => ({
  [`deploy/pv-${name}.json`]: object("PersistentVolume", "v1", name, {
    capacity: { storage: "10Gi" },
    storageClassName: "gp3",
    csi: { driver: "ebs.csi.aws.com" },
    claimRef: { namespace: "default", name },
    nodeAffinity: {
      required: { nodeSelectorTerms: [{ matchExpressions: [{ key: ZONE, operator: "In", values: [zone] }] }] },
    },
  }),
  [`deploy/pvc-${name}.json`]: object("PersistentVolumeClaim", "v1", name, {
    storageClassName: "gp3",
    resources: { requests: { storage: "10Gi" } },
  }),
});
const mounts = (claimName: string) => ({ volumes: [{ name: "d", persistentVolumeClaim: { claimName } }] });

async function cluster(files: Readonly<Record<string, string>>, types = "[m5.large]", config = "") {
  const head = {
    "infra/prod.yaml": clusterYaml(`vpc: { nat: { gateway: Disable } }\n${config}`),
    "deploy/nodes.yaml": nodePool(types),
    ...files,
  };
  const { report, cluster: only, line } = await price({ head, inputs: { "cluster-config": "infra/prod.yaml" } });
  return {
    nodes: report.nodes.head,
    unschedulable: only.unschedulable,
    packed: only.packing.head?.nodes,
    line,
    report,
  };
}

describe("zones", () => {
  it.each([
    ["with no rule", {}, 1],
    ["spread by zone", spread(ZONE, "web"), 3],
    ["in a zone of their own", { nodeSelector: { [ZONE]: "us-east-1b" } }, 2],
    ["kept to one zone", beside({ app: "web" }, ZONE), 1],
  ])("four small pods %s: %j", async (_what, rule, nodes) => {
    const other = pods("other", 1, { nodeSelector: { [ZONE]: "us-east-1a" } });
    const found = await cluster({ "deploy/web.json": pods("web", 4, rule), "deploy/other.json": other });
    expect(found.nodes).toBe(nodes);
    expect(found.unschedulable).toEqual([]);
    expect(found.report.warnings).toEqual([]);
  });

  it("pods that keep apart by zone are as many as there are zones, the rest has no place", async () => {
    const files = { "deploy/web.json": pods("web", 4, apart({ app: "web" }, ZONE)) };
    expect(await cluster(files)).toMatchObject({
      nodes: 3,
      unschedulable: [{ id: "default/Deployment/web", head: 1, reason: "no-zone" }],
    });
  });

  it("a zone that the cluster does not have takes nothing", async () => {
    const files = { "deploy/web.json": pods("web", 1, { nodeSelector: { [ZONE]: "us-east-1f" } }) };
    const found = await cluster(files, "[m5.large]", "availabilityZones: [us-east-1a, us-east-1b]\n");
    expect(found.unschedulable).toMatchObject([{ id: "default/Deployment/web", reason: "no-pool" }]);
  });

  it("a volume that exists holds its pod in its zone, and is paid once", async () => {
    const files = {
      ...disk("one", "us-east-1a"),
      ...disk("two", "us-east-1c"),
      "deploy/a.json": pods("a", 1, mounts("one")),
      "deploy/b.json": pods("b", 1, mounts("two")),
      "deploy/c.json": pods("c", 1, beside({ app: "b" }, ZONE)),
    };
    const found = await cluster(files);
    expect(found.nodes).toBe(2);
    expect(found.line("storage")).toBeCloseTo(1.6, 6);
    expect(found.report.warnings).toEqual([]);
  });

  it("a node group's minimum is dealt out over its zones and paid once", async () => {
    const group =
      "managedNodeGroups:\n  - { name: g, instanceType: m5.large, minSize: 4, maxSize: 6, desiredCapacity: 4, privateNetworking: true }\n";
    const files = { "deploy/nodes.yaml": "a: 1\n", "deploy/web.json": pods("web", 3, spread(ZONE, "web")) };
    expect((await cluster(files, "[m5.large]", group)).nodes).toBe(4);
  });
});

describe("pods beside other pods", () => {
  it("workloads that all keep apart by one label get a node each", async () => {
    const rule = apart({ tier: "all" });
    const files = { "deploy/a.json": pods("a", 2, rule), "deploy/b.json": pods("b", 3, rule) };
    expect((await cluster(files)).nodes).toBe(5);
  });

  it("one workload that avoids another shares nodes with its own", async () => {
    const files = { "deploy/a.json": pods("a", 4, apart({ app: "b" })), "deploy/b.json": pods("b", 3, {}) };
    expect((await cluster(files)).nodes).toBe(2);
  });

  it("pods that must share a node buy one that holds them all", async () => {
    const files = (rule: object) => ({ "deploy/a.json": pods("a", 4, rule, "800m") });
    const types = "[m5.large, m5.2xlarge]";
    expect((await cluster(files({}), types)).packed).toMatchObject([{ type: "m5.large", count: 2 }]);
    expect((await cluster(files(beside({ app: "a" })), types)).packed).toMatchObject([
      { type: "m5.2xlarge", count: 1 },
    ]);
  });

  it("guests are dealt out to the pods they must be beside", async () => {
    const files = (guests: number) => ({
      "deploy/a.json": pods("a", 2, apart({ app: "a" }), "100m"),
      "deploy/b.json": pods("b", guests, beside({ app: "a" }), "700m"),
    });
    expect(await cluster(files(4))).toMatchObject({ nodes: 2, unschedulable: [] });
    // Three guests and their host are more than a node has.
    expect((await cluster(files(6))).unschedulable).toMatchObject([
      { head: 8, reason: "cpu:general/m5.large/on-demand" },
    ]);
  });

  it("labels that no rule selects change nothing; one that a rule selects does", async () => {
    const b = pods("b", 3, {});
    const files = (text: string) => ({
      "infra/prod.yaml": clusterYaml(),
      "deploy/nodes.yaml": nodePool(),
      "deploy/a.json": pods("a", 4, apart({ app: "b" })),
      "deploy/b.json": text,
    });
    const status = async (head: string) =>
      (await price({ base: files(b), head: files(head), inputs: { "cluster-config": "infra/prod.yaml" } })).cluster
        .status;
    expect(await status(b.replace('"tier":"all"', '"tier":"some"'))).toBe("unchanged");
    expect(await status(b.replace('"app":"b"', '"app":"x"'))).toBe("changed");
  });
});

describe("EBS attachments", () => {
  it.each([
    ["m5.4xlarge", 26, 1],
    ["m5.4xlarge", 27, 2],
    ["m5d.4xlarge", 26, 2],
  ])("%s holds its own of %d pods with a volume each: %d", async (type, replicas, nodes) => {
    const claim = {
      metadata: { name: "d" },
      spec: { storageClassName: "gp3", resources: { requests: { storage: "1Gi" } } },
    };
    const volumes = [{ name: "d", ephemeral: { volumeClaimTemplate: claim } }];
    expect((await cluster({ "deploy/web.json": pods("web", replicas, { volumes }, "10m") }, `[${type}]`)).nodes).toBe(
      nodes,
    );
  });
});
