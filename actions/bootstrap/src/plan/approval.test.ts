import { FULL, fullAccount } from "@eks-actions/test/journeys/bootstrap/full-cluster.ts";
import {
  type Lab,
  type LabOptions,
  momentsOf,
  type Past,
  startLab,
} from "@eks-actions/test/journeys/bootstrap/in-process.ts";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Inputs } from "../inputs.ts";
import { plan } from "../plan.ts";
import { readApproval } from "./approval.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const LAB: LabOptions = { latency: false, smallPages: false, durations: "brief", prepare: fullAccount };

let half: Past;
let file: string;
let hash: string;

beforeAll(async () => {
  await using lab = await startLab(LAB);
  const planned = await lab.run(FULL, { mode: "plan" });
  file = planned.outputs["plan-json"] ?? "";
  hash = planned.outputs["plan-hash"] ?? "";
  expect((await lab.run(FULL)).code).toBe(0);
  const moments = momentsOf(lab.aws);
  const middle = moments[Math.floor(moments.length / 2)];
  if (middle !== undefined) half = middle;
});

const errorsOf = (ran: Awaited<ReturnType<Lab["run"]>>) => ran.annotations.filter((note) => note.level === "error");

describe("an approved plan", () => {
  it("that a killed run began is finished under its file", async () => {
    await using lab = await startLab({ ...LAB, past: half });
    const ran = await lab.run(FULL, { "plan-file": file });
    expect(errorsOf(ran)).toEqual([]);
    expect(ran.outputs["status"]).toBe("converged");
  });

  it("does not cover what was asked for since", async () => {
    await using lab = await startLab({ ...LAB, past: half });
    const wider = FULL.replace("maxSize: 4", "maxSize: 9");
    const ran = await lab.run(wider, { "plan-file": file });
    expect(ran).toMatchObject({ code: 1, writes: [], outputs: { cause: "PLAN_STALE" } });
    expect(await lab.run(FULL, { "plan-hash": hash })).toMatchObject({ code: 1, outputs: { cause: "PLAN_STALE" } });
  });

  it("lists a deletion that came to be needed since", async () => {
    await using lab = await startLab(LAB);
    expect((await lab.run(FULL)).code).toBe(0);
    const planned = await lab.run(FULL, { mode: "plan", unmanaged: "delete" });
    const { nodegroups } = lab.aws.account.clusters.get("shop") ?? { nodegroups: new Map() };
    const web = nodegroups.get("web");
    nodegroups.set("stray", {
      ...web,
      nodegroupName: "stray",
      tags: { ...web?.tags, "eks-actions/part": "shop/ng-stray" },
    });
    const inputs = { "plan-file": planned.outputs["plan-json"] ?? "", unmanaged: "delete", allow: "delete-nodegroup" };
    const ran = await lab.run(FULL, inputs);
    expect(ran).toMatchObject({ code: 1, writes: [], outputs: { cause: "PLAN_STALE" } });
    expect(errorsOf(ran)[0]?.message).toContain("delete NodeGroup stray is not in the approved plan");
  });

  it("keeps the add-on versions that were reviewed when AWS moves its default", async () => {
    await using lab = await startLab(LAB);
    const older = await lab.run(FULL.replace("{name: vpc-cni,", '{name: vpc-cni, version: "v1.20",'), { mode: "plan" });
    const planned = await lab.run(FULL, { mode: "plan" });
    const at = planned.outputs["plan-json"] ?? "";
    expect(older.outputs["plan-hash"]).not.toBe(planned.outputs["plan-hash"]);
    const reviewed = JSON.parse(lab.ports(FULL).readText(at));
    const now = await lab.look(FULL, { "plan-file": at });
    expect(now.resolved.addons).toEqual(reviewed.resolved.addons);
    const moved = { ...now.facts, approved: new Map([["coredns", "v1.12.1-eksbuild.2"]]) };
    expect(plan(now.inputs, moved).resolved.addons["coredns"]).toBe("v1.12.1-eksbuild.2");
    const gone = { ...now.facts, approved: new Map([["coredns", "v0.0.1-eksbuild.1"]]) };
    expect(plan(now.inputs, gone).resolved.addons["coredns"]).toBe(reviewed.resolved.addons["coredns"]);
  });

  it("that was edited, or is none, is refused", async () => {
    await using lab = await startLab(LAB);
    const { inputs } = await lab.look(FULL);
    const read = (text: string) =>
      readApproval({ ...inputs, planFile: "plan.json" } satisfies Inputs, { readText: () => text });
    const text = lab.ports(FULL).readText(file);
    expect(() => read(text)).not.toThrow();
    for (const [wrong, why] of [
      ["{", "is no JSON"],
      ["{}", "is no plan of this action"],
      [text.replace('"op": "create"', '"op": "delete"'), "was edited: action"],
      [text.replace(hash, "0".repeat(64)), "was edited: `planHash`"],
    ] as const) {
      expect(() => read(wrong)).toThrow(why);
    }
    const both = { ...inputs, planFile: "plan.json", planHash: "0".repeat(64) };
    expect(() => readApproval(both, { readText: () => text })).toThrow("`plan-hash` is not the hash of `plan-file`");
  });
});
