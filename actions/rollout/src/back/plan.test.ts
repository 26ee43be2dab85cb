import { describe, expect, it } from "vitest";
import { LEASE_SECONDS, type Phase, type RolloutRecord, type SnapshotPointer } from "../lock/record.ts";
import { appState, inputsOf, NOW } from "../samples.ts";
import { planRecovery, recoveryOf } from "./plan.ts";

const good: SnapshotPointer = { revision: 3, chunks: 1, sha256: "x", healthy: true };
const bad: SnapshotPointer = { ...good, healthy: false };

const recordOf = (phase: Phase, snapshot: SnapshotPointer | undefined): RolloutRecord => ({
  schemaVersion: 1,
  run: { url: "https://github.com/acme/shop/actions/runs/1/attempts/1", sha: "abc", attempt: 1 },
  strategy: "rolling",
  phase,
  revision: 3,
  snapshot,
  history: [],
  outcome: undefined,
  durations: [],
});

const leaseOf = (holder: string, renewedAt: number, record?: RolloutRecord) => ({
  resourceVersion: "1",
  holder,
  renewedAt,
  transitions: 0,
  record,
});

describe("a run that died", () => {
  it.each([
    ["planned", undefined, "finish"],
    ["applying", good, "revert"],
    ["gating", good, "revert"],
    ["aborting", good, "revert"],
    ["reverting", good, "revert"],
    ["pruning", good, "finish"],
    ["done", undefined, "finish"],
    ["applying", undefined, "hold"],
    ["gating", bad, "hold"],
    ["reverting", bad, "revert"],
  ] as const)("while %s, with the snapshot %o, is dealt with by %s", (phase, snapshot, action) => {
    expect(recoveryOf(recordOf(phase, snapshot), true)).toBe(action);
  });

  it("is taken back only if its policy says so, unless it was on its way back already", () => {
    expect(recoveryOf(recordOf("gating", good), false)).toBe("hold");
    expect(recoveryOf(recordOf("reverting", good), false)).toBe("revert");
  });

  it("without a record that can be read is let go of", () => {
    expect(recoveryOf(undefined, true)).toBe("finish");
  });
});

describe("reconciling", () => {
  const expired = NOW - LEASE_SECONDS * 1000 - 1;
  it.each([
    ["a dead run's app", leaseOf("x", expired, recordOf("gating", good)), "revert", "left gating by https://"],
    ["a live run's app", leaseOf("x", NOW - 1_000, recordOf("gating", good)), "none", "in progress: https://"],
    ["an app that nobody holds", leaseOf("", expired, recordOf("done", undefined)), "none", "nobody holds the lock"],
    ["an app without a lock", undefined, "none", "nobody holds the lock"],
    ["a Lease edited by hand", leaseOf("x", expired), "finish", "left without a record by x"],
  ] as const)("%s: %o → %s", (_what, lease, action, reason) => {
    const state = appState({ lease });
    const [app] = planRecovery(inputsOf({ mode: "reconcile" }), {
      kind: "recovery",
      apps: [{ state, snapshot: undefined }],
    }).apps;
    expect(app?.action).toBe(action);
    expect(app?.reason).toContain(reason);
  });

  it("by hand is refused while a run is at work", () => {
    const state = appState({ lease: leaseOf("x", NOW - 1_000, recordOf("gating", good)) });
    const facts = { kind: "recovery", apps: [{ state, snapshot: undefined }] } as const;
    expect(() => planRecovery(inputsOf({ mode: "revert" }), facts)).toThrow(/actions\/runs\/1/);
  });
});
