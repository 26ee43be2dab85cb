import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Aws, type AwsOptions, startAws } from "../../fakes/aws/index.ts";
import { createScene, deployment, nodePool, reportOf, type Scene, webGrows } from "./scene.ts";

/** The policy that the documents give to the role for live prices. */
const POLICY: { readonly Statement: readonly object[] } = JSON.parse(
  readFileSync("actions/cost-diff/iam/price.json", "utf8"),
);

interface World extends AsyncDisposable {
  readonly aws: Aws;
  readonly scene: Scene;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The job of a role that may do what the statements say. */
async function world(statements: readonly object[], options: AwsOptions = {}): Promise<World> {
  const aws = await startAws({ iamPropagation: false, smallPages: false, ...options });
  const role = aws.addRole({
    name: "prices",
    trust: {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole" }],
    },
    inline: statements.length === 0 ? {} : { prices: { Version: "2012-10-17", Statement: statements } },
  });
  const keys = aws.issueSession(role);
  const spot = nodePool().replace(
    "requirements:",
    "requirements:\n        - { key: karpenter.sh/capacity-type, operator: In, values: [spot] }",
  );
  const scene = await createScene({
    base: {
      "deploy/nodes.yaml": nodePool(),
      "deploy/web.yaml": deployment(2),
      "deploy-spot/nodes.yaml": spot,
      "deploy-spot/web.yaml": deployment(2),
    },
    head: { ...webGrows.head, "deploy-spot/web.yaml": deployment(4) },
  });
  const env = {
    ...scene.github.env,
    ...aws.env,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_SESSION_TOKEN: keys.sessionToken,
    AWS_REGION: "us-east-1",
  };
  return {
    aws,
    scene,
    env,
    async [Symbol.asyncDispose]() {
      await scene[Symbol.asyncDispose]();
      await aws[Symbol.asyncDispose]();
    },
  };
}

const sources = (result: Parameters<typeof reportOf>[0]) =>
  (reportOf(result).report["prices"] as { sources: { source: string }[] }).sources.map(({ source }) => source);

describe("with credentials in the job", () => {
  it("prices are AWS's own, and the report says so", async () => {
    await using given = await world(POLICY.Statement);
    const result = await given.scene.cost({ mode: "compute", "price-source": "live" }, { env: given.env });
    expect(result.outcome, result.log).toBe("success");
    expect(result.outputs["diff"]).toBe("71.68");
    expect(sources(result)).toEqual(["live"]);
    const asked = new Set(given.aws.requests.map(({ operation }) => operation));
    expect([...asked].sort()).toEqual(["DescribeSpotPriceHistory", "GetProducts"]);
  });

  it("Spot costs the mean of the zones", async () => {
    await using given = await world(POLICY.Statement);
    const result = await given.scene.cost({ mode: "compute", manifests: "deploy-spot" }, { env: given.env });
    expect(result.outcome, result.log).toBe("success");
    const lines = (reportOf(result).report["clusters"] as { lines: { id: string; head: number }[] }[])[0]?.lines;
    expect(lines?.find(({ id }) => id === "nodes")?.head).toBeLessThan(0.5 * 140.16);
  });

  it("a role without the permission gets the action's own prices, a warning and the statement to add", async () => {
    await using given = await world([]);
    const result = await given.scene.cost({ mode: "compute" }, { env: given.env });
    expect(result.outcome, result.log).toBe("success");
    expect(sources(result)).toEqual(["embedded"]);
    expect(result.annotations.filter(({ level }) => level === "warning").map(({ title }) => title)).toContain(
      "PRICES_LIVE_FAILED",
    );
    const strict = await given.scene.cost({ mode: "compute", "price-source": "live" }, { env: given.env });
    expect(strict.outputs["cause"]).toBe("PRICING_DENIED");
    expect(strict.log).toContain('"Action":["pricing:GetProducts"');
  });

  it("throttling and broken answers are tried again", { timeout: 60_000 }, async () => {
    const faults = [
      {
        op: "pricing:GetProducts",
        nth: 1,
        error: { code: "ThrottlingException", status: 400, message: "Rate exceeded" },
      },
      { op: "pricing:GetProducts", nth: 3, error: { code: "InternalErrorException", status: 500, message: "oops" } },
    ] as const;
    await using given = await world(POLICY.Statement, { faults });
    const result = await given.scene.cost({ mode: "compute", "price-source": "live" }, { env: given.env });
    expect(result.outcome, result.log).toBe("success");
    expect(sources(result)).toEqual(["live"]);
  });

  it("a cache of today stands in for AWS on the next run", async () => {
    await using given = await world(POLICY.Statement);
    const inputs = { mode: "compute", "price-cache": ".prices" };
    await given.scene.cost(inputs, { env: given.env });
    const before = given.aws.requests.length;
    const cached = JSON.parse(readFileSync(join(given.scene.machine.workspace, ".prices/us-east-1.json"), "utf8"));
    expect(cached.ec2["m5.large"]).toBe("0.0960000000");
    const second = await given.scene.cost(inputs, { env: given.env });
    expect(second.outputs["diff"], second.log).toBe("71.68");
    expect(given.aws.requests.length).toBe(before);
    expect(sources(second)).toContain("cache");
  });
});
