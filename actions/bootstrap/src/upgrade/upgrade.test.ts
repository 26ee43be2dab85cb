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
metadata: {name: shop, region: eu-west-1, version: "1.33"}
managedNodeGroups: [{name: web}, {name: jobs}, {name: batch}]
`;
const to = (version: string) => FILE.replace('"1.33"', `"${version}"`);
const LAB: LabOptions = { latency: false, smallPages: false, durations: "brief" };

let built: Past;

beforeAll(async () => {
  await using lab = await startLab(LAB);
  expect((await lab.run(FILE)).code).toBe(0);
  const last = momentsOf(lab.aws).at(-1);
  if (last !== undefined) built = last;
});

const atBuilt = (options: LabOptions = {}) => startLab({ ...LAB, past: built, ...options });
const record = (lab: Lab) => {
  const found = lab.aws.account.clusters.get("shop");
  if (found === undefined) throw new Error("no cluster");
  return found;
};

/** What was asked for, in order: `cluster 1.34`, `web 1.34`, `kube-proxy v1.34.3-eksbuild.2`, `insights`. */
function steps(lab: Lab): readonly string[] {
  return lab.aws.requests
    .filter((request) => request.error === undefined)
    .flatMap(({ operation, input }) => {
      const args: Readonly<Record<string, unknown>> = typeof input === "object" && input !== null ? { ...input } : {};
      if (operation === "UpdateClusterVersion") return [`cluster ${args["version"]}`];
      if (operation === "UpdateNodegroupVersion") return [`${args["nodegroupName"]} ${args["version"]}`];
      if (operation === "UpdateAddon") return [`${args["addonName"]} ${args["addonVersion"]}`];
      return operation === "StartInsightsRefresh" ? ["insights"] : [];
    });
}

function failInsight(lab: Lab, version: string, status: "ERROR" | "UNKNOWN" = "ERROR"): void {
  record(lab).insights.set("i-1", {
    id: "i-1",
    name: `Deprecated APIs removed in Kubernetes v${version}`,
    category: "UPGRADE_READINESS",
    kubernetesVersion: version,
    insightStatus: { status, reason: "in use" },
  });
}

describe("an upgrade over two minors", () => {
  it("asks for insights, moves the control plane, then what the minor leaves behind; nodes once, two groups at a time", async () => {
    await using lab = await atBuilt();
    const ran = await lab.run(to("1.35"), { allow: "upgrade" });
    expect(ran).toMatchObject({
      code: 0,
      outputs: { result: "applied", status: "converged", "cluster-version": "1.35" },
    });
    expect(steps(lab)).toEqual([
      "insights",
      "cluster 1.34",
      "kube-proxy v1.34.3-eksbuild.2",
      "insights",
      "cluster 1.35",
      "kube-proxy v1.35.3-eksbuild.2",
      "batch 1.35",
      "jobs 1.35",
      "web 1.35",
    ]);
    const rolls = lab.aws.requests.filter((request) => request.operation === "UpdateNodegroupVersion");
    const [first, second, third] = rolls.map((request) => request.at);
    expect(second).toBe(first);
    expect(third).toBeGreaterThan((first ?? 0) + 100_000);
  });

  it("takes the nodes along at each minor where that is asked", async () => {
    await using lab = await atBuilt();
    const ran = await lab.run(to("1.35"), { allow: "upgrade", "node-roll": "each-minor" });
    expect(ran.code).toBe(0);
    const moved = steps(lab).filter((step) => /^(cluster|web)/.test(step));
    expect(moved).toEqual(["cluster 1.34", "web 1.34", "cluster 1.35", "web 1.35"]);
    expect((await lab.run(to("1.35"))).writes).toEqual([]);
  });

  it("is in the plan as a whole, with every call", async () => {
    await using lab = await atBuilt();
    const planned = await lab.look(to("1.35"), { "node-roll": "each-minor" });
    const ids = planned.actions.map((action) => action.id);
    expect(ids).toContain("ng-step-web:upgrade:1.34");
    expect(ids).toContain("addon-step-kube-proxy:update:v1.34.3-eksbuild.2");
    const at = (id: string) => ids.indexOf(id);
    expect(at("cluster:upgrade:1.34")).toBeLessThan(at("ng-step-web:upgrade:1.34"));
    expect(at("ng-step-web:upgrade:1.34")).toBeLessThan(at("cluster:upgrade:1.35"));
    expect(planned.resolved).toMatchObject({ version: "1.35", upgradePath: ["1.34", "1.35"] });
  });

  it("moves vpc-cni one minor at a time", async () => {
    await using lab = await atBuilt();
    const addon = record(lab).addons.get("vpc-cni");
    if (addon !== undefined) addon.addonVersion = "v1.19.6-eksbuild.7";
    const ran = await lab.run(`${to("1.34")}addons: [{name: vpc-cni, version: v1.21.2}]\n`, { allow: "upgrade" });
    expect(ran.annotations.filter((note) => note.level === "error")).toEqual([]);
    expect(steps(lab).filter((step) => /vpc-cni/.test(step))).toEqual([
      "vpc-cni v1.20.4-eksbuild.2",
      "vpc-cni v1.21.2-eksbuild.1",
    ]);
  });

  it("goes on at the deadline with what is left", async () => {
    await using lab = await startLab({ ...LAB, durations: "bench" });
    expect((await lab.run(FILE)).code).toBe(0);
    const inputs = { allow: "upgrade", "max-duration": "11m", "on-timeout": "defer" };
    const first = await lab.run(to("1.35"), inputs);
    expect(first).toMatchObject({ code: 0, outputs: { result: "deferred", status: "in-progress" } });
    expect(steps(lab).filter((step) => /cluster/.test(step))[0]).toBe("cluster 1.34");
    const red = await lab.run(to("1.35"), { ...inputs, "on-timeout": "fail" });
    expect(red).toMatchObject({ code: 1, outputs: { cause: "TIMEOUT" } });
    expect((await lab.run(to("1.35"), { allow: "upgrade" })).code).toBe(0);
    expect(steps(lab).filter((step) => /cluster/.test(step))).toEqual(["cluster 1.34", "cluster 1.35"]);
  });
});

describe("a maintenance window that closes in the middle of an upgrade", () => {
  it("lets the minor that runs end, and leaves the next one to the next window", async () => {
    await using lab = await atBuilt();
    await lab.clock.sleep(60_000 - (lab.clock.now() % 60_000));
    const now = new Date(lab.clock.now());
    const start = `${String(now.getUTCHours()).padStart(2, "0")}:${String(now.getUTCMinutes()).padStart(2, "0")}`;
    const extension = `apiVersion: eks-actions.dev/v1\nkind: ClusterExtension\nextends: cluster.yaml\nmaintenanceWindows: [{start: "${start}", duration: 1m, timezone: UTC}]\n`;
    const moved = { config: to("1.35"), extension };
    const first = await lab.run(moved, { allow: "upgrade" });
    expect(first.annotations.filter((note) => note.level === "error")).toEqual([]);
    expect(first).toMatchObject({ code: 0, outputs: { status: "pending", "cluster-version": "1.34" } });
    expect(steps(lab)).not.toContain("cluster 1.35");
    await lab.clock.sleep(24 * 3600_000 - (lab.clock.now() - now.getTime()));
    const second = await lab.run(moved, { allow: "upgrade" });
    expect(second.outputs["cluster-version"]).toBe("1.35");
  });
});

describe("an insight", () => {
  it("in ERROR blocks before anything moves, after EKS has looked again", async () => {
    await using lab = await atBuilt();
    failInsight(lab, "1.34");
    const blocked = await lab.run(to("1.34"), { allow: "upgrade" });
    expect(blocked).toMatchObject({
      code: 1,
      writes: ["eks:StartInsightsRefresh"],
      outputs: { cause: "INSIGHT_ERROR", result: "blocked" },
    });
    expect(blocked.annotations[0]?.message).toContain("Deprecated APIs removed in Kubernetes v1.34 is ERROR (in use)");
    expect((await lab.run(to("1.34"), { allow: "upgrade", insights: "warn" })).code).toBe(1);
    expect((await lab.run(to("1.34"), { allow: "upgrade, force-upgrade" })).outputs["result"]).toBe("applied");
    const sent = lab.aws.requests.findLast((request) => request.operation === "UpdateClusterVersion");
    expect(sent?.input).toMatchObject({ version: "1.34", force: true });
  });

  it("about a later minor stops there, with the first one done", async () => {
    await using lab = await atBuilt();
    failInsight(lab, "1.35");
    const ran = await lab.run(to("1.35"), { allow: "upgrade" });
    expect(ran).toMatchObject({ code: 1, outputs: { cause: "INSIGHT_ERROR", "cluster-version": "1.34" } });
    expect(steps(lab)).not.toContain("cluster 1.35");
  });

  it("that EKS does not know only warns", async () => {
    await using lab = await atBuilt();
    failInsight(lab, "1.34", "UNKNOWN");
    expect((await lab.run(to("1.34"), { allow: "upgrade" })).code).toBe(0);
  });

  it("is asked for by nobody where it is off", async () => {
    await using lab = await atBuilt();
    expect((await lab.run(to("1.34"), { allow: "upgrade", insights: "off" })).code).toBe(0);
    expect(steps(lab)).not.toContain("insights");
  });
});

describe("nodes", () => {
  it("go first where EKS refuses the next minor because of them", async () => {
    const message = "Nodegroups web must be updated to match cluster version 1.34 before updating cluster version";
    const refused = { code: "InvalidRequestException", message };
    await using lab = await atBuilt({ faults: [{ op: "eks:UpdateClusterVersion", nth: 2, error: refused }] });
    const ran = await lab.run(to("1.35"), { allow: "upgrade" });
    expect(ran.annotations.filter((note) => note.level === "error")).toEqual([]);
    expect(steps(lab).filter((step) => /^(cluster|web)/.test(step))).toEqual([
      "cluster 1.34",
      "web 1.34",
      "cluster 1.35",
      "web 1.35",
    ]);
  });

  it("that would be more than three minors behind follow before that", async () => {
    await using lab = await atBuilt();
    for (const group of record(lab).nodegroups.values()) group.version = "1.31";
    const ran = await lab.run(to("1.35"), { allow: "upgrade" });
    expect(ran.annotations.filter((note) => note.level === "error")).toEqual([]);
    expect(steps(lab).filter((step) => /^(cluster|web)/.test(step))).toEqual([
      "cluster 1.34",
      "web 1.34",
      "cluster 1.35",
      "web 1.35",
    ]);
  });

  it("that are not healthy keep the version where it is", async () => {
    await using lab = await atBuilt();
    const web = record(lab).nodegroups.get("web");
    if (web !== undefined) web.health = { issues: [{ code: "AsgInstanceLaunchFailures", message: "no capacity" }] };
    const ran = await lab.run(to("1.34"), { allow: "upgrade" });
    expect(ran).toMatchObject({ code: 1, writes: [], outputs: { cause: "NODEGROUP_FAILED", result: "blocked" } });
    expect(ran.annotations[0]?.message).toContain("AsgInstanceLaunchFailures: no capacity");
  });
});

describe("free addresses", () => {
  it("in fewer than two zones block", async () => {
    await using lab = await atBuilt();
    const subnets = [...lab.aws.account.network.subnets.values()].filter((subnet) => subnet.DefaultForAz !== true);
    const [zone] = subnets.map((subnet) => subnet.AvailabilityZone);
    for (const subnet of subnets) if (subnet.AvailabilityZone !== zone) subnet.AvailableIpAddressCount = 4;
    const ran = await lab.run(to("1.34"), { allow: "upgrade" });
    expect(ran).toMatchObject({ code: 1, writes: [], outputs: { cause: "SUBNET_IPS_LOW" } });
  });
});

describe("a rollback", () => {
  const back = to("1.33").replace('"1.33"}', '"1.33", rollbackConfig: {timeoutMinutes: 180}}');

  it("goes back one minor with its word, while nodes are not newer", async () => {
    await using lab = await atBuilt();
    const cut = (count: number, operation: string, abort: () => void) =>
      operation === "UpdateNodegroupVersion" && count > 0 && abort();
    await lab.run(to("1.34"), { allow: "upgrade" }, { before: (...all) => void cut(...all) });
    expect(record(lab).cluster.version).toBe("1.34");
    expect(await lab.run(back)).toMatchObject({ code: 1, writes: [], outputs: { cause: "CONSENT_REQUIRED" } });
    const ran = await lab.run(back, { allow: "rollback" });
    expect(ran.annotations.filter((note) => note.level === "error")).toEqual([]);
    expect(ran).toMatchObject({ code: 0, outputs: { "cluster-version": "1.33" } });
    const sent = lab.aws.requests.findLast((request) => request.operation === "UpdateClusterVersion");
    expect(sent?.input).toMatchObject({ version: "1.33", rollbackConfig: { timeoutMinutes: 180 } });
    expect(record(lab).addons.get("kube-proxy")?.addonVersion).toMatch(/^v1\.33\./);
  });

  it("waits for nodes that are newer, and says how", async () => {
    await using lab = await atBuilt();
    expect((await lab.run(to("1.34"), { allow: "upgrade" })).code).toBe(0);
    const ran = await lab.run(back, { allow: "rollback" });
    expect(ran).toMatchObject({ code: 1, writes: [], outputs: { cause: "SKEW_TOO_WIDE" } });
  });

  it("of two minors is refused", async () => {
    await using lab = await atBuilt();
    expect(await lab.run(to("1.31"), { allow: "rollback" })).toMatchObject({
      code: 1,
      writes: [],
      outputs: { cause: "VERSION_TOO_LOW" },
    });
  });
});
