// `npm test`: everything, in the order in which a fault is cheapest to see. The last line counts the tests.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const folder = mkdtempSync(join(tmpdir(), "eks-actions-test-"));
const total: Counts = { passed: 0, failed: 0, skipped: 0 };
const faults: string[] = [];

// First, because a machine without Go should hear of it in a second, not after minutes of tests.
if (!step("control plane", "node", ["--conditions=source", ".github/scripts/control-plane.ts"])) finish();
step("lint", "biome", ["check", "."]);
step("types", "tsc", ["-b"]);
step("types of the tests", "tsc", ["-p", "test"]);
step("import boundaries", "turbo", ["boundaries"]);
step("bundles", "turbo", ["run", "bundle"]);
step("release tree", "node", [".github/scripts/release-tree.ts"]);
step("documentation", "node", [".github/scripts/docs.ts", "--check"]);
for (const project of ["unit", "repo", "built", "real"]) suite(project);
finish();

function finish(): never {
  rmSync(folder, { recursive: true, force: true });
  if (faults.length > 0) console.log(`\nfailed: ${faults.join(", ")}`);
  const failed = Math.max(total.failed, faults.length > 0 ? 1 : 0);
  console.log(`${total.passed} passed, ${failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`);
  process.exit(failed > 0 ? 1 : 0);
}

function step(name: string, command: string, args: readonly string[]): boolean {
  console.log(`\n▸ ${name}`);
  const startedAt = Date.now();
  const { status } = spawnSync(command, args, { stdio: "inherit", shell: process.platform === "win32" });
  console.log(`${status === 0 ? "✅" : "❌"} ${name}, ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
  if (status !== 0) faults.push(name);
  return status === 0;
}

function suite(project: string): void {
  const report = join(folder, `${project}.json`);
  // On two cores vitest would start one worker, but most of what runs outside it waits for processes of its own.
  const workers = project === "unit" || project === "repo" ? 2 : 4;
  const reporters = ["--reporter=dot", "--reporter=json", `--outputFile.json=${report}`];
  step(`tests: ${project}`, "vitest", ["run", "--project", project, `--maxWorkers=${workers}`, ...reporters]);
  try {
    const result = JSON.parse(readFileSync(report, "utf8")) as Record<string, number>;
    total.passed += result["numPassedTests"] ?? 0;
    total.failed += result["numFailedTests"] ?? 0;
    total.skipped += (result["numPendingTests"] ?? 0) + (result["numTodoTests"] ?? 0);
  } catch {
    // Without a report the suite did not start; its exit status is already among the faults.
    total.failed += 1;
  }
}
