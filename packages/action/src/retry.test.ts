import { virtualClock } from "@eks-actions/test/fakes/clock.ts";
import { recordingConsole } from "@eks-actions/test/fakes/log.ts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLog } from "./log.ts";
import { type Classification, createBudget, retry, retryAfterMs } from "./retry.ts";

const again: Classification = { retry: true, reason: "throttled" };

function setup(totalMs: number) {
  const clock = virtualClock();
  const start = clock.now();
  return { clock, start, budget: createBudget(clock, totalMs), signal: new AbortController() };
}

describe("retry", () => {
  it("tries again after growing waits until it succeeds", async () => {
    const { clock, budget, signal } = setup(60_000);
    using _ = clock.autoAdvance();
    const waits: number[] = [];
    const result = await retry(async (n) => (n < 4 ? Promise.reject(new Error("no")) : n), {
      clock,
      budget,
      signal: signal.signal,
      classify: () => again,
      random: () => 1,
      onRetry: (entry) => waits.push(entry.waitMs),
    });
    expect(result).toBe(4);
    expect(waits).toEqual([400, 800, 1600]);
  });

  it("throws at once what cannot heal", async () => {
    const { clock, budget, signal } = setup(60_000);
    let calls = 0;
    const run = retry(
      () => {
        calls++;
        return Promise.reject(new Error("denied"));
      },
      { clock, budget, signal: signal.signal, classify: () => ({ retry: false }) },
    );
    await expect(run).rejects.toThrow("denied");
    expect(calls).toBe(1);
  });

  it("does not start a wait that the budget cannot hold", async () => {
    const { clock, start, budget, signal } = setup(60_000);
    const run = retry(() => Promise.reject(new Error("throttled")), {
      clock,
      budget,
      signal: signal.signal,
      classify: () => ({ retry: true, reason: "429", afterMs: 300_000 }),
    });
    await expect(run).rejects.toThrow("throttled");
    expect(clock.now()).toBe(start);
  });

  it("never waits longer than its budget in all, whatever servers ask for", async () => {
    const afterMs = fc.option(fc.nat(90_000), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(afterMs), fc.nat(60_000), async (asked, totalMs) => {
        const { clock, start, budget, signal } = setup(totalMs);
        using _ = clock.autoAdvance();
        const run = retry(() => Promise.reject(new Error("down")), {
          clock,
          budget,
          signal: signal.signal,
          classify: () => ({ ...again, afterMs: asked.next().value }),
          random: () => 0.5,
        });
        await expect(run).rejects.toThrow("down");
        expect(clock.now() - start).toBeLessThanOrEqual(totalMs);
      }),
      { numRuns: 50 },
    );
  });

  it("never waits less than the server asked for", async () => {
    const { clock, start, budget, signal } = setup(60_000);
    using _ = clock.autoAdvance();
    await retry(async (n) => (n === 1 ? Promise.reject(new Error("x")) : n), {
      clock,
      budget,
      signal: signal.signal,
      classify: () => ({ retry: true, reason: "429", afterMs: 7000 }),
      random: () => 0,
    });
    expect(clock.now() - start).toBe(7000);
  });

  it("shows what it waits for, and is never silent for more than 10 s", async () => {
    const { clock, budget, signal } = setup(60_000);
    using _ = clock.autoAdvance();
    const { console, lines } = recordingConsole();
    const log = createLog(console, clock);
    await retry(async (n) => (n === 1 ? Promise.reject(new Error("x")) : n), {
      clock,
      budget,
      signal: signal.signal,
      classify: () => ({ retry: true, reason: "HTTP 429", afterMs: 25_000 }),
      progress: { log, what: "GitHub: GET /x" },
    });
    await clock.advance(60_000);
    expect(lines).toEqual([
      "GitHub: GET /x failed (HTTP 429) · 0 ms · waiting: attempt 2 after 25 s",
      "GitHub: GET /x failed (HTTP 429) · 10 s · waiting: attempt 2 after 25 s",
      "GitHub: GET /x failed (HTTP 429) · 20 s · waiting: attempt 2 after 25 s",
    ]);
  });

  it("ends with the cancel's reason when that is why an attempt failed", async () => {
    const { clock, budget, signal } = setup(60_000);
    const attempt = () => {
      signal.abort(new Error("cancelled"));
      return Promise.reject(new Error("socket closed"));
    };
    const classify = () => ({ retry: false }) as const;
    await expect(retry(attempt, { clock, budget, signal: signal.signal, classify })).rejects.toThrow("cancelled");
  });

  it("ends within a wait when the run is cancelled", async () => {
    const { clock, budget, signal } = setup(60_000);
    const run = retry(() => Promise.reject(new Error("x")), {
      clock,
      budget,
      signal: signal.signal,
      classify: () => again,
      random: () => 1,
    });
    setImmediate(() => signal.abort(new Error("cancelled")));
    await expect(run).rejects.toThrow("cancelled");
  });
});

describe("retryAfterMs", () => {
  it.each([
    ["2", 2000],
    ["Mon, 23 Nov 2026 10:00:30 GMT", 30_000],
    ["Mon, 23 Nov 2026 09:00:00 GMT", 0],
    ["soon", undefined],
    [null, undefined],
  ])("reads %s", (header, ms) => {
    expect(retryAfterMs(header, Date.UTC(2026, 10, 23, 10))).toBe(ms);
  });
});
