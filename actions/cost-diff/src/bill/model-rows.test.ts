import { price } from "@eks-actions/test/journeys/cost-diff/in-process.ts";
import { clusterYaml, deployment, nodePool } from "@eks-actions/test/journeys/cost-diff/scene.ts";
import { describe, expect, it } from "vitest";

const onCluster = { "cluster-config": "infra/prod.yaml" };
const config = (more = "", version = "1.34") => clusterYaml(more).replace('"1.34"', `"${version}"`);
const noNat = "vpc: { nat: { gateway: Disable } }\n";
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => "no error",
    (error: { code: string }) => error.code,
  );

const object = (kind: string, apiVersion: string, name: string, spec: object, more: object = {}): string =>
  JSON.stringify({ apiVersion, kind, metadata: { name, namespace: "default", ...more }, spec });
const pods = (name: string, replicas: number, requests: object, spec: object = {}): string =>
  object("Deployment", "apps/v1", name, {
    replicas,
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: "c", resources: { requests } }], ...spec },
    },
  });

describe("the control plane", () => {
  it.each([
    ["1.34", "", "2026-11-23", 73, 0],
    ["1.33", "", "2026-11-23", 73, 365],
    ["1.33", "", "2026-07-28", 73, 0],
    ["1.33", "", "2026-07-29", 73, 365],
    ["1.33", "upgradePolicy: { supportType: STANDARD }\n", "2026-11-23", 73, 0],
    ["1.31", "", "2026-11-27", 73, 365],
  ])("%s with %j on %s costs %d and %d", async (version, more, asOf, control, extended) => {
    const { line, report } = await price({
      head: { "infra/prod.yaml": config(noNat + more, version) },
      inputs: { ...onCluster, "as-of": asOf },
    });
    expect([line("controlPlane"), line("extendedSupport")]).toEqual([control, extended]);
    if (more !== "") expect(report.warnings.map(({ code }) => code)).toContain("STANDARD_SUPPORT_UPGRADE");
    if (asOf === "2026-11-27") expect(report.warnings.map(({ code }) => code)).toContain("PAST_EXTENDED");
  });

  it("adds tiers, capabilities with what they manage, and hybrid vCPU-hours in tiers", async () => {
    const more = `${noNat}controlPlaneScalingConfig: { tier: tier-xl }
capabilities:
  - name: argocd
    type: ARGOCD
    roleArn: "arn:aws:iam::111122223333:role/argo"
    configuration: { argocd: { awsIdc: { idcInstanceArn: "arn:aws:sso:::instance/ssoins-1" } } }
`;
    const usage = `schemaVersion: 1\ncapabilities: { argocdApplications: 20 }\nhybridNodes: { vcpuHours: 700000 }\n`;
    const { line } = await price({
      head: { "infra/prod.yaml": config(more), "usage.yaml": usage },
      inputs: { ...onCluster, "usage-file": "usage.yaml" },
    });
    expect([line("tier"), line("capabilities"), line("hybridNodes")]).toEqual([1204.5, 43.8, 13256]);
  });

  it("says what comes within 90 days, and keeps later steps", async () => {
    const { cluster } = await price({ head: { "infra/prod.yaml": config(noNat, "1.36") }, inputs: onCluster });
    expect(cluster.future).toEqual([{ code: "EXTENDED_SUPPORT", date: "2027-08-02", diff: 365 }]);
  });

  it.each([
    ["Single", 32.85 + 3.65],
    ["HighlyAvailable", 109.5],
    ["Disable", 0],
  ])("with NAT %s costs %d", async (gateway, month) => {
    const { line } = await price({
      head: { "infra/prod.yaml": config(`vpc: { nat: { gateway: ${gateway} } }\n`) },
      inputs: onCluster,
    });
    expect(line("nat") + line("publicIpv4")).toBeCloseTo(month, 6);
  });
});

