import type { Clock } from "@eks-actions/action";

/** What the servers' clocks say about this machine's. */
export interface SkewMeter {
  /** Takes a `Date` header at the moment of its receipt; anything unreadable is ignored. */
  record(dateHeader: string | undefined): void;
  /** Server time − local time, milliseconds; 0 until the first answer. A `Date` header is exact to a second. */
  readonly offsetMs: number;
  /** Local time, corrected. */
  now(): number;
}

export function createSkewMeter(clock: Clock): SkewMeter {
  let offsetMs = 0;
  return {
    record(dateHeader) {
      const server = dateHeader === undefined ? Number.NaN : Date.parse(dateHeader);
      if (Number.isNaN(server)) return;
      const measured = server + 500 - clock.now(); // the header was cut to the second: half of one is the best guess
      // Less than the header's own error says nothing, and must not shift a clock that is right.
      offsetMs = Math.abs(measured) < 2000 ? 0 : measured;
    },
    get offsetMs() {
      return offsetMs;
    },
    now: () => clock.now() + offsetMs,
  };
}
