/** Which minutes a cron schedule names. */
export interface Cron {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly weekdays: ReadonlySet<number>;
  /** With both restricted, either is enough. */
  readonly isDayRestricted: boolean;
  readonly isWeekdayRestricted: boolean;
}

const MACROS: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/**
 * Five fields or a macro, as Kubernetes' CronJobs take them; `undefined` for anything else.
 * https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax
 */
export function parseCron(schedule: string): Cron | undefined {
  const fields = (MACROS[schedule.trim().toLowerCase()] ?? schedule).trim().toLowerCase().split(/\s+/);
  if (fields.length !== 5 || schedule.length > 200) return undefined;
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = fields;
  const minutes = parseField(minute, 0, 59);
  const hours = parseField(hour, 0, 23);
  const days = parseField(day, 1, 31);
  const months = parseField(month, 1, 12, MONTHS, 1);
  const weekdays = parseField(weekday, 0, 7, WEEKDAYS, 0);
  if (!minutes || !hours || !days || !months || !weekdays) return undefined;
  return {
    minutes,
    hours,
    days,
    months,
    weekdays: new Set([...weekdays].map((value) => value % 7)),
    isDayRestricted: !/^[*?]/.test(day),
    isWeekdayRestricted: !/^[*?]/.test(weekday),
  };
}

function parseField(
  text: string,
  min: number,
  max: number,
  names: readonly string[] = [],
  offset = 0,
): ReadonlySet<number> | undefined {
  const values = new Set<number>();
  const number = (part: string): number => {
    const named = names.indexOf(part);
    if (named >= 0) return named + offset;
    return /^\d{1,2}$/.test(part) ? Number(part) : Number.NaN;
  };
  for (const part of text.split(",")) {
    const match = /^([^/]+)(?:\/(\d{1,2}))?$/.exec(part);
    if (match === null) return undefined;
    const [, range = "", stepText] = match;
    const step = stepText === undefined ? 1 : Number(stepText);
    const [from = "", to] = range.split("-");
    const isAll = range === "*" || range === "?";
    const start = isAll ? min : number(from);
    const end = isAll || (to === undefined && stepText !== undefined) ? max : to === undefined ? start : number(to);
    if (!(start >= min && end <= max && start <= end && step >= 1)) return undefined;
    for (let value = start; value <= end; value += step) values.add(value);
  }
  return values;
}

const MINUTE_MS = 60_000;

/** Times the schedule fires in a month of 730 h from midnight UTC of `asOf`, in the time zone. */
export function runsInMonth(cron: Cron, asOf: string, timezone = "UTC"): number {
  const start = Date.parse(`${asOf}T00:00:00Z`);
  const toLocal = localTime(timezone);
  let runs = 0;
  for (let hour = 0; hour < 730; hour++) {
    // Offsets change at whole hours of UTC or, in a few zones, at half ones; an hour is looked at in quarters.
    for (let quarter = 0; quarter < 4; quarter++) {
      const at = start + (hour * 60 + quarter * 15) * MINUTE_MS;
      const local = toLocal(at);
      if (!isDay(cron, local) || !cron.hours.has(local.getUTCHours())) continue;
      const minute = local.getUTCMinutes();
      for (let i = 0; i < 15; i++) if (cron.minutes.has(minute + i)) runs++;
    }
  }
  return runs;
}

function isDay(cron: Cron, date: Date): boolean {
  if (!cron.months.has(date.getUTCMonth() + 1)) return false;
  const isDayOfMonth = cron.days.has(date.getUTCDate());
  const isWeekday = cron.weekdays.has(date.getUTCDay());
  if (cron.isDayRestricted && cron.isWeekdayRestricted) return isDayOfMonth || isWeekday;
  return isDayOfMonth && isWeekday;
}

/** Local wall time as the UTC fields of a date. */
function localTime(timezone: string): (ms: number) => Date {
  if (timezone === "UTC" || timezone === "Etc/UTC") return (ms) => new Date(ms);
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: timezone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  });
  return (ms) => {
    const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
    return new Date(
      Date.UTC(
        parts["year"] ?? 0,
        (parts["month"] ?? 1) - 1,
        parts["day"] ?? 1,
        parts["hour"] ?? 0,
        parts["minute"] ?? 0,
      ),
    );
  };
}

/** True for names that the runtime knows. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
    return true;
  } catch {
    // RangeError is how the platform says that it does not know the name.
    return false;
  }
}