describe("nodes", () => {
  it.each([
    ["", 2],
    ['addons:\n  - { name: vpc-cni, configurationValues: "env:\\n  ENABLE_PREFIX_DELEGATION: \\"true\\"" }\n', 1],
  ])("40 tiny pods with %j need %d", async (addons, nodes) => {
    const { report } = await price({
      head: {
        "infra/prod.yaml": config(noNat + addons),
        "deploy/nodes.yaml": nodePool(),
        "deploy/tiny.json": pods("tiny", 40, { cpu: "10m", memory: "16Mi" }),
      },
      inputs: onCluster,
    });
    expect(report.nodes.head).toBe(nodes);
  });

  it("one Auto Mode node costs its price, fee and volume, and runs no agents", async () => {
    const { line, report, cluster } = await price({
      head: {
        "infra/prod.yaml": config(`${noNat}autoModeConfig: { enabled: true, nodePools: [] }\n`),
        "deploy/nodes.yaml": nodePool("[m7i.large]").replace(
          "group: karpenter.k8s.aws, kind: EC2NodeClass",
          "group: eks.amazonaws.com, kind: NodeClass",
        ),
        "deploy/web.json": pods("web", 1, { cpu: "1900m", memory: "1Gi" }),
      },
      inputs: onCluster,
    });
    expect(report.nodes.head).toBe(1);
    expect(line("nodes") + line("autoModeFee") + line("nodeVolumes")).toBeCloseTo(88.817, 6);
    expect(cluster.packing.head?.free.cpuMillis).toBe(30);
  });

  it("a node group is paid at its minimum and never exceeds its maximum", { timeout: 30_000 }, async () => {
    const group = (min: number, max: number) =>
      `${noNat}managedNodeGroups:\n  - { name: general, instanceType: m5.large, minSize: ${min}, maxSize: ${max}, desiredCapacity: ${min}, privateNetworking: true }\n`;
    const idle = await price({ head: { "infra/prod.yaml": config(group(2, 5)) }, inputs: onCluster });
    expect(idle.report.nodes.head).toBe(2);
    expect(idle.line("nodeVolumes")).toBe(12.8);
    const full = await price({
      base: { "infra/prod.yaml": config(group(1, 3)), "deploy/web.json": pods("web", 1, { cpu: "1500m" }) },
      head: { "infra/prod.yaml": config(group(1, 3)), "deploy/web.json": pods("web", 5, { cpu: "1500m" }) },
      inputs: { ...onCluster, "max-increase-usd": "10000" },
    });
    expect(full.report.nodes.head).toBe(3);
    expect(full.cluster.unschedulable).toMatchObject([
      { id: "default/Deployment/web", base: 0, head: 2, reason: "limit:general/m5.large/on-demand" },
    ]);
    expect(full.report.gate.verdict).toBe("failed");
    const declared = await price({
      head: { "infra/prod.yaml": config(group(3, 5)) },
      inputs: { ...onCluster, nodes: "declared" },
    });
    expect(declared.cluster.packing.head).toMatchObject({ answer: "declared", nodes: [{ count: 3 }] });
  });

  it("public subnets give each node an address", async () => {
    const { line } = await price({
      head: {
        "infra/prod.yaml": config(
          `${noNat}managedNodeGroups:\n  - { name: g, instanceType: m5.large, minSize: 2, maxSize: 2, desiredCapacity: 2 }\n`,
        ),
      },
      inputs: onCluster,
    });
    expect(line("nodeIpv4")).toBe(7.3);
  });

  it("pods that exclude one another get a node each", async () => {
    const affinity = {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: { app: "db" } } },
        ],
      },
    };
    const { report } = await price({
      head: { "deploy/nodes.yaml": nodePool(), "deploy/db.json": pods("db", 6, { cpu: "50m" }, { affinity }) },
    });
    expect(report.nodes.head).toBeGreaterThanOrEqual(6);
  });

  it("spread by host keeps nodes level, where it may not be ignored", async () => {
    const spread = (when: string) => ({
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: "kubernetes.io/hostname",
          whenUnsatisfiable: when,
          labelSelector: { matchLabels: { app: "web" } },
        },
      ],
    });
    const nodes = async (when: string) => {
      const filler = pods("filler", 2, { cpu: "1200m" });
      const web = pods("web", 4, { cpu: "100m" }, spread(when));
      const { report } = await price({
        head: { "deploy/nodes.yaml": nodePool(), "deploy/web.json": web, "deploy/filler.json": filler },
      });
      return report.nodes.head;
    };
    expect(await nodes("ScheduleAnyway")).toBe(2);
    expect(await nodes("DoNotSchedule")).toBe(4);
  });

  it("a pod that wants an NVIDIA GPU finds none on AMD or shared ones", async () => {
    const { cluster } = await price({
      head: {
        "deploy/nodes.yaml": nodePool("[g4ad.xlarge, g6f.large]"),
        "deploy/gpu.json": pods("gpu", 1, { cpu: 1, "nvidia.com/gpu": 1 }),
      },
    });
    expect(cluster.unschedulable).toMatchObject([{ id: "default/Deployment/gpu", head: 1 }]);
    expect(cluster.unschedulable[0]?.reason).toMatch(/^nvidia\.com\/gpu:general\//);
    // What has no node has no share of one.
    expect(cluster.workloads[0]?.share.head).toBe(0);
  });

  it("taints, selectors and arch decide where a pod may run", async () => {
    const tainted = nodePool("[m5.large]").replace(
      "spec:\n      nodeClassRef",
      "spec:\n      taints: [{ key: team, value: a, effect: NoSchedule }]\n      nodeClassRef",
    );
    const refused = await price({ head: { "deploy/nodes.yaml": tainted, "deploy/web.yaml": deployment(1) } });
    expect(refused.cluster.unschedulable.map(({ reason }) => reason)).toContain("no-pool");
    const arm = { nodeSelector: { "kubernetes.io/arch": "arm64" } };
    const both = await price({
      head: {
        "deploy/nodes.yaml": nodePool("[m5.large, m7g.large]"),
        "deploy/web.json": pods("web", 1, { cpu: "1500m" }, arm),
      },
    });
    expect(both.cluster.packing.head?.nodes.map(({ type }) => type)).toContain("m7g.large");
    const plain = await price({
      head: {
        "deploy/nodes.yaml": nodePool("[m5.large, m7g.large]"),
        "deploy/web.json": pods("web", 1, { cpu: "1500m" }),
      },
    });
    expect(plain.cluster.packing.head?.nodes.map(({ type }) => type)).toContain("m5.large");
  });

  it.each([
    [{ "spot-discount": "0.6" }, 0.4 * 70.08],
    [{}, undefined],
  ])("Spot with %j", async (inputs, month) => {
    const spot = nodePool().replace(
      "requirements:",
      "requirements:\n        - { key: karpenter.sh/capacity-type, operator: In, values: [spot] }",
    );
    const priced = price({ head: { "deploy/nodes.yaml": spot, "deploy/web.yaml": deployment(1) }, inputs });
    if (month === undefined) expect(await code(priced)).toBe("SPOT_PRICE_UNKNOWN");
    else expect((await priced).line("nodes")).toBeCloseTo(month, 6);
  });
});

