import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCluster } from "../../cluster/cluster.ts";
import { startAws } from "../../fakes/aws/index.ts";
import { virtualClock } from "../../fakes/clock.ts";
import { startGitHub } from "../../fakes/github/index.ts";
import { startKube } from "../../fakes/kube/index.ts";
import { createMachine, runStep } from "../../runner/index.ts";
import { measure } from "../process.ts";
import type { Section, SectionResult, Table } from "../section.ts";
import { ratio, type Spread, shown, spread } from "../spread.ts";

/** What the tests' own machinery costs. */
export const harness: Section = {
  name: "harness",
  async run(options): Promise<SectionResult> {
    const standIns = await standInStarts(options.rounds ?? 5);
    const step = await stepOverhead(options.rounds ?? 15);
    const virtual = await virtualHours();
    const real: number[] = [];
    for (let round = 0; round < Math.min(3, options.rounds ?? 3); round++) {
      real.push(await timed(() => startCluster({ print: options.print })));
    }
    const figures = { standIns, step, real, virtual };
    return { tables: [startTable(standIns, spread(real)), stepTable(step), virtualTable(virtual)], figures };
  },
};

type Starts = Readonly<Record<"kube" | "aws" | "github", readonly number[]>>;

async function standInStarts(rounds: number): Promise<Starts> {
  const kube: number[] = [];
  const aws: number[] = [];
  const github: number[] = [];
  for (let round = 0; round < rounds; round++) {
    kube.push(await timed(() => startKube()));
    aws.push(await timed(() => startAws({ latency: false })));
    github.push(await timed(() => startGitHub()));
  }
  return { kube, aws, github };
}

async function timed(start: () => Promise<AsyncDisposable>): Promise<number> {
  const startedAt = performance.now();
  const started = await start();
  const ms = performance.now() - startedAt;
  await started[Symbol.asyncDispose]();
  return ms;
}

interface Step {
  readonly bare: readonly number[];
  readonly inHarness: readonly number[];
}

/** The same empty program by itself and as a step. */
async function stepOverhead(rounds: number): Promise<Step> {
  const folder = mkdtempSync(join(tmpdir(), "bench-harness-"));
  const action = join(folder, "empty");
  mkdirSync(action);
  writeFileSync(join(action, "action.yml"), "name: empty\nruns: { using: node24, main: index.mjs }\n");
  writeFileSync(join(action, "index.mjs"), "");
  const bare: number[] = [];
  const inHarness: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const env = { PATH: process.env["PATH"] ?? "" };
    bare.push((await measure(process.execPath, [join(action, "index.mjs")], { env })).ms);
    using machine = createMachine();
    const startedAt = performance.now();
    await runStep({ action, machine });
    inHarness.push(performance.now() - startedAt);
  }
  rmSync(folder, { recursive: true, force: true });
  return { bare, inHarness };
}

/** Real milliseconds of 20 virtual minutes in which a timer fires each second. */
async function virtualHours(): Promise<number> {
  const clock = virtualClock();
  const ticking = clock.autoAdvance();
  const startedAt = performance.now();
  for (let second = 0; second < 1200; second++) await clock.sleep(1_000);
  ticking[Symbol.dispose]();
  return performance.now() - startedAt;
}

function startTable(standIns: Starts, real: Spread): Table {
  const kube = spread(standIns.kube);
  return {
    title: "starts of stand-ins",
    headers: ["what", "ms", "to the real control plane"],
    rows: [
      ["real control plane, 3 nodes", shown(real), "1.00 ×"],
      ["embedded Kubernetes", shown(kube), ratio(kube, real)],
      ["embedded AWS", shown(spread(standIns.aws)), ""],
      ["embedded GitHub", shown(spread(standIns.github)), ""],
    ],
  };
}

function stepTable({ bare, inHarness }: Step): Table {
  return {
    title: "an empty step",
    headers: ["what", "ms", "to bare Node"],
    rows: [
      ["bare Node", shown(spread(bare)), "1.00 ×"],
      ["runStep, with all it looks at afterwards", shown(spread(inHarness)), ratio(spread(inHarness), spread(bare))],
    ],
  };
}

function virtualTable(ms: number): Table {
  return {
    title: "the virtual clock",
    headers: ["what", "real ms"],
    rows: [["20 virtual minutes, a timer each second", ms.toFixed(0)]],
  };
}
