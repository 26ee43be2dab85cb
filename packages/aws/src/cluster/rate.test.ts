import { virtualClock } from "@eks-actions/test/fakes/clock.ts";
import { describe, expect, it } from "vitest";
import { createRate } from "./rate.ts";

const never = new AbortController().signal;

describe("a rate", () => {
  it("lets a burst through at once, and then one request at a time", async () => {
    const clock = virtualClock();
    const rate = createRate(clock, 1, 3);
    const at: number[] = [];
    const started = clock.now();
    const all = Promise.all(
      Array.from({ length: 5 }, () => rate.take(never).then(() => at.push(clock.now() - started))),
    );
    await clock.advance(10_000);
    await all;
    expect(at).toEqual([0, 0, 0, 1_000, 2_000]);
  });

  it("is halved when the server throttles, and back at full speed within seconds", async () => {
    const clock = virtualClock();
    const rate = createRate(clock, 1, 1);
    rate.slowDown();
    const started = clock.now();
    const at: number[] = [];
    const all = Promise.all(
      Array.from({ length: 12 }, () => rate.take(never).then(() => at.push(clock.now() - started))),
    );
    await clock.advance(60_000);
    await all;
    const gaps = at.map((time, index) => time - (at[index - 1] ?? 0));
    expect(gaps[0]).toBeGreaterThan(1_500);
    expect(gaps[0]).toBeLessThanOrEqual(2_000);
    expect(gaps.at(-1)).toBe(1_000);
  });

  it("takes refusals of requests that were under way together for one, and never stops for good", async () => {
    const clock = virtualClock();
    const rate = createRate(clock, 1, 1);
    for (let index = 0; index < 20; index++) rate.slowDown();
    const started = clock.now();
    const taken = rate.take(never).then(() => clock.now() - started);
    await clock.advance(5_000);
    expect(await taken).toBeLessThanOrEqual(2_000);
    for (let index = 0; index < 20; index++) {
      rate.slowDown();
      await clock.advance(1_500);
    }
    const again = clock.now();
    const next = rate.take(never).then(() => clock.now() - again);
    await clock.advance(20_000);
    expect(await next).toBeLessThanOrEqual(8_000);
  });

  it("lets a cancelled caller go without stopping those behind it", async () => {
    const clock = virtualClock();
    const rate = createRate(clock, 1, 1);
    await rate.take(never);
    const cancel = new AbortController();
    const first = rate.take(cancel.signal);
    const second = rate.take(never);
    cancel.abort(new Error("enough"));
    await expect(first).rejects.toThrow("enough");
    await clock.advance(2_000);
    await second;
  });
});