describe("replicas", () => {
  const hpa = object("HorizontalPodAutoscaler", "autoscaling/v2", "web", {
    minReplicas: 2,
    maxReplicas: 10,
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
  });
  const files = (replicas: number) => ({
    "deploy/nodes.yaml": nodePool(),
    "deploy/hpa.json": hpa,
    "deploy/web.json": pods("web", replicas, { cpu: "1500m" }),
  });

  it.each([
    [3, {}, 3],
    [30, {}, 2],
    [3, { "replica-basis": "max" }, 10],
    [3, { "replica-basis": "mid" }, 6],
  ])(
    "%d with a scaler from 2 to 10 and %j counts %d, and shows the range",
    { timeout: 30_000 },
    async (replicas, inputs, counted) => {
      const before = { ...files(replicas), "deploy/web.json": pods("web", replicas, { cpu: "1400m" }) };
      const { cluster } = await price({ base: before, head: files(replicas), inputs });
      expect(cluster.workloads[0]?.replicas.head).toBe(counted);
      // A pod of 1,500m fills an m5.large; CoreDNS finds room beside it.
      const month = (nodes: number) => 73 + nodes * 71.68;
      expect(cluster.range).toEqual({ min: expect.closeTo(month(2), 6), max: expect.closeTo(month(10), 6) });
    },
  );
});

