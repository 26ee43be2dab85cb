import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Section, type SectionResult, Skipped } from "./section.ts";

export interface BundleSize {
  readonly action: string;
  /** All JavaScript of `dist`, lazy chunks, post and credential program included. */
  readonly bytes: number;
  readonly gzip: number;
  readonly budget: number;
}

const BUDGET: Readonly<Record<string, number>> = {
  auth: 1_000_000,
  "cost-diff": 1_000_000,
  bootstrap: 1_500_000,
  rollout: 1_500_000,
};

/** Bytes of the four bundles beside their budgets. */
export const bundles: Section = {
  name: "bundles",
  async run({ tree }): Promise<SectionResult> {
    const sizes = bundleSizes(tree);
    const gzipped = sizes.reduce((sum, { gzip }) => sum + gzip, 0);
    return {
      tables: [
        {
          title: "bundles",
          note: `All four gzipped: ${kb(gzipped)} kB.`,
          headers: ["bundle", "JavaScript kB", "gzipped kB", "budget kB"],
          rows: sizes.map((size) => [size.action, kb(size.bytes), kb(size.gzip), kb(size.budget)]),
        },
      ],
      figures: sizes,
    };
  },
};

function bundleSizes(tree: string): readonly BundleSize[] {
  return Object.entries(BUDGET).map(([action, budget]) => {
    const dist = join(tree, "actions", action, "dist");
    if (!existsSync(dist)) throw new Skipped(`no bundle of ${action}: npm run bundle`);
    const files = readdirSync(dist, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".js"))
      .map((entry) => join(entry.parentPath, entry.name));
    return {
      action,
      bytes: files.reduce((sum, file) => sum + statSync(file).size, 0),
      gzip: files.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0),
      budget,
    };
  });
}

function kb(bytes: number): string {
  return (bytes / 1000).toFixed(0);
}
