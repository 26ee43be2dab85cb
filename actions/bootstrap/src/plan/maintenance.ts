import type { MaintenanceWindow } from "@eks-actions/cluster-config";
import type { Action, Op } from "./action.ts";
import type { Finding } from "./finding.ts";

/** What takes nodes or the control plane away for a while, and so waits for its window. */
const DISRUPTIVE: readonly Op[] = ["upgrade", "rollback", "roll", "replace"];
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;
const NAMES: readonly string[] = DAYS;
const DAY_MINUTES = 24 * 60;

/** True while one of the windows is open; without windows always. `now` in milliseconds since the epoch. */
export function isOpen(windows: readonly MaintenanceWindow[], now: number): boolean {
  return windows.length === 0 || windows.some((window) => covers(window, now));
}

function covers(window: MaintenanceWindow, now: number): boolean {
  const { day, minute } = localTime(now, window.timezone);
  const [hours = "0", minutes = "0"] = window.start.split(":");
  const start = Number(hours) * 60 + Number(minutes);
  // A window may begin on the day before and reach over midnight.
  return [0, 1].some((daysAgo) => {
    const begins = DAYS[(day - daysAgo + 7) % 7];
    const since = minute + daysAgo * DAY_MINUTES - start;
    const counts = window.days.length === 0 || window.days.some((name) => name === begins);
    return counts && since >= 0 && since < window.minutes;
  });
}

function localTime(now: number, timeZone: string): { readonly day: number; readonly minute: number } {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const parts = new Map(format.formatToParts(now).map((part) => [part.type, part.value]));
  const day = NAMES.indexOf(parts.get("weekday") ?? "");
  return { day, minute: Number(parts.get("hour")) * 60 + Number(parts.get("minute")) };
}

/** True for what may begin only while a window is open; insights are asked for right before an upgrade. */
export function isDisruptive({ op, until }: Action): boolean {
  return DISRUPTIVE.includes(op) || until?.kind === "insights";
}

export interface Held {
  readonly actions: readonly Action[];
  readonly findings: readonly Finding[];
}

/** Outside the windows nothing disruptive begins, nor what stands behind it; what runs already is waited for. */
export function holdOutside(windows: readonly MaintenanceWindow[], now: number, actions: readonly Action[]): Held {
  if (isOpen(windows, now)) return { actions, findings: [] };
  const held = new Set<string>();
  for (const action of actions) {
    const before = [...action.after, ...action.afterIssued];
    if (isDisruptive(action) || before.some((id) => held.has(id))) held.add(action.id);
  }
  if (held.size === 0) return { actions, findings: [] };
  const names = [...held].slice(0, 5).join(", ") + (held.size > 5 ? ` and ${held.size - 5} more` : "");
  return {
    actions: actions.filter((action) => !held.has(action.id)),
    findings: [
      {
        level: "warn",
        code: "OUTSIDE_WINDOW",
        path: "maintenanceWindows",
        message: `the maintenance window is closed: ${names} ${held.size === 1 ? "waits" : "wait"}`,
        hint: "run again inside a window, for instance by `schedule`",
      },
    ],
  };
}
