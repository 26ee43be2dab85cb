import { existsSync } from "node:fs";
import { join } from "node:path";
import { provideBinaries } from "../../cluster/binaries.ts";
import { provideHelm } from "../peers.ts";
import { type BenchOptions, type Section, type SectionResult, Skipped } from "../section.ts";
import type { Contender } from "./contender.ts";
import { play, type Sample } from "./field.ts";
import { floor } from "./floor.ts";
import { ours } from "./ours.ts";
import { helm, kubectl } from "./peers.ts";
import { rolloutTables } from "./tables.ts";

/** rollout against kubectl, helm and a raw client on one real control plane. */
export const rollout: Section = {
  name: "rollout",
  async run(options): Promise<SectionResult> {
    const { print, tree } = options;
    if (!existsSync(join(tree, "actions/rollout/dist/index.js"))) throw new Skipped("no bundle: npm run bundle");
    const binaries = await provideBinaries(process.env, print);
    const peers = [kubectl(binaries.path("kubectl")), ...orSkipped(() => helm(provideHelm(print)), print)];
    const samples: Sample[] = [];
    for (const size of options.sizes) {
      samples.push(
        ...(await play({
          size,
          rtts: options.rtts,
          rounds: roundsFor(options, size),
          contenders: (cluster) =>
            [ours(tree), ...peers, floor(cluster)].filter(
              ({ name }) => !options.without.includes(name.split(" ")[0] ?? ""),
            ),
          print,
        })),
      );
    }
    return { tables: rolloutTables(samples), figures: samples };
  },
};

function roundsFor({ rounds }: BenchOptions, size: number): number {
  return rounds ?? (size > 500 ? 3 : 5);
}

function orSkipped(provide: () => Contender, print: (line: string) => void): readonly Contender[] {
  try {
    return [provide()];
  } catch (error) {
    if (!(error instanceof Skipped)) throw error;
    print(`skipped: ${error.message}`);
    return [];
  }
}
