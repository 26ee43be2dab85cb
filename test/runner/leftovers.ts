import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

export interface LeftProcess {
  readonly pid: number;
  readonly command: string;
}

/**
 * Processes that still run and were started by steps of this job: like the runner, they are known by the tracking id
 * in their environment, whatever their name or parent.
 */
export function processesOf(trackingId: string): readonly LeftProcess[] {
  return process.platform === "linux" ? fromProc(trackingId) : fromPs(trackingId);
}

/** Ends them by pid, as the runner does when a job is over. */
export function endProcesses(processes: readonly LeftProcess[]): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
  }
}

function fromProc(trackingId: string): readonly LeftProcess[] {
  const found: LeftProcess[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    if (!readQuietly(`/proc/${name}/environ`).includes(`RUNNER_TRACKING_ID=${trackingId}`)) continue;
    const command = readQuietly(`/proc/${name}/cmdline`).replaceAll("\0", " ").trim();
    // A zombie has an empty command line: it has ended and only waits for its parent.
    if (command !== "") found.push({ pid: Number(name), command });
  }
  return found;
}

function readQuietly(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // The process ended in between, or belongs to someone else: neither is ours.
    return "";
  }
}

function fromPs(trackingId: string): readonly LeftProcess[] {
  const lines = execFileSync("ps", ["eww", "-o", "pid=,command="], { encoding: "utf8" }).split("\n");
  return lines
    .filter((line) => line.includes(`RUNNER_TRACKING_ID=${trackingId}`))
    .map((line) => line.trim())
    .map((line) => ({ pid: Number(line.split(" ", 1)[0]), command: line.slice(line.indexOf(" ") + 1, 200) }));
}
