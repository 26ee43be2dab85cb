import { type Lab, type LabOptions, startLab } from "@eks-actions/test/journeys/bootstrap/in-process.ts";
import { describe, expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 60_000 });

const FILE = `apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: shop, region: eu-west-1}
managedNodeGroups: [{name: web, instanceTypes: [m5.large, m5a.large]}]
`;
const LAB: LabOptions = { latency: false, smallPages: false, durations: "brief" };
const errorsOf = (ran: Awaited<ReturnType<Lab["run"]>>) => ran.annotations.filter((note) => note.level === "error");

describe("what AWS failed to make", () => {
  it("is made again once when the cause passes: a node group by throttled IAM, or by lacking instances of one type", async () => {
    for (const code of ["IamThrottling", "AsgInstanceLaunchFailures"]) {
      await using lab = await startLab({ ...LAB, faults: [{ op: "eks:CreateNodegroup", nth: 1, outcome: { code } }] });
      const ran = await lab.run(FILE);
      expect({ code, errors: errorsOf(ran) }).toEqual({ code, errors: [] });
      expect(ran.writes.filter((write) => /Nodegroup/.test(write))).toEqual([
        "eks:CreateNodegroup",
        "eks:DeleteNodegroup",
        "eks:CreateNodegroup",
      ]);
    }
  });

  it("is named with AWS's own issue when the cause stays", async () => {
    const always = { op: "eks:CreateNodegroup", outcome: { code: "IamThrottling", message: "slow down" } };
    await using lab = await startLab({ ...LAB, faults: [always] });
    const ran = await lab.run(FILE);
    expect(ran).toMatchObject({ code: 1, outputs: { cause: "NODEGROUP_FAILED" } });
    expect(errorsOf(ran)[0]?.message).toContain("node group web is CREATE_FAILED: IamThrottling: slow down");
    expect(ran.writes.filter((write) => write === "eks:CreateNodegroup")).toHaveLength(2);

    const other = { op: "eks:CreateNodegroup", nth: 1, outcome: { code: "NodeCreationFailure" } };
    await using second = await startLab({ ...LAB, faults: [other] });
    expect((await second.run(FILE)).outputs["cause"]).toBe("NODEGROUP_FAILED");
    expect((await second.run(FILE)).outputs["cause"]).toBe("NODEGROUP_FAILED");
  });

  it("as a control plane is deleted and made anew, after an hour only with its word", async () => {
    const fault = { op: "eks:CreateCluster", nth: 1, outcome: { code: "IamRoleNotFound" } };
    await using lab = await startLab({ ...LAB, iamPropagation: false, faults: [fault] });
    expect((await lab.run(FILE)).outputs["cause"]).toBe("CLUSTER_FAILED");
    await lab.clock.sleep(2 * 3600_000);
    expect(await lab.run(FILE)).toMatchObject({ code: 1, writes: [], outputs: { cause: "CONSENT_REQUIRED" } });
    const again = await lab.run(FILE, { allow: "recreate-cluster" });
    expect(errorsOf(again)).toEqual([]);
    expect(again.outputs["status"]).toBe("converged");
    expect([...lab.aws.account.network.vpcs.values()].filter((vpc) => vpc.IsDefault !== true)).toHaveLength(1);
  });

  it("as an add-on that met another's objects is made again where the file says that it wins", async () => {
    const wins = `${FILE}addons: [{name: metrics-server, resolveConflicts: overwrite}]\n`;
    const faults = [{ op: "eks:CreateAddon", outcome: { code: "ConfigurationConflict" } }];
    await using lab = await startLab({ ...LAB, faults });
    expect((await lab.run(FILE)).outputs["cause"]).toBe("ADDON_FAILED");
    const planned = await lab.look(wins);
    expect(planned.actions.map((action) => action.id)).toContain("addon-failed-metrics-server:delete");
    const kept = planned.findings.filter((finding) => finding.code === "ADDON_FAILED");
    expect(kept.map((finding) => finding.target?.name)).not.toContain("metrics-server");
  });

  it("as a NAT gateway is replaced by the next run", async () => {
    await using lab = await startLab({
      ...LAB,
      faults: [{ op: "ec2:CreateNatGateway", nth: 1, outcome: { code: "Failure" } }],
    });
    expect((await lab.run(FILE)).code).toBe(1);
    const next = await lab.run(FILE);
    expect(errorsOf(next)).toEqual([]);
    const live = [...lab.aws.account.network.natGateways.values()].filter((nat) => nat.State === "available");
    expect(live).toHaveLength(1);
    expect(lab.aws.account.network.addresses.size).toBe(1);
  });
});
