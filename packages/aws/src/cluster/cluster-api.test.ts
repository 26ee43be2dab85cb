import { type Clock, systemClock } from "@eks-actions/action";
import { type AwsOptions, startAws } from "@eks-actions/test/fakes/aws/index.ts";
import { virtualClock } from "@eks-actions/test/fakes/clock.ts";
import { describe, expect, it, vi } from "vitest";
import { createAws } from "../client.ts";
import { createClusterApi } from "./port.ts";

// The first call loads the SDK's clients; a busy machine takes its time for that.
vi.setConfig({ testTimeout: 30_000 });

const signal = new AbortController().signal;

async function account(options: AwsOptions = {}, clock: Clock = systemClock) {
  const stand = await startAws({ latency: false, iamPropagation: true, ...options });
  const keys = stand.issueSession();
  const aws = createAws({
    region: stand.account.region,
    clock,
    // Real answers may take their time while a virtual clock jumps.
    requestTimeoutMs: 3_600_000,
    run: { env: stand.env, runId: "1", runAttempt: "1" },
    action: "test",
    credentials: {
      accessKeyId: keys.accessKeyId,
      secretAccessKey: keys.secretAccessKey,
      sessionToken: keys.sessionToken,
    },
  });
  return { stand, api: createClusterApi(aws) };
}

describe("reads", () => {
  it("are complete over small pages, and absent for what is not there", async () => {
    const { stand, api } = await account();
    await using _ = stand;
    for (const name of ["one", "two", "three"]) stand.addRole({ name, path: "/eks-actions/shop/" });
    stand.addCluster({ name: "shop" });
    expect(await api.iam.roleNames("/eks-actions/shop/", signal)).toEqual(["one", "three", "two"]);
    expect(await api.eks.cluster("gone", signal)).toBeUndefined();
    expect((await api.eks.cluster("shop", signal))?.name).toBe("shop");
    expect(await api.eks.nodegroup("shop", "gone", signal)).toBeUndefined();
    expect(await api.ec2.subnets({ ids: ["subnet-0123456789abcdef0"] }, signal)).toEqual([]);
    expect((await api.ec2.zonesOffering("m5.large", signal)).length).toBeGreaterThan(1);
    expect(await api.logs.logGroup("/aws/eks/shop/cluster", signal)).toBeUndefined();
    expect(await api.iam.role("one", signal)).toMatchObject({
      name: "one",
      attached: [],
      inline: {},
      trust: { Version: "2012-10-17" },
    });
    expect((await api.iam.caller(signal)).account).toBe(stand.account.id);
  });

  it("that never get an answer end after a few attempts", async () => {
    const clock = virtualClock(Date.now());
    using _auto = clock.autoAdvance();
    const { stand, api } = await account({ faults: [{ op: "eks:DescribeCluster", drop: "before" }] }, clock);
    await using _ = stand;
    await expect(api.eks.cluster("shop", signal)).rejects.toThrow();
    expect(stand.requests.filter((request) => request.operation === "DescribeCluster").length).toBeLessThanOrEqual(8);
  });
});

describe("writes", () => {
  it("are data, sent once, and answer what AWS answered", async () => {
    const { stand, api } = await account();
    await using _ = stand;
    const answer = await api.write(
      { service: "ec2", operation: "CreateVpc", args: { CidrBlock: "10.0.0.0/16" } },
      signal,
    );
    expect(answer).toMatchObject({ Vpc: { CidrBlock: "10.0.0.0/16" } });
    expect(api.traffic).toMatchObject({ writes: 1, open: 0 });
  });

  it("are not repeated, because only the caller knows what repeating would mean", async () => {
    const { stand, api } = await account({ faults: [{ op: "ec2:CreateVpc", nth: 1, drop: "after" }] });
    await using _ = stand;
    await expect(
      api.write({ service: "ec2", operation: "CreateVpc", args: { CidrBlock: "10.0.0.0/16" } }, signal),
    ).rejects.toThrow();
    expect(stand.requests.filter((request) => request.operation === "CreateVpc")).toHaveLength(1);
  });

  it("of unknown operations are a bug, said before anything is sent", async () => {
    const { stand, api } = await account();
    await using _ = stand;
    await expect(api.write({ service: "ec2", operation: "TerminateInstances", args: {} }, signal)).rejects.toThrow(
      "no such operation: ec2:TerminateInstances",
    );
    expect(stand.requests).toEqual([]);
  });
});
