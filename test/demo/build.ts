import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

/** Builds the bundles (cached when nothing changed) and the tree of a release; answers its folder. */
export function prepareRelease(): string {
  console.log("▸ Building the four actions as a release would hold them");
  const startedAt = performance.now();
  run("turbo", ["run", "bundle", "--output-logs=errors-only", "--log-order=grouped"]);
  run("node", [".github/scripts/release-tree.ts"]);
  console.log(`  built in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  return resolve(".release");
}

function run(command: string, args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (status === 0) return;
  console.error(stdout, stderr);
  console.error(`\`${command} ${args.join(" ")}\` failed: run \`npm ci\` first, and the demo through \`npm run demo\``);
  process.exit(1);
}
