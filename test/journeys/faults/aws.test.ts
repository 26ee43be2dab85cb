import { describe, expect, it } from "vitest";
import type { Fault } from "../../fakes/aws/aws.ts";
import { createScene, errorsOf, REGION } from "../bootstrap/scene.ts";

const CLUSTER = `apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: shop, region: ${REGION}}
managedNodeGroups: [{name: web}]
`;

/** What each service says when it is asked too often, and when it is broken. */
const troubles = {
  eks: [
    { code: "ThrottlingException", status: 429 },
    { code: "ServerException", status: 500 },
  ],
  ec2: [
    { code: "RequestLimitExceeded", status: 503 },
    { code: "InternalError", status: 500 },
  ],
  iam: [
    { code: "Throttling", status: 400 },
    { code: "ServiceFailure", status: 500 },
  ],
} as const;

/** Both troubles, one after the other. */
function twice(op: string): readonly Fault[] {
  const [service] = op.split(":");
  const pair = service === "eks" || service === "ec2" || service === "iam" ? troubles[service] : [];
  return pair.map((error, index) => ({ op, nth: index + 1, error: { ...error, message: "not now" } }));
}

async function run(mode: string, faults: readonly Fault[]) {
  await using scene = await createScene({ faults });
  scene.write("cluster.yaml", CLUSTER);
  const result = await scene.bootstrap({ mode });
  const { clusters, network, roles } = scene.aws.account;
  return {
    result,
    errors: errorsOf(result),
    writes: scene.writes(),
    made: {
      clusters: [...clusters.keys()],
      vpcs: network.vpcs.size,
      roles: [...roles.keys()].filter((name) => name.startsWith("shop-")).sort(),
    },
    sent: (op: string) => scene.aws.requests.filter((one) => `${one.service}:${one.operation}` === op).length,
  };
}

describe("AWS that throttles and breaks while bootstrap looks", () => {
  it.each([["eks:DescribeCluster"], ["ec2:DescribeAvailabilityZones"], ["iam:ListRoles"]])(
    "only delays the plan (%s)",
    async (op) => {
      const { result, errors, writes, sent } = await run("plan", twice(op));
      expect(errors, result.log).toEqual([]);
      expect(result.outputs).toMatchObject({ result: "planned", cause: "" });
      expect(sent(op)).toBeGreaterThan(2);
      expect(writes).toEqual([]);
    },
  );

  it.each([
    ["eks:DescribeCluster", { code: "AccessDeniedException", status: 403 }],
    ["ec2:DescribeAvailabilityZones", { code: "UnauthorizedOperation", status: 403 }],
    ["iam:ListRoles", { code: "AccessDenied", status: 403 }],
  ])("is not asked again when it says no: one error, nothing written (%s)", async (op, error) => {
    const message = "User: arn:aws:sts::111122223333:assumed-role/ci/run is not authorized";
    const { result, errors, writes, sent } = await run("apply", [{ op, error: { ...error, message } }]);
    expect(errors, result.log).toEqual([expect.stringMatching(/^ACCESS_DENIED .*is not authorized/)]);
    expect(result.outputs).toMatchObject({ result: "failed", cause: "ACCESS_DENIED" });
    expect(sent(op)).toBe(1);
    expect(writes).toEqual([]);
    expect(result.env).toEqual({});
  });
});

describe("AWS that throttles and breaks while bootstrap builds", () => {
  it("only delays the cluster, and nothing is made twice", async () => {
    // One throttled request paces all that follow in real time, so the throttled ones are the last of their service.
    const faults = [
      ...twice("iam:CreateRole"),
      { op: "ec2:CreateVpc", nth: 1, error: { ...troubles.ec2[1], message: "not now" } },
      { op: "eks:CreateCluster", nth: 1, error: { ...troubles.eks[1], message: "not now" } },
      { op: "eks:CreateNodegroup", nth: 1, error: { ...troubles.eks[0], message: "not now" } },
    ];
    const { result, errors, made } = await run("apply", faults);
    expect(errors, result.log).toEqual([]);
    expect(result.outputs).toMatchObject({ result: "applied", cause: "" });
    expect(made).toEqual({
      clusters: ["shop"],
      vpcs: 1,
      roles: ["shop-eu-west-1-cluster", "shop-eu-west-1-ng-web"],
    });
  });

  it("ends in one error when it says no, and the next run goes on from there", async () => {
    const error = { code: "UnauthorizedOperation", status: 403, message: "You are not authorized" };
    await using scene = await createScene({ faults: [{ op: "ec2:CreateVpc", nth: 1, error }] });
    scene.write("cluster.yaml", CLUSTER);
    const refused = await scene.bootstrap();
    expect(errorsOf(refused), refused.log).toEqual([expect.stringMatching(/^ACCESS_DENIED .*CreateVpc/)]);
    expect(refused.outputs).toMatchObject({ result: "failed", cause: "ACCESS_DENIED" });
    const next = await scene.bootstrap();
    expect(next.outputs, next.log).toMatchObject({ result: "applied", cause: "" });
    expect(scene.aws.account.network.vpcs.size).toBe(1);
  });
});
