import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exitNote, measure } from "./process.ts";
import { type Section, type SectionResult, Skipped } from "./section.ts";
import { shown, spread } from "./spread.ts";

interface Start {
  readonly what: string;
  readonly ms: number;
  readonly peakMb: number;
}

const EMPTY = "empty Node";
const PROGRAMS = ["index.js", "post/index.js", "credential/index.js"];

/** Each bundle started without inputs, interleaved with an empty Node process, so that noise hits all alike. */
export const starts: Section = {
  name: "starts",
  async run(options): Promise<SectionResult> {
    const folder = mkdtempSync(join(tmpdir(), "bench-"));
    const empty = join(folder, "empty.mjs");
    writeFileSync(empty, "");
    const programs: readonly (readonly [string, string])[] = [[EMPTY, empty], ...programsOf(options.tree)];
    if (programs.length === 1) throw new Skipped("no bundle: npm run bundle");
    const taken: Start[] = [];
    for (let round = 0; round < (options.rounds ?? 15); round++) {
      for (const [what, file] of programs) taken.push(await start(what, file, folder));
    }
    rmSync(folder, { recursive: true, force: true });
    const wall = (what: string) => spread(taken.filter((one) => one.what === what).map(({ ms }) => ms));
    const floor = wall(EMPTY).median;
    return {
      tables: [
        {
          title: "starts without inputs",
          headers: ["start of", "wall ms", "over empty Node ms", "× empty Node", "peak MB"],
          rows: programs.map(([what]) => [
            what,
            shown(wall(what)),
            (wall(what).median - floor).toFixed(0),
            (wall(what).median / floor).toFixed(2),
            shown(spread(taken.filter((one) => one.what === what).map(({ peakMb }) => peakMb))),
          ]),
        },
      ],
      figures: taken,
    };
  },
};

function programsOf(tree: string): readonly (readonly [string, string])[] {
  return ["auth", "bootstrap", "rollout", "cost-diff"].flatMap((name) =>
    PROGRAMS.map((file) => [`${name} ${file}`, join(tree, "actions", name, "dist", file)] as const).filter(([, path]) =>
      existsSync(path),
    ),
  );
}

async function start(what: string, file: string, folder: string): Promise<Start> {
  const note = exitNote(folder);
  const env = { PATH: process.env["PATH"] ?? "", RUNNER_TEMP: folder, ...note.env };
  const { ms } = await measure(process.execPath, [file], { env });
  return { what, ms, peakMb: note.read().peakMb };
}
