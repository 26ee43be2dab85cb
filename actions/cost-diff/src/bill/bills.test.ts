import { price } from "@eks-actions/test/journeys/cost-diff/in-process.ts";
import { clusterYaml } from "@eks-actions/test/journeys/cost-diff/scene.ts";
import { describe, expect, it } from "vitest";

type Files = Readonly<Record<string, string>>;

const config = (more: string, version = "1.35") =>
  clusterYaml(`vpc: { nat: { gateway: Disable } }\n${more}`).replace('"1.34"', `"${version}"`);
const object = (kind: string, apiVersion: string, spec: object) =>
  JSON.stringify({ apiVersion, kind, metadata: { name: "x", namespace: "default" }, spec });
const volume = (type: string, size: string, parameters: object = {}): Files => ({
  "deploy/class.json": JSON.stringify({
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: "c" },
    provisioner: "ebs.csi.aws.com",
    parameters: { type, ...parameters },
  }),
  "deploy/claim.json": object("PersistentVolumeClaim", "v1", {
    storageClassName: "c",
    resources: { requests: { storage: size } },
  }),
});
const service = (spec: object): Files => ({
  "deploy/service.json": object("Service", "v1", { type: "LoadBalancer", ...spec }),
});
const fargate = (cpu: string, memory: string): Files => ({
  "infra/prod.yaml": config('fargateProfiles: [{ name: all, selectors: [{ namespace: "*" }] }]\n'),
  "deploy/pod.json": object("Pod", "v1", { containers: [{ name: "c", resources: { requests: { cpu, memory } } }] }),
});
const group = (type: string, nodes: number): Files => ({
  "infra/prod.yaml": config(
    `managedNodeGroups: [{ name: g, instanceType: ${type}, minSize: ${nodes}, maxSize: ${nodes}, desiredCapacity: ${nodes}, privateNetworking: true }]\n`,
  ),
});

/** Bills that were added up by hand from published prices; each names where the price stands. */
const bills: readonly [
  what: string,
  source: string,
  files: Files,
  lines: readonly string[],
  month: number,
  usage?: string,
][] = [
  [
    "a cluster in standard support",
    "aws.amazon.com/eks/pricing: $0.10 an hour",
    { "infra/prod.yaml": config("") },
    ["controlPlane"],
    73,
  ],
  [
    "a cluster in extended support",
    "aws.amazon.com/eks/pricing: $0.60 an hour",
    { "infra/prod.yaml": config("", "1.32") },
    ["controlPlane", "extendedSupport"],
    438,
  ],
  ["three t3.medium", "infracost golden eks_node_group_test: $30.37 each", group("t3.medium", 3), ["nodes"], 91.104],
  [
    "their root volumes of 80 GB gp3",
    "aws.amazon.com/ebs/pricing: $0.08 a GB",
    group("t3.medium", 3),
    ["nodeVolumes"],
    19.2,
  ],
  ["60 GB of gp2", "infracost golden ebs_volume_test: $6.00", volume("gp2", "60Gi"), ["storage"], 6],
  ["300 GB of gp3", "infracost golden ebs_volume_test: $24.00", volume("gp3", "300Gi"), ["storage"], 24],
  [
    "30 GB of io1 with 300 IOPS",
    "infracost golden ebs_volume_test: $23.25",
    volume("io1", "30Gi", { iops: "300" }),
    ["storage"],
    23.25,
  ],
  [
    "2,000 GB of gp3 with 6,000 IOPS and 250 MiB/s",
    "aws.amazon.com/ebs/pricing, gp3: 160 + 15 + 5",
    volume("gp3", "2000Gi", { iops: "6000", throughput: "250" }),
    ["storage"],
    180,
  ],
  [
    "a Network Load Balancer",
    "infracost golden lb_test: $16.43",
    service({ loadBalancerClass: "service.k8s.aws/nlb" }),
    ["loadBalancers"],
    16.425,
  ],
  ["a Classic Load Balancer", "infracost golden elb_test: $18.25", service({}), ["loadBalancers"], 18.25],
  [
    "a Fargate pod of 1 vCPU and 2 GB, beside CoreDNS",
    "aws.amazon.com/fargate/pricing: 0.04048 and 0.004445 an hour",
    fargate("1", "1700Mi"),
    ["fargate"],
    29.5504 + 2 * 3.24485 + 2 * (7.3876 + 1.622425),
  ],
  [
    "a NAT gateway and its address",
    "aws.amazon.com/vpc/pricing: 0.045 and 0.005 an hour",
    { "infra/prod.yaml": clusterYaml() },
    ["nat", "publicIpv4"],
    36.5,
  ],
  [
    "10 hybrid vCPU around the clock",
    "aws.amazon.com/eks/pricing: $0.02 a vCPU-hour",
    { "infra/prod.yaml": config("") },
    ["hybridNodes"],
    146,
    "hybridNodes: { vcpuHours: 7300 }",
  ],
  [
    "500 GB through a NAT gateway",
    "aws.amazon.com/vpc/pricing: $0.045 a GB",
    { "infra/prod.yaml": clusterYaml() },
    ["usage"],
    22.5,
    "services: { nat.gb: 500 }",
  ],
];

describe("hand-calculated bills", () => {
  it.each(bills)("%s (%s)", async (_what, _source, files, lines, month, usage) => {
    const usageFile: Files = usage === undefined ? {} : { "usage.yaml": `schemaVersion: 1\n${usage}\n` };
    const inputs = {
      ...("infra/prod.yaml" in files ? { "cluster-config": "infra/prod.yaml" } : {}),
      ...(usage === undefined ? {} : { "usage-file": "usage.yaml" }),
    };
    const { line } = await price({ head: { ...files, ...usageFile }, inputs });
    expect(lines.reduce((sum, id) => sum + line(id), 0)).toBeCloseTo(month, 6);
  });
});