describe("Fargate", () => {
  const profile = `${noNat}fargateProfiles:\n  - { name: all, selectors: [{ namespace: "*" }] }\n`;
  it.each([
    [{ cpu: "600m", memory: "1.9Gi" }, 39.28],
    [{ cpu: 4, memory: "31Gi" }, 8 * 29.5504 + 32 * 3.24485],
    [{}, 0.25 * 29.5504 + 0.5 * 3.24485],
  ])("a pod of %j costs %d", async (requests, month) => {
    const { line } = await price({
      head: { "infra/prod.yaml": config(profile), "deploy/web.json": pods("web", 1, requests) },
      inputs: onCluster,
    });
    // CoreDNS runs there as well: two of the smallest size.
    const dns = 2 * (0.25 * 29.5504 + 0.5 * 3.24485);
    expect(line("fargate") - dns).toBeCloseTo(month, 1);
    expect(line("nodes")).toBe(0);
  });
});

describe("volumes and load balancers", () => {
  const claim = (size: string, name = "fast") =>
    object("PersistentVolumeClaim", "v1", "data", {
      storageClassName: name,
      resources: { requests: { storage: size } },
    });
  const storageClass = (parameters: object) =>
    JSON.stringify({
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: "fast" },
      provisioner: "ebs.csi.aws.com",
      parameters,
    });

  it.each([
    ["200Gi", { type: "gp3", iops: "6000", throughput: "250" }, 36],
    ["50Gi", { type: "st1" }, 5.625],
    ["30Gi", { type: "io1", iops: "300" }, 23.25],
    ["60Gi", { type: "gp2" }, 6],
    ["1500Mi", {}, 0.16],
  ])("%s of %j costs %d", async (size, parameters, month) => {
    const { line } = await price({
      head: { "deploy/class.json": storageClass(parameters), "deploy/claim.json": claim(size) },
    });
    expect(line("storage")).toBe(month);
  });

  it("claim templates count by replica; a foreign provisioner and an unknown class are said", async () => {
    const set = object("StatefulSet", "apps/v1", "db", {
      replicas: 3,
      template: { spec: { containers: [{ name: "c" }] } },
      volumeClaimTemplates: [
        {
          metadata: { name: "data" },
          spec: { storageClassName: "nobody", resources: { requests: { storage: "10Gi" } } },
        },
      ],
    });
    const foreign = JSON.stringify({
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: "fast" },
      provisioner: "csi.example.com",
    });
    const { line, report } = await price({
      head: { "deploy/set.json": set, "deploy/class.json": foreign, "deploy/claim.json": claim("10Gi") },
      inputs: { "instance-types": "m5.large" },
    });
    expect(line("storage")).toBeCloseTo(2.4, 9);
    expect(report.warnings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(["STORAGE_CLASS_ASSUMED", "PROVISIONER_UNPRICED"]),
    );
  });

  it("two internet-facing Ingresses of one group are one balancer with an address a zone", async () => {
    const ingress = (name: string) =>
      object(
        "Ingress",
        "networking.k8s.io/v1",
        name,
        { ingressClassName: "alb" },
        {
          annotations: {
            "alb.ingress.kubernetes.io/group.name": "shop",
            "alb.ingress.kubernetes.io/scheme": "internet-facing",
          },
        },
      );
    const { line } = await price({
      head: { "deploy/a.json": ingress("a"), "deploy/b.json": ingress("b") },
      inputs: { "availability-zones": "3" },
    });
    expect(line("loadBalancers") + line("publicIpv4")).toBeCloseTo(27.375, 9);
  });

  it.each([
    [{ type: "LoadBalancer" }, {}, 18.25 + 10.95],
    [{ type: "LoadBalancer", loadBalancerClass: "service.k8s.aws/nlb" }, {}, 16.425],
    [{ type: "LoadBalancer" }, { "service.beta.kubernetes.io/aws-load-balancer-type": "external" }, 16.425],
    [{ type: "ClusterIP" }, {}, 0],
  ])("a Service %j with %j costs %d", async (spec, annotations, month) => {
    const { line } = await price({ head: { "deploy/s.json": object("Service", "v1", "web", spec, { annotations }) } });
    expect(line("loadBalancers") + line("publicIpv4")).toBeCloseTo(month, 9);
  });
});

