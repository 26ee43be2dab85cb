import { describe, expect, it } from "vitest";
import { isTimeZone, parseCron, runsInMonth } from "./cron.ts";

describe("cron", () => {
  it.each([
    ["* * * * *", 43_800],
    ["0 * * * *", 730],
    ["*/15 * * * *", 2920],
    ["0 3 * * *", 31],
    ["@daily", 31],
    ["30 9-17 * * 1-5", 199],
    ["0 0 1 * *", 1],
    ["0 0 1 * mon", 6],
    ["0 0 31 feb *", 0],
  ])("%s fires %d times in 730 hours from the 23rd of November", (schedule, runs) => {
    const cron = parseCron(schedule);
    expect(cron && runsInMonth(cron, "2026-11-23")).toBe(runs);
  });

  it("follows a time zone", () => {
    // The 730 hours end on the 23rd of December at 10:00 UTC, which is 23:00 in Auckland.
    const cron = parseCron("0 20 23 12 *");
    expect(cron && runsInMonth(cron, "2026-11-23")).toBe(0);
    expect(cron && runsInMonth(cron, "2026-11-23", "Pacific/Auckland")).toBe(1);
    expect(isTimeZone("Europe/Berlin")).toBe(true);
    expect(isTimeZone("Mars/Olympus")).toBe(false);
  });

  it.each([
    "",
    "* * * *",
    "60 * * * *",
    "* 24 * * *",
    "a * * * *",
    "1-0 * * * *",
    "*/0 * * * *",
    "* * * * * *",
    "@reboot",
    "0 0 0 * *",
  ])("refuses %j", (schedule) => {
    expect(parseCron(schedule)).toBeUndefined();
  });
});
