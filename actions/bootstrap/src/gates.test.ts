import { type Lab, startLab } from "@eks-actions/test/journeys/bootstrap/in-process.ts";
import { describe, expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 60_000 });

const FILE = `apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata:
  name: shop
  region: eu-west-1
  version: "1.34"
managedNodeGroups:
  - name: web
`;

async function built(): Promise<Lab> {
  const lab = await startLab({ iamPropagation: true, latency: false });
  expect((await lab.run(FILE)).code).toBe(0);
  return lab;
}

describe("a session that ends in the middle", () => {
  it("is renewed where the keys can be asked for again, and no call repeats", async () => {
    await using lab = await startLab({ latency: false, smallPages: false, durations: "brief", renewing: true });
    const ran = await lab.run(FILE, { concurrency: "1" });
    expect(ran.annotations.filter((note) => note.level === "error")).toEqual([]);
    expect(lab.aws.account.sessions.size).toBeGreaterThan(40);
    expect(lab.aws.requests.filter((request) => /Expired/.test(request.error ?? ""))).toEqual([]);
  });

  it("stops the run with the way out, and the next run goes on", async () => {
    await using lab = await startLab({ iamPropagation: true, latency: false });
    const session = [...lab.aws.account.sessions.values()].at(-1);
    const until = session?.expiresAt ?? 0;
    const expire = (count: number) => {
      if (count === 20 && session !== undefined) session.expiresAt = 0;
    };
    const ended = await lab.run(FILE, {}, { before: expire });
    expect(ended.code).toBe(1);
    expect(ended.annotations.find((note) => note.level === "error")).toMatchObject({ title: "CREDENTIALS_EXPIRED" });
    expect(ended.annotations.find((note) => note.level === "error")?.message).toContain("role-to-assume");
    if (session !== undefined) session.expiresAt = until;
    expect((await lab.run(FILE)).outputs["result"]).toBe("applied");
    expect(lab.aws.account.network.addresses.size).toBe(1);
  });
});

describe("the last administrator", () => {
  it("is not removed by an orphaned entry's deletion", async () => {
    await using lab = await startLab({ iamPropagation: true, latency: false });
    lab.aws.addRole({ name: "admin" });
    const admin = `${FILE}accessConfig:\n  bootstrapClusterCreatorAdminPermissions: false\n  accessEntries:\n    - principalARN: arn:aws:iam::111122223333:role/admin\n      accessPolicies: [{policyARN: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy", accessScope: {type: cluster}}]\n`;
    expect((await lab.run(admin)).code).toBe(0);
    const without = `${FILE}accessConfig: {bootstrapClusterCreatorAdminPermissions: false}\n`;
    const options = { unmanaged: "delete", allow: "delete-access-entry" };
    expect(await lab.run(without, options)).toMatchObject({
      code: 1,
      writes: [],
      outputs: { cause: "LOCKOUT_LAST_ADMIN" },
    });
    expect((await lab.run(without, { ...options, "prevent-lockout": "false" })).code).toBe(0);
  });

  it("and the runner keep a way in when public ranges narrow", async () => {
    await using lab = await built();
    const narrow = `${FILE}vpc: {publicAccessCIDRs: [203.0.113.0/24]}\n`;
    const options = { "runner-cidrs": "198.51.100.7/32" };
    expect(await lab.run(narrow, options)).toMatchObject({
      code: 1,
      writes: [],
      outputs: { cause: "LOCKOUT_ENDPOINT" },
    });
    expect((await lab.run(narrow, { "runner-cidrs": "203.0.113.9/32" })).code).toBe(0);
  });
});
