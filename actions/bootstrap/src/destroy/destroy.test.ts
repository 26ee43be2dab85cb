import { FULL, fullAccount } from "@eks-actions/test/journeys/bootstrap/full-cluster.ts";
import {
  type Lab,
  type LabOptions,
  momentsOf,
  type Past,
  startLab,
} from "@eks-actions/test/journeys/bootstrap/in-process.ts";
import { inventory } from "@eks-actions/test/journeys/bootstrap/inventory.ts";
import { beforeAll, describe, expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const LAB: LabOptions = { latency: false, smallPages: false, durations: "brief", prepare: fullAccount };
const DESTROY = { mode: "destroy", confirm: "shop" };

let built: Past;

beforeAll(async () => {
  await using lab = await startLab(LAB);
  expect((await lab.run(FULL)).code).toBe(0);
  const last = momentsOf(lab.aws).at(-1);
  if (last !== undefined) built = last;
});

const atBuilt = () => startLab({ ...LAB, past: built });
const errorsOf = (ran: Awaited<ReturnType<Lab["run"]>>) => ran.annotations.filter((note) => note.level === "error");

function ownSubnet(lab: Lab): { readonly subnetId: string; readonly vpcId: string } {
  const found = [...lab.aws.account.network.subnets.values()].find((subnet) =>
    subnet.Tags?.some((tag) => tag.Value === "shop/public-0"),
  );
  return { subnetId: found?.SubnetId ?? "", vpcId: found?.VpcId ?? "" };
}

function leaveInterface(lab: Lab, id: string, description: string, status: "available" | "in-use"): void {
  const { subnetId: SubnetId, vpcId: VpcId } = ownSubnet(lab);
  lab.aws.account.network.networkInterfaces.set(id, {
    NetworkInterfaceId: id,
    SubnetId,
    VpcId,
    Description: description,
    Status: status,
    InterfaceType: "interface",
    Groups: [],
    TagSet: [],
  });
}

describe("destroy", () => {
  it("leaves nothing, in the order in which AWS lets go, and the log group only by consent", async () => {
    await using lab = await atBuilt();
    const ran = await lab.run(FULL, DESTROY);
    expect(errorsOf(ran)).toEqual([]);
    expect(ran).toMatchObject({ code: 0, outputs: { result: "destroyed" } });
    expect(inventory(lab.aws.account)).toEqual(["log group /aws/eks/shop/cluster 30 []"]);
    const first = (write: string) => ran.writes.indexOf(write);
    const last = (write: string) => ran.writes.lastIndexOf(write);
    expect(last("eks:DeleteNodegroup")).toBeLessThan(first("eks:DeleteAddon"));
    expect(last("eks:DeleteAddon")).toBeLessThan(first("eks:DeleteCluster"));
    expect(first("eks:DeleteCluster")).toBeLessThan(first("iam:DeleteRole"));
    expect(first("eks:DeleteCluster")).toBeLessThan(first("ec2:DeleteNatGateway"));
    expect(first("ec2:DeleteNatGateway")).toBeLessThan(first("ec2:ReleaseAddress"));
    expect(last("ec2:DeleteSubnet")).toBeLessThan(first("ec2:DeleteVpc"));
    expect((await lab.run(FULL, { ...DESTROY, allow: "delete-log-group" })).code).toBe(0);
    expect(inventory(lab.aws.account)).toEqual([]);
    expect((await lab.run(FULL, DESTROY)).writes).toEqual([]);
  });

  it("deletes nothing with a wrong name, for another owner, or while the cluster is protected", async () => {
    await using lab = await atBuilt();
    const refused = (cause: string) => ({ code: 1, writes: [], outputs: { cause } });
    expect(await lab.run(FULL, { ...DESTROY, confirm: "other" })).toMatchObject(refused("CONFIRM_MISMATCH"));
    expect(await lab.run(FULL, { ...DESTROY, owner: "someone else" })).toMatchObject(refused("OWNED_BY_OTHER"));
    const cluster = lab.aws.account.clusters.get("shop")?.cluster;
    if (cluster !== undefined) cluster.deletionProtection = true;
    expect(await lab.run(FULL, DESTROY)).toMatchObject(refused("CONSENT_REQUIRED"));
    const ran = await lab.run(FULL, { ...DESTROY, allow: "disable-deletion-protection" });
    expect(errorsOf(ran)).toEqual([]);
    expect(ran.writes.indexOf("eks:UpdateClusterConfig")).toBeLessThan(ran.writes.indexOf("eks:DeleteNodegroup"));
  });

  it("deletes interfaces that the CNI left, and waits for those that others take away", async () => {
    await using lab = await atBuilt();
    leaveInterface(lab, "eni-0aaaaaaaaaaaaaaa1", "aws-K8S-i-0123456789abcdef0", "available");
    leaveInterface(lab, "eni-0aaaaaaaaaaaaaaa2", "ELB app/web/50dc6c495c0c9188", "in-use");
    const { networkInterfaces } = lab.aws.account.network;
    void lab.clock.sleep(120_000).then(() => networkInterfaces.delete("eni-0aaaaaaaaaaaaaaa2"));
    const ran = await lab.run(FULL, DESTROY);
    expect(errorsOf(ran)).toEqual([]);
    expect(ran.writes).toContain("ec2:DeleteNetworkInterface");
    expect(networkInterfaces.has("eni-0aaaaaaaaaaaaaaa1")).toBe(false);
  });

  it("names a load balancer that stays, keeps the VPC, and ends when it is gone", async () => {
    await using lab = await atBuilt();
    leaveInterface(lab, "eni-0aaaaaaaaaaaaaaa2", "ELB app/web/50dc6c495c0c9188", "in-use");
    const stuck = await lab.run(FULL, DESTROY);
    expect(stuck).toMatchObject({ code: 1, outputs: { cause: "LEFTOVERS", result: "failed" } });
    expect(errorsOf(stuck)[0]?.message).toContain(
      "eni-0aaaaaaaaaaaaaaa2 (load balancer app/web/50dc6c495c0c9188, in-use)",
    );
    expect(stuck.writes).not.toContain("ec2:DeleteVpc");
    expect(lab.aws.account.clusters.size).toBe(0);
    lab.aws.account.network.networkInterfaces.delete("eni-0aaaaaaaaaaaaaaa2");
    expect((await lab.run(FULL, DESTROY)).outputs["result"]).toBe("destroyed");
  });

  it("names volumes of claims, red, and deletes them only by consent", async () => {
    await using lab = await atBuilt();
    const { volumes } = lab.aws.account.network;
    const tag = (Key: string, Value: string) => ({ Key, Value });
    const volume = (VolumeId: string, Tags: { Key: string; Value: string }[]) =>
      volumes.set(VolumeId, { VolumeId, Size: 20, State: "available", Tags });
    volume("vol-0aaaaaaaaaaaaaaa1", [
      tag("kubernetes.io/cluster/shop", "owned"),
      tag("kubernetes.io/created-for/pvc/name", "data-db-0"),
    ]);
    volume("vol-0aaaaaaaaaaaaaaa2", [tag("kubernetes.io/cluster/other", "owned")]);
    const ran = await lab.run(FULL, DESTROY);
    expect(ran).toMatchObject({ code: 1, outputs: { cause: "LEFTOVERS" } });
    expect(errorsOf(ran)[0]?.message).toContain("volume vol-0aaaaaaaaaaaaaaa1 (20 GiB, claim data-db-0)");
    expect(lab.aws.account.clusters.size).toBe(0);
    expect([...volumes.keys()]).toHaveLength(2);
    expect((await lab.run(FULL, { ...DESTROY, allow: "delete-volumes" })).code).toBe(0);
    expect([...volumes.keys()]).toEqual(["vol-0aaaaaaaaaaaaaaa2"]);
  });

  it("warns of security groups that a controller left in our VPC", async () => {
    await using lab = await atBuilt();
    const { vpcId: VpcId } = ownSubnet(lab);
    const GroupId = "sg-0aaaaaaaaaaaaaaa1";
    lab.aws.account.network.securityGroups.set(GroupId, { GroupId, GroupName: "k8s-traffic-shop", VpcId, Tags: [] });
    const planned = await lab.look(FULL, { mode: "plan", "plan-for": "destroy" });
    expect(planned.findings.map((finding) => finding.message).join("\n")).toContain(
      `security group ${GroupId} (k8s-traffic-shop) in our VPC is not ours`,
    );
  });
});
