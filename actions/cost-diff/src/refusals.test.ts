import { ActionError } from "@eks-actions/action";
import { flatPrice, parseDecimal } from "@eks-actions/pricing";
import { type PriceCase, price } from "@eks-actions/test/journeys/cost-diff/in-process.ts";
import { clusterYaml, deployment, nodePool } from "@eks-actions/test/journeys/cost-diff/scene.ts";
import { describe, expect, it } from "vitest";

const files = { "deploy/nodes.yaml": nodePool(), "deploy/web.yaml": deployment(1) };
const onCluster = { "cluster-config": "infra/prod.yaml" };
const config = (text: string) => ({ ...files, ".github/cost.yaml": text });
const usage = (text: string): PriceCase => ({
  head: { ...files, "usage.yaml": text },
  inputs: { "usage-file": "usage.yaml" },
});
const prices = (text: string): PriceCase => ({
  head: { ...files, "prices.yaml": text },
  inputs: { "price-file": "prices.yaml" },
});
const keys = { AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY: "s" };
const live = (currency: string): PriceCase => ({
  head: files,
  env: keys,
  inputs: { "aws-region": "cn-north-1" },
  livePrices: async (region) => ({
    source: "live",
    date: "2026-11-20",
    region,
    currency,
    ec2: new Map([["m5.large", parseDecimal("0.8") ?? 0n]]),
    spot: new Map(),
    autoMode: new Map(),
    services: new Map([["eks.cluster", flatPrice(parseDecimal("0.688") ?? 0n)]]),
  }),
});
const down: PriceCase = {
  head: files,
  env: keys,
  inputs: { "price-source": "live" },
  livePrices: async () => {
    throw new ActionError("PRICING_UNAVAILABLE", { message: "pricing:GetProducts of AmazonEC2: HTTP 503" });
  },
};
const requirement = (line: string) => ({
  ...files,
  "deploy/nodes.yaml": nodePool().replace(/- \{ key: node.kubernetes.io\/instance-type.*\}/, line),
});

/** Each row: code, what its message or hint must say, and what it is given. */
const rows: readonly (readonly [code: string, said: RegExp, given: PriceCase])[] = [
  ["INPUT_MISSING", /neither manifests nor a cluster config/, { head: {} }],
  ["INPUT_INVALID", /`config`: other\.yaml is not there/, { head: files, inputs: { config: "other.yaml" } }],
  [
    "INPUT_CONFLICT",
    /targets stand in the inputs and in/,
    { head: config("schemaVersion: 1\ntargets: [{ path: deploy }]\n") },
  ],
  ["CONFIG_INVALID", /did you mean `targets`/, { head: config("schemaVersion: 1\ntarget: []\n") }],
  [
    "TARGET_DUPLICATE",
    /give one of them a `name:`/,
    { head: config("schemaVersion: 1\ntargets: [{ path: a }, { path: a }]\n"), inputs: { manifests: "" } },
  ],
  ["USAGE_FILE_INVALID", /did you mean `nat.gb`/, usage("schemaVersion: 1\nservices: { nat.bg: 5 }\n")],
  [
    "USAGE_FILE_INVALID",
    /durationSeconds is -1/,
    usage("schemaVersion: 1\nworkloads: { a: { durationSeconds: -1 } }\n"),
  ],
  [
    "PRICE_FILE_INVALID",
    /PRICE_FILE_INVALID.*m5\.large.*free/s,
    prices('schemaVersion: 1\nec2: { m5.large: "free" }\n'),
  ],
  ["REGION_UNKNOWN", /aws-region: eu-west-1/, { head: files, inputs: { "aws-region": "" } }],
  [
    "NO_CANDIDATE_TYPES",
    /no instance type of us-east-1 is left after `karpenter\.k8s\.aws\/instance-cpu Gt 9999`/,
    { head: requirement('- { key: karpenter.k8s.aws/instance-cpu, operator: Gt, values: ["9999"] }') },
  ],
  [
    "NO_CANDIDATE_TYPES",
    /matches q9\.\*/,
    { head: { "deploy/web.yaml": deployment(1) }, inputs: { "instance-types": "q9.*" } },
  ],
  [
    "SPOT_PRICE_UNKNOWN",
    /`spot-discount: 0.6`/,
    { head: requirement("- { key: karpenter.sh/capacity-type, operator: In, values: [spot] }") },
  ],
  ["CURRENCY_MIXED", /in CNY \(live 2026-11-20\), the report is in USD.*currency: CNY/s, live("CNY")],
  ["PRICING_UNAVAILABLE", /HTTP 503/, down],
  ["PRICING_DENIED", /needs credentials/, { head: files, inputs: { "price-source": "live" } }],
  [
    "MANIFEST_INVALID",
    /spec\.schedule is "61 \* \* \* \*"/,
    {
      head: {
        ...files,
        "deploy/cron.json": JSON.stringify({
          apiVersion: "batch/v1",
          kind: "CronJob",
          metadata: { name: "r" },
          spec: { schedule: "61 * * * *", jobTemplate: { spec: { template: { spec: { containers: [] } } } } },
        }),
      },
    },
  ],
  [
    "MANIFEST_INVALID",
    /Deployment has no metadata\.name/,
    { head: { ...files, "deploy/x.yaml": "apiVersion: apps/v1\nkind: Deployment\n" } },
  ],
  [
    "MANIFEST_INVALID",
    /is "\$\{CPU\}"/,
    { head: { ...files, "deploy/x.yaml": deployment(1, { name: "x", cpu: '"${CPU}"' }) } },
  ],
  [
    "YAML_LIMIT",
    /larger than|more than 20 MiB/,
    { head: { ...files, "deploy/x.yaml": `apiVersion: v1\n#${"x".repeat(21 * 2 ** 20)}` } },
  ],
  [
    "CLUSTER_CONFIG_INVALID",
    /must be unique/,
    { head: { ...files, "infra/prod.yaml": clusterYaml("metadata: {}") }, inputs: onCluster },
  ],
];

describe("what is refused", () => {
  it.each(rows)("%s says %s", async (code, said, given) => {
    const error: unknown = await price(given).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof ActionError)) throw new Error(`expected ${code}, got ${String(error)}`);
    expect(`${error.code} ${error.describe()}`).toMatch(said);
    expect(error.code).toBe(code);
  });
});
