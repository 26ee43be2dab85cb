import { describe, expect, it } from "vitest";
import { createLimiter } from "./limiter.ts";

const never = new AbortController().signal;

describe("the width", () => {
  it("is how many may be inside at once; the next enters when one leaves, in order", async () => {
    const limiter = createLimiter(2);
    const [first, second] = await Promise.all([limiter.enter(never), limiter.enter(never)]);
    const entered: number[] = [];
    const third = limiter.enter(never).then(() => entered.push(3));
    const fourth = limiter.enter(never).then(() => entered.push(4));
    await Promise.resolve();
    expect(entered).toEqual([]);
    first[Symbol.dispose]();
    await third;
    expect(entered).toEqual([3]);
    second[Symbol.dispose]();
    await fourth;
    expect(entered).toEqual([3, 4]);
  });

  it("halves once for refusals of requests that were under way together, and stops at two", async () => {
    const limiter = createLimiter(16);
    const places = await Promise.all(Array.from({ length: 16 }, () => limiter.enter(never)));
    for (const place of places) place.refused();
    expect(limiter.width).toBe(8);
    for (const place of places) place[Symbol.dispose]();
    for (let round = 0; round < 5; round++) {
      const place = await limiter.enter(never);
      place.refused();
      place[Symbol.dispose]();
    }
    expect(limiter.width).toBe(2);
  });

  it("grows by one for each fifty successes, up to where it began", async () => {
    const limiter = createLimiter(4);
    const refused = await limiter.enter(never);
    refused.refused();
    refused[Symbol.dispose]();
    expect(limiter.width).toBe(2);
    const succeed = async (times: number) => {
      for (let time = 0; time < times; time++) {
        using place = await limiter.enter(never);
        place.succeeded();
      }
      return limiter.width;
    };
    expect(await succeed(49)).toBe(2);
    expect(await succeed(1)).toBe(3);
    expect(await succeed(500)).toBe(4);
  });

  it("is not used up by callers that give up while waiting", async () => {
    const limiter = createLimiter(1);
    const first = await limiter.enter(never);
    const stop = new AbortController();
    const waiting = limiter.enter(stop.signal);
    stop.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    using _second = await limiter.enter(never);
    const third = Promise.race([limiter.enter(never).then(() => "in"), Promise.resolve().then(() => "waits")]);
    expect(await third).toBe("waits");
  });
});
