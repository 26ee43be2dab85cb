import versions from "./table/versions.json" with { type: "json" };

/** Dates as `YYYY-MM-DD`, UTC. */
export interface SupportWindow {
  /** From this day the extended support surcharge runs. */
  readonly endOfStandard: string;
  /** AWS upgrades the cluster by itself after this day. */
  readonly endOfExtended: string;
}

/** The date the calendar was read. */
export const calendarDate: string = versions.date;

const windows = new Map<string, SupportWindow>(
  Object.entries(versions.versions).map(([minor, [endOfStandard = "", endOfExtended = ""]]) => [
    minor,
    { endOfStandard, endOfExtended },
  ]),
);

export function supportWindow(minor: string): SupportWindow | undefined {
  return windows.get(minor);
}

/** `1.36`: the newest minor of the calendar, taken for clusters that name none. */
export function newestMinor(): string {
  return [...windows.keys()].sort((a, b) => minorNumber(a) - minorNumber(b)).at(-1) ?? "";
}

/** `1.34` → 34. */
export function minorNumber(version: string): number {
  return Number(version.split(".")[1] ?? Number.NaN);
}
