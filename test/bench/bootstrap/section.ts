import { createDurations } from "../../fakes/aws/durations.ts";
import { seededRandom } from "../../fakes/aws/random.ts";
import { type Lab, startLab } from "../../journeys/bootstrap/in-process.ts";
import type { BenchOptions, Section, SectionResult, Table } from "../section.ts";
import { shown, spread } from "../spread.ts";
import { eksctlSeconds } from "./eksctl-model.ts";
import { floorSeconds } from "./floor.ts";
import { type Scenario, scenarios, wideConfig } from "./scenarios.ts";

/** One scenario on the virtual clock. Seconds are virtual unless they say `real`. */
interface Built {
  readonly scenario: string;
  readonly kind: "bench" | "range";
  readonly seed: number;
  readonly floor: number;
  readonly ours: number;
  readonly eksctl: number;
  readonly requests: number;
  readonly writes: number;
  /** Of runs that had to be run again. */
  readonly failures: readonly string[];
  /** Of the run after it, which changes nothing. */
  readonly again: { readonly seconds: number; readonly requests: number; readonly writes: number };
  readonly realMs: number;
}

const SEEDS = 20;
const WIDE_GROUPS = 30;

/** bootstrap on the AWS stand-in's virtual clock, beside the longest path and a model of eksctl's waits. */
export const bootstrap: Section = {
  name: "bootstrap",
  async run(options): Promise<SectionResult> {
    const fixed: Built[] = [];
    for (const scenario of scenarios) fixed.push(await build(scenario, "bench", 1, options));
    const drawn: Built[] = [];
    for (let seed = 1; seed <= seedsOf(options); seed++) {
      for (const scenario of scenarios.slice(0, 2)) drawn.push(await build(scenario, "range", seed, options));
    }
    const plans = await planWide(options);
    return {
      tables: [fixedTable(fixed), rangeTable(drawn), planTable(plans)],
      figures: { fixed, drawn, plans },
    };
  },
};

// A seed takes seconds of real time; `--rounds 200` takes 200.
function seedsOf({ rounds }: BenchOptions): number {
  return rounds ?? SEEDS;
}

async function build(
  scenario: Scenario,
  kind: "bench" | "range",
  seed: number,
  { print }: BenchOptions,
): Promise<Built> {
  await using lab = await startLab({ durations: kind, seed });
  const startedAt = performance.now();
  const first = await counted(lab, scenario.config);
  const realMs = performance.now() - startedAt;
  const again = await counted(lab, scenario.config);
  const durations = () => createDurations(kind, seededRandom(seed));
  print(`bootstrap ${scenario.name}, ${kind} ${seed}: ${first.seconds.toFixed(0)} s, ${realMs.toFixed(0)} ms real`);
  return {
    scenario: scenario.name,
    kind,
    seed,
    floor: floorSeconds(scenario, kind, durations()),
    ours: first.seconds,
    eksctl: eksctlSeconds(scenario, durations()),
    requests: first.requests,
    writes: first.writes,
    failures: first.failures,
    again,
    realMs,
  };
}

/** A run that fails is run again, as its user would, and both count. */
async function counted(lab: Lab, config: string) {
  const before = lab.aws.requests.length;
  const failures: string[] = [];
  let seconds = 0;
  let writes = 0;
  for (;;) {
    const ran = await lab.run(config);
    seconds += ran.seconds;
    writes += ran.writes.length;
    if (ran.outputs["status"] === "converged")
      return { seconds, writes, requests: lab.aws.requests.length - before, failures };
    failures.push(ran.annotations.find(({ level }) => level === "error")?.message ?? "no error said");
    if (failures.length > 2) throw new Error(failures.join("\n"));
  }
}

/** Real milliseconds to observe and plan a cluster with many node groups: not there yet, and there already. */
async function planWide({
  print,
}: BenchOptions): Promise<Readonly<Record<"empty account" | "converged", readonly number[]>>> {
  await using lab = await startLab({ durations: "bench", latency: false });
  const config = wideConfig(WIDE_GROUPS);
  const time = async () => {
    const samples: number[] = [];
    for (let round = 0; round < 5; round++) {
      const startedAt = performance.now();
      await lab.look(config);
      samples.push(performance.now() - startedAt);
    }
    return samples;
  };
  const empty = await time();
  print("bootstrap: planned 30 node groups in an empty account");
  await counted(lab, config);
  return { "empty account": empty, converged: await time() };
}

function fixedTable(built: readonly Built[]): Table {
  return {
    title: "an empty account to a ready cluster, virtual seconds, fixed durations",
    note: scenarios.map(({ name, about }) => `${name}: ${about}.`).join(" "),
    headers: [
      "",
      "floor",
      "ours",
      "ours to the floor",
      "model of eksctl's waits",
      "ours to the model",
      "requests",
      "writes",
      "converged re-run: requests",
      "writes",
      "virtual s",
    ],
    rows: built.map((one) => [
      one.scenario,
      one.floor.toFixed(0),
      one.ours.toFixed(0),
      `${(one.ours / one.floor).toFixed(3)} ×`,
      one.eksctl.toFixed(0),
      `${(one.ours / one.eksctl).toFixed(2)} ×`,
      String(one.requests),
      String(one.writes),
      String(one.again.requests),
      String(one.again.writes),
      one.again.seconds.toFixed(1),
    ]),
  };
}

function rangeTable(built: readonly Built[]): Table {
  return {
    title: `the same over ${built.length / 2} seeds of durations as they vary`,
    note: "Cluster, node groups and add-ons are drawn from the same seed for all; requests and new roles are at their quickest in the floor.",
    headers: [
      "",
      "floor s",
      "ours s",
      "ours p95 s",
      "ours to the floor",
      "p95",
      "model s",
      "ours to the model",
      "run again",
    ],
    rows: [...Map.groupBy(built, ({ scenario }) => scenario)].map(([scenario, same]) => {
      const over = spread(same.map(({ ours, floor }) => ours / floor));
      return [
        scenario,
        shown(spread(same.map(({ floor }) => floor))),
        shown(spread(same.map(({ ours }) => ours))),
        spread(same.map(({ ours }) => ours)).p95.toFixed(0),
        shown(over, 3),
        over.p95.toFixed(3),
        shown(spread(same.map(({ eksctl }) => eksctl))),
        shown(spread(same.map(({ ours, eksctl }) => ours / eksctl)), 2),
        String(same.filter(({ failures }) => failures.length > 0).length),
      ];
    }),
  };
}

function planTable(plans: Readonly<Record<string, readonly number[]>>): Table {
  return {
    title: `observing and planning ${WIDE_GROUPS} node groups, real time in this process, requests without latency`,
    headers: ["account", "ms"],
    rows: Object.entries(plans).map(([account, samples]) => [account, shown(spread(samples))]),
  };
}
