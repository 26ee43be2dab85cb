import { describe, expect, it } from "vitest";
import { createLimits } from "./limits.ts";

const verdict = (ready: number, more: { readonly graceUntil?: number } = {}) => ({
  ref: { apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name: "web" },
  status: "progressing" as const,
  why: "WAITING" as const,
  message: "",
  sure: "certain" as const,
  evidence: [],
  warnings: [],
  watching: [],
  wantsDetails: false,
  progress: { ready, updated: 3, wanted: 3 },
  ...more,
});

describe("the limits of a wait", () => {
  it("end it when nothing becomes ready, counted anew from each pod that does", () => {
    const limits = createLimits(0, { timeoutMs: 1000, noProgressMs: 100 });
    limits.note([verdict(0)], 0);
    expect([limits.over(99), limits.over(100), limits.next(0)]).toEqual([undefined, "NO_PROGRESS", 100]);
    limits.note([verdict(1)], 90);
    limits.note([verdict(1)], 150);
    limits.note([verdict(0)], 160);
    expect([limits.over(189), limits.over(190)]).toEqual([undefined, "NO_PROGRESS"]);
  });

  it("do not count the time in which known trouble is borne", () => {
    const limits = createLimits(0, { timeoutMs: 1000, noProgressMs: 100 });
    limits.note([verdict(0, { graceUntil: 300 })], 0);
    expect(limits.over(299)).toBeUndefined();
    expect(limits.over(399)).toBeUndefined();
    expect(limits.over(400)).toBe("NO_PROGRESS");
  });

  it("end it at the timeout, whatever is borne", () => {
    const limits = createLimits(0, { timeoutMs: 1000, noProgressMs: 100 });
    limits.note([verdict(0, { graceUntil: 5000 })], 0);
    expect([limits.over(999), limits.over(1000), limits.next(0)]).toEqual([undefined, "TIMEOUT", 1000]);
  });
});
