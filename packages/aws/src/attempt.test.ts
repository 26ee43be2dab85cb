import { virtualClock } from "@eks-actions/test/fakes/clock.ts";
import { describe, expect, it } from "vitest";
import { withTimeout } from "./attempt.ts";

const never = () => new Promise<never>(() => undefined);
const open = new AbortController().signal;

describe("withTimeout", () => {
  it("gives back what comes in time and leaves no timer", async () => {
    const clock = virtualClock();
    expect(await withTimeout(clock, 1000, open, async () => 7)).toBe(7);
    expect(clock.pending).toBe(0);
  });

  it("ends a request that stays silent, also one that ignores its signal", async () => {
    const clock = virtualClock();
    const result = withTimeout(clock, 1000, open, never).catch((error: unknown) => error);
    await clock.advance(1000);
    expect(await result).toMatchObject({ name: "RequestTimedOut", message: "no answer within 1000 ms" });
  });

  it("aborts the request it ends", async () => {
    const clock = virtualClock();
    let isAborted = false;
    const result = withTimeout(clock, 10, open, (signal) => {
      signal.addEventListener("abort", () => (isAborted = true));
      return never();
    }).catch(() => undefined);
    await clock.advance(10);
    await result;
    expect(isAborted).toBe(true);
  });

  it("passes on the reason of a cancel", async () => {
    const controller = new AbortController();
    const result = withTimeout(virtualClock(), 1000, controller.signal, never).catch((error: unknown) => error);
    controller.abort(new Error("cancelled"));
    expect(await result).toMatchObject({ message: "cancelled" });
    await expect(withTimeout(virtualClock(), 1000, controller.signal, async () => 1)).rejects.toThrow("cancelled");
  });

  it("throws what the request throws, also at once, and leaves no timer", async () => {
    const clock = virtualClock();
    const thrown = withTimeout(clock, 1000, open, () => {
      throw new Error("before the first await");
    });
    await expect(thrown).rejects.toThrow("before the first await");
    expect(clock.pending).toBe(0);
    await expect(withTimeout(virtualClock(), 1000, open, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  });
});
