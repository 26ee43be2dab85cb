import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Kube, startKube } from "../index.ts";
import { cases } from "./cases/index.ts";
import { compareRuns, runCase } from "./run.ts";

// The cases wait more than they work; each wait has an end of its own.
vi.setConfig({ maxConcurrency: 20, testTimeout: 120_000 });

describe("the embedded API server on its own", () => {
  let kube: Kube;
  beforeAll(async () => {
    kube = await startKube({ scale: 0.3 });
  });
  afterAll(async () => {
    await kube[Symbol.asyncDispose]();
  });

  it.concurrent.each(cases)("$area: $name", async (one) => {
    // The steps hold the statuses that the real server answers with; conformance.real.test.ts compares the bodies.
    const observations = await runCase(one, kube, await kube.namespace("conf"));
    expect(observations.length).toBeGreaterThanOrEqual(one.steps.length);
  });

  it("has met nothing that it does not know", () => {
    expect(kube.violations).toEqual([]);
  });
});

describe("comparing two runs", () => {
  it("names the case, the step and the values that differ", () => {
    const real = [{ step: "GET /a", shown: { body: { x: 1, y: [1] } } }];
    const embedded = [{ step: "GET /a", shown: { body: { x: 1, y: [2] } } }];
    expect(() => compareRuns("one", real, embedded)).toThrow(
      /^CONFORMANCE_DIFF: case "one", step 1: GET \/a\n {2}\.body\.y\[0\]\n {4}real: {5}1\n {4}embedded: 2$/,
    );
  });

  it("takes a missing step for a difference", () => {
    expect(() =>
      compareRuns(
        "one",
        [
          { step: "GET /a", shown: null },
          { step: "GET /b", shown: 1 },
        ],
        [{ step: "GET /a", shown: null }],
      ),
    ).toThrow(/CONFORMANCE_DIFF: case "one", step 2: GET \/b/);
  });
});
