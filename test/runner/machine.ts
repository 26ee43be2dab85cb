import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The folders of one simulated runner. Steps that share a machine share its files. */
export interface Machine {
  /** GITHUB_WORKSPACE */
  readonly workspace: string;
  /** RUNNER_TEMP */
  readonly temp: string;
  /** HOME, empty at first: nothing of the developer's own configuration is seen. */
  readonly home: string;
  /** TMPDIR, apart from `temp`, so that files in the system's temporary folder are noticed. */
  readonly systemTemp: string;
  readonly toolCache: string;
  /** Removes the folders now; otherwise they go when the test process ends. */
  dispose(): void;
  [Symbol.dispose](): void;
}

const PREFIX = "eks-actions-runner-";
let isSwept = false;

// A test worker that is killed cannot clean up after itself: the next one does, once, for processes that are gone.
function sweep(): void {
  if (isSwept) return;
  isSwept = true;
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1] ?? Number.NaN);
    if (!Number.isNaN(pid) && !isAlive(pid)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Someone else's process is alive all the same.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** @param workspace an existing folder to work in; it is not removed afterwards */
export function createMachine(workspace?: string): Machine {
  sweep();
  const root = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  const folder = (name: string) => {
    const path = join(root, name);
    mkdirSync(path, { recursive: true });
    return path;
  };
  const dispose = () => {
    process.removeListener("exit", dispose);
    rmSync(root, { recursive: true, force: true });
  };
  process.setMaxListeners(Math.max(process.getMaxListeners(), 200));
  process.on("exit", dispose);
  return {
    workspace: workspace ?? folder("work"),
    temp: folder("temp"),
    home: folder("home"),
    systemTemp: folder("tmp"),
    toolCache: folder("tools"),
    dispose,
    [Symbol.dispose]: dispose,
  };
}

const HARNESS_FOLDERS: ReadonlySet<string> = new Set(["_runner_file_commands", "_harness", "_github_workflow"]);

/** Files outside the workspace that steps have written, with their size and time of change as one comparable text. */
export function filesOutsideWorkspace(machine: Machine): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const root of [machine.temp, machine.home, machine.systemTemp]) {
    for (const file of walk(root, 20_000, HARNESS_FOLDERS)) found.set(file.path, file.stamp);
  }
  return found;
}

export interface FoundFile {
  readonly path: string;
  readonly size: number;
  readonly stamp: string;
}

/** Regular files below `root`, skipping folders by name; stops at `limit`. */
export function* walk(root: string, limit: number, skip: ReadonlySet<string>): Generator<FoundFile> {
  const folders = [root];
  let count = 0;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of list(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !skip.has(entry.name)) folders.push(path);
      if (!entry.isFile()) continue;
      if (++count > limit) return;
      const stats = statSync(path, { throwIfNoEntry: false });
      if (stats !== undefined) yield { path, size: stats.size, stamp: `${stats.size} ${stats.mtimeMs} ${stats.ino}` };
    }
  }
}

function list(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    // A folder that went away while it was walked holds no files.
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "EACCES")) return [];
    throw error;
  }
}
