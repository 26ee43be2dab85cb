import { type Lab, startLab } from "@eks-actions/test/journeys/bootstrap/in-process.ts";
import { describe, expect, it, vi } from "vitest";

// Whole lives of clusters on a virtual clock: seconds of work on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const HEAD = "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata:\n  name: shop\n  region: eu-west-1\n";
const BASE = `${HEAD}managedNodeGroups:
  - name: web
    minSize: 1
    maxSize: 3
    labels: {role: web}
    taints:
      - {key: dedicated, value: web, effect: NoSchedule}
      - {key: dedicated, value: web, effect: NoExecute}
`;

async function built(config = BASE): Promise<Lab> {
  const lab = await startLab({ iamPropagation: true, latency: false });
  const ran = await lab.run(config);
  if (ran.code !== 0) throw new Error(ran.log.join("\n"));
  return lab;
}

const group = (lab: Lab, name = "web") => lab.aws.account.clusters.get("shop")?.nodegroups.get(name);
const mine = (writes: readonly string[]) => writes.filter((write) => !/TagResource|UntagResource/.test(write));

describe("a change of the file", () => {
  it("of labels, maxSize and one of two taints of one key is a single update, and both taints stay", async () => {
    await using lab = await built();
    const changed = BASE.replace("maxSize: 3", "maxSize: 5")
      .replace("role: web", "role: api, tier: front")
      .replace("value: web, effect: NoExecute", "value: api, effect: NoExecute");
    const ran = await lab.run(changed);
    expect(ran.code).toBe(0);
    expect(mine(ran.writes)).toEqual(["eks:UpdateNodegroupConfig"]);
    expect(group(lab)).toMatchObject({
      labels: { role: "api", tier: "front" },
      scalingConfig: { minSize: 1, maxSize: 5 },
    });
    expect(
      group(lab)
        ?.taints?.map((taint) => `${taint.key}=${taint.value}:${taint.effect}`)
        .sort(),
    ).toEqual(["dedicated=api:NO_EXECUTE", "dedicated=web:NO_SCHEDULE"]);
    expect((await lab.run(changed)).writes).toEqual([]);
  });

  it("of the volume makes a new launch template version and rolls the group", async () => {
    await using lab = await built();
    const changed = `${BASE}    volumeSize: 120\n`;
    const ran = await lab.run(changed);
    expect(ran.code).toBe(0);
    expect(mine(ran.writes)).toEqual(["ec2:CreateLaunchTemplateVersion", "eks:UpdateNodegroupVersion"]);
    expect((await lab.run(changed)).writes).toEqual([]);
  });

  it("of the instance type needs consent, and then the new group is ACTIVE before the old one goes", async () => {
    await using lab = await built();
    const changed = `${BASE}    instanceType: m5.xlarge\n`;
    const refused = await lab.run(changed);
    expect(refused).toMatchObject({ code: 1, writes: [], outputs: { cause: "CONSENT_REQUIRED", result: "blocked" } });
    expect(refused.annotations.at(0)?.message).toContain("allow: replace-nodegroup");
    const ran = await lab.run(changed, { allow: "replace-nodegroup" });
    expect(ran.code).toBe(0);
    expect(mine(ran.writes)).toEqual(["eks:CreateNodegroup", "eks:DeleteNodegroup"]);
    const names = [...(lab.aws.account.clusters.get("shop")?.nodegroups.keys() ?? [])];
    expect(names).toEqual([expect.stringMatching(/^web-[0-9a-f]{6}$/)]);
    expect((await lab.run(changed)).writes).toEqual([]);
  });

  it("of several cluster settings is one update after another, opening before closing", async () => {
    await using lab = await built();
    const changed = `${BASE}vpc: {clusterEndpoints: {publicAccess: true, privateAccess: true}}\ncloudWatch: {clusterLogging: {enableTypes: [audit]}}\nupgradePolicy: {supportType: STANDARD}\n`;
    const ran = await lab.run(changed);
    expect(ran.code).toBe(0);
    expect(mine(ran.writes)).toEqual(["eks:UpdateClusterConfig", "eks:UpdateClusterConfig", "eks:UpdateClusterConfig"]);
    expect((await lab.run(changed)).writes).toEqual([]);
  });

  it("to fewer NAT gateways moves the routes, and names the gateways that are left", async () => {
    const many = `${BASE}vpc: {nat: {gateway: HighlyAvailable}}\n`;
    await using lab = await built(many);
    const ran = await lab.run(BASE);
    expect(mine(ran.writes)).toEqual(["ec2:ReplaceRoute", "ec2:ReplaceRoute"]);
    const spare = (await lab.look(BASE)).unmanaged.filter((entry) => entry.kind === "NatGateway");
    expect(spare.map((entry) => [entry.name, entry.orphan])).toEqual([
      ["nat-1", true],
      ["nat-2", true],
    ]);
    const refused = await lab.run(BASE, { unmanaged: "delete" });
    expect(refused).toMatchObject({ writes: [], outputs: { cause: "CONSENT_REQUIRED" } });
    const cleaned = await lab.run(BASE, { unmanaged: "delete", allow: "delete-network" });
    expect([...mine(cleaned.writes)].sort()).toEqual([
      "ec2:DeleteNatGateway",
      "ec2:DeleteNatGateway",
      "ec2:ReleaseAddress",
      "ec2:ReleaseAddress",
    ]);
    expect((await lab.look(BASE, { unmanaged: "delete" })).actions).toEqual([]);
  });

  it("of a field that is fixed at creation is refused with the live value, before any write", async () => {
    await using lab = await built();
    const ran = await lab.run(`${BASE}vpc: {cidr: 10.0.0.0/16}\n`);
    expect(ran).toMatchObject({ code: 1, writes: [], outputs: { cause: "IMMUTABLE_FIELD" } });
    expect(ran.annotations[0]?.message).toContain("192.168.0.0/16");
  });

  it("that adds an access entry and a pod identity leaves everything else alone", async () => {
    await using lab = await built();
    lab.aws.addRole({ name: "dev" });
    const changed = `${BASE}accessConfig:\n  accessEntries:\n    - principalARN: arn:aws:iam::111122223333:role/dev\n      accessPolicies:\n        - {policyARN: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy", accessScope: {type: cluster}}\n`;
    const ran = await lab.run(changed);
    expect(ran.code).toBe(0);
    expect(mine(ran.writes)).toEqual(["eks:CreateAccessEntry", "eks:AssociateAccessPolicy"]);
    expect((await lab.run(changed)).writes).toEqual([]);
    const wider = await lab.run(changed.replace("AmazonEKSViewPolicy", "AmazonEKSEditPolicy"));
    expect(mine(wider.writes)).toEqual(["eks:AssociateAccessPolicy", "eks:DisassociateAccessPolicy"]);
  });
});

