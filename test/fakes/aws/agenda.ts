interface Entry {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/**
 * What will happen, by virtual time. Nothing runs by itself: whoever looks at the state first lets everything due happen,
 * in order, each at its own time. So no timer is needed and no state is ever newer than the clock.
 */
export interface Agenda {
  /** Virtual milliseconds of the event that is happening, else of the clock. */
  now(): number;
  after(seconds: number, run: () => void): void;
  /** Lets everything happen that is due by now. */
  settle(): void;
}

export function createAgenda(clockNow: () => number): Agenda {
  let entries: Entry[] = [];
  let order = 0;
  let happening: number | undefined;

  const now = () => happening ?? clockNow();

  function nextDue(until: number): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of entries) {
      if (entry.at > until) continue;
      if (first === undefined || entry.at < first.at || (entry.at === first.at && entry.order < first.order))
        first = entry;
    }
    return first;
  }

  return {
    now,
    after(seconds, run) {
      order += 1;
      entries.push({ at: now() + Math.max(0, seconds) * 1000, order, run });
    },
    settle() {
      const until = clockNow();
      for (let entry = nextDue(until); entry !== undefined; entry = nextDue(until)) {
        const done = entry;
        entries = entries.filter((other) => other !== done);
        happening = done.at;
        try {
          done.run();
        } finally {
          happening = undefined;
        }
      }
    },
  };
}
