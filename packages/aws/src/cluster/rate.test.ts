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

  it("is halved for a minute after the server throttled", async () => {
    const clock = virtualClock();
    const rate = createRate(clock, 1, 1);
    rate.slowDown();
    const started = clock.now();
    const taken = rate.take(never).then(() => clock.now() - started);
    await clock.advance(5_000);
    expect(await taken).toBe(2_000);
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
