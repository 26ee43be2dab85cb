import { FULL, fullAccount } from "@eks-actions/test/journeys/bootstrap/full-cluster.ts";
import {
  type Lab,
  type LabOptions,
  momentsOf,
  type Past,
  startLab,
} from "@eks-actions/test/journeys/bootstrap/in-process.ts";
import { inventory } from "@eks-actions/test/journeys/bootstrap/inventory.ts";
import { describe, expect, it, vi } from "vitest";

// Dozens of runs, each in some milliseconds of work.
vi.setConfig({ testTimeout: 400_000 });

const NEWER = FULL.replace('"1.33"', '"1.35"');
const LAB: LabOptions = {
  latency: false,
  smallPages: false,
  durations: "brief",
  prepare: fullAccount,
};

interface Run {
  readonly file: string;
  readonly inputs?: Readonly<Record<string, string>>;
}

/** Runs everything once, and then the last run again from every moment at which it can have been killed. */
async function killEverywhere(before: readonly Run[], last: Run): Promise<number> {
  await using whole = await startLab(LAB);
  for (const run of before) await runOrThrow(whole, run);
  const since = whole.aws.requests.length;
  await runOrThrow(whole, last);
  const expected = inventory(whole.aws.account);
  const moments = momentsOf(whole.aws, since);
  for (const moment of moments) await finishFrom(moment, last, expected);
  return moments.length;
}

async function finishFrom(past: Past, { file, inputs }: Run, expected: readonly string[]): Promise<void> {
  const at = `killed ${past.at % 86_400_000} after ${past.writes.length}: ${past.writes.at(-1)?.operation}`;
  await using lab = await startLab({ ...LAB, past });
  const next = await lab.run(file, inputs);
  const errors = next.annotations.filter((entry) => entry.level === "error");
  expect({ at, status: next.outputs["status"], errors }).toEqual({ at, status: "converged", errors: [] });
  expect({ at, parts: inventory(lab.aws.account) }).toEqual({ at, parts: expected });
}

async function runOrThrow(lab: Lab, { file, inputs }: Run): Promise<void> {
  const ran = await lab.run(file, inputs);
  if (ran.code !== 0) throw new Error(ran.log.filter((text) => !/usually/.test(text)).join("\n"));
}

describe("a run that is killed at any write is finished by the next one: nothing twice, nothing left over, no tag lost", () => {
  it("when it builds a cluster", async () => {
    expect(await killEverywhere([], { file: FULL })).toBeGreaterThan(70);
  });

  it("when it goes up two minors", async () => {
    const upgrade = { file: NEWER, inputs: { allow: "upgrade", "node-roll": "each-minor" } };
    expect(await killEverywhere([{ file: FULL }], upgrade)).toBeGreaterThan(20);
  });

  it("when it destroys", async () => {
    const inputs = { mode: "destroy", confirm: "shop", allow: "delete-log-group" };
    expect(await killEverywhere([{ file: FULL }], { file: FULL, inputs })).toBeGreaterThan(40);
  });
});
