import { startLab } from "@eks-actions/test/journeys/bootstrap/in-process.ts";
import { describe, expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 60_000 });

const HEAD = "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata:\n  name: shop\n  region: eu-west-1\n";

describe("a VPC that is there already", () => {
  it("is used as it is: nothing of it changes, now and at destroy", async () => {
    await using lab = await startLab({ iamPropagation: true, latency: false });
    const { vpcId, subnetIds } = lab.aws.addNetwork();
    const { subnets, vpcs } = lab.aws.account.network;
    const vpc = vpcs.get(vpcId);
    if (vpc !== undefined) Object.assign(vpc, { enableDnsSupport: true, enableDnsHostnames: true });
    const before = JSON.stringify(
      [...lab.aws.account.network.subnets.values()].map(({ Tags, MapPublicIpOnLaunch }) => ({
        Tags,
        MapPublicIpOnLaunch,
      })),
    );
    const lines = subnetIds.map((id) => `      ${subnets.get(id)?.AvailabilityZone}: {id: ${id}}`);
    const file = `${HEAD}vpc:\n  subnets:\n    private:\n${lines.join("\n")}\nmanagedNodeGroups:\n  - name: web\n    privateNetworking: true\n`;
    const ran = await lab.run(file);
    expect(ran.annotations.filter((note) => note.level === "error")).toEqual([]);
    expect(ran.writes.filter((write) => /^ec2:(?!CreateLaunchTemplate)/.test(write))).toEqual([]);
    expect(lab.aws.account.clusters.get("shop")?.cluster.resourcesVpcConfig?.subnetIds?.toSorted()).toEqual(
      [...subnetIds].sort(),
    );
    expect((await lab.run(file)).writes).toEqual([]);
    const gone = await lab.run(file, { mode: "destroy", confirm: "shop" });
    expect(gone.outputs["result"]).toBe("destroyed");
    const after = JSON.stringify(
      [...lab.aws.account.network.subnets.values()].map(({ Tags, MapPublicIpOnLaunch }) => ({
        Tags,
        MapPublicIpOnLaunch,
      })),
    );
    expect(after).toBe(before);
  });

  it("with subnets in one zone is refused before any write", async () => {
    await using lab = await startLab({ iamPropagation: true, latency: false });
    const { subnetIds } = lab.aws.addNetwork();
    const zone = lab.aws.account.network.subnets.get(subnetIds[0] ?? "")?.AvailabilityZone;
    const file = `${HEAD}vpc:\n  subnets:\n    private:\n      ${zone}: {id: ${subnetIds[0]}}\n`;
    const ran = await lab.run(file);
    expect(ran).toMatchObject({ code: 1, writes: [], outputs: { cause: "SUBNET_INVALID" } });
  });
});

describe("two runs at once", () => {
  const file = `${HEAD}managedNodeGroups:\n  - name: web\n`;

  it("make one of everything: the second meets the first's claim or its objects", async () => {
    await using lab = await startLab({ iamPropagation: true });
    const [one, two] = await Promise.all([lab.run(file, {}, { runId: "1" }), lab.run(file, {}, { runId: "2" })]);
    const results = [one.outputs["result"], two.outputs["result"]].sort();
    expect(results).toEqual(["applied", "failed"]);
    expect([one, two].map((ran) => ran.outputs["cause"]).sort()).toEqual(["", "LEASE_HELD"]);
    expect((await lab.run(file, {}, { runId: "3" })).writes).toEqual([]);
    expect(lab.aws.account.clusters.size).toBe(1);
    expect([...lab.aws.account.network.vpcs.values()].filter((vpc) => vpc.IsDefault !== true)).toHaveLength(1);
    expect(lab.aws.account.network.addresses.size).toBe(1);
  });
});

describe("a deadline", () => {
  const file = `${HEAD}managedNodeGroups:\n  - name: web\n`;

  it("ends the run while AWS works on, red or green as asked, and the next run goes on", async () => {
    await using lab = await startLab({ iamPropagation: true, durations: "range" });
    // The control plane takes longer than ten minutes with this seed or shorter: a second creation is never begun.
    const failing = await lab.run(file, { "max-duration": "10m" });
    if (failing.outputs["result"] !== "applied") {
      expect(failing).toMatchObject({
        code: 1,
        outputs: { result: "deferred", status: "in-progress", cause: "TIMEOUT" },
      });
      const deferring = await lab.run(file, { "max-duration": "10m", "on-timeout": "defer" });
      expect(deferring.code).toBe(0);
    }
    expect((await lab.run(file)).code).toBe(0);
    expect(lab.aws.account.clusters.size).toBe(1);
  });
});
