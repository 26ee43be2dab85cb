import {
  type Lab,
  type LabOptions,
  momentsOf,
  type Past,
  startLab,
} from "@eks-actions/test/journeys/bootstrap/in-process.ts";
import { beforeAll, describe, expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const FILE = `apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: shop, region: eu-west-1, version: "1.34"}
managedNodeGroups: [{name: web, minSize: 1, maxSize: 3, labels: {role: web}}]
`;
const LAB: LabOptions = { latency: false, smallPages: false, durations: "brief" };

let built: Past;

beforeAll(async () => {
  await using lab = await startLab(LAB);
  expect((await lab.run(FILE)).code).toBe(0);
  const last = momentsOf(lab.aws).at(-1);
  if (last !== undefined) built = last;
});

function web(lab: Lab) {
  const group = lab.aws.account.clusters.get("shop")?.nodegroups.get("web");
  if (group === undefined) throw new Error("no group web");
  return group;
}

describe("a difference", () => {
  it.each([
    ["of the console's making is drift", false, true, "drift"],
    ["of the file's making is a change", true, false, "config"],
    ["of both is both", true, true, "both"],
  ])("%s", async (_, isFile, isConsole, origin) => {
    await using lab = await startLab({ ...LAB, past: built });
    if (isConsole) web(lab).labels = { role: "hacked" };
    const file = isFile ? FILE.replace("role: web", "role: api") : FILE;
    const { actions, drift } = await lab.look(file);
    const labels = actions.flatMap((action) => action.changes).filter((change) => change.path.endsWith(".labels"));
    expect(labels.map((change) => change.origin)).toEqual([origin]);
    expect(drift).toHaveLength(isConsole ? 1 : 0);
  });

  it("of the size that an autoscaler set is none", async () => {
    await using lab = await startLab({ ...LAB, past: built });
    web(lab).scalingConfig = { minSize: 1, maxSize: 3, desiredSize: 3 };
    expect(await lab.run(FILE, { mode: "drift" })).toMatchObject({ code: 0, outputs: { result: "unchanged" } });
  });
});

describe("a look at a cluster", () => {
  it("says what will hurt later, and is green while nothing differs", async () => {
    await using lab = await startLab({ ...LAB, past: built });
    const addon = lab.aws.account.clusters.get("shop")?.addons.get("vpc-cni");
    if (addon !== undefined) addon.addonVersion = "v1.20.4-eksbuild.2";
    const ran = await lab.run(FILE, { mode: "drift" });
    expect(ran).toMatchObject({ code: 0, writes: [], outputs: { result: "unchanged", status: "converged" } });
    const said = (await lab.look(FILE, { mode: "drift" })).findings.map((finding) => finding.message).join("\n");
    expect(said).toContain("standard support of Kubernetes 1.34 ends on 2026-12-02; extended support costs extra");
    expect(said).toContain("cluster shop may be deleted by one call");
    expect(said).toContain("add-ons behind EKS's default: vpc-cni v1.20.4-eksbuild.2 (default v1.21.1-eksbuild.3)");
    expect((await lab.look(FILE)).findings.map((finding) => finding.message).join("\n")).not.toContain(
      "standard support",
    );
  });

  it("is red by choice only, when something differs", async () => {
    await using lab = await startLab({ ...LAB, past: built });
    web(lab).labels = {};
    expect(await lab.run(FILE, { mode: "drift" })).toMatchObject({ code: 2, outputs: { result: "drifted" } });
    expect((await lab.run(FILE, { mode: "drift", "on-drift": "report" })).code).toBe(0);
  });
});