describe("somebody else's change", () => {
  it("is drift, and is put back; a size that an autoscaler moved is not", async () => {
    await using lab = await built();
    const live = group(lab);
    if (live?.scalingConfig !== undefined) {
      live.scalingConfig.desiredSize = 3;
      live.labels = { role: "hacked" };
    }
    const drift = await lab.run(BASE, { mode: "drift" });
    expect(drift).toMatchObject({ code: 2, writes: [], outputs: { result: "drifted" } });
    expect((await lab.look(BASE)).drift).toEqual([
      {
        target: { kind: "NodeGroup", name: "web" },
        path: "nodegroup[web].labels",
        from: { role: "hacked" },
        to: { role: "web" },
      },
    ]);
    const ran = await lab.run(BASE);
    expect(mine(ran.writes)).toEqual(["eks:UpdateNodegroupConfig"]);
    expect(group(lab)).toMatchObject({ labels: { role: "web" }, scalingConfig: { desiredSize: 3 } });
    expect(await lab.run(BASE, { mode: "drift" })).toMatchObject({ code: 0, outputs: { result: "unchanged" } });
  });

  it("of the owner is respected: another owner's cluster is refused, an untagged one adopted with consent", async () => {
    await using lab = await built();
    const other = await lab.run(BASE, { owner: "someone else" });
    expect(other).toMatchObject({ code: 1, writes: [], outputs: { cause: "OWNED_BY_OTHER" } });
    const cluster = lab.aws.account.clusters.get("shop")?.cluster;
    if (cluster !== undefined) cluster.tags = {};
    expect(await lab.run(BASE)).toMatchObject({ code: 1, writes: [], outputs: { cause: "CONSENT_REQUIRED" } });
    expect((await lab.run(BASE, { allow: "adopt" })).code).toBe(0);
    expect((await lab.run(BASE)).writes).toEqual([]);
  });

  it("under way from another run stops this one", async () => {
    await using lab = await built();
    const cluster = lab.aws.account.clusters.get("shop")?.cluster;
    const now = Math.floor(lab.clock.now() / 1000);
    if (cluster !== undefined) cluster.tags = { ...cluster.tags, "eks-actions/lease": `777.1/${now}` };
    const ran = await lab.run(BASE.replace("maxSize: 3", "maxSize: 4"));
    expect(ran).toMatchObject({ code: 1, writes: [], outputs: { cause: "LEASE_HELD" } });
    await lab.clock.sleep(16 * 60_000);
    expect((await lab.run(BASE.replace("maxSize: 3", "maxSize: 4"))).code).toBe(0);
  });
});

describe("a plan", () => {
  it("is the same bytes for the same account and file, and its hash approves exactly it", async () => {
    await using lab = await startLab({ iamPropagation: true, latency: false });
    const one = await lab.run(BASE, { mode: "plan" });
    const two = await lab.run(BASE, { mode: "plan" });
    expect(one).toMatchObject({ code: 0, writes: [], outputs: { result: "planned", status: "pending" } });
    expect(two.outputs["plan-hash"]).toBe(one.outputs["plan-hash"]);
    const stale = await lab.run(BASE.replace("maxSize: 3", "maxSize: 4"), {
      "plan-hash": one.outputs["plan-hash"] ?? "",
    });
    expect(stale).toMatchObject({ code: 1, writes: [], outputs: { cause: "PLAN_STALE" } });
    const file = one.outputs["plan-json"] ?? "";
    const killed = await lab.run(
      BASE,
      { "plan-file": file },
      { after: (count, _, abort) => void (count === 20 && abort()) },
    );
    expect(killed.outputs["result"]).toBe("cancelled");
    const next = await lab.run(BASE, { "plan-file": file });
    expect(next.annotations.filter((entry) => entry.level === "error")).toEqual([]);
    expect(next.code).toBe(0);
  });
});
