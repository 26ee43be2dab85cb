import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Start {
  readonly what: string;
  readonly min: number;
  readonly median: number;
  readonly max: number;
  readonly overEmpty: number;
  readonly ratio: number;
  readonly peakMb: number;
}

interface Sample {
  readonly ms: number;
  readonly peakMb: number;
}

// Written by the measured process itself on exit, so that the figure is its own and not the harness's.
const PEAK = "process.on('exit', () => process.stderr.write('\\nPEAK ' + process.resourceUsage().maxRSS))";

/** Starts each bundle without inputs, interleaved with an empty Node process, so that noise hits all alike. */
export async function coldStarts({ rounds }: { readonly rounds: number }): Promise<Start[]> {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const empty = join(folder, "empty.mjs");
  const peak = join(folder, "peak.mjs");
  writeFileSync(empty, "");
  writeFileSync(peak, PEAK);
  const entries: readonly (readonly [string, string])[] = [
    ["empty Node", empty],
    ...["auth", "bootstrap", "rollout", "cost-diff"].flatMap((name) =>
      ["index.js", "post/index.js", "credential/index.js"]
        .map((file) => [`${name} ${file}`, `actions/${name}/dist/${file}`] as const)
        .filter(([, path]) => existsSync(path)),
    ),
  ];
  const samples = new Map<string, Sample[]>(entries.map(([what]) => [what, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [what, file] of entries) samples.get(what)?.push(start(file, peak, folder));
  }
  rmSync(folder, { recursive: true, force: true });
  const floor = median((samples.get("empty Node") ?? []).map((sample) => sample.ms));
  return entries.map(([what]) => {
    const taken = samples.get(what) ?? [];
    const times = taken.map((sample) => sample.ms);
    const middle = median(times);
    return {
      what,
      min: Math.min(...times),
      median: middle,
      max: Math.max(...times),
      overEmpty: middle - floor,
      ratio: middle / floor,
      peakMb: median(taken.map((sample) => sample.peakMb)),
    };
  });
}

function start(file: string, peak: string, folder: string): Sample {
  const startedAt = process.hrtime.bigint();
  const result = spawnSync(process.execPath, ["--import", peak, file], {
    env: { PATH: process.env["PATH"] ?? "", RUNNER_TEMP: folder },
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
  });
  const ms = Number(process.hrtime.bigint() - startedAt) / 1e6;
  const kib = Number(/PEAK (\d+)/.exec(result.stderr)?.[1] ?? Number.NaN);
  return { ms, peakMb: kib / 1024 };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
