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

const NEWER = FULL.replace('"1.33"', '"1.34"');
const LAB: LabOptions = { latency: false, smallPages: false, durations: "brief", prepare: fullAccount };
const DESTROY = { mode: "destroy", confirm: "shop", allow: "delete-log-group" };

let built: Past;
let parts: readonly string[];

beforeAll(async () => {
  await using lab = await startLab(LAB);
  expect((await lab.run(FULL)).code).toBe(0);
  const last = momentsOf(lab.aws).at(-1);
  if (last !== undefined) built = last;
  parts = inventory(lab.aws.account);
});

const atBuilt = (options: LabOptions = {}) => startLab({ ...LAB, past: built, ...options });
const errorsOf = (ran: Awaited<ReturnType<Lab["run"]>>) => ran.annotations.filter((note) => note.level === "error");

describe("an AWS that throttles half of all requests", () => {
  it("only makes an upgrade and a destruction take longer", async () => {
    await using lab = await atBuilt({ throttle: 0.5 });
    const upgraded = await lab.run(NEWER, { allow: "upgrade" });
    expect(errorsOf(upgraded)).toEqual([]);
    expect(upgraded.outputs).toMatchObject({ status: "converged", "cluster-version": "1.34" });
    const gone = await lab.run(NEWER, DESTROY);
    expect(errorsOf(gone)).toEqual([]);
    expect(inventory(lab.aws.account)).toEqual([]);
  });
});

describe("an AWS that loses answers", () => {
  it("of every call of a destruction and an upgrade, and everything happens once", async () => {
    const lost = (ops: readonly string[]) => ops.map((op) => ({ op, nth: 1, drop: "after" as const }));
    const upgrade = [
      "eks:UpdateClusterVersion",
      "eks:UpdateNodegroupVersion",
      "eks:UpdateAddon",
      "eks:StartInsightsRefresh",
    ];
    await using lab = await atBuilt({ faults: lost(upgrade) });
    const upgraded = await lab.run(NEWER, { allow: "upgrade" });
    expect(errorsOf(upgraded)).toEqual([]);
    const versions = lab.aws.requests.filter((request) => request.operation === "UpdateClusterVersion");
    expect(versions.filter((request) => request.error === undefined).length).toBeLessThanOrEqual(2);
    expect(
      [...(lab.aws.account.clusters.get("shop")?.updates.values() ?? [])].filter(
        ({ update }) =>
          update.type === "VersionUpdate" && update.params?.some((param) => param.value === "1.34") === true,
      ),
    ).toHaveLength(3);

    const writes = new Set<string>();
    await using whole = await atBuilt();
    for (const write of (await whole.run(FULL, DESTROY)).writes) writes.add(write);
    await using other = await atBuilt({ faults: lost([...writes]) });
    const gone = await other.run(FULL, DESTROY);
    expect(errorsOf(gone)).toEqual([]);
    expect(inventory(other.aws.account)).toEqual([]);
  });
});

describe("two runs at once that both think the claim is theirs", () => {
  it("still make one of everything", async () => {
    await using lab = await startLab({ ...LAB, latency: true });
    await Promise.all([lab.run(FULL), lab.run(FULL)]);
    const last = await lab.run(FULL);
    expect(errorsOf(last)).toEqual([]);
    expect(inventory(lab.aws.account)).toEqual(parts);
  });

  it("still upgrade once", async () => {
    await using lab = await atBuilt({ latency: true });
    await Promise.all([lab.run(NEWER, { allow: "upgrade" }), lab.run(NEWER, { allow: "upgrade" })]);
    const last = await lab.run(NEWER, { allow: "upgrade" });
    expect(errorsOf(last)).toEqual([]);
    const record = lab.aws.account.clusters.get("shop");
    const moves = [...(record?.updates.values() ?? [])].filter(({ update }) => update.type === "VersionUpdate");
    expect(moves.filter(({ nodegroup }) => nodegroup === undefined)).toHaveLength(1);
  });
});

describe("somebody else's change in the middle", () => {
  it("of the control plane is waited for, and then planned around", async () => {
    await using lab = await atBuilt();
    const file = FULL.replace("[audit]", "[audit, api]");
    let isFirst = true;
    const before = (_: number, operation: string) => {
      if (operation !== "UpdateClusterConfig" || !isFirst) return;
      isFirst = false;
      void lab.aws.repeat({
        service: "eks",
        operation: "UpdateClusterConfig",
        input: { name: "shop", upgradePolicy: { supportType: "STANDARD" } },
        at: 0,
        mutating: true,
      });
    };
    const ran = await lab.run(file, {}, { before });
    expect(errorsOf(ran)).toEqual([]);
    expect(ran.outputs["status"]).toBe("converged");
    expect(ran.log.join("\n")).toMatch(/control plane shop: update \S+ is under way; waiting for it/);
    expect(lab.aws.account.clusters.get("shop")?.cluster.upgradePolicy).toEqual({ supportType: "STANDARD" });
  });
});

describe("tags that somebody stripped", () => {
  it("are put back with consent, and nothing is made twice", async () => {
    await using lab = await atBuilt();
    stripTags(lab);
    expect(await lab.run(FULL)).toMatchObject({ code: 1, writes: [], outputs: { cause: "CONSENT_REQUIRED" } });
    const adopted = await lab.run(FULL, { allow: "adopt" });
    expect(errorsOf(adopted)).toEqual([]);
    const { network, clusters, roles } = lab.aws.account;
    expect(clusters.size).toBe(1);
    expect([...network.vpcs.values()].filter((vpc) => vpc.IsDefault !== true)).toHaveLength(1);
    expect(network.natGateways.size).toBe(1);
    expect([...roles.values()].filter((role) => role.path.startsWith("/eks-actions/"))).toHaveLength(
      parts.filter((part) => part.startsWith("role ")).length,
    );
    expect((await lab.run(FULL)).writes).toEqual([]);
  });
});

function stripTags(lab: Lab): void {
  const { clusters, roles } = lab.aws.account;
  for (const role of roles.values()) role.tags.clear();
  for (const record of clusters.values()) {
    record.cluster.tags = {};
    for (const part of [record.nodegroups, record.addons, record.podIdentityAssociations]) {
      for (const object of part.values()) object.tags = {};
    }
  }
}
