import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

export interface BundleSize {
  readonly action: string;
  /** All JavaScript of `dist`, lazy chunks, post and credential program included. */
  readonly bytes: number;
  readonly gzip: number;
  /** `dist/index.js` alone: what a start reads before it loads a chunk. */
  readonly entry: number;
  readonly budget: number;
}

const BUDGET: Readonly<Record<string, number>> = {
  auth: 1_000_000,
  "cost-diff": 1_000_000,
  bootstrap: 1_500_000,
  rollout: 1_500_000,
};

export function bundleSizes(): BundleSize[] {
  return Object.entries(BUDGET).map(([action, budget]) => {
    const files = readdirSync(`actions/${action}/dist`, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".js"))
      .map((entry) => join(entry.parentPath, entry.name));
    return {
      action,
      bytes: files.reduce((sum, file) => sum + statSync(file).size, 0),
      gzip: files.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0),
      entry: statSync(`actions/${action}/dist/index.js`).size,
      budget,
    };
  });
}
