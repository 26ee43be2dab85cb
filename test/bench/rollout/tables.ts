import type { Table } from "../section.ts";
import { ratio, type Spread, shown, spread } from "../spread.ts";
import type { Phase } from "./contender.ts";
import type { Sample } from "./field.ts";

const TITLES: Readonly<Record<Phase, string>> = {
  cold: "cold: nothing there yet",
  unchanged: "unchanged: the same again",
  changed: "one field changed: an image of one Deployment",
  crashing: "one crash-looping Deployment, peers with a timeout of 30 s",
};
const OURS = "actions/rollout";

/** Medians with their range, and ratios of medians against the best peer and the floor. */
export function rolloutTables(samples: readonly Sample[]): readonly Table[] {
  const waits = (["cold", "unchanged", "changed"] as const).map((phase) => wallTable(samples, phase));
  return [...waits, readyTable(samples), crashTable(samples)];
}

interface Line {
  readonly size: number;
  readonly rttMs: number;
  readonly contender: string;
  readonly samples: readonly Sample[];
}

function linesOf(samples: readonly Sample[], phase: Phase): readonly Line[] {
  const keyOf = ({ size, rttMs, contender }: Sample) => `${rttMs}|${size}|${contender}`;
  const groups = Map.groupBy(
    samples.filter((one) => one.phase === phase),
    keyOf,
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [{ ...first, samples: group }];
  });
}

function wallTable(samples: readonly Sample[], phase: Phase): Table {
  const lines = linesOf(samples, phase);
  const wall = (line: Line | undefined) => (line === undefined ? undefined : of(line, (one) => one.ms));
  const rows = lines.map((line) => {
    const beside = lines.filter((other) => other.size === line.size && other.rttMs === line.rttMs);
    const floor = beside.find(({ contender }) => contender.startsWith("floor"));
    const peers = beside.filter((other) => other !== floor && other.contender !== OURS);
    const best = peers.reduce<Line | undefined>((a, b) => (median(wall(b)) < median(wall(a)) ? b : a), undefined);
    return [
      `${line.contender}, N = ${line.size}, RTT ${line.rttMs} ms`,
      shown(of(line, (one) => one.ms)),
      ratio(wall(line), wall(best)),
      ratio(wall(line), wall(floor)),
      shown(of(line, (one) => one.cpuMs)),
      shown(of(line, (one) => one.requests)),
      shown(of(line, (one) => one.peakMb)),
    ];
  });
  return {
    title: TITLES[phase],
    note: "Wall milliseconds as median (min–max). CPU is the contender's own. Requests by the API server's audit log.",
    headers: ["contender", "wall ms", "to the best peer", "to the floor", "CPU ms", "requests", "peak MB"],
    rows,
  };
}

function readyTable(samples: readonly Sample[]): Table {
  const lines = [...linesOf(samples, "cold"), ...linesOf(samples, "changed")];
  return {
    title: "last pod Ready → exit",
    note: "Ready as a watch beside the run saw it. A pod is Ready before its Deployment's status says so.",
    headers: ["contender", "ms"],
    rows: lines.map((line) => [
      `${line.contender}, ${line.samples[0]?.phase}, N = ${line.size}, RTT ${line.rttMs} ms`,
      shown(of(line, (one) => one.afterReadyMs)),
    ]),
  };
}

function crashTable(samples: readonly Sample[]): Table {
  return {
    title: TITLES.crashing,
    note: "The action's budget is three restarts, which the simulated kubelet spends in about 6 s.",
    headers: ["contender", "wall ms", "first CrashLoopBackOff → red ms", "third restart → red ms", "requests"],
    rows: linesOf(samples, "crashing").map((line) => [
      `${line.contender}, N = ${line.size}`,
      shown(of(line, (one) => one.ms)),
      shown(of(line, (one) => one.afterCrashMs)),
      shown(of(line, (one) => one.afterBudgetMs)),
      shown(of(line, (one) => one.requests)),
    ]),
  };
}

function of(line: Line, figure: (sample: Sample) => number | undefined): Spread {
  return spread(line.samples.map(figure).filter((value) => value !== undefined));
}

function median(one: Spread | undefined): number {
  return one?.median ?? Number.POSITIVE_INFINITY;
}