describe("own prices", () => {
  it("make a full result in a region that nobody knows", async () => {
    const keys = ["eks.cluster: 0.2", "ebs.gp3.gb: 0.1"].join(", ");
    const file = `schemaVersion: 1\nec2: { m5.large: "0.2" }\nservices: { ${keys} }\n`;
    const { report, line } = await price({
      head: { "prices.yaml": file, "deploy/nodes.yaml": nodePool(), "deploy/web.yaml": deployment(1) },
      inputs: { "aws-region": "moon-base-1", "price-file": "prices.yaml" },
    });
    expect(line("controlPlane")).toBe(146);
    expect(report.prices.sources.map(({ source }) => source)).toEqual(["file"]);
    expect(
      await code(price({ head: { "deploy/web.yaml": deployment(1) }, inputs: { "aws-region": "moon-base-1" } })),
    ).toBe("PRICE_REGION_UNKNOWN");
  });

  it("rates replace the packing, and a markup is a row", async () => {
    const file = `schemaVersion: 1\nrates: { cpuHour: "0.03", gibHour: "0.004" }\nmarkup: 1.1\n`;
    const { line, cluster, report } = await price({
      head: {
        "prices.yaml": file,
        "deploy/nodes.yaml": nodePool(),
        "deploy/web.json": pods("web", 2, { cpu: 1, memory: "1Gi" }),
      },
      inputs: { "price-file": "prices.yaml" },
    });
    // CoreDNS counts too: 200m and 140 MiB.
    const nodes = (2.2 * 0.03 + (2 + 140 / 1024) * 0.004) * 730;
    expect(line("nodes")).toBeCloseTo(nodes, 6);
    expect(line("markup")).toBeCloseTo((73 + nodes) * 0.1, 5);
    expect(cluster.packing.head?.answer).toBe("rates");
    expect(report.nodes.head).toBe(0);
  });

  it.each([
    ["ec2: { m5.large: -1 }", "PRICE_FILE_INVALID"],
    ["region: eu-west-1", "PRICE_FILE_INVALID"],
    ["currency: EUR", "PRICE_FILE_INVALID"],
  ])("with %s are refused", async (line, expected) => {
    const head = { "prices.yaml": `schemaVersion: 1\n${line}\n`, "deploy/web.yaml": deployment(1) };
    expect(await code(price({ head, inputs: { "price-file": "prices.yaml" } }))).toBe(expected);
  });
});

describe("jobs", () => {
  it("cost their share of the time they run, and drive no nodes", async () => {
    const cron = object("CronJob", "batch/v1", "report", {
      schedule: "0 * * * *",
      jobTemplate: {
        spec: {
          activeDeadlineSeconds: 600,
          template: { spec: { containers: [{ name: "c", resources: { requests: { cpu: 8, memory: "8Gi" } } }] } },
        },
      },
    });
    const files = { "deploy/nodes.yaml": nodePool(), "deploy/web.yaml": deployment(1) };
    const { line, report } = await price({ base: files, head: { ...files, "deploy/cron.json": cron } });
    expect(report.nodes).toEqual({ base: 1, head: 1 });
    // 730 runs of ten minutes: a sixth of the month, at the rates of an m5.large.
    const gib = 70.08 / (2 * (0.031611 / 0.004237) + 8);
    expect(line("jobs")).toBeCloseTo((8 * gib * (0.031611 / 0.004237) + 8 * gib) / 6, 4);
  });
});

describe("what changes nothing", () => {
  const files = {
    "deploy/nodes.yaml": nodePool(),
    "deploy/web.yaml": deployment(2),
    "deploy/api.yaml": deployment(3, { name: "api" }),
  };

  it("a label, another order of files, a split file, a free object", async () => {
    const config = object("ConfigMap", "v1", "settings", {});
    const joined = {
      "deploy/all.yaml": [files["deploy/api.yaml"], files["deploy/nodes.yaml"], files["deploy/web.yaml"], config].join(
        "\n---\n",
      ),
    };
    const { report } = await price({ base: files, head: joined });
    expect(report.clusters[0]?.status).toBe("unchanged");
    expect(report.total.diff).toBe(0);
    const labelled = {
      ...files,
      "deploy/web.yaml": deployment(2).replace("namespace: default", "namespace: default, labels: { a: b }"),
    };
    expect((await price({ base: files, head: labelled })).report.clusters[0]?.status).toBe("unchanged");
  });

  it("and one pod more never costs less", { timeout: 30_000 }, async () => {
    for (const replicas of [3, 5]) {
      const { report } = await price({ base: files, head: { ...files, "deploy/web.yaml": deployment(replicas) } });
      expect(report.total.diff).toBeGreaterThanOrEqual(0);
    }
  });
});
