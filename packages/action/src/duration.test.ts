import { describe, expect, it } from "vitest";
import { formatDuration, parseDuration } from "./duration.ts";

describe("parseDuration", () => {
  it.each([
    ["90s", 90_000],
    ["10m", 600_000],
    ["1h30m", 5_400_000],
    ["500ms", 500],
    ["0", 0],
    ["0s", 0],
  ])("reads %s", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(["", "10", "m", "1m1h", "1h1h", "-5s", "1.5h", "10 m", "1d", "9999999999999999h"])("refuses %s", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe("formatDuration", () => {
  it.each([
    [850, "850 ms"],
    [12_000, "12 s"],
    [108_000, "1m 48s"],
    [7_500_000, "2h 05m"],
    [59_600, "1m 00s"],
    [3_599_600, "1h 00m"],
  ])("%i ms reads %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
